"""What happened in a run, in the field's words: one line per thing a person would tell.

Read from the changes of bindings, works, templates, member objects and clusters, so it is the same
for a run that just ended and for a recorded one. Equal things in several clusters are one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lab.core.claiming import claim_of
from lab.core.manifest import (
    Manifest,
    condition,
    get_in,
    labels_of,
    name_of,
    namespace_of,
    spec_of,
    status_of,
)
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import ObjectChange, World

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


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline. `where` are the clusters it is about, if it is about members."""

    time_s: float
    topic: str
    text: str
    where: tuple[str, ...] = ()
    count: int = 1

    @property
    def line(self) -> str:
        """The text, with its clusters and count."""
        text = self.text
        if self.where:
            text = text.replace("{where}", ", ".join(self.where))
        return f"{text} (x{self.count})" if self.count > 1 else text

    def to_dict(self) -> dict[str, Any]:
        """Return the line as JSON-ready data."""
        return {"time": self.time_s, "topic": self.topic, "text": self.line,
                "clusters": list(self.where)}  # fmt: skip


def timeline(world: World) -> list[Told]:
    """Return what happened from second 0 on, in order of time."""
    told: list[Told] = []
    templates: set[Key] = set()
    told += _steps(world)
    for kind in _POLICIES:
        told += _policies(world.changes(HUB, _POLICY_API, kind, -1e9))
    for api, kind in _BINDINGS:
        changes = world.changes(HUB, api, kind, -1e9)
        told += _bindings(changes)
        templates |= {key for change in changes if (key := _template_of(change.object))}
    for key in sorted(templates):
        told += _template(world.changes(*key[:3], -1e9), key)
    told += _works(world.changes(HUB, *_WORK, -1e9))
    members = world.members()
    kinds = sorted({key[1:3] for key in templates})
    for cluster in members:
        for api, kind in kinds:
            wanted = {key[1:] for key in templates if key[1:3] == (api, kind)}
            told += _member(world.changes(cluster, api, kind, -1e9), wanted)
    told += _clusters(world.changes(HUB, *_CLUSTER, -1e9))
    told += _warnings(world)
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


# ── what each kind of object tells ─────────────────────────────────────────────────────────────


def _steps(world: World) -> Iterator[Told]:
    """Tell of steps by name, and of command lines unless that is the step's name."""
    last = ""
    for record in world.happenings(("step",)):
        step, line = str(record.detail.get("step") or ""), str(record.detail.get("text") or "")
        if step:
            yield Told(record.time_s, "step", f"step: {step}")
        elif line and line != last:
            yield Told(record.time_s, "step", f"$ {line}")
        last = step


def _place(manifest: Manifest) -> str:
    inside = f"{namespace_of(manifest)}/" if namespace_of(manifest) else ""
    return f"{manifest.get('kind')} {inside}{name_of(manifest)}"


def _policies(changes: Sequence[ObjectChange]) -> Iterator[Told]:
    generations: dict[Key, Any] = {}
    for change in changes:
        generation = get_in(change.object, ("metadata", "generation"))
        if change.type == "DELETED":
            yield Told(change.time_s, "policy", f"{_place(change.object)} deleted")
        elif change.type == "ADDED":
            yield Told(change.time_s, "policy", f"{_place(change.object)} applied")
        elif generation != generations.get(change.key, generation):
            yield Told(change.time_s, "policy", f"{_place(change.object)} changed")
        generations[change.key] = generation


def _template_of(binding: Manifest) -> Key | None:
    about = spec_of(binding).get("resource") or {}
    if not about.get("kind"):
        return None
    return Key(HUB, str(about.get("apiVersion")), str(about["kind"]),
               str(about.get("namespace") or ""), str(about.get("name") or ""))  # fmt: skip


def _targets(clusters: Any) -> str:
    return ", ".join(
        f"{each.get('name')}:{each['replicas']}" if each.get("replicas") else str(each.get("name"))
        for each in clusters or ()
    )


