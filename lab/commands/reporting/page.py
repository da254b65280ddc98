"""A report as one HTML page: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lab.commands.phases import PHASES, Anchor, AppPhases
from lab.commands.printers.records import place
from lab.commands.printers.timeline import clock
from lab.commands.reporting.charts import app_chart, cluster_chart, coloured, waterfall
from lab.commands.reporting.drawing import escaped
from lab.commands.reporting.facts import Report
from lab.commands.reporting.series import AppSeries, ClusterSeries, together
from lab.commands.reporting.style import CSS
from lab.commands.reporting.words import (
    MEANINGS,
    cards,
    outcome_cells,
    run_facts,
    settings_rows,
    shown_timeline,
)
from lab.core.text_table import cut

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"  # noqa: E501
_FOUND = 180
_APPS_OPEN, _OUTCOMES = 6, 50
_APPS, _CLUSTERS, _LINES, _DECISIONS = 24, 60, 2_000, 500
"""More than these are counted, not shown."""


def page(report: Report) -> str:
    """Return the report as HTML."""
    name = escaped(report.summary.name)
    body = "\n".join(
        part
        for section in (
            _head, _service, _clusters, _answers, _outcomes, _checks, _violations, _timeline,
            _decisions, _about,
        )
        for part in section(report)
    )  # fmt: skip
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{name} - fedlab report</title>
<style>{CSS}</style>
</head>
<body>
{body}
</body>
</html>
"""


# ── sections ───────────────────────────────────────────────────────────────────────────────────


def _head(report: Report) -> Iterator[str]:
    result = report.summary.result
    tone = {"passed": "good", "FAILED": "bad"}.get(result, "")
    yield f"<header><h1>{escaped(report.summary.name)}"
    yield f'<span class="badge {tone}">{escaped(result)}</span></h1>'
    description = str(report.meta.get("description") or "")
    for paragraph in description.strip().split("\n\n"):
        if paragraph.strip():
            yield f"<p>{escaped(' '.join(paragraph.split()))}</p>"
    yield f'<p class="meta">{escaped(run_facts(report))}</p></header>'
    yield '<div class="cards">'
    for title, value, tone in cards(report):
        yield f'<div class="card"><b class="{tone}">{escaped(value)}</b>'
        yield f"<span>{escaped(title)}</span></div>"
    yield "</div>"


def _service(report: Report) -> Iterator[str]:
    yield "<h2>Applications: what served</h2>"
    if not report.apps:
        yield '<p class="quiet">No application with replicas ran.</p>'
        return
    names = coloured(report.clusters)
    yield _legend(names, report.clusters)
    shown = _worst_first(report)[:_APPS]
    if len(report.apps) > 1:
        title = f"All {len(report.apps)} applications together"
        yield app_chart(together(report.apps), report.bands, report.end_s, names, title)
    few = shown[:_APPS_OPEN] if len(shown) > _APPS_OPEN + 2 else shown
    for series in few:
        yield app_chart(series, report.bands, report.end_s, names)
    if len(few) < len(shown):
        yield f"<details><summary>{len(shown) - len(few)} more applications</summary><div>"
        for series in shown[len(few) :]:
            yield app_chart(series, report.bands, report.end_s, names)
        yield "</div></details>"
    yield from _more(len(report.apps) - len(shown), "applications, none worse than these")


def _worst_first(report: Report) -> list[AppSeries]:
    """Return the applications; if there are many, those that were below target longest first."""
    if len(report.apps) <= _APPS:
        return list(report.apps)
    below = {str(each.get("application")): float(each.get("belowS") or 0.0)
             for each in report.outcomes}  # fmt: skip
    return sorted(
        report.apps, key=lambda each: -below.get(f"{each.app.kind.lower()}/{each.app.name}", 0.0)
    )


def _legend(names: Sequence[str], clusters: Sequence[ClusterSeries]) -> str:
    spans = [f'<span><i class="swatch c{index}"></i>{escaped(name)}</span>'
             for index, name in enumerate(names)]  # fmt: skip
    if sum(bool(each.serving) for each in clusters) > len(names):
        spans.append('<span><i class="swatch rest"></i>other clusters</span>')
    return f'<div class="legend">{"".join(spans)}</div>'


