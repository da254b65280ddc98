"""Documents are written whole or not at all, and never over what a person wrote."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.cli.exits import INVALID
from lab.commands.outfile import write_document
from lab.core.errors import InputError
from tests.runs.scene import play, write_scenario


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("played"))


def _fedlab(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from lab.cli.main import main; main()", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(folder)},
    )


REFUSED = {
    "an ending that means nothing": ("r.txt", "ends with none of .html"),
    "no ending": ("report", "ends with none of .html"),
    "a manifest, whatever the format": ("web.yaml --format md", "may be a scenario or a manifest"),
    "a JSON manifest": ("web.JSON --format junit", "may be a scenario or a manifest"),
    "another run": ("other.run --format md", "is a run file"),
    "a folder": ("there.md", "is a folder"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_report_leaves_other_files_alone(
    played: Path, tmp_path: Path, words: str, said: str
) -> None:
    for name in ("web.yaml", "web.JSON"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "other.run").write_bytes(played.read_bytes())
    (tmp_path / "there.md").mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = _fedlab(tmp_path, "report", str(played), "--out", *words.split())
    assert done.returncode == INVALID
    assert said in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "web.yaml").read_text() == (tmp_path / "web.JSON").read_text() == "mine"
    assert (tmp_path / "other.run").read_bytes() == played.read_bytes()


def test_a_dash_is_standard_output_for_a_report(played: Path, tmp_path: Path) -> None:
    done = _fedlab(tmp_path, "report", str(played), "--out", "-")
    assert (done.returncode, done.stdout[:9].lower()) == (0, "<!doctype")
    assert list(tmp_path.iterdir()) == []


def test_run_files_are_not_for_standard_output(played: Path, tmp_path: Path) -> None:
    scenario = str(write_scenario(tmp_path))
    for words in (("run", scenario), ("replay", str(played))):
        done = _fedlab(tmp_path, *words, "--out", "-")
        assert done.returncode == INVALID
        assert "cannot go to standard output" in done.stderr
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--junit", "web.yaml"], "may be a scenario or a manifest"),
        (["--junit", "-"], "name a file"),
        (["--junit", "a.run", "--out", "a.run"], "is the run file"),
    ],
    ids=["over a manifest", "to standard output", "over its own run"],
)
def test_junit_is_refused_before_anything_is_played(
    tmp_path: Path, words: list[str], said: str
) -> None:
    scenario = write_scenario(tmp_path)
    before = (tmp_path / "web.yaml").read_text()
    done = _fedlab(tmp_path, "run", str(scenario), *words)
    assert done.returncode == INVALID
    assert said in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "web.yaml").read_text() == before
    assert not (tmp_path / "a.run").exists()


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "r.md"
    path.write_text("before")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(InputError, match=r"cannot write .*r\.md"):
            write_document(path, "x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.md", tmp_path / "link.md"
    real.write_text("before")
    real.chmod(0o640)
    link.symlink_to(real)
    write_document(link, "after \ud800")
    assert link.is_symlink()
    assert real.read_text() == "after \\ud800"
    assert real.stat().st_mode & 0o777 == 0o640
