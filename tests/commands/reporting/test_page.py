"""What a report says, and that nothing in a run can break out of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lab.commands.context import Context
from lab.commands.line import parse_line
from lab.commands.recorded import open_run
from lab.commands.reporting.facts import report_of
from lab.commands.reporting.junit import junit
from lab.commands.reporting.markdown import markdown, quoted
from lab.commands.reporting.page import page
from lab.core.errors import InputError
from lab.core.model import HUB, Key
from lab.runs.writer import RunWriter
from tests.runs.scene import play


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def parsed(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def html(run: Path) -> str:
    world = open_run(run)
    text = page(report_of(world))
    world.reader.close()
    return text


def test_the_page_has_everything(html: str) -> None:
    for words in (
        "FAILED",
        "A cluster is lost &amp; &lt;b&gt;what it ran&lt;/b&gt; moves.",
        "Applications: what served",
        "Deployment default/web",
        "outage (ApiServerDown)",
        "Where the time went",
        "four at first",
        "✗ FAIL",
        "never true",
        "Timeline",
        "step: person taints",
        "Decisions, and why",
        "karmada-scheduler",
        "fedlab replay",
    ):
        assert words in html
    tags = parsed(html)
    assert tags.tags.count("svg") >= 3
    assert tags.tags.count("path") >= 5
    assert tags.tags.count("details") >= 3


def test_the_page_fetches_nothing_and_runs_nothing(html: str) -> None:
    tags = parsed(html)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & set(tags.tags)
    names = {name for name, _ in tags.attributes}
    assert not {"src", "href", "srcset", "action", "onload", "onclick"} & names
    assert not re.search(r"url\(|@import", html)
    policy = next(value for name, value in tags.attributes if "default-src" in (value or ""))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")


HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J`|*_"


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    key = Key(HUB, "apps/v1", "Deployment", HOSTILE, HOSTILE)
    writer = RunWriter(tmp_path / "a.run", {
        "scenario": HOSTILE, "members": [HOSTILE], "description": HOSTILE, "version": HOSTILE,
        "errors": [HOSTILE], "expectations": [HOSTILE], "karmada": {HOSTILE: HOSTILE},
        "outcomes": [{"application": HOSTILE, "target": HOSTILE, "verdict": HOSTILE, "rtoS": None,
                      "belowS": 3.0, "lost": 1, "why": HOSTILE}],
    })  # fmt: skip
    writer.record(1, 0.0, "step", HOSTILE, 0, None, {"step": HOSTILE})
    writer.record(2, 1.0, "fault", "fault", 1, None, {
        "fault": HOSTILE, "kind": HOSTILE, "phase": "begin", "clusters": [HOSTILE]})  # fmt: skip
    writer.record(3, 2.0, "decision", HOSTILE, 2, key, {
        "kind": "schedule", "summary": HOSTILE, "explanation": {HOSTILE: [HOSTILE]}})  # fmt: skip
    writer.record(4, 2.0, "note", HOSTILE, 2, key, {
        "type": "Warning", "reason": HOSTILE, "message": HOSTILE})  # fmt: skip
    writer.sample(1.0, key._replace(cluster=HOSTILE), 3, 2, 1)
    writer.violation(2.0, HOSTILE, HOSTILE, key=key, cause=3)
    writer.verdict(2.0, HOSTILE, False, HOSTILE, {})
    writer.set_meta({"endS": 10.0, "passed": False})
    writer.close()
    world = open_run(tmp_path / "a.run")
    report = report_of(world)
    text = page(report)
    tags = parsed(text)
    assert not {"script", "img"} & set(tags.tags)
    assert "\x1b" not in text
    assert "onerror" not in {name for name, _ in tags.attributes}
    assert "<script" not in re.sub(r"\\<", "", markdown(report))
    assert "\x1b" not in markdown(report)
    suite = ElementTree.fromstring(junit(report))
    assert suite.find(".//testcase") is not None
    world.reader.close()


def test_markdown_tables_keep_their_columns(run: Path) -> None:
    world = open_run(run)
    text = markdown(report_of(world))
    world.reader.close()
    assert text.startswith("# lost: FAILED\n")
    assert "| **FAIL** |" in text
    table: list[int] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            table = []
            continue
        table.append(len(re.findall(r"(?<!\\)\|", line)))
        assert len(set(table)) == 1, line
    assert quoted("a|b<c>") == r"a\|b\<c\>"


def test_junit_has_a_case_for_each_check(run: Path) -> None:
    world = open_run(run)
    root = ElementTree.fromstring(junit(report_of(world)))
    world.reader.close()
    suite = root.find("testsuite")
    assert suite is not None
    names = {case.get("name"): case for case in suite.findall("testcase")}
    assert {"four at first", "moved", "never true"} <= set(names)
    assert names["never true"].find("failure") is not None
    assert names["four at first"].find("failure") is None
    assert suite.get("tests") == str(len(suite.findall("testcase")))
    assert int(suite.get("failures") or 0) >= 1


FORMS = {
    "html by default": ("", "lost-None.html", "<!DOCTYPE html>"),
    "the ending chooses": ("--out r.md", "r.md", "# lost"),
    "xml is JUnit": ("--out sub/r.xml", "sub/r.xml", "<?xml"),
    "the flag wins": ("--out r.txt --format md", "r.txt", "# lost"),
}


@pytest.mark.parametrize(("flags", "name", "begins"), FORMS.values(), ids=FORMS.keys())
def test_where_reports_go(tmp_path: Path, run: Path, flags: str, name: str, begins: str) -> None:
    command = parse_line(f"report {run} {flags}")
    result = command.verb.run(Context(directory=tmp_path, verb="report"), command.args)
    assert result.notes == (f"report: {tmp_path / name}",)
    assert (tmp_path / name).read_text().startswith(begins)


def test_a_report_never_replaces_its_run(tmp_path: Path) -> None:
    run = play(tmp_path)
    command = parse_line(f"report {run} --out {run}")
    with pytest.raises(InputError, match="is the run itself"):
        command.verb.run(Context(verb="report"), command.args)


def test_markdown_is_printed(run: Path) -> None:
    command = parse_line(f"report {run} --format md")
    result = command.verb.run(Context(verb="report"), command.args)
    assert result.text.startswith("# lost: FAILED")
