"""What came of a run, for `fedlab run` and reports: applications against targets, broken laws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.commands.context import Played
    from lab.core.invariants import Violation
    from lab.core.outcomes import AppOutcome

_SHOWN = 10
"""So many violations are printed with their chains (`-v` prints all)."""
_LINKS = 8
"""So many links of a chain are printed: its beginning, and what came last."""


# ── applications ───────────────────────────────────────────────────────────────────────────────


def outcome_lines(outcomes: Sequence[AppOutcome], *, verbose: bool) -> Iterator[str]:
    """Yield the table of applications; without faults or targets only those that fared badly."""
    from lab.commands.printers.text import columns, safe
    from lab.core.outcomes import app_text

    told = any(each.recoveries or each.target.declared for each in outcomes)
    shown = [each for each in outcomes if verbose or told or each.verdict != "met"]
    if not shown:
        return
    rows = [["APPLICATION", "TARGET", "BELOW TARGET", "RTO", "LOST", "STATE", "VERDICT"]]
    rows += [
        [
            safe(app_text(each.app)),
            each.target.text(),
            _time(each.total_s),
            _rto(each),
            str(each.lost),
            _state(each),
            each.verdict + (f": {each.why}" if each.why else ""),
        ]
        for each in shown
    ]
    yield "Applications"
    for line in columns(rows).split("\n"):
        yield f"  {line}"
    yield ""


def _time(seconds: float) -> str:
    from lab.core.duration import format_duration

    return format_duration(round(seconds, 1)) if seconds else "never"


def _rto(outcome: AppOutcome) -> str:
    if not outcome.recoveries:
        return "-"
    if outcome.rto_s is None:
        return "not back"
    return _time(outcome.rto_s) if outcome.rto_s else "0s"


def _state(outcome: AppOutcome) -> str:
    move = outcome.rpo
    if move is None:
        return "-"
    return (
        f"{_time(move.age_s) if move.age_s else '0s'} old" if move.carried else "none carried over"
    )


# ── invariants ─────────────────────────────────────────────────────────────────────────────────


def law_lines(played: Played, *, verbose: bool) -> Iterator[str]:
    """Yield what broke a law, with the chain of its causes; what was expected; what is odd."""
    from lab.commands.printers.text import safe

    if not played.laws:
        yield "Invariants"
        yield "  none are on"
        return
    yield "Invariants"
    broken = {each.law for each in (*played.violations, *played.expected)}
    yield f"  {played.laws - len(broken)} of {played.laws} held"
    shown = played.violations if verbose else played.violations[:_SHOWN]
    for each in shown:
        yield safe(f"  FAIL  {_when(each)}  {each.line()}{_again(each)}")
        for line in chain_lines(played, each):
            yield safe(f"          {line}")
    if len(played.violations) > len(shown):
        yield f"  … and {len(played.violations) - len(shown)} more (-v shows all)"
    for each in played.expected:
        yield safe(f"  KNOWN {_when(each)}  {each.line()}{_again(each)}")
    for each in played.remarks if verbose else played.remarks[:_SHOWN]:
        yield safe(f"  NOTE  {each.line()}")
    if verbose:
        for text in played.not_judged:
            yield safe(f"  NOTE  {text}")


def _when(violation: Violation) -> str:
    from lab.commands.printers.timeline import clock

    return clock(max(0.0, violation.time_s))


def _again(violation: Violation) -> str:
    if violation.count == 1:
        return ""
    from lab.commands.printers.timeline import clock

    return f" (seen {violation.count} times, last at {clock(violation.last_s)})"


def chain_lines(played: Played, violation: Violation) -> list[str]:
    """Return how a violation came about, first cause first; a long chain without its middle."""
    from lab.commands.explain_event import chain_of, render, step_data

    if not violation.record:
        return []
    chain = chain_of(played.world, violation.record)
    indexes = list(range(len(chain)))
    left_out = len(chain) - _LINKS
    if left_out > 1:
        indexes = [*indexes[:2], *indexes[2 + left_out :]]
    lines = render([step_data(played.world, chain, index) for index in indexes], 100)
    if left_out > 1:
        lines.insert(3, f"… {left_out} events (fedlab explain event {violation.record})")
    return lines


def law_data(played: Played) -> dict[str, Any]:
    """Return the violations, with the numbers of the records that led to them, JSON-ready."""
    from lab.commands.explain_event import chain_of

    def data(each: Violation) -> dict[str, Any]:
        chain = chain_of(played.world, each.record) if each.record else []
        return {**each.to_dict(), "chain": [link.number for link in chain]}

    return {
        "laws": played.laws,
        "violations": [data(each) for each in played.violations],
        "expectedViolations": [data(each) for each in played.expected],
        "remarks": [each.to_dict() for each in played.remarks],
        "notJudged": list(played.not_judged),
    }
