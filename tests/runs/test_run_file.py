"""A run file gives back what was put in: every object at every time."""

import os
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.errors import InputError
from lab.core.model import HUB, Key
from lab.runs.place import forget_old, new_run_path, newest_run, xdg_directory
from lab.runs.reader import RunReader
from lab.runs.writer import RunWriter

KEY = Key(HUB, "v1", "ConfigMap", "default", "c")


def config(**data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "c", "namespace": "default"}, "data": data}  # fmt: skip


def test_objects_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    writer = RunWriter(path, {"scenario": "x", "members": ["m1"]})
    writer.change(HUB, 1.0, "ADDED", config(a="1"))
    writer.change(HUB, 2.5, "MODIFIED", config(a="2", b="x"), config(a="1"))
    writer.change("m1", 2.5, "ADDED", config(other="y"))
    writer.change(HUB, 3.0, "MODIFIED", config(b="x"), config(a="2", b="x"))
    writer.change(HUB, 4.0, "DELETED", config(b="x"))
    writer.record(1, 2.5, "decision", "scheduler", 0, KEY, {"kind": "schedule"})
    writer.verdict(4.0, "it holds", True, "yes", {"value": 1})
    writer.set_meta({"endS": 10.0})
    writer.close()

    reader = RunReader(path)
    seen = {at: (reader.find(KEY, at) or {}).get("data") for at in (0.9, 1.0, 2.4, 2.5, 3.0, 4.0)}
    assert seen == {
        0.9: None, 1.0: {"a": "1"}, 2.4: {"a": "1"}, 2.5: {"a": "2", "b": "x"}, 3.0: {"b": "x"},
        4.0: None,
    }  # fmt: skip
    assert [o["data"] for o in reader.objects("m1", "v1", "ConfigMap", 9.0)] == [{"other": "y"}]
    assert reader.objects("m1", "v1", "ConfigMap", 9.0, "elsewhere") == []
    later = list(reader.changes(HUB, "v1", "ConfigMap", 2.5, 9.0))
    assert [(c.time_s, c.type) for c in later] == [(3.0, "MODIFIED"), (4.0, "DELETED")]
    (record,) = reader.records(("decision",), 9.0, KEY)
    assert (record.actor, record.key, record.detail) == ("scheduler", KEY, {"kind": "schedule"})
    assert reader.records(("note",)) == []
    assert [(v.name, v.passed) for v in reader.verdicts()] == [("it holds", True)]
    assert (reader.start_s, reader.end_s) == (1.0, 10.0)
    reader.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(derandomize=True, max_examples=12, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), min_size=1, max_size=5))
def test_every_state_comes_back(
    tmp_path_factory: pytest.TempPathFactory, states: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("runs") / "p.run"
    writer = RunWriter(path, {})
    objects = [config(x=state) for state in states]
    for index, each in enumerate(objects):
        type_ = "ADDED" if index == 0 else "MODIFIED"
        writer.change(HUB, float(index), type_, each, objects[index - 1] if index else None)
    writer.close()
    reader = RunReader(path)
    assert [reader.find(KEY, float(index)) for index in range(len(objects))] == objects
    reader.close()


def test_a_killed_writer_leaves_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "killed.run"
    program = f"""
        import os
        from pathlib import Path
        from lab.runs.writer import RunWriter
        writer = RunWriter(Path({str(path)!r}), {{"scenario": "k"}}, batch=1)
        for number in range(50):
            writer.change("", float(number), "ADDED", {{
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {{"name": f"c{{number:02}}", "namespace": "default"}}}})
        os._exit(9)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert done.returncode == 9
    reader = RunReader(path)
    assert len(reader.objects(HUB, "v1", "ConfigMap", 99.0)) == 50
    assert reader.meta["scenario"] == "k"
    reader.close()


def test_no_record_is_written_without_the_change_that_it_tells_of(tmp_path: Path) -> None:
    path = tmp_path / "between.run"
    writer = RunWriter(path, {}, batch=1)
    for number in range(1, 9):
        writer.record(number, float(number), "change", "user", 0, KEY, {})
        with closing(sqlite3.connect(path)) as seen:
            (written,) = seen.execute("SELECT count(*) FROM trace").fetchone()
        assert written == number - 1
        writer.change(HUB, float(number), "ADDED", config(x=number))
        with closing(sqlite3.connect(path)) as seen:
            both = seen.execute("SELECT (SELECT count(*) FROM trace), count(*) FROM changes")
            assert both.fetchone() == (number, number)
    writer.close()


def test_a_file_being_written_can_be_read(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "live.run", {})
    writer.change(HUB, 1.0, "ADDED", config())
    writer.flush()
    reader = RunReader(tmp_path / "live.run")
    assert reader.find(KEY, 1.0) == config()
    reader.close()
    writer.close()


def _text(path: Path) -> None:
    path.write_text("hello, I am no database at all, but long enough to have a header " * 3)


def _other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE x (y)")
    connection.close()


def _other_version(path: Path) -> None:
    RunWriter(path, {}).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _cut_off(path: Path) -> None:
    writer = RunWriter(path, {})
    for number in range(200):
        writer.change(HUB, float(number), "ADDED", config(a="x" * 500))
    writer.close()
    os.truncate(path, 8192)


BROKEN = {
    "no file": (lambda path: None, "there is no run file"),
    "a text": (_text, "is no run file"),
    "an empty file": (lambda path: path.touch(), "nothing was played yet"),
    "a folder": (lambda path: path.mkdir(), "is no run file"),
    "another database": (_other_database, "is no run file"),
    "another version": (_other_version, "run format 99"),
    "cut off": (_cut_off, "is damaged"),
}


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_run_file(tmp_path: Path, make: Any, message: str) -> None:
    path = tmp_path / "x.run"
    make(path)
    with pytest.raises(InputError, match=message):
        RunReader(path).objects(HUB, "v1", "ConfigMap", 999.0)


def test_another_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("years of work")
    with pytest.raises(InputError, match="is left alone"):
        RunWriter(path, {})
    assert path.read_text() == "years of work"


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert xdg_directory("state") == tmp_path / "fedlab"
    assert newest_run() is None
    first = new_run_path("../../evil name\n", "20260101-000000")
    assert first.parent == tmp_path / "fedlab" / "runs"
    RunWriter(first, {}).close()
    second = new_run_path("../../evil name\n", "20260101-000000")
    assert second != first
    RunWriter(second, {}).close()
    os.utime(first, ns=(1, 1))
    assert newest_run() == second
    forget_old(keep=1)
    assert not first.exists()
    assert second.exists()


def test_a_relative_xdg_directory_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative/path")
    assert xdg_directory("state") == Path.home() / ".local/state/fedlab"
