"""A comparison of two runs, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MEANINGS = {
    "below": "below target",
    "detect": "detect (not Ready)",
    "taint": "taint",
    "evict": "evict",
    "schedule": "schedule",
    "apply": "apply",
    "ready": "ready again",
}
_APPS_SHOWN, _APPS_MOST = 6, 3
"""Of more applications than this, the phases are summed up, and those that differ most shown."""
_CHAIN_SHOWN = 8
"""Longer chains of causes are told by their beginning and their end."""


def render(data: Mapping[str, Any], width: int = 80) -> list[str]:
    """Return a comparison as lines; causes are cut to the width, 0: they are not."""
    lines = list(_heads(data))
    for block in (_settings(data), _phases(data), _outcomes(data), _checks(data),
                  _violations(data), _divergence(data, width)):  # fmt: skip
        found = list(block)
        if found:
            lines += ["", *found]
    return lines


def _heads(data: Mapping[str, Any]) -> Iterator[str]:
    from lab.commands.printers.text import columns, safe
    from lab.core.duration import format_duration

    rows = []
    for label in ("a", "b"):
        one = data[label]
        rows.append([
            label.upper(),
            f"{one['scenario']} (seed {one['seed']})",
            f"{one['result']}, {one['checksHeld']} of {one['checks']} checks",
            format_duration(round(one["lengthS"], 1)),
        ])  # fmt: skip
    for line, label in zip(columns(rows, padding=2).split("\n"), "ab", strict=True):
        yield line
        yield safe(f"   {data[label]['file']}")
    if data["a"]["version"] != data["b"]["version"]:
        yield f"played by fedlab {data['a']['version']} and {data['b']['version']}"


def _settings(data: Mapping[str, Any]) -> Iterator[str]:
    from lab.commands.printers.text import columns

    if not data["settings"]:
        return
    rows = [["Settings that differ", "A", "B"]]
    rows += [
        [f"  {name}", *(_value(each) for each in values)]
        for name, values in data["settings"].items()
    ]
    yield from columns(rows).split("\n")


def _value(value: Any) -> str:
    if value is None:
        return "default"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _phases(data: Mapping[str, Any]) -> Iterator[str]:
    from lab.commands.printers.text import safe

    for index, anchor in enumerate(data["phases"]):
        shown = [each for each in anchor["applications"] if each["phases"]]
        if index:
            yield ""
        what = f" ({anchor['what']})" if anchor["what"] else ""
        yield safe(f"{'Fault' if what else 'Step'} {anchor['name']}{what}, {_when(anchor['time'])}")
        if not shown:
            yield "  no application was touched"
        elif len(shown) > _APPS_SHOWN:
            yield from _summary_lines(shown)
        for each in _telling(shown):
            yield from _app_lines(each)
        for label, why in anchor["unmoved"].items():
            if why is not None:
                yield safe(f"  no eviction in {label.upper()}: {why['because']} (#{why['event']})")


def _telling(apps: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the applications to show: all, or of many those that differ most."""
    if len(apps) <= _APPS_SHOWN:
        return apps

    def unlike(app: Mapping[str, Any]) -> float:
        gaps = [1e12 if each["difference"] is None else abs(each["difference"])
                for each in app["phases"]]  # fmt: skip
        return max(gaps, default=0.0)

    ranked = sorted(apps, key=lambda app: -unlike(app))
    return [app for app in ranked[:_APPS_MOST] if unlike(app)]


