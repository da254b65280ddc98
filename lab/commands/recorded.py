"""A recorded run as the world that verbs read: every object, at any moment of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.commands.context import Happening, ObjectChange
from lab.commands.targets import with_seen
from lab.core.duration import format_duration
from lab.core.errors import InputError
from lab.core.kinds import HUB_KINDS, MEMBER_KINDS, KindRegistry, crd_kinds
from lab.core.manifest import Manifest
from lab.core.model import HUB, Key
from lab.runs.reader import RunReader
from lab.runs.stored import StoredRecord

_CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


@dataclass(slots=True)
class RecordedWorld:
    """One moment of a run file. Nothing can be written to it."""

    reader: RunReader
    moment_s: float
    _kinds: dict[str, KindRegistry] = field(default_factory=dict)

    @property
    def now_s(self) -> float:
        """The moment, in seconds of the run."""
        return self.moment_s

    def at(self, time_s: float) -> RecordedWorld:
        """Return the run at another moment.

        Raises:
            InputError: The run had not begun, or had ended.
        """
        begin_s, end_s = min(0.0, self.reader.start_s), self.reader.end_s
        if not begin_s <= time_s <= end_s:
            raise InputError(
                f"--at {format_duration(time_s)} lies outside of the run, "
                f"which goes from {format_duration(begin_s)} to {format_duration(end_s)}"
            )
        return RecordedWorld(self.reader, time_s)

    def members(self) -> Sequence[str]:
        """Return the names of all member clusters, in the order of the fleet."""
        return tuple(self.reader.meta.get("members") or ())

    def kinds(self, cluster: str) -> KindRegistry:
        """Return the kinds a cluster served: the built-in ones and those of its CRDs."""
        if cluster not in self._kinds:
            registry = HUB_KINDS() if cluster == HUB else MEMBER_KINDS()
            for crd in self.reader.objects(cluster, *_CRD, self.moment_s):
                for kind in crd_kinds(crd):
                    registry.add(kind)
            self._kinds[cluster] = with_seen(registry, self.reader.kinds(cluster))
        return self._kinds[cluster]

    def find(self, key: Key) -> Manifest | None:
        """Return an object, or None."""
        return self.reader.find(key, self.moment_s)

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the objects of a kind, by namespace and name."""
        return self.reader.objects(cluster, api_version, kind, self.moment_s, namespace)

    def happenings(self, types: Sequence[str] = (), key: Key | None = None) -> Sequence[Happening]:
        """Return the records up to this moment, oldest first."""
        return [_happening(each) for each in self.reader.records(types, self.moment_s, key)]

    def record(self, number: int) -> Happening | None:
        """Return one record, or None."""
        found = self.reader.record(number)
        return None if found is None else _happening(found)

    def ends(self, number: int) -> tuple[Manifest | None, Manifest | None]:
        """Return the object of a change before and after it."""
        found = self.reader.record(number)
        return (None, None) if found is None else self.reader.ends(found)

    def changes(
        self, cluster: str, api_version: str, kind: str, after_s: float
    ) -> Sequence[ObjectChange]:
        """Return what happened to the objects of a kind after a moment, to the end of the run."""
        return [
            ObjectChange(change.time_s, change.type, change.key, change.object, change.record)
            for change in self.reader.changes(
                cluster, api_version, kind, after_s, self.reader.end_s
            )
        ]


def _happening(record: StoredRecord) -> Happening:
    return Happening(
        record.number, record.time_s, record.type, record.actor, record.key, record.detail,
        record.cause,
    )  # fmt: skip


def open_run(path: Path) -> RecordedWorld:
    """Return a run file at its last moment.

    Raises:
        InputError: The file cannot be read.
    """
    reader = RunReader(path)
    return RecordedWorld(reader, reader.end_s)
