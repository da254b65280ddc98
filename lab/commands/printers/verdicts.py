"""Which laws a run has broken, for `fedlab run` and reports, and how that came about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.commands.context import Played
    from lab.core.invariants import Violation

_SHOWN = 10
"""So many violations are printed with their chains (`-v` prints all)."""
_ALIKE = 3
"""So many remarks of the same gist stand one by one."""
_LINKS = 8
"""So many links of a chain are printed: its beginning, and what came last."""


def law_lines(played: Played, *, verbose: bool, width: int | None = None) -> Iterator[str]:
    """Yield what broke a law, with the chain of its causes; what was expected; what is odd."""
    from lab.commands.printers.text import broken, safe

    if not played.laws:
        yield "Invariants"
        yield "  none are on"
        return
    yield "Invariants"
    laws = {each.law for each in (*played.violations, *played.expected)}
    silent = _unjudged(played, laws)
    why = f"; {', '.join(silent)} not judged{'' if verbose else ' (-v says why)'}" if silent else ""
    yield f"  {played.laws - len(laws) - len(silent)} of {played.laws} held{why}"
    shown = played.violations if verbose else played.violations[:_SHOWN]
    for each in shown:
        yield from broken(f"{_when(each)}  {each.line()}{_again(each)}", width, "  FAIL  ")
        for line in chain_lines(played, each, max(40, (width or 110) - 10)):
            yield safe(f"          {line}")
    if len(played.violations) > len(shown):
        yield f"  … and {len(played.violations) - len(shown)} more (-v shows all)"
    for each in played.expected:
        yield from broken(f"{_when(each)}  {each.line()}{_again(each)}", width, "  KNOWN ")
    yield from _remark_lines(played.remarks, verbose=verbose, width=width)
    if verbose:
        for text in played.not_judged:
            yield from broken(text, width, "  NOTE  ")


def _remark_lines(
    remarks: Sequence[Violation], *, verbose: bool, width: int | None
) -> Iterator[str]:
    """Yield the remarks; of many that come to the same the first, and whom else it is about."""
    from lab.commands.printers.text import broken

    groups: dict[tuple[str, str], list[Violation]] = {}
    for index, each in enumerate(remarks):
        gist = str(index) if verbose else _gist(each.message)
        groups.setdefault((each.law, gist), []).append(each)
    lines: list[str] = []
    for group in groups.values():
        first, *others = group
        if len(group) <= _ALIKE:
            lines += [each.line() for each in group]
            continue
        few = ", ".join(str(each.key) for each in others[:_ALIKE])
        few += ", …" if len(others) > _ALIKE else ""
        lines.append(f"{first.line()}; and so for {len(others)} more ({few}; -v shows all)")
    shown = lines if verbose else lines[:_SHOWN]
    for line in shown:
        yield from broken(line, width, "  NOTE  ")
    if len(lines) > len(shown):
        yield f"  … and {len(lines) - len(shown)} more notes (-v shows all)"


def _gist(message: str) -> str:
    """Return why a remark breaks no law, which stands at its end; the whole of it if nothing does.

    Example:
        >>> _gist("is on member2, without the faults on member1: its policy allows both")
        'its policy allows both'
    """
    last = message.rpartition(": ")[2]
    return last if " " in last else message


def _unjudged(played: Played, broken: Collection[str]) -> list[str]:
    """Return the Q laws that said nothing of this run; what S laws hear they have judged."""
    heads = [text.partition("not judged")[0] for text in played.not_judged if "not judged" in text]
    found = {name for head in heads for name in re.findall(r"\bQ\d\b", head)}
    return sorted(found - set(broken))


def _when(violation: Violation) -> str:
    from lab.commands.printers.timeline import clock

    return clock(max(0.0, violation.time_s))


def _again(violation: Violation) -> str:
    if violation.count == 1:
        return ""
    from lab.commands.printers.timeline import clock

    return f" (seen {violation.count} times, last at {clock(violation.last_s)})"


def chain_lines(played: Played, violation: Violation, width: int = 100) -> list[str]:
    """Return how a violation came about, first cause first; a long chain without its middle."""
    from lab.commands.explain_event import chain_of, render, step_data

    if not violation.record:
        return []
    chain = chain_of(played.world, violation.record)
    indexes = list(range(len(chain)))
    left_out = len(chain) - _LINKS
    if left_out > 1:
        indexes = [*indexes[:2], *indexes[2 + left_out :]]
    lines = render([step_data(played.world, chain, index) for index in indexes], width)
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