def _bindings(changes: Sequence[ObjectChange]) -> Iterator[Told]:
    before: dict[Key, Manifest] = {}
    for change in changes:
        old, new, time_s = before.get(change.key, {}), change.object, change.time_s
        place = _place(new)
        if change.type == "DELETED":
            before.pop(change.key, None)
            yield Told(time_s, "binding", f"{place} deleted")
            continue
        before[change.key] = new
        if change.type == "ADDED":
            yield Told(time_s, "binding", f"{place} created")
        was, now = spec_of(old).get("clusters"), spec_of(new).get("clusters")
        if (was or []) != (now or []):
            moved = f" (was {_targets(was)})" if was else ""
            yield Told(time_s, "scheduled", f"{place} scheduled to "
                       f"{_targets(now) or 'no cluster'}{moved}")  # fmt: skip
        yield from _binding_status(place, old, new, time_s)


def _binding_status(place: str, old: Manifest, new: Manifest, time_s: float) -> Iterator[Told]:
    was, now = condition(old, "Scheduled") or {}, condition(new, "Scheduled") or {}
    if now.get("status") == "False" and (was.get("reason"), was.get("message")) != (
        now.get("reason"), now.get("message")
    ):  # fmt: skip
        yield Told(time_s, "scheduled",
                   f"{place} not scheduled: {now.get('reason')}: {now.get('message')}")  # fmt: skip
    was, now = condition(old, "FullyApplied") or {}, condition(new, "FullyApplied") or {}
    if now.get("status") == "True" and was.get("status") != "True":
        yield Told(time_s, "applied", f"{place} is applied in all its clusters")
    before = {
        each.get("clusterName"): each for each in status_of(old).get("aggregatedStatus") or ()
    }
    for each in status_of(new).get("aggregatedStatus") or ():
        name, health = str(each.get("clusterName")), each.get("health")
        last = before.get(name, {})
        # Unknown is only what stands there until the first report; a first Unhealthy is a start.
        if health == "Healthy" and last.get("health") != "Healthy":
            yield Told(time_s, "health", f"{place} healthy in {{where}}", (name,))
        elif health == "Unhealthy" and last.get("health") == "Healthy":
            yield Told(time_s, "health", f"{place} no longer healthy in {{where}}", (name,))
        error = each.get("appliedMessage")
        if error and not each.get("applied") and error != last.get("appliedMessage"):
            yield Told(time_s, "applied", f"{place} not applied in {{where}}: {error}", (name,))


def _template(changes: Sequence[ObjectChange], key: Key) -> Iterator[Told]:
    claim, wanted = "", None
    counts: list[tuple[float, int, int]] = []
    for change in changes:
        if change.key != key:
            continue
        place = _place(change.object)
        if change.type == "DELETED":
            yield Told(change.time_s, "template", f"{place} deleted on the hub")
            continue
        if change.type == "ADDED":
            yield Told(change.time_s, "template", f"{place} applied")
        held = claim_of(change.object)
        said = "" if held is None else f"{held.kind} {held.name}"
        if said != claim:
            text = f"{place} claimed by {said}" if said else f"{place} is no longer claimed"
            yield Told(change.time_s, "template", text)
            claim = said
        replicas = spec_of(change.object).get("replicas")
        if replicas != wanted and change.type != "ADDED" and wanted is not None:
            yield Told(change.time_s, "template", f"{place} scaled to {replicas}")
        wanted = replicas
        if replicas is not None and "readyReplicas" in status_of(change.object):
            ready = int(status_of(change.object)["readyReplicas"] or 0)
            if not counts or counts[-1][1:] != (ready, replicas):
                counts.append((change.time_s, ready, int(replicas)))
    for time_s, ready, wanted in _turning_points(counts):
        text = f"{key.kind} {_inside(key)} {ready}/{wanted} ready, counted on the hub"
        yield Told(time_s, "status", text)


def _inside(key: Key) -> str:
    return f"{key.namespace}/{key.name}" if key.namespace else key.name


