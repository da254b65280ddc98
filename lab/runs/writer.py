"""Writes a run file while the run goes on, in batches."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.core.errors import InputError
from lab.core.manifest import Manifest, name_of, namespace_of
from lab.core.model import Key
from lab.runs import schema, seal
from lab.runs.patches import Unsayable, patch_between

_BATCH = 2_000
_FLUSH_S = 0.5
"""Wall-clock seconds that a row waits at most while others come: with what a slice of a run takes,
a killed process loses less than its last second."""
_WHOLE_EVERY = 64
"""After this many patches an object is stored whole again, so that no moment is far from one."""
_COLUMNS = {
    "inputs": 7,
    "trace": 11,
    "changes": 11,
    "samples": 10,
    "violations": 11,
    "verdicts": 6,
    "checkpoints": 2,
}
_NOWHERE = (None,) * 5

_dump = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes an encoder each time


def microseconds(time_s: float) -> int:
    """Return a second of the run as the whole number the file stores."""
    return round(time_s * 1_000_000)


_OF_A_RECORD = {"trace", "checkpoints", "violations"}
"""Tables whose rows may stand between a record and the change that it tells of."""


class RunWriter:
    """One run being written.

    Args:
        path: The file; a run file that stands there is replaced.
        meta: What the run is: scenario, seed, versions, fleet, settings. JSON-ready values.
        batch: Rows kept in memory before they are written (a killed process loses at most these).
        files: What the run is played from, path and text: in the file from its first moment on.
    """

    def __init__(
        self,
        path: Path,
        meta: Mapping[str, Any],
        *,
        batch: int = _BATCH,
        files: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.path = path
        began = {"startedAt": datetime.now(UTC).isoformat(timespec="seconds"), **meta}
        inputs = [(n, 0, 0, "file", 0, *each) for n, each in enumerate(files, 1)]
        self._connection: sqlite3.Connection | None = schema.create(
            path, {"meta": [(n, _dump(v)) for n, v in began.items()], "inputs": inputs}
        )
        self._batch = batch
        self._rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
        self._waiting = 0
        self._flushed_s = time.monotonic()
        self._last_us = self._kept_us = 0
        self._inputs, self._changes, self._record = len(inputs), 0, 0
        self._patches: dict[tuple[str, ...], int] = {}

    def set_meta(self, meta: Mapping[str, Any]) -> None:
        """Store what the run is, or what came out of it, at once."""
        self.flush()
        if self._connection is None:
            return
        try:
            for name, value in meta.items():
                row = (name, _dump(value))
                self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)
        except sqlite3.Error as error:
            self._give_up(error)

    def input(
        self, kind: str, time_s: float, after: int, text: str, path: str = "", command: int = 0
    ) -> int:
        """Add what went in; return its number.

        Args:
            kind: "file", "play" (the scenario begins), or "command".
            time_s: When.
            after: How many records the trace had.
            text: What the file holds, or the command line.
            path: Of the file; of a command the cluster it acts in.
            command: The number of the command that read the file, 0 for the scenario's own.
        """
        self._inputs += 1
        row = (self._inputs, microseconds(time_s), after, kind, command, path, text)
        self._add("inputs", row)
        return self._inputs

    def record(
        self,
        number: int,
        time_s: float,
        type: str,
        actor: str,
        cause: int,
        key: Key | None,
        detail: Mapping[str, Any],
    ) -> None:
        """Add a record of the trace; what a change changed comes by `change`."""
        self._record = number
        self._last_us = time_us = microseconds(time_s)
        where = _NOWHERE if key is None else tuple(key)
        self._add("trace", (number, time_us, type, actor, cause, *where, _dump(detail)))

    def change(self, cluster: str, time_s: float, type: str, new: Manifest,
               old: Manifest | None = None) -> None:  # fmt: skip
        """Add a change of an object: ADDED, MODIFIED (with the object before it) or DELETED."""
        self._changes += 1
        what = (str(new.get("apiVersion") or ""), str(new.get("kind") or ""), namespace_of(new),
                name_of(new))  # fmt: skip
        form, body = "whole", new
        if type == "DELETED":
            form, body = "gone", {}
        elif type == "MODIFIED" and old is not None:
            patches = self._patches.get((cluster, *what), 0) + 1
            if patches < _WHOLE_EVERY:
                with suppress(Unsayable):
                    form, body = "patch", patch_between(old, new)
            self._patches[cluster, *what] = patches if form == "patch" else 0
        row = (self._changes, self._record, microseconds(time_s), type, cluster, *what, form)
        self._add("changes", (*row, _dump(body)))

    def sample(self, time_s: float, key: Key, desired: int, ready: int, serving: int) -> None:
        """Add how many replicas of a member's workload are wanted, ready and truly serving now."""
        self._add("samples", (None, microseconds(time_s), *key, desired, ready, serving))

    def violation(self, time_s: float, law: str, message: str, *, key: Key | None = None,
                  cause: int = 0, detail: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        """Add a breach of an invariant.

        Args:
            time_s: When it was seen.
            law: Its name.
            message: What is wrong, in one line.
            key: The object it is about.
            cause: The trace record that led to it; its chain of causes is the violation's.
            detail: What else there is to say, JSON-ready.
        """
        where = _NOWHERE if key is None else tuple(key)
        row = (None, microseconds(time_s), law, cause, *where, message, _dump(dict(detail or {})))
        self._add("violations", row)

    def verdict(
        self, time_s: float, name: str, passed: bool, message: str, detail: Mapping[str, Any]
    ) -> None:
        """Add the outcome of one check."""
        row = (None, microseconds(time_s), name, int(passed), message, _dump(detail))
        self._add("verdicts", row)

    def checkpoint(self, record: int, digest: str) -> None:
        """Add the digest of the trace up to and including a record."""
        self._add("checkpoints", (record, digest))

    def flush(self) -> None:
        """Write what is waiting.

        Raises:
            InputError: It cannot be written (the disk is full). Nothing more is tried, and what
                is in the file stays readable.
        """
        self._flushed_s = time.monotonic()
        connection = self._connection
        if connection is None or not self._waiting:
            return
        try:
            connection.execute("BEGIN")
            for table, rows in self._rows.items():
                if rows:
                    marks = ",".join("?" * _COLUMNS[table])
                    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)
        for rows in self._rows.values():
            rows.clear()
        self._waiting, self._kept_us = 0, self._last_us

    def close(self) -> None:
        """Write the rest, close and seal; the journal goes into the file, so it can be copied.

        Raises:
            InputError: It cannot be written.
        """
        if self._connection is None:
            return
        self.flush()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (mode,) = self._connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            self._connection.close()
            self._connection = None
            if mode == "delete":  # else somebody reads it: it stays a file with a journal
                seal.close(self.path)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def _add(self, table: str, row: tuple[Any, ...]) -> None:
        """Add a row; a record of the trace is never written without the change that it tells of."""
        if table == "trace":
            self._flush_if_due()
        self._rows[table].append(row)
        self._waiting += 1
        if table not in _OF_A_RECORD:
            self._flush_if_due()

    def _flush_if_due(self) -> None:
        if self._waiting >= self._batch or time.monotonic() - self._flushed_s > _FLUSH_S:
            self.flush()

    def _give_up(self, error: Exception) -> None:
        """Close the file and say so, once.

        Raises:
            InputError: Always.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.rollback()
            with suppress(sqlite3.Error):
                connection.close()
        raise InputError(
            f"cannot write the run file {self.path}: {error}; "
            f"it holds the run up to {max(0, self._kept_us) / 1e6:.3f}s"
        )
