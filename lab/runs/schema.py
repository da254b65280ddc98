"""The tables of a run file, and opening one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

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


class NothingPlayedError(InputError):
    """A run file whose writer was killed, or is still at work, before anything was in it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"the run file {path} is empty: nothing was played yet")


Row = tuple[Any, ...]


def create(path: Path, first: Mapping[str, Sequence[Row]]) -> sqlite3.Connection:
    """Make a run file; one that stands there is replaced, unless it is being written.

    The tables and the first rows come in one transaction: whenever the process is killed, the file
    has all of them or nothing at all.

    Args:
        path: The file.
        first: Rows by table.

    Raises:
        InputError: The place cannot be written to, holds something that is no run file, or
            another process writes this file.
    """
    # A device, a pipe or a socket has size 0 as well: replacing one would take it from everybody.
    foreign = path.exists() and (
        not path.is_file() or (path.stat().st_size > 0 and not is_run_file(path))
    )
    if foreign:
        raise InputError(f"{path} exists and is no run file: it is left alone")
    connection: sqlite3.Connection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _see_free(path)
            remove(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        connection.executescript(
            f"BEGIN EXCLUSIVE; PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {VERSION}; {seal.TABLE} {TABLES}"
        )
        for table, rows in first.items():
            if rows:
                marks = ",".join("?" * len(rows[0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
        connection.execute("COMMIT")
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA journal_mode = WAL")
        # To read it opens the journal: from now on the file is held, as others see.
        connection.execute("SELECT name FROM meta LIMIT 1").fetchone()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_JOURNAL_PAGES}")
    except (OSError, sqlite3.Error) as error:
        if connection is not None:
            connection.close()
        said = str(error)
        if isinstance(error, sqlite3.OperationalError) and (
            "locked" in said or "already exists" in said  # it was made after we looked
        ):
            raise InputError(f"{path} is being written by another fedlab") from None
        raise InputError(f"cannot write the run file {path}: {error}") from None
    return connection


def _see_free(path: Path) -> None:
    """See that nobody has a run file open for writing: a killed writer's file is free.

    Raises:
        sqlite3.OperationalError: Somebody has; it says "locked".
    """
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        # To leave the journal, the database must be ours alone; a file that is being made is
        # locked, and one that was closed has no journal any more.
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise
        # Damaged: it is replaced like any other.
    finally:
        connection.close()


def remove(path: Path) -> None:
    """Delete a run file with its journal.

    Raises:
        OSError: It cannot be deleted.
    """
    for each in (path, *(Path(f"{path}-{end}") for end in ("wal", "shm", "journal"))):
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
    if path.is_file() and path.suffix == ".run" and not path.stat().st_size:
        raise NothingPlayedError(path)
    if path.is_dir() or not is_run_file(path):
        raise InputError(f"{path} is no run file (fedlab run SCENARIO --out FILE writes one)")
    version = _version(path)
    if version != VERSION:
        raise InputError(
            f"{path} was written in run format {version}, this version reads {VERSION}: "
            "play the scenario again"
        )
    state = seal.state(path) if check else seal.State.SEALED
    if state is seal.State.BROKEN and _is_blank(path):
        raise NothingPlayedError(path)
    if state is seal.State.BROKEN:
        raise InputError(f"the run file {path} is damaged: it is not what was written")
    journal, journaled = Path(f"{path}-wal"), _is_journaled(path)
    if journaled and journal.exists() and not journal.stat().st_size and _is_unplayed(path):
        raise NothingPlayedError(path)
    # Not `mode=ro`: a file whose writer was killed needs its journal played back.
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _check(connection, path, whole=state is seal.State.SEALED and not journaled)
    except sqlite3.Error as error:
        connection.close()
        raise unreadable(path, error) from None
    except InputError:
        connection.close()
        raise
    return connection


def _is_journaled(path: Path) -> bool:
    """Tell from its header whether a file was never closed: what came last is in its journal."""
    with path.open("rb") as file:
        return file.read(_HEADER)[18:20] == b"\2\2"


def _is_unplayed(path: Path) -> bool:
    """Tell whether a file holds what is played and nothing of the run; its journal is let be."""
    address = f"{path.absolute().as_uri()}?immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return not _has_rows(connection)
    except sqlite3.Error:
        return False  # reading it says why


def _has_rows(connection: sqlite3.Connection) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM trace) OR EXISTS (SELECT 1 FROM changes)"
    return bool(connection.execute(query).fetchone()[0])


def _is_blank(path: Path) -> bool:
    """Tell whether a sound run file has no tables: its writer was killed before it made them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        except sqlite3.Error:
            return False
        return str(answer) == "ok" and not tables


def _check(connection: sqlite3.Connection, path: Path, *, whole: bool) -> None:
    connection.execute("PRAGMA query_only = ON")
    if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
        raise NothingPlayedError(path)
    if whole:
        return
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise InputError(f"the run file {path} is damaged: {str(answer).splitlines()[0]}")
    if _is_journaled(path) and not _has_rows(connection):
        raise InputError(
            f"the run file {path} was never closed, and its journal {path.name}-wal is missing "
            "or damaged: nothing is left to read"
        )
