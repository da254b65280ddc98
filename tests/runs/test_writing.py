"""A run file while it is written: killed at any moment, on a full disk, at what cost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from lab.core.errors import InputError
from lab.core.model import HUB, Key
from lab.runs.reader import RunReader
from lab.runs.schema import is_run_file
from lab.runs.writer import RunWriter
from lab.session import Session
from tests.runs.scene import write_scenario

KEY = Key("m1", "apps/v1", "Deployment", "default", "web")

_PLAYER = """
    import sys, time
    from pathlib import Path
    from tests.runs.scene import write_scenario
    from lab.session import Session

    folder = Path({folder!r})
    session = Session.open(write_scenario(folder), out=folder / "a.run")
    session.flush()

    def pace(until_s):
        while session.now_s < until_s:
            session.run_until(min(until_s, session.now_s + 0.5))
            session.command("kubectl annotate deployment/web at=" + str(session.now_s)
                            + " --overwrite") if session.now_s > 1 else None
            print(time.monotonic(), len(session.federation.trace.records), flush=True)
            time.sleep(0.004)

    session.play(pace)
"""


@pytest.mark.parametrize("after_s", [0.2, 1.1, 1.8], ids=["early", "later", "late"])
def test_kill_9_loses_at_most_the_last_second(tmp_path: Path, after_s: float) -> None:
    program = textwrap.dedent(_PLAYER).format(folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        beats = [child.stdout.readline()]  # it plays now
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        killed_s = time.monotonic()
        beats += child.stdout.read().splitlines()
    assert child.returncode == -signal.SIGKILL
    told = [line.split() for line in beats if len(line.split()) == 2]
    due = max((int(count) for at, count in told if float(at) <= killed_s - 1.0), default=0)
    with RunReader(tmp_path / "a.run") as reader:
        assert not reader.finished
        assert reader.record_count() >= due
        records = reader.records()
        assert [each.number for each in records] == list(range(1, len(records) + 1))
        if after_s > 1.5:
            assert due > 60


def test_a_full_disk_is_said_once_and_what_is_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    session = Session.open(write_scenario(tmp_path), out=path)
    session.run_until(1.0)
    recording = session._recording
    assert recording is not None
    connection = recording.writer._connection
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    before = len(session.federation.trace.records)
    with pytest.raises(InputError) as caught:
        session.play()
    said = str(caught.value)
    assert "cannot write the run file" in said
    assert "full" in said
    assert "it holds the run up to" in said
    assert "\n" not in said
    session.close()  # nothing more is tried, nothing more is said
    with RunReader(path) as reader:
        assert reader.record_count() >= before


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.run").mkdir()
    with pytest.raises(InputError, match="is left alone"):
        RunWriter(tmp_path / "a.run", {})


def test_a_pipe_is_neither_replaced_nor_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "a.run"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="is left alone"):
        RunWriter(pipe, {})
    assert pipe.is_fifo()
    assert not is_run_file(pipe)


def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    link = tmp_path / "a.run"  # replacing the device itself must not be what a failure does
    link.symlink_to(os.devnull)
    with pytest.raises(InputError, match="is left alone"):
        RunWriter(link, {})
    assert link.is_symlink()


def test_all_tables_come_back(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "a.run", {"scenario": "x"})
    writer.input("file", 0.0, 0, "kind: Scenario\r\n", "x/scenario.yaml")
    command = writer.input("command", 1.5, 7, "kubectl get pods", "m1")
    writer.input("file", 1.5, 7, "a: 1", "x/a.yaml", command)
    writer.sample(2.0, KEY, 3, 2, 1)
    writer.violation(2.5, "S1", "too few", key=KEY, cause=7, detail={"n": 1})
    writer.violation(2.6, "Q1", "odd")
    writer.checkpoint(1000, "abc")
    writer.close()
    with RunReader(tmp_path / "a.run") as reader:
        assert [
            (i.kind, i.time_s, i.after, i.command, i.path, i.text) for i in reader.inputs()
        ] == [
            ("file", 0.0, 0, 0, "x/scenario.yaml", "kind: Scenario\r\n"),
            ("command", 1.5, 7, 0, "m1", "kubectl get pods"),
            ("file", 1.5, 7, 2, "x/a.yaml", "a: 1"),
        ]
        (sample,) = reader.samples()
        assert (sample.key, sample.desired, sample.ready, sample.serving) == (KEY, 3, 2, 1)
        assert reader.samples(until_s=1.9) == []
        first, second = reader.violations()
        assert (first.law, first.key, first.cause, first.detail) == ("S1", KEY, 7, {"n": 1})
        assert (second.message, second.key) == ("odd", None)
        assert reader.checkpoints() == {1000: "abc"}
        assert reader.meta["startedAt"].endswith("+00:00")


def test_many_changes_of_one_object_are_read_from_the_last_whole_one(tmp_path: Path) -> None:
    def state(number: int) -> dict[str, object]:
        return {"apiVersion": "v1", "kind": "ConfigMap", "data": {"n": str(number)},
                "metadata": {"name": "c", "namespace": "default"}}  # fmt: skip

    writer = RunWriter(tmp_path / "a.run", {})
    writer.change(HUB, 0.0, "ADDED", state(0))
    for number in range(1, 300):
        writer.change(HUB, float(number), "MODIFIED", state(number), state(number - 1))
    writer.close()
    key = Key(HUB, "v1", "ConfigMap", "default", "c")
    with RunReader(tmp_path / "a.run") as reader:
        for at in (0, 1, 63, 64, 65, 130, 299):
            found = reader.find(key, float(at))
            assert found is not None
            assert found["data"]["n"] == str(at)
    connection = sqlite3.connect(tmp_path / "a.run")
    (whole,) = connection.execute("SELECT COUNT(*) FROM changes WHERE form='whole'").fetchone()
    connection.close()
    assert 4 <= whole <= 6


def test_a_null_that_somebody_wrote_comes_back(tmp_path: Path) -> None:
    def state(**data: object) -> dict[str, object]:
        return {"apiVersion": "v1", "kind": "X", "metadata": {"name": "c"}, "spec": data}

    writer = RunWriter(tmp_path / "a.run", {})
    states = [state(a=1), state(a=None), state(a=None, b={"c": None}), state(b=[None, {"d": None}])]
    writer.change(HUB, 0.0, "ADDED", states[0])
    for index in range(1, len(states)):
        writer.change(HUB, float(index), "MODIFIED", states[index], states[index - 1])
    writer.close()
    with RunReader(tmp_path / "a.run") as reader:
        found = [reader.find(Key(HUB, "v1", "X", "", "c"), float(at)) for at in range(len(states))]
    assert found == states
