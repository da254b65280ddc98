"""S1: what a template asks for is placed or waits; the scheduler loses and invents nothing."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.binding import resource_key
from lab.core.interpreter import native_interpreter
from lab.core.interpreter.fields import InterpretError
from lab.core.invariants.law import Law
from lab.core.invariants.placing import claim_of, scheduled, waiting_reason
from lab.core.invariants.scene import BINDINGS, Change, Scene
from lab.core.invariants.violation import Finding
from lab.core.manifest import Manifest, is_deleting, spec_of
from lab.core.model import Key
from lab.core.policy import DIVIDED, DUPLICATED, placement_of
from lab.core.scheduling.request import assigned_of, components_of


class ReplicasConserved(Law):
    """Looked at: every change of a ResourceBinding or ClusterResourceBinding with replicas.

    Where the scheduler has said that it is done with the present generation (Scheduled is True and
    schedulerObservedGeneration is the generation), replicas in spec.clusters must add up to
    spec.replicas if they are Divided, and be spec.replicas in every cluster if Duplicated. In all
    other states (not looked at yet, Unschedulable, NoClusterFit, suspended) what is not placed
    waits. Bindings without replicas, with several components or without a placement
    (dependencies) are left out.

    At the end: spec.replicas of the binding is what its template asks for, unless the template is
    claimed by no policy any more or by a Lazy one.
    """

    id = "S1"
    name = "replicas-conserved"
    sentence = "assigned and waiting replicas add up to those of the template"
    needs_quiet = True
    hub_kinds = BINDINGS

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._interpreter = native_interpreter(scene.settings)

    def changed(self, change: Change) -> Iterator[Finding]:
        """Add up the replicas of one binding."""
        if change.after is not None:
            yield from _sums(change.key, change.after)

    def at_end(self) -> Iterator[Finding]:
        """Compare bindings with their templates."""
        for key, binding in self.scene.bindings():
            if is_deleting(binding) or spec_of(binding).get("placement") is None:
                continue
            yield from self._against_template(key, binding)

    def _against_template(self, key: Key, binding: Manifest) -> Iterator[Finding]:
        template = self.scene.objects.find(resource_key(binding))
        if template is None:
            return
        policy = claim_of(self.scene, template)
        if policy is None or spec_of(policy).get("activationPreference") == "Lazy":
            return
        if components_of(spec_of(binding)):
            return
        try:
            wanted = self._interpreter.replicas(template).replicas
        except (InterpretError, AssertionError):
            return  # a kind without replicas, or one the interpreter cannot read
        found = spec_of(binding).get("replicas") or 0
        if found != wanted:
            yield Finding(key, f"asks for {found} replicas, its template for {wanted}")


def _sums(key: Key, binding: Manifest) -> Iterator[Finding]:
    spec = spec_of(binding)
    replicas = spec.get("replicas") or 0
    if not replicas or spec.get("placement") is None or components_of(spec):
        return
    if is_deleting(binding):
        return
    assigned = assigned_of(spec)
    entries = spec.get("clusters") or ()
    if len(assigned) != len(entries):
        yield Finding(key, f"names a cluster twice in spec.clusters: {len(entries)} entries")
    if waiting_reason(binding) or not scheduled(binding):
        return
    kind = placement_of(spec["placement"]).scheduling_type
    told = ", ".join(f"{name}: {count}" for name, count in assigned.items()) or "nowhere"
    if kind == DIVIDED:
        total = sum(assigned.values())
        if total != replicas:
            word = "lost" if total < replicas else "too many"
            yield Finding(
                key,
                f"{total} of {replicas} replicas are assigned ({told}) and none waits: "
                f"{abs(total - replicas)} {word}",
            )
    elif kind == DUPLICATED:
        wrong = [name for name, count in assigned.items() if count != replicas]
        if wrong:
            yield Finding(key, f"{replicas} replicas for every cluster, but assigned are {told}")
