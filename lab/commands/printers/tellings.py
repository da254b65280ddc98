"""What the changes of bindings, works, templates, members and clusters tell, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lab.commands.printers.readiness import Copies, readiness
from lab.commands.printers.told import Told
from lab.core.claiming import claim_of
from lab.core.eviction import tasks_of
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


def steps(world: World) -> Iterator[Told]:
    """Tell of steps by name, and of command lines unless that is the step's name."""
    last = ""
    for record in world.happenings(("step",)):
        step, line = str(record.detail.get("step") or ""), str(record.detail.get("text") or "")
        if step:
            yield Told(record.time_s, "step", f"step: {step}", record=record.number)
        elif line and line != last:
            yield Told(record.time_s, "step", f"$ {line}", record=record.number)
        last = step


def _place(manifest: Manifest) -> str:
    inside = f"{namespace_of(manifest)}/" if namespace_of(manifest) else ""
    return f"{manifest.get('kind')} {inside}{name_of(manifest)}"


def policies(changes: Sequence[ObjectChange]) -> Iterator[Told]:
    """Tell of policies that were applied, changed or deleted."""
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


def template_of(binding: Manifest) -> Key | None:
    """Return the key of a binding's template on the hub, None if it names none."""
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


def _shares(clusters: Any) -> dict[str, Any]:
    """Return each target's replicas: another order of the same is no news."""
    return {str(each.get("name")): each.get("replicas") for each in clusters or ()}


def bindings(changes: Sequence[ObjectChange]) -> Iterator[Told]:
    """Tell of bindings: made, scheduled, refused, applied, healthy."""
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
        if _shares(was) != _shares(now):
            moved = f" (was {_targets(was)})" if was else ""
            left = _evicted(old, new)
            topic, word = ("eviction", f"evicted from {left}, left with") if left else (
                "scheduled", "scheduled to")  # fmt: skip
            yield Told(time_s, topic, f"{place} {word} {_targets(now) or 'no cluster'}{moved}")
        yield from _binding_status(place, old, new, time_s)


def _evicted(old: Manifest, new: Manifest) -> str:
    """Return the clusters that a change takes a binding from, as a text; empty if none."""
    known = {task.get("fromCluster") for task in tasks_of(old)}
    names = [str(task.get("fromCluster")) for task in tasks_of(new)]
    return ", ".join(name for name in names if name not in known)


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


def template(
    changes: Sequence[ObjectChange], key: Key, copies: Copies | None = None
) -> Iterator[Told]:
    """Tell of one template: claimed, scaled, ready as counted on the hub.

    Args:
        changes: What happened to templates.
        key: Of the one.
        copies: In how many clusters all its replicas are wanted.
    """
    claim, wanted = "", None
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
    for time_s, words in readiness(changes, key, copies or Copies()):
        yield Told(time_s, "status", f"{key.kind} {_inside(key)} {words}")


def _inside(key: Key) -> str:
    return f"{key.namespace}/{key.name}" if key.namespace else key.name


def works(changes: Sequence[ObjectChange]) -> Iterator[Told]:
    """Tell of Works that were made or removed; namespaces' own are left out."""
    for change in changes:
        cluster = change.key.namespace.removeprefix("karmada-es-")
        inner = get_in(change.object, ("spec", "workload", "manifests", 0)) or {}
        if inner.get("kind") == "Namespace" and change.time_s <= 0:
            continue
        word = {"ADDED": "created", "DELETED": "removed"}.get(change.type)
        if word and inner.get("kind") != "Namespace":
            yield Told(change.time_s, "work", f"Work of {_place(inner)} {word} for {{where}}",
                       (cluster,))  # fmt: skip


def member(
    changes: Sequence[ObjectChange], wanted: set[tuple[str, str, str, str]]
) -> Iterator[Told]:
    """Tell of the wanted objects of one member: made, updated, taken over, gone."""
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


def clusters(changes: Sequence[ObjectChange]) -> Iterator[Told]:
    """Tell of clusters: registered, Ready or not, tainted, leaving."""
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


def warnings(world: World, said: Sequence[str]) -> Iterator[Told]:
    """Tell of the Warning events of controllers, once for a binding and its template.

    Args:
        world: The run.
        said: Lines about scheduling; a warning that says no more than one of them is left out.
    """
    told: set[tuple[float, str, str]] = set()
    for record in world.happenings(("note",)):
        detail = record.detail
        if detail.get("type") != "Warning" or record.key is None:
            continue
        reason, message = str(detail.get("reason")), str(detail.get("message"))
        known = reason == "ScheduleBindingFailed" and any(message in line for line in said)
        if known or (record.time_s, reason, message) in told:
            continue
        told.add((record.time_s, reason, message))
        text = f"{record.key.kind} {record.key.name}: {reason}: {message}"
        yield Told(record.time_s, "warning", text, record=record.number)
