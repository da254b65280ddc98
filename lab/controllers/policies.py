"""Policy reconcilers: an edit or deletion lets templates go; a new policy may take some over.

Source: Karmada v1.19 `pkg/detector/{detector,preemption}.go`. The templates that stay with an
edited policy are queued by the detector itself, from the same event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lab.controllers.claim_decision import place_of, policy_place, word_of
from lab.controllers.lineage import (
    BINDING,
    CLUSTER_BINDING,
    CLUSTER_POLICY,
    MANAGER,
    POLICY,
    Kind,
    QueueFactory,
    bindings_of_policy,
    finalizers_of,
    key_in_hub,
    without_finalizer,
)
from lab.controllers.releasing import release_all, release_unmatched
from lab.controllers.watching import LOW_PRIORITY, generation_changed, hub_change
from lab.core.claiming import (
    claim,
    claim_of,
    explicit_priority,
    preempts,
    requeued_by_lower_priority,
    resource_selectors,
)
from lab.core.labels import CLUSTER_POLICY_FINALIZER, POLICY_FINALIZER
from lab.core.manifest import Manifest, is_deleting, namespace_of
from lab.core.model import HUB, Action, Due, Event, Index, Key, Note, Plan, Queue, Update, View
from lab.core.settings import KarmadaSettings


class PolicyReconciler:
    """One loop per kind of propagation policy.

    Args:
        kind: PropagationPolicy or ClusterPropagationPolicy.
        settings: Worker counts and the preemption gate.
        queues: Makes the queue.
    """

    client = MANAGER

    def __init__(self, kind: Kind, settings: KarmadaSettings, queues: QueueFactory) -> None:
        self.name = f"{kind[1][0].lower()}{kind[1][1:]}-reconciler"
        self.workers = (
            settings.concurrent_propagation_policy_syncs
            if kind == POLICY
            else settings.concurrent_cluster_propagation_policy_syncs
        )
        self.indexes: Sequence[Index] = (
            bindings_of_policy(BINDING),
            bindings_of_policy(CLUSTER_BINDING),
        )
        self._kind = kind
        self._finalizer = POLICY_FINALIZER if kind == POLICY else CLUSTER_POLICY_FINALIZER
        self._settings = settings
        self._queues = queues

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterator[Due]:
        """A policy comes with each new spec; one that lowers its priority brings rivals along."""
        change = hub_change(event, *self._kind)
        if change is None or change.object is None or not generation_changed(change):
            return
        yield Due(change.key, 0.0, LOW_PRIORITY if change.initial else 0)
        old, new = change.old, change.object
        if old is None or not self._settings.gate("PropagationPolicyPreemption"):
            return
        if explicit_priority(new) < explicit_priority(old):
            peers = view.list(HUB, *self._kind, change.key.namespace or None)
            for rival in requeued_by_lower_priority(old, new, peers):
                yield Due(key_in_hub(rival))

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Policy -> claims released or taken over; at the end its finalizer."""
        policy = view.get(key)
        if policy is None:
            return Plan()
        if is_deleting(policy):
            return self._delete(view, policy)
        released = release_unmatched(view, policy)
        actions, notes = self._preempt(view, policy)
        return Plan([*released, *actions], notes=notes)

    def _delete(self, view: View, policy: Manifest) -> Plan:
        actions: list[Action] = list(release_all(view, policy))
        if self._finalizer in finalizers_of(policy):
            actions.append(Update(HUB, without_finalizer(policy, self._finalizer)))
        return Plan(actions)

    def _preempt(self, view: View, policy: Manifest) -> tuple[list[Action], list[Note]]:
        actions: list[Action] = []
        notes: list[Note] = []
        holders = [*view.list(HUB, *POLICY), *view.list(HUB, *CLUSTER_POLICY)]
        for template in _named_templates(view, policy):
            if not preempts(template, policy, holders, self._settings):
                continue
            actions.append(Update(HUB, claim(template, policy)))
            held = claim_of(template)
            assert held is not None, "only claimed templates are preempted"
            mine = f"{word_of(str(policy.get('kind')))}({policy_place(policy)})"
            theirs = f"{word_of(held.kind)}({place_of(held.namespace, held.name)})"
            text = f"{mine[0].upper()}{mine[1:]} preempted {theirs} successfully"
            notes.append(Note(key_in_hub(template), "Normal", "PreemptPolicySucceed", text))
        return actions, notes


def _named_templates(view: View, policy: Manifest) -> Iterable[Manifest]:
    found: dict[Key, Manifest] = {}
    for selector in resource_selectors(policy):
        key = Key(
            HUB,
            str(selector.get("apiVersion") or ""),
            str(selector.get("kind") or ""),
            str(selector.get("namespace") or namespace_of(policy)),
            str(selector.get("name") or ""),
        )
        template = view.get(key)
        if template is not None:
            found[key] = template
    return found.values()
