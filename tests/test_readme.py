"""Every command of the README's tour runs, in order, on a machine that has nothing yet."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def tour() -> list[tuple[str, int]]:
    """Return the tour's fedlab lines with the exit code each promises (`# exits N`, else 0)."""
    blocks = re.findall(r"```sh\n(.*?)```", README.split("## A five-minute tour")[1], re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    promised = [re.search(r"# exits (\d)", line) for line in lines]
    return [
        (line.split("#")[0].strip(), int(found[1]) if found else 0)
        for line, found in zip(lines, promised, strict=True)
    ]


def test_the_tour_runs_as_written(tmp_path: Path) -> None:
    place = tmp_path / "checkout"
    place.mkdir()
    shutil.copytree(ROOT / "scenarios", place / "scenarios")
    (tmp_path / "home").mkdir()
    program = Path(sys.executable).parent / "fedlab"
    assert len(tour()) >= 12
    for line, promised in tour():
        name, *arguments = shlex.split(line)
        assert name == "fedlab"
        result = subprocess.run(
            [str(program), *arguments],
            cwd=place,
            env={"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == promised, f"{line}\n{result.stdout}{result.stderr}"
        assert result.stdout.strip() or "--out" in arguments, line
        assert "Traceback" not in result.stderr, line


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
