"""Two runs side by side: phases, outcomes, checks, and where they part, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.commands.phases import PHASES, Anchor, anchors_of
from lab.commands.printers.records import place
from lab.commands.reporting.series import service_samples
from lab.commands.service import targets_of
from lab.core.settings import setting_name

if TYPE_CHECKING:
    from lab.commands.printers.told import Told
    from lab.commands.recorded import RecordedWorld

_ALIKE_S, _CHANCE_S = 1.0, 5.0
"""What comes at most this much later in one run than in the other comes at the same time: with one
seed, and with two, where chance alone makes pods start that much later."""
_ALIKE_SHARE = 0.05
_SMALL = {"status", "warning"}
"""Topics that tell the same again, in more words."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs."""

    label: str
    world: RecordedWorld
    name: str
    anchors: list[Anchor] = field(default_factory=list)

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the run is."""
        return self.world.reader.meta


def side(label: str, world: RecordedWorld) -> Side:
    """Return a run, measured."""
    targets = targets_of(world.reader.meta.get("outcomes") or ())
    anchors = anchors_of(world, service_samples(world, world.reader.samples()), targets)
    return Side(label, world, str(world.reader.path), anchors)


def comparison(left: Side, right: Side) -> dict[str, Any]:
    """Return how two runs differ, JSON-ready."""
    return {
        "a": _described(left),
        "b": _described(right),
        "settings": _settings(left, right),
        "phases": list(_anchors(left, right)),
        "outcomes": _outcomes(left, right),
        "checks": _checks(left, right),
        "violations": {each.label.lower(): _violations(each) for each in (left, right)},
        "divergence": _divergence(left, right),
    }


def _described(one: Side) -> dict[str, Any]:
    from lab.runs.summary import summarise

    found = summarise(one.world.reader.path)
    return {
        "file": str(found.path),
        "scenario": found.name,
        "seed": found.seed,
        "version": str(one.meta.get("version") or ""),
        "result": found.result,
        "checksHeld": found.checks[0],
        "checks": found.checks[1],
        "lengthS": found.length_s,
    }


def _settings(left: Side, right: Side) -> dict[str, list[Any]]:
    """Return the settings in which the runs differ; None stands for the default."""
    mine, other = left.meta.get("karmada") or {}, right.meta.get("karmada") or {}
    names = sorted({*mine, *other})
    return {
        setting_name(name): [mine.get(name), other.get(name)]
        for name in names
        if mine.get(name) != other.get(name)
    }


# ── phases ─────────────────────────────────────────────────────────────────────────────────────


def _anchors(*sides: Side) -> Iterable[dict[str, Any]]:
    for one, two in _pairs(sides[0].anchors, sides[1].anchors):
        first = one or two
        assert first is not None
        apps = sorted({each.app for side in (one, two) if side for each in side.apps})
        yield {
            "name": first.name,
            "what": first.what,
            "event": {"a": one.number if one else None, "b": two.number if two else None},
            "time": {"a": one.time_s if one else None, "b": two.time_s if two else None},
            "unmoved": {"a": _unmoved(sides[0], one), "b": _unmoved(sides[1], two)},
            "applications": [
                {
                    "application": place(app),
                    "phases": [
                        row
                        for phase in PHASES
                        if (row := _phase(phase, _after(one, app, phase), _after(two, app, phase)))
                    ],
                    "empty": {"a": _why(one, app), "b": _why(two, app)},
                }
                for app in apps
            ],
        }


def _pairs(
    left: Sequence[Anchor], right: Sequence[Anchor]
) -> list[tuple[Anchor | None, Anchor | None]]:
    """Return the faults that have the same name together, in the order of the first run."""
    others = list(right)
    found: list[tuple[Anchor | None, Anchor | None]] = []
    for one in left:
        two = next((each for each in others if each.name == one.name), None)
        if two is not None:
            others.remove(two)
        found.append((one, two))
    return [*found, *((None, two) for two in others)]


def _unmoved(side: Side, anchor: Anchor | None) -> dict[str, Any] | None:
    """Return why nothing was evicted from the struck clusters, in the taint manager's words."""
    if anchor is None or all("evict" in each.at_s or "evict" in each.why for each in anchor.apps):
        return None
    found = [
        record
        for record in side.world.happenings(("decision",))
        if record.detail.get("kind") == "eviction"
        and anchor.time_s <= record.time_s <= anchor.until_s
        and record.key is not None
        and record.key.kind == "Cluster"
        and record.key.name in anchor.clusters
    ]
    if not found:
        return None
    return {"because": str(found[-1].detail.get("summary")), "event": found[-1].number}


def _after(anchor: Anchor | None, app: Any, phase: str) -> float | None:
    """Return how long after the fault a phase came."""
    if anchor is None:
        return None
    at_s = next((each.at_s.get(phase) for each in anchor.apps if each.app == app), None)
    return None if at_s is None else round(at_s - anchor.time_s, 6)


