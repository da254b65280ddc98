"""What happened in a run, in the field's words: one line per thing a person would tell.

Read from the changes of bindings, works, templates, member objects and clusters, so it is the same
for a run that just ended and for a recorded one. Equal things in several clusters are one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from lab.commands.printers import tellings
from lab.commands.printers.told import Told
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import World

_POLICY_API = "policy.karmada.io/v1alpha1"
_POLICIES = ("PropagationPolicy", "ClusterPropagationPolicy", "OverridePolicy",
             "ClusterOverridePolicy", "ClusterTaintPolicy")  # fmt: skip
_BINDINGS = (("work.karmada.io/v1alpha2", "ResourceBinding"),
             ("work.karmada.io/v1alpha2", "ClusterResourceBinding"))  # fmt: skip
_WORK = ("work.karmada.io/v1alpha1", "Work")
_CLUSTER = ("cluster.karmada.io/v1alpha1", "Cluster")
_TOGETHER_S = 1.0
"""The same thing in several clusters within this time is told in one line."""
_FLICKER_S = 0.1
_ORDER = ("step", "policy", "template", "binding", "scheduled", "work", "member", "applied",
          "health", "status", "cluster", "warning")  # fmt: skip


def timeline(world: World) -> list[Told]:
    """Return what happened from second 0 on, in order of time."""
    told: list[Told] = []
    templates: set[Key] = set()
    told += tellings.steps(world)
    for kind in _POLICIES:
        told += tellings.policies(world.changes(HUB, _POLICY_API, kind, -1e9))
    for api, kind in _BINDINGS:
        changes = world.changes(HUB, api, kind, -1e9)
        told += tellings.bindings(changes)
        templates |= {key for change in changes if (key := tellings.template_of(change.object))}
    for key in sorted(templates):
        told += tellings.template(world.changes(*key[:3], -1e9), key)
    told += tellings.works(world.changes(HUB, *_WORK, -1e9))
    members = world.members()
    kinds = sorted({key[1:3] for key in templates})
    for cluster in members:
        for api, kind in kinds:
            wanted = {key[1:] for key in templates if key[1:3] == (api, kind)}
            told += tellings.member(world.changes(cluster, api, kind, -1e9), wanted)
    told += tellings.clusters(world.changes(HUB, *_CLUSTER, -1e9))
    told += tellings.warnings(world, [each.text for each in told if each.topic == "scheduled"])
    shown = _settled([each for each in told if each.time_s >= 0])
    shown.sort(key=lambda each: (each.time_s, _ORDER.index(each.topic)))
    return _merged(shown)


def render_timeline(told: Sequence[Told]) -> str:
    """Return the timeline as text."""
    from lab.commands.printers.text import columns

    return columns([[clock(each.time_s), each.line] for each in told], padding=2, indent="  ")


def clock(time_s: float) -> str:
    """Return a moment of the run as a person reads it.

    Example:
        >>> clock(0.1234), clock(75.5), clock(3723)
        ('0.123s', '1m15.500s', '1h02m03.000s')
    """
    minutes, seconds = divmod(round(time_s, 3), 60)
    if not minutes:
        return f"{seconds:.3f}s"
    hours, minutes = divmod(int(minutes), 60)
    text = f"{int(minutes):02}m{seconds:06.3f}s" if hours else f"{int(minutes)}m{seconds:06.3f}s"
    return f"{hours}h{text}" if hours else text


def _settled(told: Sequence[Told]) -> list[Told]:
    """Leave out health that came and went within a moment: reports of one change that crossed."""
    health: dict[tuple[str, tuple[str, ...]], list[Told]] = {}
    for each in told:
        if each.topic == "health":
            health.setdefault((each.text.partition(" ")[2].split()[0], each.where), []).append(each)
    gone: set[int] = set()
    for one in health.values():
        for first, second in pairwise(one):
            if id(first) not in gone and second.time_s - first.time_s <= _FLICKER_S:
                gone |= {id(first), id(second)}
    return [each for each in told if id(each) not in gone]


def _merged(told: Sequence[Told]) -> list[Told]:
    result: list[Told] = []
    last: dict[tuple[str, str], int] = {}
    for each in told:
        place = last.get((each.topic, each.text))
        if place is not None and each.time_s - result[place].time_s <= _TOGETHER_S:
            first = result[place]
            if each.where and not set(each.where) <= set(first.where):
                where = tuple(sorted({*first.where, *each.where}))
                result[place] = Told(first.time_s, first.topic, first.text, where, first.count)
                continue
            if not each.where:
                result[place] = Told(first.time_s, first.topic, first.text, (), first.count + 1)
                continue
        last[each.topic, each.text] = len(result)
        result.append(each)
    return result
