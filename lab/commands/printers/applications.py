"""What came of the applications of a run, against their targets; the worst first if many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lab.commands.printers.text import broken

if TYPE_CHECKING:
    from lab.core.outcomes import AppOutcome

_MANY = 10
"""More applications than this are grouped by verdict (`-v` prints all)."""
_FEW = 3
"""So many of a group are printed: the worst."""
_NEVER_S = 1e12
_HEAD = ("APPLICATION", "TARGET", "BELOW TARGET", "RTO", "LOST", "STATE", "VERDICT")
_STATE = _HEAD.index("STATE")
_NARROWEST = 24
"""The last column is broken to no less than so many cells."""


def outcome_lines(
    outcomes: Sequence[AppOutcome], *, verbose: bool, width: int | None = None
) -> Iterator[str]:
    """Yield the table of applications; without faults or targets only those that fared badly."""
    told = any(each.recoveries or each.target.declared for each in outcomes)
    shown = [each for each in outcomes if verbose or told or each.verdict != "met"]
    if not shown:
        return
    yield "Applications"
    if verbose or len(shown) <= _MANY:
        yield from _table([(each, "") for each in shown], width)
    else:
        yield from _table(list(_grouped(shown)), width)
        yield "  (the worst of each verdict; -v shows all)"
    yield ""


def _grouped(outcomes: Sequence[AppOutcome]) -> Iterator[tuple[AppOutcome | None, str]]:
    """Yield the worst few of each verdict, and then how many more there are."""
    groups: dict[str, list[AppOutcome]] = {}
    for each in sorted(outcomes, key=_badness, reverse=True):
        groups.setdefault(each.verdict, []).append(each)
    for verdict, group in groups.items():
        few = group if len(group) <= _FEW + 1 else group[:_FEW]
        yield from ((each, "") for each in few)
        if len(few) < len(group):
            rest = group[len(few) :]
            yield None, f"… and {len(rest)} more: {verdict}, below target {_span(rest)}"


def _badness(outcome: AppOutcome) -> tuple[bool, bool, float, float, int]:
    rto_s = _NEVER_S if outcome.rto_s is None and outcome.recoveries else outcome.rto_s or 0.0
    return outcome.failed, outcome.verdict != "met", rto_s, outcome.total_s, outcome.lost


def _span(outcomes: Sequence[AppOutcome]) -> str:
    times = [each.total_s for each in outcomes]
    least, most = _time(min(times)), _time(max(times))
    if least == most:
        return least
    return f"{least} to {most}" if min(times) else f"up to {most}"


def _table(rows: Sequence[tuple[AppOutcome | None, str]], width: int | None) -> Iterator[str]:
    from lab.core.text_table import cells, padded, printable

    found = [None if each is None else [printable(cell) for cell in _cells(each)]
             for each, _ in rows]  # fmt: skip
    lines = [list(_HEAD), *(row for row in found if row is not None)]
    columns = [
        index
        for index in range(len(_HEAD))
        if index != _STATE or any(line[index] != "-" for line in lines[1:])
    ]
    gap = 3 if width is None or width > 100 else 2
    wide = {index: max(cells(line[index]) for line in lines) + gap for index in columns}

    def line_of(row: Sequence[str]) -> Iterator[str]:
        first = "  " + "".join(padded(row[index], wide[index]) for index in columns[:-1])
        narrow = width is not None and width - cells(first) < _NARROWEST
        yield from broken(row[columns[-1]], None if narrow else width, first)

    yield from line_of(_HEAD)
    for row, (_, text) in zip(found, rows, strict=True):
        yield from line_of(row) if row is not None else broken(text, width, "  ")


def _cells(outcome: AppOutcome) -> list[str]:
    from lab.core.outcomes import app_text

    return [
        app_text(outcome.app),
        outcome.target.text(),
        _time(outcome.total_s),
        _rto(outcome),
        str(outcome.lost),
        _state(outcome),
        outcome.verdict + (f": {outcome.why}" if outcome.why else ""),
    ]


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