def _why(anchor: Anchor | None, app: Any) -> dict[str, str]:
    """Return why phases are empty although something of their kind happened."""
    found = () if anchor is None else anchor.apps
    return dict(next((each.why for each in found if each.app == app), {}))


def _phase(phase: str, one: float | None, two: float | None) -> dict[str, Any] | None:
    if one is None and two is None:
        return None
    both = one is not None and two is not None
    difference = round(two - one, 6) if both else None  # type: ignore[operator]
    return {"phase": phase, "a": one, "b": two, "difference": difference}


# ── what came out ──────────────────────────────────────────────────────────────────────────────


def _outcomes(left: Side, right: Side) -> list[dict[str, Any]]:
    """Return the numbers of each application, where there are any."""
    found = [
        {str(each.get("application")): each for each in one.meta.get("outcomes") or ()}
        for one in (left, right)
    ]
    names = list(dict.fromkeys(name for each in found for name in each))
    rows = []
    for name in names:
        numbers = {}
        for field_name in ("verdict", "rtoS", "belowS", "lost"):
            values = [each.get(name, {}).get(field_name) for each in found]
            numbers[field_name] = {"a": values[0], "b": values[1]}
        rows.append({"application": name, "target": _target(found, name), **numbers})
    return rows


def _target(found: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    return {
        label: each.get(name, {}).get("target") for label, each in zip("ab", found, strict=True)
    }


def _checks(left: Side, right: Side) -> list[dict[str, Any]]:
    """Return the checks that one run passes and the other does not."""
    found = [{each.name: each for each in one.world.reader.verdicts()} for one in (left, right)]
    rows = []
    for name in dict.fromkeys(name for each in found for name in each):
        held = [each[name].passed if name in each else None for each in found]
        if held[0] != held[1]:
            rows.append({"name": name, "a": held[0], "b": held[1]})
    return rows


def _violations(one: Side) -> dict[str, int]:
    laws: dict[str, int] = {}
    for each in one.world.reader.violations():
        laws[each.law] = laws.get(each.law, 0) + 1
    return laws


# ── where they part ────────────────────────────────────────────────────────────────────────────


def _divergence(left: Side, right: Side) -> dict[str, Any]:
    """Return how far the runs are the same to the letter, and the first thing told otherwise.

    With its chain of causes in both.
    """
    from lab.runs.divergence import first_divergence

    strict = first_divergence(left.world.reader, right.world.reader)
    if strict is None:
        return {"same": True, "sameEvents": left.world.reader.record_count()}
    told = _first_unlike(left, right)
    found: dict[str, Any] = {
        "same": False,
        "sameEvents": strict.number - 1,
        "first": {
            one.label.lower(): None if record is None else _event(one, record.number)
            for one, record in ((left, strict.left), (right, strict.right))
        },
    }
    if told is None:
        return {**found, "alike": True}
    text, at = told
    return {**found, "alike": False, "what": text, **at}


def _first_unlike(left: Side, right: Side) -> tuple[str, dict[str, Any]] | None:
    found = [_by_text(one) for one in (left, right)]
    least_s = _ALIKE_S if left.meta.get("seed") == right.meta.get("seed") else _CHANCE_S
    best: tuple[float, str, Told | None, Told | None] | None = None
    for text in dict.fromkeys(text for each in found for text in each):
        mine, other = (each.get(text, []) for each in found)
        for index in range(max(len(mine), len(other))):
            one = mine[index] if index < len(mine) else None
            two = other[index] if index < len(other) else None
            if one and two and _alike(one.time_s, two.time_s, least_s):
                continue
            time_s = min(each.time_s for each in (one, two) if each)
            if best is None or time_s < best[0]:
                best = (time_s, text, one, two)
            break
    if best is None:
        return None
    sides = {
        one.label.lower(): _told(one, told)
        for one, told in zip((left, right), best[2:], strict=True)
    }
    return best[1], sides


def _alike(one_s: float, two_s: float, least_s: float) -> bool:
    return abs(one_s - two_s) <= max(least_s, _ALIKE_SHARE * min(one_s, two_s))


def _by_text(one: Side) -> dict[str, list[Told]]:
    from lab.commands.printers.timeline import tellings_of

    found: dict[str, list[Told]] = {}
    for each in tellings_of(one.world):
        if each.topic not in _SMALL:
            # What follows says how long the queue was: the moment says whether that matters.
            text = each.line.partition("; ")[0] if each.topic == "eviction" else each.line
            found.setdefault(text, []).append(each)
    return found


def _told(one: Side, told: Told | None) -> dict[str, Any] | None:
    if told is None:
        return None
    chain = _chain(one, told.record)
    return {"time": told.time_s, "event": told.record or None, "chain": chain}


def _event(one: Side, number: int) -> dict[str, Any]:
    return _chain(one, number)[-1]


def _chain(one: Side, number: int) -> list[dict[str, Any]]:
    from lab.commands.explain_event import chain_of, step_data

    chain = chain_of(one.world, number)
    return [step_data(one.world, chain, index) for index in range(len(chain))]
