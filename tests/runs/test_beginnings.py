"""The first moments of a run file: killed at once, and wanted by two."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lab.core.errors import InputError
from lab.replaying import reopened
from lab.runs import schema
from lab.runs.place import xdg_directory
from lab.runs.reader import RunReader
from lab.runs.summary import summarise
from lab.runs.writer import RunWriter
from tests.runs.scene import play, write_scenario

_HOLDER = """
import sys, time
from pathlib import Path
from lab.runs.writer import RunWriter

writer = RunWriter(Path(sys.argv[1]), {"scenario": "x"}, files=[("x.yaml", "kind: Scenario")])
if sys.argv[2] == "records":
    writer.record(1, 0.0, "step", "a", 0, None, {})
    writer.flush()
print("there", flush=True)
time.sleep(60)
"""
_KILLED_AT_A_STATEMENT = """
import os, signal, sqlite3, sys
from pathlib import Path
from lab.runs import schema
from lab.runs.writer import RunWriter

class Dying(sqlite3.Connection):
    def execute(self, sql, *given):
        if sql.startswith(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *given)

connect = sqlite3.connect
sqlite3.connect = lambda *given, **named: connect(*given, factory=Dying, **named)
RunWriter(Path(sys.argv[1]), {"path": "x.yaml"}, files=[("x.yaml", "kind: Scenario")])
"""


def _held(path: Path, what: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path), what], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n"
    return child


@pytest.mark.parametrize("what", ["nothing", "records"])
def test_a_file_that_is_being_written_is_not_taken(tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.run"
    with _held(path, what) as child:
        with pytest.raises(InputError, match=r"a\.run is being written by another fedlab"):
            RunWriter(path, {})
        assert child.poll() is None
        child.send_signal(signal.SIGKILL)
    RunWriter(path, {"scenario": "mine"}).close()  # the dead hold nothing
    with RunReader(path) as reader:
        assert reader.meta["scenario"] == "mine"


def test_a_file_that_is_being_made_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(InputError, match="is being written by another fedlab"):
        RunWriter(path, {})
    other.execute("CREATE TABLE t (a)")
    other.execute("COMMIT")
    other.close()


@pytest.mark.parametrize("moment", ["COMMIT", "PRAGMA busy_timeout", "PRAGMA synchronous"])
def test_killed_in_the_first_moments(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "a.run"
    done = subprocess.run(
        [sys.executable, "-c", _KILLED_AT_A_STATEMENT, str(path), moment], timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    for _ in range(2):  # to look at it changes nothing
        found = summarise(path)
        assert found.result == "unfinished"
        with (
            pytest.raises(InputError, match="nothing was played yet"),
            RunReader(path) as reader,
            reopened(reader),
        ):
            pass
    RunWriter(path, {}).close()


def test_what_is_played_is_there_from_the_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    writer = RunWriter(path, {"scenario": "x"}, files=[("x.yaml", "a: 1"), ("y.yaml", "b: 2")])
    assert writer.input("play", 0.0, 0, "") == 3
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT path, text FROM inputs").fetchall() == [
        ("x.yaml", "a: 1"), ("y.yaml", "b: 2"),
    ]  # fmt: skip
    assert ("scenario", '"x"') in connection.execute("SELECT name, value FROM meta").fetchall()
    connection.close()
    writer.close()


def test_a_damaged_run_file_can_be_replaced(tmp_path: Path) -> None:
    path = play(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    RunWriter(path, {}).close()
    assert schema.is_run_file(path)


def test_a_relative_home_is_not_below_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STATE", "CONFIG", "DATA", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    for home in ("relative", ".", "~"):
        monkeypatch.setenv("HOME", home)
        for kind in ("state", "config", "data", "cache"):
            found = xdg_directory(kind)
            assert found.is_absolute()
            assert not found.is_relative_to(tmp_path)


def test_with_a_relative_home_doctor_names_no_place_in_the_folder(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", "from lab.cli.main import main; main()", "doctor"],
        cwd=scenario.parent, env={"HOME": "relative"}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert "fedlab" in done.stdout
    assert str(tmp_path) not in done.stdout
    assert sorted(tmp_path.rglob("*")) == before
