"""The tables of a run file, and opening one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lab.core.errors import InputError
from lab.runs import seal

APPLICATION_ID = 0x6665_646C
"""`fedl`: what the file's header says it is."""
VERSION = 2
_HEADER = 100
_JOURNAL_PAGES = 16_384
"""The journal goes into the file when it has this many pages (64 MiB): until then a killed
process leaves a file whose every page is guarded by the journal's checksums."""

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inputs (
  number INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, after INTEGER NOT NULL,
  kind TEXT NOT NULL, command INTEGER NOT NULL, path TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE trace (
  number INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, type TEXT NOT NULL, actor TEXT NOT NULL,
  cause INTEGER NOT NULL, cluster TEXT, api_version TEXT, kind TEXT, namespace TEXT, name TEXT,
  detail TEXT NOT NULL);
CREATE INDEX trace_by_type ON trace (type, number);
CREATE TABLE changes (
  number INTEGER PRIMARY KEY, record INTEGER NOT NULL, time_us INTEGER NOT NULL,
  type TEXT NOT NULL, cluster TEXT NOT NULL, api_version TEXT NOT NULL, kind TEXT NOT NULL,
  namespace TEXT NOT NULL, name TEXT NOT NULL, form TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX changes_by_object
  ON changes (cluster, kind, api_version, namespace, name, number);
CREATE TABLE samples (
  number INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, cluster TEXT NOT NULL,
  api_version TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  desired INTEGER NOT NULL, ready INTEGER NOT NULL, serving INTEGER NOT NULL);
CREATE TABLE violations (
  number INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, law TEXT NOT NULL, cause INTEGER NOT NULL,
  cluster TEXT, api_version TEXT, kind TEXT, namespace TEXT, name TEXT,
  message TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE verdicts (
  number INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, name TEXT NOT NULL, passed INTEGER NOT NULL,
  message TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE checkpoints (record INTEGER PRIMARY KEY, digest TEXT NOT NULL);
"""
"""`changes.form`: "whole" (body is the object), "patch" (on the state before), or "gone";
`changes.record`: the number of the trace record that stood last when it happened.
`inputs.kind`: "file" (of the scenario, or of the command whose number it names), "play" or
"command"; `inputs.after`: how many records the trace had."""


def create(path: Path) -> sqlite3.Connection:
    """Make an empty run file; one that stands there is replaced.

    Raises:
        InputError: The place cannot be written to, or holds something that is no run file.
    """
    # A device, a pipe or a socket has size 0 as well: replacing one would take it from everybody.
    foreign = path.exists() and (
        not path.is_file() or (path.stat().st_size > 0 and not is_run_file(path))
    )
    if foreign:
        raise InputError(f"{path} exists and is no run file: it is left alone")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(path)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.executescript(seal.TABLE + TABLES)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_JOURNAL_PAGES}")
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"cannot write the run file {path}: {error}") from None
    return connection


def remove(path: Path) -> None:
    """Delete a run file with its journal.

    Raises:
        OSError: It cannot be deleted.
    """
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        each.unlink(missing_ok=True)


def unreadable(path: Path, error: BaseException) -> InputError:
    """Return what to say when a run file cannot be read: it is damaged, or somebody's just now."""
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return InputError(f"the run file {path} is locked by another program: try again later")
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InputError(f"the run file {path} is damaged: {said}")


def is_run_file(path: Path) -> bool:
    """Tell from its header whether a file is one of ours."""
    try:
        if not path.is_file():  # opening a pipe would wait for its writer
            return False
        with path.open("rb") as file:
            head = file.read(_HEADER)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3\0") and head[68:72] == APPLICATION_ID.to_bytes(4)


def _version(path: Path) -> int:
    with path.open("rb") as file:
        return int.from_bytes(file.read(_HEADER)[60:64])


def open_readonly(path: Path, *, check: bool = True) -> sqlite3.Connection:
    """Open a run file for reading, also one that is still being written or was never closed.

    Args:
        path: The file.
        check: Read all of it first, to see that it is what was written.

    Raises:
        InputError: There is no such file, it is no run file, of another version, or damaged.
    """
    if not path.exists():
        raise InputError(f"there is no run file {path}")
    if path.is_dir() or not is_run_file(path):
        raise InputError(f"{path} is no run file (fedlab run SCENARIO --out FILE writes one)")
    version = _version(path)
    if version != VERSION:
        raise InputError(
            f"{path} was written in run format {version}, this version reads {VERSION}: "
            "play the scenario again"
        )
    state = seal.state(path) if check else seal.State.SEALED
    if state is seal.State.BROKEN:
        raise InputError(f"the run file {path} is damaged: it is not what was written")
    # Not `mode=ro`: a file whose writer was killed needs its journal played back.
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _check(connection, path, whole=state is seal.State.SEALED)
    except sqlite3.Error as error:
        connection.close()
        raise unreadable(path, error) from None
    except InputError:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path, *, whole: bool) -> None:
    connection.execute("PRAGMA query_only = ON")
    if whole:
        return
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise InputError(f"the run file {path} is damaged: {str(answer).splitlines()[0]}")
    if not connection.execute("SELECT COUNT(*) FROM meta").fetchone()[0]:
        raise InputError(
            f"the run file {path} was never closed, and its journal {path.name}-wal is missing "
            "or damaged: nothing is left to read"
        )