def _clusters(report: Report) -> Iterator[str]:
    yield "<h2>Clusters: what served, what they said</h2>"
    yield ('<p class="quiet">Filled: replicas that truly served. Dotted: replicas the API showed '
           "as ready, where that is something else. The bar below: the Ready condition as the "
           "control plane knew it.</p>")  # fmt: skip
    yield (
        '<div class="legend"><span><i class="swatch" style="background:#2f9e63"></i>Ready</span>'
        '<span><i class="swatch" style="background:#d64545"></i>not Ready</span>'
        '<span><i class="swatch" style="background:#d99a1c"></i>Unknown</span>'
        '<span><i class="swatch" style="background:#d64545;opacity:.3"></i>a fault</span></div>'
    )
    shown = _eventful(report.clusters)
    if shown:
        yield cluster_chart(shown, report.bands, report.end_s, coloured(report.clusters))
    yield from _more(len(report.clusters) - len(shown), "clusters, all Ready throughout")


def _eventful(clusters: Sequence[ClusterSeries]) -> list[ClusterSeries]:
    if len(clusters) <= _CLUSTERS:
        return list(clusters)
    ranked = sorted(clusters, key=lambda each: (-len(each.states), -len(each.serving)))
    kept = {each.name for each in ranked[:_CLUSTERS]}
    return [each for each in clusters if each.name in kept]


def _answers(report: Report) -> Iterator[str]:
    faults = [each for each in report.anchors if each.what and each.apps]
    steps = [each for each in report.anchors if not each.what and any(
        "schedule" in app.at_s for app in each.apps)]  # fmt: skip
    shown = faults or steps
    if not shown:
        return
    yield "<h2>Where the time went</h2>"
    spans = "".join(
        f'<span><i class="swatch phase {name}"></i>{escaped(MEANINGS[name])}</span>'
        for name in PHASES
    )
    yield f'<div class="legend">{spans}</div>'
    for anchor in shown:
        yield from _anchor(anchor)


def _anchor(anchor: Anchor) -> Iterator[str]:
    what = f" ({anchor.what})" if anchor.what else ""
    yield f"<h3>{escaped(anchor.name)}{escaped(what)}, at {clock(anchor.time_s)}</h3>"
    apps = list(anchor.apps)
    if len(apps) > _APPS_OPEN:
        yield "<p>The slowest first.</p>"
        apps.sort(key=lambda each: -_last_s(anchor, each))
    shown = apps[:_APPS]
    most_s = max(_last_s(anchor, each) for each in apps)
    for app in shown[:_APPS_OPEN]:
        yield f"<p>{escaped(place(app.app))}</p>"
        yield waterfall(anchor, app, most_s)
    head = "".join(f'<th class="n">{escaped(MEANINGS[name])}</th>' for name in PHASES)
    rows = []
    for app in shown:
        cells = "".join(
            f'<td class="n">+{clock(app.at_s[name] - anchor.time_s)}</td>'
            if name in app.at_s
            else '<td class="n quiet">never</td>'
            for name in PHASES
        )
        rows.append(f"<tr><td>{escaped(place(app.app))}</td>{cells}</tr>")
    yield f"<table><tr><th>application</th>{head}</tr>{''.join(rows)}</table>"
    yield from _more(len(anchor.apps) - len(shown), "applications")


def _last_s(anchor: Anchor, app: AppPhases) -> float:
    """Return when the last phase came (s after the fault); one that never came is later."""
    last_s = max(app.at_s.values(), default=anchor.time_s) - anchor.time_s
    open_ = "below" in app.at_s and "ready" not in app.at_s
    return anchor.until_s - anchor.time_s if open_ else last_s


def _outcomes(report: Report) -> Iterator[str]:
    if not report.outcomes:
        return
    yield "<h2>Outcomes</h2>"
    head = ["application", "target", "verdict", "RTO", "below target", "missing at most", "why"]
    shown = sorted(report.outcomes, key=lambda each: -float(each.get("belowS") or 0.0))[:_OUTCOMES]
    yield _table(head, map(_outcome_row, shown), numbers={3, 4, 5})
    yield from _more(len(report.outcomes) - len(shown), "applications, none worse than these")


def _outcome_row(outcome: Mapping[str, Any]) -> list[str]:
    cells = [escaped(each) for each in outcome_cells(outcome)]
    tone = "good" if outcome.get("verdict") == "met" else "bad"
    cells[2] = f'<b class="{tone}">{cells[2]}</b>'
    return cells


def _checks(report: Report) -> Iterator[str]:
    yield "<h2>Checks</h2>"
    if not report.checks and not report.undecided:
        yield '<p class="quiet">The scenario expects nothing.</p>'
    rows = [
        [
            '<b class="good">✓ PASS</b>' if each.passed else '<b class="bad">✗ FAIL</b>',
            clock(max(0.0, each.time_s)),
            escaped(each.name),
            f'<span class="quiet">{escaped(cut(each.message, _FOUND))}</span>',
        ]
        for each in report.checks
    ]
    rows += [
        ['<b class="warn">… OPEN</b>', "", escaped(name), "the run ended before it was decided"]
        for name in report.undecided
    ]
    if rows:
        yield _table(["", "decided", "check", "found"], rows, numbers={1}, narrow={0})
    for error in report.errors:
        yield f'<p class="bad">{escaped(error)}</p>'