def _summary_lines(apps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield when each phase came to the first, to half, and to the last of many applications."""
    for word, pick in (("first", 0.0), ("half", 0.5), ("last", 1.0)):
        rows = [[f"{word} of {len(apps)} applications", "A", "B", "B - A"]]
        for phase in _MEANINGS:
            found = {
                label: sorted(
                    each[label]
                    for app in apps
                    for each in app["phases"]
                    if each["phase"] == phase and each[label] is not None
                )
                for label in ("a", "b")
            }
            if not found["a"] and not found["b"]:
                continue
            one, two = (_at(found[label], pick) for label in ("a", "b"))
            both = one is not None and two is not None
            gap = {"a": one, "b": two, "difference": two - one if both else None}  # type: ignore[operator]
            rows.append([_MEANINGS[phase], _after(one), _after(two), _gap(gap)])
        yield from _right_aligned(rows)


def _at(times: Sequence[float], share: float) -> float | None:
    return times[round(share * (len(times) - 1))] if times else None


def _app_lines(app: Mapping[str, Any]) -> Iterator[str]:
    from lab.commands.printers.text import safe

    rows = [[app["application"], "A", "B", "B - A"]]
    rows += [
        [_MEANINGS[each["phase"]], _after(each["a"]), _after(each["b"]), _gap(each)]
        for each in app["phases"]
    ]
    yield from _right_aligned(rows)
    for label, found in app["empty"].items():
        for phase, why in found.items():
            yield safe(f"  no {phase} in {label.upper()}: {why}")


def _right_aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table whose numbers stand below one another."""
    from lab.commands.printers.text import safe
    from lab.core.text_table import cells

    rows = [[safe(cell) for cell in row] for row in rows]
    widths = [max(cells(row[index]) for row in rows) for index in range(len(rows[0]))]
    for number, row in enumerate(rows):
        first = row[0] + " " * (max(widths[0], 28) - cells(row[0]))
        rest = [" " * (max(widths[i], 10) - cells(row[i])) + row[i] for i in range(1, len(row))]
        yield ("  " + ("" if number == 0 else "  ") + first + ("  " if number == 0 else "")
               + "  ".join(rest)).rstrip()  # fmt: skip


def _when(time: Mapping[str, float | None]) -> str:
    from lab.commands.printers.timeline import clock

    if time["a"] is None or time["b"] is None:
        label = "B" if time["a"] is None else "A"
        return f"at {clock(time[label.lower()] or 0.0)}, only in {label}"
    if time["a"] == time["b"]:
        return f"at {clock(time['a'])}"
    return f"at {clock(time['a'])} in A, {clock(time['b'])} in B"


def _after(time_s: float | None) -> str:
    from lab.commands.printers.timeline import clock

    return "never" if time_s is None else f"+{clock(time_s)}"


def _gap(phase: Mapping[str, Any]) -> str:
    from lab.commands.printers.timeline import clock

    gap_s = phase["difference"]
    if gap_s is None:
        return "only in " + ("B" if phase["a"] is None else "A")
    if not round(gap_s, 3):
        return "="
    return f"{'+' if gap_s > 0 else '-'}{clock(abs(gap_s))}"


def _outcomes(data: Mapping[str, Any]) -> Iterator[str]:
    if data["outcomes"]:
        yield "Outcomes"
    shown = _unlike_outcomes(data["outcomes"])
    if len(shown) < len(data["outcomes"]):
        yield f"  those of {len(data['outcomes'])} applications that differ most"
    for each in shown:
        rows = [
            [each["application"], "A", "B", ""],
            ["verdict", *(str(each["verdict"][s] or "-") for s in "ab"), ""],
            ["RTO", *(_rto(each["rtoS"][s], each["verdict"][s]) for s in "ab"), ""],
            ["time below target", *(_seconds(each["belowS"][s]) for s in "ab"), ""],
            ["replicas missing at most", *(_number(each["lost"][s]) for s in "ab"), ""],
        ]
        yield from _right_aligned(rows)


def _unlike_outcomes(outcomes: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the outcomes to show: all, or of many those that differ most."""
    if len(outcomes) <= _APPS_SHOWN:
        return outcomes

    def unlike(each: Mapping[str, Any]) -> float:
        if each["verdict"]["a"] != each["verdict"]["b"]:
            return 1e12
        below = each["belowS"]
        return abs(float(below["a"] or 0.0) - float(below["b"] or 0.0))

    return sorted(outcomes, key=lambda each: -unlike(each))[:_APPS_MOST]


def _rto(rto_s: float | None, verdict: str | None) -> str:
    if rto_s is None:
        return "-" if verdict is None else "not back"
    return _seconds(rto_s)


def _seconds(time_s: float | None) -> str:
    from lab.commands.printers.timeline import clock

    return "-" if time_s is None else clock(time_s)


def _number(value: Any) -> str:
    return "-" if value is None else str(value)


def _checks(data: Mapping[str, Any]) -> Iterator[str]:
    from lab.commands.printers.text import columns

    words = {True: "PASS", False: "FAIL"}
    both = [each for each in data["checks"] if each["a"] is not None and each["b"] is not None]
    if both:
        yield "Checks that differ"
        rows = [["  A", "B", "CHECK"]]
        rows += [[f"  {words[each['a']]}", words[each["b"]], each["name"]] for each in both]
        yield from columns(rows, padding=2).split("\n")
    for label, other in (("a", "b"), ("b", "a")):
        count = sum(each[other] is None for each in data["checks"])
        if count:
            yield f"Checks that only {label.upper()} has: {count}"


def _violations(data: Mapping[str, Any]) -> Iterator[str]:
    from lab.commands.printers.text import columns

    found = data["violations"]
    laws = sorted({*found["a"], *found["b"]})
    if laws:
        rows = [["Violations", "A", "B"]]
        rows += [[f"  {law}", *(str(found[s].get(law, 0)) for s in "ab")] for law in laws]
        yield from columns(rows).split("\n")


def _divergence(data: Mapping[str, Any], width: int) -> Iterator[str]:
    from lab.commands.explain_event import render as render_chain
    from lab.commands.printers.text import safe
    from lab.commands.printers.timeline import clock

    found = data["divergence"]
    if found["same"]:
        yield f"The runs are the same: {found['sameEvents']} events."
        return
    if data["a"]["seed"] != data["b"]["seed"]:
        yield "The seeds differ, so chance differs from the beginning."
    else:
        yield f"The runs are the same to the letter up to event #{found['sameEvents']}. Then comes"
        for label in ("a", "b"):
            yield safe(_cut(f"  in {label.upper()}  {_first(found['first'][label])}", width))
    if found["alike"]:
        yield "What happens is the same in both; only moments and small things differ."
        return
    yield safe(_cut(f"They part with: {found['what']}", width))
    for label in ("a", "b"):
        one = found[label]
        if one is None:
            yield f"  In {label.upper()} it does not happen (again)."
            continue
        yield f"  In {label.upper()} at {clock(one['time'])}"
        lines = render_chain(one["chain"]) if one["chain"] else []
        if len(lines) > _CHAIN_SHOWN + 1:
            cut = len(lines) - _CHAIN_SHOWN
            more = f"… {cut} more (fedlab explain event {one['event']})"
            lines = [*lines[:3], more, *lines[3 + cut :]]
        yield from (_cut(f"    {line}", width) for line in lines)


def _first(event: Mapping[str, Any] | None) -> str:
    from lab.commands.printers.timeline import clock

    if event is None:
        return "the end"
    return f"{'-' if event['time'] < 0 else ''}{clock(abs(event['time']))}  {event['what']}"


def _cut(line: str, width: int) -> str:
    return f"{line[: width - 1]}…" if width and len(line) > width else line
