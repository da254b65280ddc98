"""Reads a run file: every object of every cluster at any time, the trace, the verdicts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.core.errors import InputError
from lab.core.manifest import Manifest
from lab.core.model import Key
from lab.runs import schema
from lab.runs.patches import patched
from lab.runs.stored import (
    Sample,
    StoredChange,
    StoredInput,
    StoredRecord,
    StoredViolation,
    Verdict,
)
from lab.runs.writer import microseconds

_UNREADABLE = (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError, RecursionError,
               OverflowError, MemoryError)  # fmt: skip
"""What comes of bytes that nobody wrote."""
_RECORD = "number, time_us, type, actor, cause, cluster, api_version, kind, namespace, name, detail"
_CHANGE = "number, record, time_us, type, namespace, name, form, body"


class RunReader:
    """A run file opened for reading.

    Args:
        path: The file.
        check: Read all of it first, to see that it is what was written.

    Raises:
        InputError: The file cannot be read.
    """

    def __init__(self, path: Path, *, check: bool = True) -> None:
        self.path = path
        self._connection = schema.open_readonly(path, check=check)
        try:
            with self._guarded():
                rows = self._rows("SELECT name, value FROM meta")
                self.meta: dict[str, Any] = {str(name): json.loads(value) for name, value in rows}
        except InputError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> RunReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def finished(self) -> bool:
        """Tell whether the run was closed; if not, it still goes on or its process was killed."""
        return "endS" in self.meta

    @property
    def start_s(self) -> float:
        """The first moment of the run (the fleet boots before second 0)."""
        return self._edge("MIN")

    @property
    def end_s(self) -> float:
        """The last moment of the run."""
        with self._guarded():
            return max(float(self.meta.get("endS") or 0.0), self._edge("MAX"))

    def _edge(self, which: str) -> float:
        assert which in {"MIN", "MAX"}
        # The number orders the rows by time, and its first and last row are found at once.
        way = "ASC" if which == "MIN" else "DESC"
        with self._guarded():
            times = [
                row[0] / 1e6
                for table in ("trace", "changes")
                for row in self._rows(f"SELECT time_us FROM {table} ORDER BY number {way} LIMIT 1")  # noqa: S608
            ]
        return (min if which == "MIN" else max)(times, default=0.0)

    # ── what went in ───────────────────────────────────────────────────────────────────────────

    def inputs(self) -> Sequence[StoredInput]:
        """Return what went in, in order."""
        with self._guarded():
            return [
                StoredInput(row[0], row[1] / 1e6, *row[2:])
                for row in self._rows(
                    "SELECT number, time_us, after, kind, command, path, text FROM inputs "
                    "ORDER BY number"
                )
            ]

    # ── objects ────────────────────────────────────────────────────────────────────────────────

    def kinds(self, cluster: str) -> Sequence[tuple[str, str, bool]]:
        """Return (apiVersion, kind, in namespaces) of everything a cluster ever held."""
        # A jump through the index from kind to kind: grouping would walk over every change.
        found = []
        last: tuple[str, str] = ("", "")
        while row := self._rows(
            "SELECT kind, api_version, namespace FROM changes WHERE cluster = ? "
            "AND (kind, api_version) > (?, ?) ORDER BY kind, api_version LIMIT 1",
            (cluster, *last),
        ):
            kind, api_version, namespace = row[0]
            found.append((str(api_version), str(kind), bool(namespace)))
            last = (kind, api_version)
        return sorted(found)

    def find(self, key: Key, at_s: float) -> Manifest | None:
        """Return an object as it stood at a moment, or None."""
        last = self._last_before("changes", at_s)
        return self._states(key.cluster, key.api_version, key.kind, last, key).get(key)

    def ends(self, record: StoredRecord) -> tuple[Manifest | None, Manifest | None]:
        """Return the object of a record of a change as it stood before and after.

        What the hub is told of a member it is told a moment later: then these are the last two
        states that the object had by then.
        """
        key = record.key
        if key is None:
            return None, None
        last = self._last_before("changes", record.time_s)
        with self._guarded():
            rows = self._rows(
                "SELECT number, record, body FROM changes WHERE cluster = ? AND kind = ? "
                "AND api_version = ? AND namespace = ? AND name = ? AND number <= ? "
                "ORDER BY number DESC LIMIT 100",
                (key.cluster, key.kind, key.api_version, key.namespace, key.name, last),
            )
            change = _change_of(record, rows)
        kind = (key.cluster, key.api_version, key.kind)
        before, after = (self._states(*kind, each, key).get(key) for each in (change - 1, change))
        return before, after

    def objects(
        self, cluster: str, api_version: str, kind: str, at_s: float, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the objects of a kind at a moment, by namespace and name."""
        states = self._states(cluster, api_version, kind, self._last_before("changes", at_s))
        return [
            state
            for key, state in sorted(states.items())
            if namespace is None or key.namespace == namespace
        ]

    def _states(
        self, cluster: str, api_version: str, kind: str, last: int, key: Key | None = None
    ) -> dict[Key, Manifest]:
        """Return the objects after a change: each one's last whole state, with what came since."""
        where = "cluster = ? AND kind = ? AND api_version = ? AND number <= ?"
        values: tuple[Any, ...] = (cluster, kind, api_version, last)
        if key is not None:
            where += " AND namespace = ? AND name = ?"
            values += (key.namespace, key.name)
        states: dict[Key, Manifest] = {}
        done: set[Key] = set()
        patches: dict[Key, list[Any]] = {}
        with self._guarded():
            for namespace, name, form, body in self._each(
                f"SELECT namespace, name, form, body FROM changes WHERE {where} "  # noqa: S608
                "ORDER BY namespace DESC, name DESC, number DESC",
                values,
            ):
                place = Key(cluster, api_version, kind, namespace, name)
                if place in done:
                    continue
                if form == "patch":
                    patches.setdefault(place, []).append(body)
                    continue
                done.add(place)
                if form != "gone":
                    state = json.loads(body)
                    for patch in reversed(patches.pop(place, [])):
                        state = patched(state, json.loads(patch))
                    states[place] = state
        return states

    def changes(
        self, cluster: str, api_version: str, kind: str, after_s: float, until_s: float
    ) -> Iterator[StoredChange]:
        """Yield what happened to the objects of a kind after one moment, until another."""
        last = self._last_before("changes", until_s)
        states: dict[tuple[str, str], Manifest] = {}
        with self._guarded():
            for number, record, time_us, type_, namespace, name, form, body in self._each(
                f"SELECT {_CHANGE} FROM changes WHERE cluster = ? AND kind = ? "  # noqa: S608
                "AND api_version = ? AND number <= ? ORDER BY number",
                (cluster, kind, api_version, last),
            ):
                if form == "gone":
                    state = states.pop((namespace, name), {})
                else:
                    given = json.loads(body)
                    before = states.get((namespace, name), {})
                    state = patched(before, given) if form == "patch" else given
                    states[namespace, name] = state
                if time_us / 1e6 > after_s:
                    place = Key(cluster, api_version, kind, namespace, name)
                    yield StoredChange(number, time_us / 1e6, type_, place, state, record)

    def _last_before(self, table: str, at_s: float) -> int:
        """Return the number of the last row up to a moment: numbers order the rows by time."""
        at_us = microseconds(min(max(at_s, -1e12), 1e12))
        with self._guarded():
            rows = self._rows(f"SELECT MIN(number), MAX(number) FROM {table}")  # noqa: S608
            low, high = (rows[0][0] or 1) - 1, rows[0][1] or 0
            while low < high:
                middle = (low + high + 1) // 2
                found = self._rows(f"SELECT time_us FROM {table} WHERE number <= ? "  # noqa: S608
                                   "ORDER BY number DESC LIMIT 1", (middle,))  # fmt: skip
                if found and found[0][0] <= at_us:
                    low = middle
                else:
                    high = middle - 1
        return int(low)

    # ── the trace ──────────────────────────────────────────────────────────────────────────────

    def records(self, types: Sequence[str] = (), until_s: float | None = None,
                key: Key | None = None) -> Sequence[StoredRecord]:  # fmt: skip
        """Return records of the trace, oldest first."""
        where: list[str] = ["1"]
        values: list[Any] = []
        if types:
            where.append(f"type IN ({','.join('?' * len(types))})")
            values += list(types)
        if until_s is not None:
            where.append("number <= ?")
            values.append(self._last_before("trace", until_s))
        if key is not None:
            names = ("cluster", "api_version", "kind", "namespace", "name")
            where += [f"{name} = ?" for name in names]
            values += list(key)
        with self._guarded():
            rows = self._rows(
                f"SELECT {_RECORD} FROM trace WHERE {' AND '.join(where)} ORDER BY number",  # noqa: S608
                tuple(values),
            )
            return [_record(row) for row in rows]

    def record(self, number: int) -> StoredRecord | None:
        """Return one record, or None."""
        if number.bit_length() > 63:  # more than a file can count
            return None
        with self._guarded():
            rows = self._rows(f"SELECT {_RECORD} FROM trace WHERE number = ?", (number,))  # noqa: S608
            return _record(rows[0]) if rows else None

    def span(self, first: int, last: int) -> Sequence[StoredRecord]:
        """Return the records from one number to another."""
        with self._guarded():
            rows = self._rows(
                f"SELECT {_RECORD} FROM trace WHERE number BETWEEN ? AND ? ORDER BY number",  # noqa: S608
                (first, last),
            )
            return [_record(row) for row in rows]

    def record_count(self) -> int:
        """Return how many records the trace has."""
        with self._guarded():
            return int(self._rows("SELECT MAX(number) FROM trace")[0][0] or 0)

    def changes_of_record(self, number: int) -> Sequence[tuple[Any, ...]]:
        """Return the changes that happened while a record was the last one, as they are stored."""
        with self._guarded():
            first, last = (self._first_change_of(each) for each in (number, number + 1))
            return self._rows(
                "SELECT time_us, type, cluster, api_version, kind, namespace, name, form, body "
                "FROM changes WHERE number >= ? AND number < ? ORDER BY number",
                (first, last),
            )

    def _first_change_of(self, record: int) -> int:
        rows = self._rows("SELECT MAX(number) FROM changes")
        low, high = 1, int(rows[0][0] or 0) + 1
        while low < high:
            middle = (low + high) // 2
            if self._rows("SELECT record FROM changes WHERE number = ?", (middle,))[0][0] < record:
                low = middle + 1
            else:
                high = middle
        return low

    def checkpoints(self) -> dict[int, str]:
        """Return the digests of the trace by the record they stand after."""
        with self._guarded():
            return dict(self._rows("SELECT record, digest FROM checkpoints ORDER BY record"))

    # ── what came out ──────────────────────────────────────────────────────────────────────────

    def samples(self, until_s: float | None = None) -> Sequence[Sample]:
        """Return the replicas of the members' workloads whenever they changed."""
        until_us = microseconds(1e12 if until_s is None else until_s)
        with self._guarded():
            rows = self._rows(
                "SELECT time_us, cluster, api_version, kind, namespace, name, desired, ready, "
                "serving FROM samples WHERE time_us <= ? ORDER BY number",
                (until_us,),
            )
            return [Sample(row[0] / 1e6, Key(*row[1:6]), *row[6:]) for row in rows]

    def violations(self) -> Sequence[StoredViolation]:
        """Return the breaches of invariants."""
        with self._guarded():
            rows = self._rows(
                "SELECT number, time_us, law, message, cause, cluster, api_version, kind, "
                "namespace, name, detail FROM violations ORDER BY number"
            )
            return [
                StoredViolation(row[0], row[1] / 1e6, row[2], row[3], _key(row[5:10]), row[4],
                                json.loads(row[10]))
                for row in rows
            ]  # fmt: skip

    def verdicts(self) -> Sequence[Verdict]:
        """Return the outcomes of all checks."""
        with self._guarded():
            rows = self._rows(
                "SELECT time_us, name, passed, message, detail FROM verdicts ORDER BY number"
            )
            return [Verdict(t / 1e6, n, bool(p), m, json.loads(d)) for t, n, p, m, d in rows]

    # ── reading ────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Say that the file is damaged where its bytes make no sense.

        Raises:
            InputError: They do not.
        """
        try:
            yield
        except _UNREADABLE as error:
            raise schema.unreadable(self.path, error) from None

    def _each(self, statement: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        return iter(self._connection.execute(statement, values))

    def _rows(self, statement: str, values: tuple[Any, ...] = ()) -> Sequence[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise schema.unreadable(self.path, error) from None


def _change_of(record: StoredRecord, rows: Sequence[Sequence[Any]]) -> int:
    """Return which of an object's changes (number, record, body; newest first) a record is of.

    A change of the hub names its record. A member's was made some moments before it was told of:
    then the object's version says which one it was.
    """
    version = record.detail.get("version")
    for number, at, body in rows:
        if at == record.number:
            return int(number)
        if version:
            metadata = json.loads(body).get("metadata") or {}
            if metadata.get("resourceVersion") == version:
                return int(number)
    return int(rows[0][0]) if rows else 0


def _key(values: Sequence[Any]) -> Key | None:
    return None if values[0] is None else Key(*values)


def _record(row: Sequence[Any]) -> StoredRecord:
    return StoredRecord(
        row[0], row[1] / 1e6, row[2], row[3], row[4], _key(row[5:10]), json.loads(row[10])
    )