def _violations(report: Report) -> Iterator[str]:
    yield "<h2>Invariants</h2>"
    if not report.breaches:
        yield '<p class="quiet">None was broken.</p>'
    for breach in report.breaches:
        each = breach.violation
        about = "" if each.key is None else place(each.key)
        name = str(each.detail.get("name") or "")
        yield f'<details><summary><span class="when">{clock(max(0.0, each.time_s))}</span>'
        tone, known = ("warn", " (the scenario expects it)") if breach.expected else ("bad", "")
        yield f'<b class="{tone}">{escaped(each.law)}</b> {escaped(name)}{known}: '
        yield f"{escaped(about)}: {escaped(each.message)}</summary>"
        yield f"<div>{_chain(breach.chain)}</div></details>"


def _chain(chain: Sequence[Mapping[str, Any]]) -> str:
    if not chain:
        return '<p class="quiet">What caused it is not known.</p>'
    rows = [
        [clock(max(0.0, each["time"])), f"+{clock(each['after'])}" if each["after"] else "",
         f"#{each['number']}", escaped(each["what"])]
        for each in chain
    ]  # fmt: skip
    return _table(["time", "after", "event", "what led to it"], rows, numbers={0, 1})


def _timeline(report: Report) -> Iterator[str]:
    yield "<h2>Timeline</h2>"
    lines, remark = shown_timeline(report)
    if remark:
        yield f'<p class="quiet">{escaped(remark)}</p>'
    shown = lines[:_LINES]
    rows = []
    for each in shown:
        event = f"#{each.record}" if each.record else ""
        anchor = f' id="e{each.record}"' if each.record else ""
        if each.topic in {"step", "fault"}:
            anchor += ' class="turn"'
        rows.append(
            f'<tr{anchor}><td class="n">{clock(each.time_s)}</td><td class="event">{event}</td>'
            f'<td class="w"><span class="topic {escaped(each.topic)}">{escaped(each.topic)}</span>'
            f"</td><td>{escaped(each.line)}</td></tr>"
        )
    head = '<tr><th class="n">time</th><th>event</th><th></th><th>what happened</th></tr>'
    yield f"<table>{head}{''.join(rows)}</table>"
    yield from _more(len(lines) - len(shown), "lines")


def _decisions(report: Report) -> Iterator[str]:
    yield "<h2>Decisions, and why</h2>"
    if not report.decisions:
        yield '<p class="quiet">None was taken.</p>'
    shown = report.decisions[:_DECISIONS]
    for each in shown:
        yield f'<details id="d{each.number}"><summary>'
        yield f'<span class="when">{clock(each.time_s)}</span>'
        yield f"<b>{escaped(each.about)}</b>: {escaped(each.summary)} "
        yield f'<span class="quiet">{escaped(each.actor)}, event #{each.number}'
        yield f", caused by #{each.cause}" if each.cause else ""
        yield f"</span></summary><div><pre>{_lines(each.text)}</pre></div></details>"
    yield from _more(len(report.decisions) - len(shown), "decisions")


def _about(report: Report) -> Iterator[str]:
    yield "<h2>About this run</h2>"
    rows = [[escaped(name), escaped(value)] for name, value in settings_rows(report)]
    yield _table(["", ""], rows, narrow={0})
    file = escaped(report.summary.path.name)
    yield '<p class="quiet">The run can be played again from its file alone: '
    yield f"<code>fedlab replay {file} --verify</code>. Every event number above is explained by "
    yield f"<code>fedlab explain event N --run {file}</code>.</p>"


# ── parts ──────────────────────────────────────────────────────────────────────────────────────


def _table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: frozenset[int] | set[int] = frozenset(),
    narrow: frozenset[int] | set[int] = frozenset(),
) -> str:
    """Return a table; cells are HTML already."""

    def class_(index: int) -> str:
        return ' class="n"' if index in numbers else ' class="w"' if index in narrow else ""

    top = "".join(f"<th{class_(index)}>{escaped(name)}</th>" for index, name in enumerate(head))
    body = "".join(
        "<tr>" + "".join(f"<td{class_(i)}>{cell}</td>" for i, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>" if any(head) else f"<table>{body}</table>"


def _lines(text: str) -> str:
    return "\n".join(escaped(line) for line in text.split("\n"))


def _more(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f'<p class="quiet">… and {count} more {what}.</p>'
