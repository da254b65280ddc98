"""A timeline as a person tells it: what happens to many objects alike is one line.

Steps and faults stay where they are and part the story; between two of them equal things about
different objects become one line, with the moment of the first and that of the last. Nothing is
left out: a line says how many objects it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lab.commands.printers.crowd import crowd, plural, shortened
from lab.commands.printers.timeline import clock
from lab.commands.printers.told import Told

_ALIKE = 3
"""From so many objects on they share a line."""
_VERY_MANY = 20
"""From so many on it does not matter that they did it in different clusters."""
_SAME_S = 0.0005
_ABOUT = re.compile(r"(?P<of>Work of )?(?P<kind>[A-Za-z]\w*) (?P<name>[^\s:]+)(?P<rest>:? .*)")
_QUEUE = re.compile(r"; \d+ ahead in the queue, turn at \S+$")
_OWN = "of the same name"
_UNMOVED = re.compile(r"nothing leaves \S+ for (?P<why>.*)")
_BEGINS = re.compile(r"fault (?P<name>.*) begins: ")
_AGAIN = re.compile(r"fault (?P<name>.*) strikes (?P<whom>.*) again( \(.*\))?")
_PAUSES = re.compile(r"fault (?P<name>.*) pauses: ")
_PLURAL = ((" is applied in all its", " are applied in all their"), (" is ", " are "),
           (": leaves ", ": leave "))  # fmt: skip
"""How the rest of a line begins, for one and for many."""
_COARSE = (
    (re.compile(r" scheduled to .*"), " scheduled"),
    (re.compile(r" evicted from (.*), left with .*"), r" evicted from \1"),
    (re.compile(r" \d+(/\d+)? ready.*"), ": other numbers of ready replicas"),
    (re.compile(r": eviction from (\S+) waits: .*"), r": eviction from \1 waits"),
    (re.compile(r" not applied in \{where\}: .*"), " not applied in {where}"),
    (re.compile(r": ([A-Z]\w+): .*"), r": \1, with messages of their own"),
    (re.compile(r": .* ahead in the queue, turn at .*"), ": in the queue of evictions"),
)
"""For very many lines: what is left of texts that differ from object to object."""


def brief(told: Sequence[Told], most: int) -> list[Told]:
    """Return a timeline in few lines.

    Args:
        told: All of it, in order of time.
        most: If equal things are not few enough to end up with so many lines, similar ones are
            told together as well.
    """
    plain = [replace(each, text=each.line, where=(), count=1) if each.topic in {"step", "fault"}
             else each for each in told]  # fmt: skip
    found = _gathered(_folded(plain), coarse=False)
    if len(found) > most:
        found = _gathered(_folded(plain), coarse=True)
    return [replace(each, text=shortened(each.line), where=(), count=1) for each in found]


# ── one object, again and again ────────────────────────────────────────────────────────────────


def _folded(told: Sequence[Told]) -> list[Told]:
    """Leave out what a line beside it says, and fold what comes again and again into one line."""
    begun = {(match["name"], each.time_s) for each in told
             if each.topic == "fault" and (match := _BEGINS.match(each.text))}  # fmt: skip
    beats = _beats(told)
    unmoved: dict[str, int] = {}
    warned: dict[tuple[int, str], int] = {}
    result: list[Told] = []
    phase = 0
    for index, each in enumerate(told):
        phase += each.topic in {"step", "fault"}
        if each.topic == "step" and (each.text.removeprefix("step: "), each.time_s) in begun:
            continue  # the fault says all that the step does
        if index in beats:
            if beats[index]:
                result.append(replace(each, text=beats[index]))
            continue
        place = None
        if (match := _UNMOVED.match(each.text)) is not None:
            place = unmoved.setdefault(match["why"], len(result))
        elif each.topic == "warning":
            place = warned.setdefault((phase, each.text), len(result))
        if place is None or place == len(result):
            result.append(each)
            continue
        first = result[place]
        if each.topic == "warning":
            result[place] = replace(first, count=first.count + each.count)
        else:
            where = tuple(dict.fromkeys((*first.where, *each.where)))
            result[place] = replace(first, where=where)
    return result


def _beats(told: Sequence[Told]) -> dict[int, str]:
    """Return the indexes of a flapping fault's further beats: one has a text, for all of them."""
    again: dict[str, list[int]] = {}
    pauses: dict[str, list[int]] = {}
    whom: dict[str, str] = {}
    for index, each in enumerate(told):
        if each.topic != "fault":
            continue
        if (match := _AGAIN.fullmatch(each.text)) is not None:
            again.setdefault(match["name"], []).append(index)
            whom[match["name"]] = match["whom"]
        elif (match := _PAUSES.match(each.text)) is not None:
            pauses.setdefault(match["name"], []).append(index)
    found: dict[int, str] = {}
    for name, strikes in again.items():
        if len(strikes) < _ALIKE:
            continue
        last = clock(told[strikes[-1]].time_s)
        text = f"fault {name} strikes {whom[name]} {len(strikes)} times more, the last at {last}"
        found |= dict.fromkeys((*strikes, *pauses.get(name, ())[1:]), "")
        found[strikes[0]] = text
    return found


