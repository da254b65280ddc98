"""A run is played again from its file alone, with the files and the commands of its day."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from lab.core.errors import InputError
from lab.replaying import reopened
from lab.runs.divergence import first_divergence
from lab.runs.reader import RunReader
from lab.runs.writer import RunWriter
from lab.session import Session
from tests.runs.scene import MORE, play, write_scenario


def again(path: Path, out: Path | None = None) -> str:
    """Play a run again to its end and return its digest."""
    with RunReader(path) as reader, reopened(reader, out) as replay:
        session = replay.session
        if replay.plays_s is not None:
            session.run_until(replay.plays_s)
            session.play()
        session.run_until(replay.end_s)
        return session.digest()


def test_from_its_file_alone(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    path = play(folder)
    moved = tmp_path / "elsewhere.run"
    shutil.copy(path, moved)
    shutil.rmtree(folder)
    with RunReader(moved) as reader:
        assert {each.path for each in reader.inputs() if each.kind == "file"} == {
            "there/scenario.yaml",
            "there/web.yaml",
            "there/extra/more.yaml",
        }
        digest = reader.meta["digest"]
    assert again(moved) == digest


def test_with_what_a_person_did_and_the_files_of_that_day(tmp_path: Path) -> None:
    note = tmp_path / "note.yaml"
    note.write_text(MORE.replace("more", "first"))
    with Session.open(write_scenario(tmp_path), out=tmp_path / "a.run") as session:
        session.run_until(2.0)
        assert session.command("kubectl apply -f note.yaml").exit_code == 0

        def pace(until_s: float) -> None:
            while session.now_s < until_s:
                session.run_until(min(until_s, session.now_s + 7.7))
                if session.now_s > 90 and "second" not in note.read_text():
                    note.write_text(MORE.replace("more", "second"))
                    assert session.command("kubectl apply -f note.yaml").exit_code == 0
                    assert session.command("kubectl get configmaps").exit_code == 0
                    assert session.command("kubectl scale deploy/none --replicas=1").exit_code == 1
                    session.command("karmadactl cordon west")

        session.play(pace)
        session.run_until(400.0)
        session.command("kubectl delete configmap first")
        session.run_until(410.0)
    digest = session.digest()
    note.write_text("kind: nonsense")
    again_path = tmp_path / "b.run"
    assert again(tmp_path / "a.run", again_path) == digest
    with RunReader(tmp_path / "a.run") as one, RunReader(again_path) as two:
        assert first_divergence(one, two) is None
        assert one.inputs() == two.inputs()
        lines = [each.text for each in one.inputs() if each.kind == "command"]
    assert lines == [
        "kubectl apply -f note.yaml",
        "kubectl apply -f note.yaml",
        "kubectl scale deploy/none --replicas=1",
        "karmadactl cordon west",
        "kubectl delete configmap first",
    ]


def test_with_the_faults_that_a_person_let_begin(tmp_path: Path) -> None:
    with Session.open(write_scenario(tmp_path), out=tmp_path / "a.run") as session:
        session.run_until(5.0)
        assert session.command("fedlab inject NodeLoss -C west").exit_code == 0
        session.run_until(20.0)
        assert session.command("fedlab heal all").exit_code == 0
        session.play()
    assert again(tmp_path / "a.run") == session.digest()


def test_a_scenario_that_names_its_own_folder_from_outside(tmp_path: Path) -> None:
    path = write_scenario(tmp_path / "here")
    path.write_text(path.read_text().replace("[web.yaml]", "[../here/web.yaml]"))
    with Session.open(path, out=tmp_path / "a.run") as session:
        session.play()
    shutil.rmtree(tmp_path / "here")
    assert again(tmp_path / "a.run") == session.digest()


def test_what_was_played_from_no_scenario_cannot_be_played_again(tmp_path: Path) -> None:
    RunWriter(tmp_path / "a.run", {"scenario": "x"}).close()
    with (
        RunReader(tmp_path / "a.run") as reader,
        pytest.raises(InputError, match="was not played from a scenario's files"),
        reopened(reader),
    ):
        pass


def reopened_for_writing(path: Path) -> sqlite3.Connection:
    """Return a closed run whose seal is taken off."""
    connection = sqlite3.connect(path)
    connection.execute("UPDATE seal SET mark = 'fedlab-seal:' || printf('%064d', 0)")
    return connection


def test_the_first_difference_is_found(tmp_path: Path) -> None:
    one, two = play(tmp_path / "a"), play(tmp_path / "b")
    with RunReader(one) as left, RunReader(two) as right:
        assert first_divergence(left, right) is None
        middle = left.record_count() // 2
    connection = reopened_for_writing(two)
    connection.execute("UPDATE trace SET actor = 'somebody else' WHERE number = ?", (middle,))
    connection.execute("DELETE FROM checkpoints")
    connection.commit()
    connection.close()
    with RunReader(one) as left, RunReader(two) as right:
        found = first_divergence(left, right)
    assert found is not None
    assert found.number == middle
    assert found.left is not None
    assert found.right is not None
    assert found.right.actor == "somebody else" != found.left.actor


def test_a_difference_in_an_object_alone_is_found(tmp_path: Path) -> None:
    one, two = play(tmp_path / "a"), play(tmp_path / "b")
    connection = reopened_for_writing(two)
    connection.execute(
        "UPDATE changes SET body = replace(body, '\"replicas\":4', '\"replicas\":5') "
        "WHERE kind = 'Deployment' AND cluster = '' AND form = 'whole'"
    )
    connection.execute("DELETE FROM checkpoints")
    connection.commit()
    connection.close()
    with RunReader(one) as left, RunReader(two) as right:
        found = first_divergence(left, right)
    assert found is not None
    assert found.left == found.right
    assert found.change is not None
    before, after = found.change
    assert (before["body"]["spec"]["replicas"], after["body"]["spec"]["replicas"]) == (4, 5)


def test_a_run_that_goes_on_is_the_same_as_far_as_the_other_goes(tmp_path: Path) -> None:
    whole = play(tmp_path)
    with (
        Session.open(write_scenario(tmp_path), out=tmp_path / "part.run") as session,
        pytest.raises(TimeoutError),
    ):
        session.play(lambda until_s: _until(session, until_s, 61.0))
    with RunReader(whole) as left, RunReader(tmp_path / "part.run") as right:
        assert first_divergence(left, right, prefix=True) is None
        found = first_divergence(left, right)
        assert found is not None
        assert (found.number, found.right) == (right.record_count() + 1, None)


def _until(session: Session, until_s: float, end_s: float) -> None:
    session.run_until(min(until_s, end_s))
    if until_s > end_s:
        raise TimeoutError
