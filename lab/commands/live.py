"""A running federation as the world that verbs read and write, with its whole past.

The past is a list of changes that share their objects with the stores, so keeping it costs little;
the same list is what a run file stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lab.commands.context import Happening, ObjectChange
from lab.commands.targets import with_seen
from lab.core.duration import format_duration
from lab.core.errors import ApiError, InputError
from lab.core.kinds import KindRegistry
from lab.core.manifest import Manifest
from lab.core.model import Action, Apply, Create, Delete, Key, Patch, Update, key_of

if TYPE_CHECKING:
    from lab.engine.trace import Trace, TraceRecord
    from lab.store.api_store import ApiStore
    from lab.store.changes import Change


class Clusters(Protocol):
    """What is needed of a federation (`lab.drivers.federation.Federation` fits)."""

    trace: Trace

    @property
    def now_s(self) -> float:
        """Second of the run."""

    def store_of(self, cluster: str) -> ApiStore:
        """Return the API server of the hub or of a member."""

    def acting(self, actor: str, detail: Mapping[str, Any] | None = None) -> int:
        """Say that somebody acts now."""

    def next_write(self, key: Key | None = None) -> None:
        """Say that whoever acts is about to write."""


class Entry(NamedTuple):
    """One change of one object. `object` of a deletion is the last state."""

    time_s: float
    type: str
    key: Key
    object: Manifest
    old: Manifest | None


@dataclass(slots=True)
class History:
    """Every change of every object of a run, in order."""

    entries: list[Entry] = field(default_factory=list)
    listeners: list[Callable[[Entry], None]] = field(default_factory=list)
    _by_kind: dict[tuple[str, str, str], list[Entry]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Append a change."""
        self.entries.append(entry)
        self._by_kind.setdefault(entry.key[:3], []).append(entry)
        for listener in self.listeners:
            listener(entry)

    def of_kind(self, cluster: str, api_version: str, kind: str) -> Sequence[Entry]:
        """Return the changes of a kind's objects, oldest first."""
        return self._by_kind.get((cluster, api_version, kind), ())

    def kinds(self, cluster: str) -> Iterable[tuple[str, str, bool]]:
        """Return (apiVersion, kind, in namespaces) of everything a cluster ever held."""
        return [
            (key[1], key[2], bool(entries[-1].key.namespace))
            for key, entries in self._by_kind.items()
            if key[0] == cluster
        ]

    def states(self, cluster: str, api_version: str, kind: str, at_s: float) -> dict[Key, Manifest]:
        """Return a kind's objects as they stood at a moment."""
        found: dict[Key, Manifest] = {}
        for entry in self.of_kind(cluster, api_version, kind):
            if entry.time_s > at_s:
                break
            if entry.type == "DELETED":
                found.pop(entry.key, None)
            else:
                found[entry.key] = entry.object
        return found

    def watch(self, cluster: str, store: ApiStore, now_s: Callable[[], float]) -> None:
        """Take in what stands in a store, and every change from now on."""
        for kind in store.kinds.all():
            if kind.verbs and "list" not in kind.verbs:
                continue
            preferred = store.kinds.preferred(kind.group, kind.kind)
            if preferred is not None and preferred is not kind:
                continue
            for manifest in _listed(store, kind.api_version, kind.kind):
                self.add(Entry(now_s(), "ADDED", key_of(manifest, cluster), manifest, None))

        def changed(change: Change) -> None:
            key = key_of(change.object, cluster)
            self.add(Entry(now_s(), change.type, key, change.object, change.old))

        store.listen(changed)


def _listed(store: ApiStore, api_version: str, kind: str) -> Iterable[Manifest]:
    try:
        return store.list(api_version, kind)
    except ApiError:
        return ()