# ── many objects ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Saying:
    """A line taken apart: whom it is about, and what it says of them."""

    told: Told
    kind: str
    name: str
    rest: str
    queue: str

    @property
    def short(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition("/")[2]


def _saying(told: Told) -> _Saying | None:
    match = None if told.topic in {"step", "fault"} else _ABOUT.fullmatch(told.text)
    if match is None:
        return None
    rest = match["rest"]
    queue = _QUEUE.search(rest)
    if queue is not None:
        rest = rest[: queue.start()]
    kind, name = (match["of"] or "") + match["kind"], match["name"]
    own = name.rpartition("/")[2]
    if f" {own}" in rest and told.topic in {"template", "binding", "policy"}:
        rest = re.sub(rf"(?<= ){re.escape(own)}(?= |$)", lambda _: _OWN, rest)
    return _Saying(told, kind, name, rest, queue[0] if queue else "")


def _gathered(told: Sequence[Told], *, coarse: bool) -> list[Told]:
    """Return a timeline in which equal things about several objects are one line."""
    groups: dict[object, list[_Saying]] = {}
    order: list[tuple[object, Told]] = []
    times: dict[object, int] = {}
    sayings: list[tuple[_Saying | None, Told, tuple[object, ...]]] = []
    names: dict[object, set[str]] = {}
    phase = 0
    for each in told:
        phase += each.topic in {"step", "fault"}
        said = _saying(each)
        words = "" if said is None else _coarsely(said.rest) if coarse else said.rest
        what: tuple[object, ...] = (phase, each.topic, said.kind if said else "", words)
        sayings.append((said, each, what))
        if said is not None:
            names.setdefault(what, set()).add(said.name)
    for said, each, what in sayings:
        if said is None:
            order.append((None, each))
            continue
        key: object = what
        if not coarse:  # the second time an object does something is told with other second times
            key = (what, each.where if len(names[what]) < _VERY_MANY else ())
            own = (key, said.name, each.where)
            times[own] = times.get(own, 0) + 1
            key = (key, times[own])
        groups.setdefault(key, []).append(said)
        order.append((key, each))
    return list(_lines(order, groups))


def _coarsely(rest: str) -> str:
    for pattern, words in _COARSE:
        if pattern.fullmatch(rest):
            return pattern.sub(words, rest)
    return rest


def _lines(
    order: Sequence[tuple[object, Told]], groups: dict[object, list[_Saying]]
) -> Iterator[Told]:
    done: set[object] = set()
    for key, each in order:
        group = groups.get(key, ())
        if len({said.name for said in group}) < _ALIKE:
            yield each
        elif key not in done:
            done.add(key)
            yield _together(list(group))


def _together(group: Sequence[_Saying]) -> Told:
    """Return one line for several objects."""
    first, last = group[0], group[-1]
    rests = {said.rest for said in group}
    rest = first.rest if len(rests) == 1 else _coarsely(first.rest)
    for one, many in _PLURAL:
        if rest.startswith(one):
            rest = many + rest.removeprefix(one)
            break
    where = tuple(dict.fromkeys(name for said in group for name in said.told.where))
    rest = rest.replace("{where}", crowd(where))
    if last.queue:
        rest += f"; the last has {last.queue.removeprefix('; ')}"
    names = {said.name for said in group}
    if len(group) > len(names) and not where:
        rest += f", {len(group)} times in all"
    if last.told.time_s - first.told.time_s > _SAME_S:
        rest += f" (until {clock(last.told.time_s)})"
    text = f"{_many(first.kind)} {_names(group)}{rest}"
    return Told(first.told.time_s, first.told.topic, text, record=first.told.record)


def _many(kind: str) -> str:
    of, space, inner = kind.rpartition(" ")
    return f"{of.replace('Work', 'Works')}{space}{plural(inner)}"


def _names(group: Sequence[_Saying]) -> str:
    """Return the names as a text, their namespace said once."""
    namespaces = {said.name.rpartition("/")[0] for said in group}
    if len(namespaces) > 1:
        return crowd([said.name for said in group])
    inside = namespaces.pop()
    return (f"{inside}/" if inside else "") + crowd([said.short for said in group])
