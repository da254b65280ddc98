"""What reports say in words and numbers, whatever they are written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.commands.printers.brief import brief
from lab.commands.printers.timeline import clock
from lab.commands.printers.told import Told
from lab.commands.reporting.facts import Report
from lab.core.duration import format_duration
from lab.core.settings import setting_name

_LINES = 200
"""A longer timeline is told in fewer lines."""
MEANINGS = {
    "below": "below target",
    "detect": "not Ready",
    "taint": "tainted",
    "evict": "evicted",
    "schedule": "scheduled",
    "apply": "applied",
    "ready": "ready again",
}


def run_facts(report: Report) -> str:
    """Return what the run is, in one line."""
    facts = [
        f"seed {report.summary.seed}",
        f"{format_duration(round(report.end_s, 1))} of fleet time",
        f"{report.records} events",
        f"fedlab {report.meta.get('version') or '?'}",
        str(report.meta.get("startedAt") or ""),
    ]
    if report.summary.result == "unfinished":
        facts.append("the run was not closed: it still goes on, or its process was killed")
    return " · ".join(each for each in facts if each)


def cards(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield the numbers that matter most: title, value, and good, bad or nothing."""
    held, decided = report.summary.checks
    total = decided + len(report.undecided)
    tone = "good" if held == total else "bad"
    yield "checks held", f"{held} of {total}" if total else "none", tone if total else ""
    broken = sum(not each.expected for each in report.breaches)
    yield "breaches of invariants", str(broken), "bad" if broken else "good"
    yield "faults", str(len({each.name for each in report.bands})), ""
    if report.outcomes:
        yield "longest recovery (RTO)", _worst_rto(report), ""
        below_s = max(float(each.get("belowS") or 0.0) for each in report.outcomes)
        yield "longest below target", _rounded(below_s) if below_s else "none", ""
        missing = max(int(each.get("lost") or 0) for each in report.outcomes)
        yield "replicas missing at most", str(missing), ""


def _worst_rto(report: Report) -> str:
    times = [each.get("rtoS") for each in report.outcomes]
    if any(each is None for each in times):
        return "not back"
    worst_s = max((float(each) for each in times if each is not None), default=0.0)
    return _rounded(worst_s) if worst_s else "none"


def _rounded(time_s: float) -> str:
    return format_duration(round(time_s, 1 if time_s < 60 else 0))


def outcome_cells(outcome: Mapping[str, Any]) -> list[str]:
    """Return one application: name, target, verdict, RTO, time below, missing, why."""
    rto_s = outcome.get("rtoS")
    return [
        str(outcome.get("application") or ""),
        str(outcome.get("target") or ""),
        str(outcome.get("verdict") or ""),
        "not back" if rto_s is None else clock(float(rto_s)) if rto_s else "-",
        clock(float(outcome.get("belowS") or 0.0)) if outcome.get("belowS") else "-",
        str(outcome.get("lost") or 0),
        str(outcome.get("why") or ""),
    ]


def settings_rows(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what the run was made of."""
    meta = report.meta
    yield "run file", str(report.summary.path.name)
    yield "digest", str(meta.get("digest") or "none: the run was not closed")
    models = meta.get("models") or {}
    if isinstance(models, Mapping):
        yield "models", ", ".join(f"{name} {version}" for name, version in models.items())
    yield "clusters", ", ".join(str(each) for each in meta.get("members") or ())
    settings = meta.get("karmada") or {}
    if isinstance(settings, Mapping) and settings:
        yield (
            "settings that are not the default",
            ", ".join(f"{setting_name(name)}: {_plain(value)}" for name, value in settings.items()),
        )
    yield "read", ", ".join(dict.fromkeys(report.inputs)) or "no file"


def shown_timeline(report: Report) -> tuple[Sequence[Told], str]:
    """Return the lines of a timeline, and a remark on what is told together in them, if any is."""
    if len(report.timeline) <= _LINES:
        return report.timeline, ""
    lines = brief(report.timeline, _LINES)
    count = len(report.timeline)
    remark = f"These lines stand for {count}: what happened to many objects alike is told once."
    return lines, remark


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