def _turning_points(counts: Sequence[tuple[float, int, int]]) -> Iterator[tuple[float, int, int]]:
    """Yield where readiness is complete, has fallen, or stands at the end; not every step up."""
    for index, (time_s, ready, wanted) in enumerate(counts):
        fell = index > 0 and ready < counts[index - 1][1]
        if ready >= wanted or fell or index == len(counts) - 1:
            yield time_s, ready, wanted


def _works(changes: Sequence[ObjectChange]) -> Iterator[Told]:
    for change in changes:
        cluster = change.key.namespace.removeprefix("karmada-es-")
        inner = get_in(change.object, ("spec", "workload", "manifests", 0)) or {}
        if inner.get("kind") == "Namespace" and change.time_s <= 0:
            continue
        word = {"ADDED": "created", "DELETED": "removed"}.get(change.type)
        if word and inner.get("kind") != "Namespace":
            yield Told(change.time_s, "work", f"Work of {_place(inner)} {word} for {{where}}",
                       (cluster,))  # fmt: skip


def _member(
    changes: Sequence[ObjectChange], wanted: set[tuple[str, str, str, str]]
) -> Iterator[Told]:
    states: dict[Key, Manifest] = {}
    for change in changes:
        if change.key[1:] not in wanted:
            continue
        old, new = states.get(change.key), change.object
        place, cluster = _place(new), (change.key.cluster,)
        managed = labels_of(new).get("karmada.io/managed") == "true"
        if change.type == "DELETED":
            states.pop(change.key, None)
            yield Told(change.time_s, "member", f"{place} gone from {{where}}", cluster)
            continue
        states[change.key] = new
        if old is None and managed:
            yield Told(change.time_s, "member", f"{place} created in {{where}}", cluster)
        elif old is None:
            yield Told(change.time_s, "member", f"{place} stands in {{where}}, unmanaged", cluster)
        elif managed and labels_of(old).get("karmada.io/managed") != "true":
            yield Told(change.time_s, "member", f"{place} taken over in {{where}}", cluster)
        elif spec_of(old) != spec_of(new):
            yield Told(change.time_s, "member", f"{place} updated in {{where}}", cluster)


def _clusters(changes: Sequence[ObjectChange]) -> Iterator[Told]:
    before: dict[Key, Manifest] = {}
    for change in changes:
        name, old, new = change.key.name, before.get(change.key), change.object
        before[change.key] = new
        if change.type == "DELETED":
            before.pop(change.key, None)
            yield Told(change.time_s, "cluster", f"cluster {name} has left")
            continue
        if change.type == "ADDED" or old is None:
            if change.time_s > 0:
                yield Told(change.time_s, "cluster", f"cluster {name} registered")
            continue
        was, now = condition(old, "Ready") or {}, condition(new, "Ready") or {}
        if now.get("status") != was.get("status"):
            reason = f" ({now.get('reason')})" if now.get("reason") else ""
            yield Told(
                change.time_s, "cluster", f"cluster {name} Ready={now.get('status')}{reason}"
            )
        taints, old_taints = _taints(new), _taints(old)
        for taint in [each for each in taints if each not in old_taints]:
            yield Told(change.time_s, "cluster", f"cluster {name} tainted {taint}")
        for taint in [each for each in old_taints if each not in taints]:
            yield Told(change.time_s, "cluster", f"cluster {name} rid of taint {taint}")
        if get_in(new, ("metadata", "deletionTimestamp")) and not get_in(
            old, ("metadata", "deletionTimestamp")
        ):
            yield Told(change.time_s, "cluster", f"cluster {name} is leaving")


def _taints(cluster: Manifest) -> list[str]:
    return [_taint(each) for each in spec_of(cluster).get("taints") or ()]


def _taint(taint: Mapping[str, Any]) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint.get('key')}{value}:{taint.get('effect')}"


def _warnings(world: World) -> Iterator[Told]:
    for record in world.happenings(("note",)):
        detail = record.detail
        if detail.get("type") == "Warning" and record.key is not None:
            place = f"{record.key.kind} {record.key.name}"
            text = f"{place}: {detail.get('reason')}: {detail.get('message')}"
            yield Told(record.time_s, "warning", text)
