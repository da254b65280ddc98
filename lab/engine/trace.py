"""The trace: what happened, in order, and what caused it. The product of a run.

Every record has a number, a time, an actor and the number of the record that caused it. Screens,
reports, explain, comparison and tests read nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lab.core.manifest import Manifest
from lab.core.model import Key

_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

RecordType = Literal[
    "change", "probe", "decision", "action", "refusal", "error", "note", "step", "fault", "process"
]


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """One thing that happened.

    Attributes:
        number: Position in the trace, from 1.
        time_s: Second of the run (microseconds kept); negative while the fleet boots.
        type: change (an object was created, changed or deleted), probe, decision, action
            (a controller asked an API server for something), refusal (it said no), error
            (a reconcile failed), note (a Kubernetes Event), step (a scenario step or a command),
            fault (one began, or was healed), process (one of the control plane's crashed or
            started).
        actor: Who did it: a controller's name, "user", or the member's name.
        key: What it was about.
        cause: Number of the record that led to it; 0 only for steps, which nothing leads to.
        before: The object before a change, None if it was created.
        after: The object after a change, None if it was deleted.
        detail: Whatever else the type has to say, JSON-ready.
    """

    number: int
    time_s: float
    type: RecordType
    actor: str
    key: Key | None
    cause: int = 0
    before: Manifest | None = None
    after: Manifest | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready data; a change carries the difference, not both ends."""
        data: dict[str, Any] = {"n": self.number, "t": self.time_s, "type": self.type}
        data["actor"] = self.actor
        if self.cause:
            data["cause"] = self.cause
        if self.key is not None:
            data["key"] = list(self.key)
        if self.type == "change":
            if self.before is None:
                data["created"] = self.after
            elif self.after is None:
                data["deleted"] = True
            else:
                data["patch"] = difference(self.before, self.after)
        if self.detail:
            data["detail"] = dict(self.detail)
        return data

    def to_line(self) -> str:
        """Return the record as one canonical line of JSON (sorted keys, no spaces)."""
        return _encoded(self.to_dict())


def difference(before: Any, after: Any) -> Any:
    """Return the JSON merge patch (RFC 7396) from `before` to `after`; shared parts cost nothing.

    Example:
        >>> difference({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 1, "d": 3}})
        {'b': {'d': 3}, 'a': None}
    """
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return after
    patch: dict[str, Any] = {}
    for name, value in after.items():
        old = before.get(name)
        if value is old or (value == old and type(value) is type(old)):
            continue
        patch[name] = difference(old, value) if isinstance(old, Mapping) else value
    for name in before:
        if name not in after:
            patch[name] = None
    return patch


class Trace:
    """An append-only list of records with listeners (a run file, a progress line, a screen)."""

    def __init__(self) -> None:
        self.records: list[TraceRecord] = []
        self._listeners: list[Callable[[TraceRecord], None]] = []

    def listen(self, listener: Callable[[TraceRecord], None]) -> Callable[[], None]:
        """Call `listener` with every further record; return a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def add(
        self,
        time_s: float,
        type: RecordType,
        actor: str,
        key: Key | None,
        *,
        cause: int = 0,
        before: Manifest | None = None,
        after: Manifest | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> int:
        """Append a record and return its number."""
        record = TraceRecord(
            len(self.records) + 1, time_s, type, actor, key, cause, before, after, detail or {}
        )
        self.records.append(record)
        for listener in self._listeners:
            listener(record)
        return record.number

    def digest(self) -> str:
        """Return the SHA-256 of all lines: equal runs have equal digests."""
        total = hashlib.sha256()
        for record in self.records:
            total.update(record.to_line().encode())
            total.update(b"\n")
        return total.hexdigest()
