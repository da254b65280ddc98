"""docs/runs.md says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from lab.commands.line import parse_line
from lab.commands.phases import PHASES
from lab.runs import schema
from tests.runs.scene import play

PAGE = (Path(__file__).parents[1] / "docs" / "runs.md").read_text("utf-8")


def test_every_command_of_the_page_can_be_parsed() -> None:
    lines = [
        line.replace("RUN", "a.run").replace("NAME…", "x").replace("…", "pods").replace(" N", " 3")
        for line in re.findall(r"`(fedlab [^`]+)`", PAGE)
    ]
    assert len(lines) > 8
    for line in lines:
        if line not in {"fedlab run -v", "fedlab run"}:
            parse_line(line)


def test_the_page_has_every_phase() -> None:
    table = PAGE[PAGE.index("| phase |") :]
    rows = re.findall(r"^\| ([a-z ]+) \|", table, re.M)
    assert [row.split()[0] for row in rows if row != "phase"][: len(PHASES)] == list(PHASES)


def test_the_python_of_the_page_runs(tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    run = play(tmp_path)
    found: dict[str, object] = {}
    exec(block.replace('Path("a.run")', f"Path({str(run)!r})"), found)
    assert found["evictions"]


def test_the_page_names_the_schema() -> None:
    assert "lab/runs/schema.py" in PAGE
    assert schema.__file__.endswith("lab/runs/schema.py")
