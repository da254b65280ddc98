"""Writes a run file while the run goes on, in batches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.core.errors import InputError
from lab.core.manifest import Manifest, name_of, namespace_of
from lab.core.model import Key
from lab.core.patch import merge_patch, merge_patch_between
from lab.runs import schema

_BATCH = 2_000


_dump = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes an encoder each time


def microseconds(time_s: float) -> int:
    """Return a second of the run as the whole number the file stores."""
    return round(time_s * 1_000_000)


class RunWriter:
    """One run being written.

    Args:
        path: The file; a run file that stands there is replaced.
        meta: What the run is: scenario, seed, versions, fleet, settings. JSON-ready values.
        batch: Rows kept in memory before they are written (a killed process loses at most these).
    """

    def __init__(self, path: Path, meta: Mapping[str, Any], *, batch: int = _BATCH) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = schema.create(path)
        self._batch = batch
        self._trace: list[tuple[Any, ...]] = []
        self._changes: list[tuple[Any, ...]] = []
        self._number = 0
        self.set_meta(meta)

    def set_meta(self, meta: Mapping[str, Any]) -> None:
        """Store what the run is, or what came out of it."""
        rows = [(name, _dump(value)) for name, value in meta.items()]
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

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
        where = (None,) * 5 if key is None else tuple(key)
        self._trace.append(
            (number, microseconds(time_s), type, actor, cause, *where, _dump(detail))
        )
        self._flush_if_full()

    def change(self, cluster: str, time_s: float, type: str, new: Manifest,
               old: Manifest | None = None) -> None:  # fmt: skip
        """Add a change of an object: ADDED, MODIFIED (with the object before it) or DELETED."""
        self._number += 1
        form, body = "whole", new
        if type == "DELETED":
            form, body = "gone", {}
        elif type == "MODIFIED" and old is not None:
            patch = merge_patch_between(old, new)
            if (
                merge_patch(old, patch) == new
            ):  # a null that somebody wrote cannot be said by a patch
                form, body = "patch", patch
        self._changes.append((
            self._number, microseconds(time_s), type, cluster, str(new.get("apiVersion") or ""),
            str(new.get("kind") or ""), namespace_of(new), name_of(new), form, _dump(body),
        ))  # fmt: skip
        self._flush_if_full()

    def verdict(
        self, time_s: float, name: str, passed: bool, message: str, detail: Mapping[str, Any]
    ) -> None:
        """Add the outcome of one check."""
        row = (None, microseconds(time_s), name, int(passed), message, _dump(detail))
        self._write("INSERT INTO verdicts VALUES (?,?,?,?,?,?)", [row])

    def flush(self) -> None:
        """Write what is waiting."""
        connection = self._connection
        if connection is None or not (self._trace or self._changes):
            return
        try:
            self._insert(connection)
        except sqlite3.Error as error:
            self._connection = None  # what is on disk stays readable; nothing more is tried
            raise InputError(f"cannot write the run file {self.path}: {error}") from None
        self._trace.clear()
        self._changes.clear()

    def _insert(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO trace VALUES (?,?,?,?,?,?,?,?,?,?,?)", self._trace)
        connection.executemany("INSERT INTO changes VALUES (?,?,?,?,?,?,?,?,?,?)", self._changes)
        connection.execute("COMMIT")

    def close(self) -> None:
        """Write the rest and close; the journal goes into the file, so that it can be copied."""
        if self._connection is None:
            return
        self.flush()
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.close()
        self._connection = None

    def _flush_if_full(self) -> None:
        if len(self._trace) + len(self._changes) >= self._batch:
            self.flush()

    def _write(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        if self._connection is not None:
            self.flush()
            self._connection.executemany(statement, rows)
