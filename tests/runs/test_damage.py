"""Files that are torn, cut, flipped or alone: one clear line, never a traceback, never a lie."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.commands.recorded import open_run
from lab.core.errors import InputError
from lab.core.model import HUB
from lab.runs.reader import RunReader
from lab.runs.writer import RunWriter


def read_all(path: Path) -> int:
    """Read everything there is; return the number of records."""
    with RunReader(path) as reader:
        for cluster in (HUB, *reader.meta.get("members", ())):
            for api_version, kind, _ in reader.kinds(cluster):
                reader.objects(cluster, api_version, kind, 1e9)
                list(reader.changes(cluster, api_version, kind, -1e9, 1e9))
        found = reader.records()
        reader.verdicts(), reader.samples(), reader.violations(), reader.inputs()
        reader.checkpoints(), reader.start_s, reader.end_s
        return len(found)


def test_a_locked_file_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0}))
    path = tmp_path / "a.run"
    RunWriter(path, {"scenario": "x"}).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(InputError, match="is locked by another program"):
        read_all(path)
    connection.close()
    assert read_all(path) == 0


def spoiled(path: Path, at: float, bit: int) -> None:
    data = bytearray(path.read_bytes())
    place = min(len(data) - 1, int(at * len(data)))
    data[place] ^= 1 << bit
    path.write_bytes(bytes(data))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(at=st.floats(0, 1), bit=st.integers(0, 7))
def test_a_flipped_bit_of_a_closed_run_is_refused(
    tmp_path_factory: pytest.TempPathFactory, lost_run: Path, at: float, bit: int
) -> None:
    path = tmp_path_factory.mktemp("flip") / "a.run"
    shutil.copy(lost_run, path)
    spoiled(path, at, bit)
    with pytest.raises(InputError) as caught:
        read_all(path)
    assert "\n" not in str(caught.value)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(share=st.floats(0, 0.999999))
def test_a_run_cut_short_is_refused(
    tmp_path_factory: pytest.TempPathFactory, lost_run: Path, share: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.run"
    data = lost_run.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError) as caught:
        read_all(path)
    assert "\n" not in str(caught.value)


def test_bytes_put_behind_a_closed_run_are_refused(tmp_path: Path, lost_run: Path) -> None:
    path = tmp_path / "a.run"
    path.write_bytes(lost_run.read_bytes() + b"more")
    with pytest.raises(InputError, match="is damaged"):
        RunReader(path)


# ── runs that were never closed ────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose process ended without a word: the file and its journal."""
    folder = tmp_path_factory.mktemp("killed")
    program = f"""
        import os
        from pathlib import Path
        from tests.runs.scene import write_scenario
        from lab.session import Session
        folder = Path({str(folder)!r})
        session = Session.open(write_scenario(folder), out=folder / "a.run")
        for until_s in range(0, 200, 10):
            session.run_until(float(until_s))
            session.command("kubectl scale deployment/web --replicas=" + str(until_s % 7))
        os._exit(9)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert done.returncode == 9
    assert (folder / "a.run-wal").stat().st_size > 0
    return folder


def copied(killed: Path, folder: Path) -> Path:
    for name in ("a.run", "a.run-wal"):
        shutil.copy(killed / name, folder / name)
    return folder / "a.run"


def test_what_a_killed_process_left_is_whole(killed: Path, tmp_path: Path) -> None:
    path = copied(killed, tmp_path)
    world = open_run(path)
    assert not world.reader.finished
    assert world.reader.end_s == 190.0
    assert "expectations" in world.reader.meta
    world.reader.close()
    assert read_all(path) > 50


def test_without_its_journal_it_is_refused_in_one_line(killed: Path, tmp_path: Path) -> None:
    path = copied(killed, tmp_path)
    (tmp_path / "a.run-wal").unlink()
    with pytest.raises(InputError, match=r"never closed, and its journal a\.run-wal is missing"):
        RunReader(path)


def test_a_torn_journal_gives_back_what_came_before(killed: Path, tmp_path: Path) -> None:
    whole = read_all(copied(killed, tmp_path))
    seen = set()
    for share in (0.02, 0.2, 0.5, 0.8, 0.99, 0.9999):
        path = copied(killed, tmp_path)
        journal = tmp_path / "a.run-wal"
        (tmp_path / "a.run-shm").unlink(missing_ok=True)
        journal.write_bytes(journal.read_bytes()[: int(share * journal.stat().st_size)])
        try:
            count = read_all(path)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017
            continue
        assert count <= whole
        seen.add(count)
    assert len(seen) > 2


def test_no_flipped_bit_of_an_open_run_is_a_traceback(killed: Path, tmp_path: Path) -> None:
    dice = random.Random(5)
    for number in range(60):
        path = copied(killed, tmp_path)
        (tmp_path / "a.run-shm").unlink(missing_ok=True)
        spoiled(tmp_path / ("a.run", "a.run-wal")[number % 2], dice.random(), dice.randrange(8))
        try:
            read_all(path)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_a_run_that_still_goes_on_can_be_read(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "a.run", {"scenario": "x", "members": []})
    writer.record(1, 0.5, "step", "user", 0, None, {})
    writer.flush()
    assert read_all(tmp_path / "a.run") == 1
    writer.record(2, 0.6, "step", "user", 0, None, {})
    writer.close()
    assert read_all(tmp_path / "a.run") == 2
