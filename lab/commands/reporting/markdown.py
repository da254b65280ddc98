"""A report as Markdown, for a pull request or a wiki."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lab.commands.phases import PHASES
from lab.commands.printers.records import place
from lab.commands.printers.timeline import clock
from lab.commands.reporting.facts import Report
from lab.commands.reporting.words import (
    MEANINGS,
    cards,
    outcome_cells,
    run_facts,
    settings_rows,
    shown_timeline,
)
from lab.core.text_table import printable

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#&~!])")
_LINES, _DECISIONS = 300, 200


def markdown(report: Report) -> str:
    """Return the report as Markdown."""
    parts = (_head, _answers, _outcomes, _checks, _violations, _timeline, _decisions, _about)
    return "\n".join(line for part in parts for line in part(report)) + "\n"


def quoted(text: object) -> str:
    r"""Return a text that Markdown shows as it is.

    Example:
        >>> quoted("<b> *x* | y")
        '\\<b\\> \\*x\\* \\| y'
    """
    return _SPECIAL.sub(r"\\\1", printable(text))


def _head(report: Report) -> Iterator[str]:
    yield f"# {quoted(report.summary.name)}: {quoted(report.summary.result)}"
    yield ""
    description = " ".join(str(report.meta.get("description") or "").split())
    if description:
        yield quoted(description)
        yield ""
    yield quoted(run_facts(report))
    yield ""
    yield from _table(("", ""), ((title, value) for title, value, _ in cards(report)))


def _answers(report: Report) -> Iterator[str]:
    for anchor in report.anchors:
        if not anchor.apps:
            continue
        what = f" ({anchor.what})" if anchor.what else ""
        yield f"## {quoted(anchor.name + what)}, at {clock(anchor.time_s)}"
        yield ""
        rows = [
            [place(app.app), *(
                f"+{clock(app.at_s[name] - anchor.time_s)}" if name in app.at_s else "never"
                for name in PHASES
            )]
            for app in anchor.apps
        ]  # fmt: skip
        yield from _table(["application", *(MEANINGS[name] for name in PHASES)], rows)


def _outcomes(report: Report) -> Iterator[str]:
    if report.outcomes:
        yield "## Outcomes"
        yield ""
        head = ("application", "target", "verdict", "RTO", "below target", "missing", "why")
        yield from _table(head, map(outcome_cells, report.outcomes))


def _checks(report: Report) -> Iterator[str]:
    yield "## Checks"
    yield ""
    rows = [
        ["PASS" if each.passed else "**FAIL**", clock(max(0.0, each.time_s)), each.name,
         each.message]
        for each in report.checks
    ]  # fmt: skip
    rows += [["OPEN", "", name, "the run ended before it was decided"] for name in report.undecided]
    if rows:
        yield from _table(("", "decided", "check", "found"), rows, marked_up=0)
    else:
        yield "The scenario expects nothing."
        yield ""
    for error in report.errors:
        yield f"- {quoted(error)}"


def _violations(report: Report) -> Iterator[str]:
    yield "## Invariants"
    yield ""
    if not report.breaches:
        yield "None was broken."
        yield ""
        return
    rows = [
        [clock(max(0.0, each.violation.time_s)), each.violation.law,
         "" if each.violation.key is None else place(each.violation.key),
         each.violation.message + (" (expected)" if each.expected else ""),
         f"#{each.violation.cause}" if each.violation.cause else ""]
        for each in report.breaches
    ]  # fmt: skip
    yield from _table(("time", "law", "object", "what is wrong", "event"), rows)


def _timeline(report: Report) -> Iterator[str]:
    yield "## Timeline"
    yield ""
    lines, remark = shown_timeline(report)
    if remark:
        yield remark
        yield ""
    rows = [
        [clock(each.time_s), f"#{each.record}" if each.record else "",
         f"**{quoted(each.line)}**" if each.topic == "fault" else quoted(each.line)]
        for each in lines[:_LINES]
    ]  # fmt: skip
    yield from _table(("time", "event", "what happened"), rows, marked_up=2)
    yield from _more(len(lines) - _LINES)


def _decisions(report: Report) -> Iterator[str]:
    yield "## Decisions"
    yield ""
    rows = [
        [clock(each.time_s), f"#{each.number}", each.actor, each.about, each.summary]
        for each in report.decisions[:_DECISIONS]
    ]
    yield from _table(("time", "event", "by", "object", "decision"), rows)
    yield from _more(len(report.decisions) - _DECISIONS)


def _about(report: Report) -> Iterator[str]:
    yield "## About this run"
    yield ""
    yield from _table(("", ""), settings_rows(report))


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, marked_up: int | None = None
) -> Iterator[str]:
    """Yield a table; the column `marked_up` is Markdown already."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        shown = [quoted(each) for each in row]
        if marked_up is not None:
            shown[marked_up] = row[marked_up]
        yield f"| {' | '.join(shown)} |"
    yield ""


def _more(count: int) -> Iterator[str]:
    if count > 0:
        yield f"… and {count} more."
        yield ""