@dataclass(slots=True)
class LiveWorld:
    """A federation at its present moment, or (`moment_s`) at an earlier one."""

    clusters: Clusters
    names: Sequence[str]
    history: History
    moment_s: float | None = None

    @property
    def now_s(self) -> float:
        """The moment, in seconds of the run."""
        return self.clusters.now_s if self.moment_s is None else self.moment_s

    def at(self, time_s: float) -> LiveWorld:
        """Return the same run at another moment.

        Raises:
            InputError: That moment has not come yet.
        """
        now_s = self.clusters.now_s
        if time_s > now_s:
            raise InputError(
                f"{format_duration(time_s)} has not come yet: it is {format_duration(now_s)}"
            )
        return LiveWorld(self.clusters, self.names, self.history, time_s)

    def members(self) -> Sequence[str]:
        """Return the names of all member clusters, in the order of the fleet."""
        return self.names

    def kinds(self, cluster: str) -> KindRegistry:
        """Return the kinds a cluster serves now, and those it only holds objects of."""
        return with_seen(self.clusters.store_of(cluster).kinds, self.history.kinds(cluster))

    def find(self, key: Key) -> Manifest | None:
        """Return an object, or None."""
        if self.moment_s is None:
            return self.clusters.store_of(key.cluster).find(key)
        return self.history.states(*key[:3], self.moment_s).get(key)

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the objects of a kind, by namespace and name."""
        if self.moment_s is None:
            try:
                return self.clusters.store_of(cluster).list(api_version, kind, namespace)
            except ApiError as error:
                if error.code == 404:
                    return ()  # this server does not have the kind
                raise
        states = self.history.states(cluster, api_version, kind, self.moment_s)
        return [each for key, each in sorted(states.items()) if namespace in {None, key.namespace}]

    def happenings(self, types: Sequence[str] = (), key: Key | None = None) -> Sequence[Happening]:
        """Return the records up to this moment, oldest first."""
        until_s = self.now_s
        return [
            _happening(record)
            for record in self.clusters.trace.records
            if record.time_s <= until_s
            and (not types or record.type in types)
            and (key is None or record.key == key)
        ]

    def record(self, number: int) -> Happening | None:
        """Return one record, or None."""
        records = self.clusters.trace.records
        return _happening(records[number - 1]) if 0 < number <= len(records) else None

    def ends(self, number: int) -> tuple[Manifest | None, Manifest | None]:
        """Return the object of a change before and after it."""
        record = self.clusters.trace.records[number - 1]
        return record.before, record.after

    def changes(
        self, cluster: str, api_version: str, kind: str, after_s: float
    ) -> Sequence[ObjectChange]:
        """Return what happened to the objects of a kind after a moment."""
        return [
            ObjectChange(entry.time_s, entry.type, entry.key, entry.object)
            for entry in self.history.of_kind(cluster, api_version, kind)
            if entry.time_s > after_s
        ]


def _happening(record: TraceRecord) -> Happening:
    return Happening(
        record.number, record.time_s, record.type, record.actor, record.key, record.detail,
        record.cause,
    )  # fmt: skip


@dataclass(slots=True)
class LiveWriter:
    """Writes a person's changes to the hub and the members of a running federation."""

    clusters: Clusters
    register: Callable[[str, Mapping[str, Any], bool], None]
    """Joins a member: name, changes of the spec, dry run."""

    def execute(self, action: Action, *, dry_run: bool = False) -> Manifest | None:
        """Carry out an action at once.

        Raises:
            ApiError: The server refused.
        """
        if not dry_run:
            self.clusters.next_write(action.key)
        store, now_s = self.clusters.store_of(action.cluster), self.clusters.now_s
        match action:
            case Create():
                return store.create(action.object, now_s, dry_run=dry_run)
            case Update():
                return store.update(
                    action.object, now_s, subresource=action.subresource, dry_run=dry_run
                )
            case Patch():
                return store.patch(
                    action.key,
                    action.body,
                    action.patch_type,
                    now_s,
                    subresource=action.subresource,
                    dry_run=dry_run,
                )
            case Apply():
                return store.apply(
                    action.object, action.field_manager, now_s, force=action.force, dry_run=dry_run
                )
            case Delete():
                return store.delete(
                    action.key,
                    now_s,
                    propagation=action.propagation,
                    uid=action.uid,
                    dry_run=dry_run,
                )
            case _:
                raise TypeError(f"{type(action).__name__} is no write")

    def join(self, cluster: str, changes: Mapping[str, Any], *, dry_run: bool = False) -> None:
        """Register a member of the fleet.

        Raises:
            InputError: The fleet has no such cluster.
            ApiError: It is registered already.
        """
        self.register(cluster, changes, dry_run)
