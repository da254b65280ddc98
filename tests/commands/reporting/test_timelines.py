"""A long timeline in a report: many objects are told together, faults stand out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lab.commands.printers.told import Told
from lab.commands.recorded import open_run
from lab.commands.reporting.facts import Report, report_of
from lab.commands.reporting.markdown import markdown
from lab.commands.reporting.page import page
from tests.runs.scene import play


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    world = open_run(play(tmp_path_factory.mktemp("report")))
    yield report_of(world)
    world.reader.close()


def test_a_short_one_is_told_as_it_is(report: Report) -> None:
    assert "These lines stand for" not in page(report)
    assert "told once" not in markdown(report)


def test_a_long_one_is_told_in_few_lines(report: Report) -> None:
    told = [
        *(Told(n / 100, "template", f"Deployment default/app-{n} applied") for n in range(300)),
        Told(9.0, "fault", "fault out begins: NodeLoss strikes <m1>"),
    ]
    for text, fault in (
        (page(replace(report, timeline=told)), 'class="turn"'),
        (
            markdown(replace(report, timeline=told)),
            "**fault out begins: NodeLoss strikes \\<m1\\>**",
        ),
    ):
        assert "Deployments default/app-0 … app-299 (300) applied (until 2.990s)" in text
        assert "stand for 301:" in text
        assert fault in text
        assert "app-17" not in text
