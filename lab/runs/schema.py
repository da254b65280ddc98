"""The tables of a run file, and opening one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lab.core.errors import InputError

APPLICATION_ID = 0x6665_646C
"""`fedl`: what the file's header says it is."""
VERSION = 1

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trace (
  number INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, type TEXT NOT NULL, actor TEXT NOT NULL,
  cause INTEGER NOT NULL, cluster TEXT, api_version TEXT, kind TEXT, namespace TEXT, name TEXT,
  detail TEXT NOT NULL);
CREATE INDEX trace_by_type ON trace (type, number);
CREATE TABLE changes (
  number INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, type TEXT NOT NULL, cluster TEXT NOT NULL,
  api_version TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  form TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX changes_by_object
  ON changes (cluster, kind, api_version, namespace, name, number);
CREATE TABLE verdicts (
  number INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, name TEXT NOT NULL, passed INTEGER NOT NULL,
  message TEXT NOT NULL, detail TEXT NOT NULL);
"""
"""`changes.form`: "whole" (body is the object), "patch" (on the state before), or "gone"."""


def create(path: Path) -> sqlite3.Connection:
    """Make an empty run file; one that stands there is replaced.

    Raises:
        InputError: The place cannot be written to, or holds something that is no run file.
    """
    if path.exists() and path.stat().st_size and not is_run_file(path):
        raise InputError(f"{path} exists and is no run file: it is left alone")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            stale.unlink(missing_ok=True)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(TABLES)
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"cannot write the run file {path}: {error}") from None
    return connection


def is_run_file(path: Path) -> bool:
    """Tell from its header whether a file is one of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3\0") and head[68:72] == APPLICATION_ID.to_bytes(4)


def open_readonly(path: Path) -> sqlite3.Connection:
    """Open a run file for reading, also one that is still being written or was never closed.

    Raises:
        InputError: There is no such file, it is no run file, or of another version.
    """
    if not path.exists():
        raise InputError(f"there is no run file {path}")
    if path.is_dir() or not is_run_file(path):
        raise InputError(f"{path} is no run file (fedlab run SCENARIO --out FILE writes one)")
    # Not `mode=ro`: a file whose writer was killed needs its journal played back.
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        connection.close()
        raise InputError(f"cannot read the run file {path}: {error}") from None
    if version != VERSION:
        connection.close()
        raise InputError(
            f"{path} was written in run format {version}, this version reads {VERSION}: "
            "play the scenario again"
        )
    return connection
