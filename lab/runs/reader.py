"""Reads a run file: every object of every cluster at any time, the trace, the verdicts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.core.errors import InputError
from lab.core.manifest import Manifest
from lab.core.model import Key
from lab.core.patch import merge_patch
from lab.runs import schema
from lab.runs.writer import microseconds


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of the trace."""

    number: int
    time_s: float
    type: str
    actor: str
    cause: int
    key: Key | None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredChange:
    """One change of one object; `object` is the state after it (before it, if it was deleted)."""

    number: int
    time_s: float
    type: str
    key: Key
    object: Manifest


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one check."""

    time_s: float
    name: str
    passed: bool
    message: str
    detail: dict[str, Any] = field(default_factory=dict)


class RunReader:
    """A run file opened for reading.

    Raises:
        InputError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = schema.open_readonly(path)
        self.meta: dict[str, Any] = {
            name: json.loads(value) for name, value in self._rows("SELECT name, value FROM meta")
        }

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def start_s(self) -> float:
        """The first moment of the run (the fleet boots before second 0)."""
        return self._edge("MIN")

    @property
    def end_s(self) -> float:
        """The last moment of the run."""
        return max(float(self.meta.get("endS") or 0.0), self._edge("MAX"))

    def _edge(self, which: str) -> float:
        assert which in {"MIN", "MAX"}
        times = [
            row[0]
            for table in ("trace", "changes")
            for row in self._rows(f"SELECT {which}(time_us) FROM {table}")  # noqa: S608
            if row[0] is not None
        ]
        edge = min if which == "MIN" else max
        return edge(times, default=0) / 1e6

    def kinds(self, cluster: str) -> Sequence[tuple[str, str, bool]]:
        """Return (apiVersion, kind, in namespaces) of everything a cluster ever held."""
        rows = self._rows(
            "SELECT api_version, kind, MAX(namespace) FROM changes WHERE cluster = ? "
            "GROUP BY kind, api_version ORDER BY 1, 2",
            (cluster,),
        )
        return [(api_version, kind, bool(namespace)) for api_version, kind, namespace in rows]

    def find(self, key: Key, at_s: float) -> Manifest | None:
        """Return an object as it stood at a moment, or None."""
        state: Manifest | None = None
        for change in self._changes(key.cluster, key.api_version, key.kind, at_s=at_s, key=key):
            state = None if change.type == "DELETED" else change.object
        return state

    def objects(
        self, cluster: str, api_version: str, kind: str, at_s: float, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the objects of a kind at a moment, by namespace and name."""
        states: dict[Key, Manifest] = {}
        for change in self._changes(cluster, api_version, kind, at_s=at_s):
            if change.type == "DELETED":
                states.pop(change.key, None)
            else:
                states[change.key] = change.object
        return [
            state
            for key, state in sorted(states.items())
            if namespace is None or key.namespace == namespace
        ]

    def changes(
        self, cluster: str, api_version: str, kind: str, after_s: float, until_s: float
    ) -> Iterator[StoredChange]:
        """Yield what happened to the objects of a kind after one moment, until another."""
        for change in self._changes(cluster, api_version, kind, at_s=until_s):
            if change.time_s > after_s:
                yield change

    def _changes(self, cluster: str, api_version: str, kind: str, *, at_s: float,
                 key: Key | None = None) -> Iterator[StoredChange]:  # fmt: skip
        where = "cluster = ? AND kind = ? AND api_version = ? AND time_us <= ?"
        values: tuple[Any, ...] = (cluster, kind, api_version, microseconds(at_s))
        if key is not None:
            where += " AND namespace = ? AND name = ?"
            values += (key.namespace, key.name)
        states: dict[tuple[str, str], Manifest] = {}
        for number, time_us, type_, namespace, name, form, body in self._rows(
            "SELECT number, time_us, type, namespace, name, form, body FROM changes "  # noqa: S608
            f"WHERE {where} ORDER BY number",
            values,
        ):
            before = states.get((namespace, name), {})
            if form == "gone":
                state = states.pop((namespace, name), before)
            else:
                given = json.loads(body)
                state = merge_patch(before, given) if form == "patch" else given
                states[namespace, name] = state
            place = Key(cluster, api_version, kind, namespace, name)
            yield StoredChange(number, time_us / 1e6, type_, place, state)

    def records(self, types: Sequence[str] = (), until_s: float | None = None,
                key: Key | None = None) -> Sequence[StoredRecord]:  # fmt: skip
        """Return records of the trace, oldest first."""
        where: list[str] = ["1"]
        values: list[Any] = []
        if types:
            where.append(f"type IN ({','.join('?' * len(types))})")
            values += list(types)
        if until_s is not None:
            where.append("time_us <= ?")
            values.append(microseconds(until_s))
        if key is not None:
            names = ("cluster", "api_version", "kind", "namespace", "name")
            where += [f"{name} = ?" for name in names]
            values += list(key)
        rows = self._rows(
            "SELECT number, time_us, type, actor, cause, cluster, api_version, kind, namespace, "  # noqa: S608
            f"name, detail FROM trace WHERE {' AND '.join(where)} ORDER BY number",
            tuple(values),
        )
        return [
            StoredRecord(row[0], row[1] / 1e6, row[2], row[3], row[4],
                         None if row[5] is None else Key(*row[5:10]), json.loads(row[10]))
            for row in rows
        ]  # fmt: skip

    def verdicts(self) -> Sequence[Verdict]:
        """Return the outcomes of all checks."""
        rows = self._rows("SELECT time_us, name, passed, message, detail FROM verdicts")
        return [Verdict(t / 1e6, n, bool(p), m, json.loads(d)) for t, n, p, m, d in rows]

    def _rows(self, statement: str, values: tuple[Any, ...] = ()) -> Sequence[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise InputError(f"the run file {self.path} is damaged: {error}") from None
