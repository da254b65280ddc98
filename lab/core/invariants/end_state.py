"""The end of a run, reduced to what a user would compare: placements, service, clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.core.binding import resource_key
from lab.core.invariants.placing import present_placement, scheduled
from lab.core.invariants.scene import BINDINGS, Objects, Scene, hub_key
from lab.core.invariants.violation import Finding
from lab.core.manifest import Manifest, is_deleting, spec_of, status_of
from lab.core.model import HUB, Key
from lab.core.reading import whole
from lab.core.scheduling.request import assigned_of


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a binding stands, and how its application fares."""

    targets: Mapping[str, int]
    replicas: int
    scheduled: bool
    duplicated: bool
    ready: int
    """Ready pods in all targets, by the members' own word."""
    specs: Mapping[str, Any] = field(default_factory=dict)
    """What its object looks like in each target, replicas left out."""


@dataclass(frozen=True, slots=True)
class EndState:
    """Bindings, clusters and templates at the end of a run."""

    placed: Mapping[Key, Placed]
    ready: Mapping[str, bool]
    taints: Mapping[str, tuple[tuple[str, str], ...]]


def end_state(objects: Objects) -> EndState:
    """Return the end state of what stands in all API servers now."""
    scene = Scene(objects)
    placed = {
        hub_key(manifest): _placed(objects, manifest)
        for kind in BINDINGS
        for manifest in objects.list(HUB, *kind)
        if not is_deleting(manifest)
    }
    ready: dict[str, bool] = {}
    taints: dict[str, tuple[tuple[str, str], ...]] = {}
    for name in objects.clusters():
        cluster = scene.cluster(name)
        if cluster is not None:
            ready[name] = scene.ready(name)
            taints[name] = tuple(sorted((taint.key, taint.effect) for taint in cluster.taints))
    return EndState(placed, ready, taints)


def _placed(objects: Objects, binding: Manifest) -> Placed:
    targets = assigned_of(spec_of(binding))
    place = resource_key(binding)
    ready, specs = 0, {}
    for name in targets:
        found = objects.find(place._replace(cluster=name))
        if found is None:
            continue
        status = status_of(found)
        ready += whole(status.get("readyReplicas") or status.get("numberReady"))
        left_out = {"replicas", "parallelism", "completions"}
        specs[name] = {k: v for k, v in spec_of(found).items() if k not in left_out}
    placement = present_placement(binding)
    return Placed(
        targets,
        whole(spec_of(binding).get("replicas")),
        scheduled(binding),
        placement is not None and placement.is_duplicated,
        ready,
        specs,
    )


def differences(end: EndState, reference: EndState) -> Iterator[Finding]:
    """Yield what differs from the end of the fault-free run; remarks where the policy allows it."""
    for key in reference.placed:
        if key not in end.placed:
            yield Finding(key, "is not there, without the faults it is")
    for key, found in end.placed.items():
        wanted = reference.placed.get(key)
        if wanted is None:
            yield Finding(key, "is there, without the faults it is not")
        else:
            yield from _placement(key, found, wanted, end.taints)
    for name, ready in reference.ready.items():
        key = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", name)
        if name not in end.ready:
            yield Finding(key, "is not joined, without the faults it is")
        elif ready and not end.ready[name]:
            yield Finding(key, "is not Ready, without the faults it is")
        elif end.taints[name] != reference.taints[name]:
            yield Finding(key, f"its taints are {_taints(end.taints[name])}, "
                               f"{_taints(reference.taints[name])} without the faults",
                          remark=True)  # fmt: skip


def _placement(
    key: Key, found: Placed, wanted: Placed, taints: Mapping[str, tuple[tuple[str, str], ...]]
) -> Iterator[Finding]:
    if found.replicas != wanted.replicas:
        yield Finding(
            key, f"asks for {found.replicas} replicas, {wanted.replicas} without the faults"
        )
    if wanted.scheduled and not found.scheduled:
        yield Finding(key, "waits to be scheduled, without the faults it does not")
    elif wanted.duplicated and len(found.targets) < len(wanted.targets):
        text = f"is on {_names(found)}, without the faults on {_names(wanted)}"
        barred = all(taints.get(name) for name in wanted.targets if name not in found.targets)
        yield Finding(key, f"{text}{': the others are tainted' if barred else ''}", remark=barred)
    elif found.targets != wanted.targets:
        text = f"is on {_names(found)}, without the faults on {_names(wanted)}"
        yield Finding(key, f"{text}: its policy allows both", remark=True)
    expected = wanted.ready
    if wanted.duplicated and len(wanted.targets):
        expected = wanted.ready * len(found.targets) // len(wanted.targets)
    if found.ready < expected:
        yield Finding(key, f"{found.ready} pods are ready, {expected} without the faults")
    for name in found.targets:
        mine, other = found.specs.get(name), wanted.specs.get(name)
        if mine is not None and other is not None and mine != other:
            yield Finding(key, f"its object in {name} is not what it is without the faults")


def _names(placed: Placed) -> str:
    told = [f"{name}: {count}" if count else name for name, count in placed.targets.items()]
    return ", ".join(told) or "no cluster"


def _taints(taints: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{key}:{effect}" for key, effect in taints) or "none"
