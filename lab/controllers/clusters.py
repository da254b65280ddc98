"""Cluster controller: execution namespace, taints from conditions, finalizer; and the way out.

Source: Karmada v1.19 `pkg/controllers/cluster/cluster_controller.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lab.controllers.lineage import (
    BINDING,
    CLUSTER,
    CLUSTER_BINDING,
    MANAGER,
    WORK,
    QueueFactory,
    bindings_on_cluster,
    cluster_key,
    cluster_ready,
    execution_namespace,
    finalizers_of,
    namespace_key,
    with_finalizer,
    without_finalizer,
)
from lab.controllers.watching import hub_change
from lab.core.labels import CLUSTER_FINALIZER, EXECUTION_FINALIZER
from lab.core.manifest import Manifest, condition, is_deleting, name_of, set_in, spec_of, timestamp
from lab.core.model import (
    HUB,
    Action,
    Create,
    Delete,
    Due,
    Event,
    Index,
    Key,
    Note,
    Plan,
    Queue,
    Update,
    View,
)
from lab.core.settings import KarmadaSettings

NOT_READY = "cluster.karmada.io/not-ready"
UNREACHABLE = "cluster.karmada.io/unreachable"
CLEANUP_CHECK_S = 10.0
NAMESPACE_REMOVAL_S = 13.0
"""How long a namespace takes to go: its controller looks at it after 5 s, and again 8 s later (half
of the 15 s it expects finalizers to take, and one). The lab's store removes it at once, so the wait
is kept here: an unjoined cluster goes at the second check, after 20 s, as a real one was seen to.
Source: Kubernetes 1.36 `pkg/controller/namespace`.
"""


class ClusterController:
    """Keeps a Cluster's surroundings in order, from joining to leaving."""

    name = "cluster-controller"
    client = MANAGER

    def __init__(self, settings: KarmadaSettings, queues: QueueFactory) -> None:
        self.workers = settings.concurrent_cluster_syncs
        self.indexes: Sequence[Index] = (
            bindings_on_cluster(BINDING),
            bindings_on_cluster(CLUSTER_BINDING),
        )
        self._queues = queues
        self._space_goes_s: dict[str, float] = {}

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Every change of a Cluster, its status too, is looked at."""
        change = hub_change(event, *CLUSTER)
        return () if change is None else (Due(change.key),)

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Cluster -> execution namespace, condition taints and finalizer; or its removal."""
        cluster = view.get(key)
        if cluster is None:
            self._space_goes_s.pop(key.name, None)
            return Plan()
        if is_deleting(cluster):
            return self._remove(view, cluster, now_s)
        return self._keep(view, cluster, now_s)

    def _keep(self, view: View, cluster: Manifest, now_s: float) -> Plan:
        name, key = name_of(cluster), cluster_key(name_of(cluster))
        actions: list[Action] = []
        notes: list[Note] = []
        space = execution_namespace(name)
        if view.get(namespace_key(space)) is None:
            actions.append(Create(HUB, _execution_space(space)))
            text = f"Created execution space({space}) for cluster({name})."
            notes.append(Note(key, "Normal", "CreateExecutionSpaceSucceed", text))
        wanted = cluster
        taints = condition_taints(cluster, now_s)
        if taints != list(spec_of(cluster).get("taints") or ()):
            wanted = set_in(wanted, ("spec", "taints"), taints)
            text = f"Taint cluster succeed: {taints_message(taints)}."
            notes.append(Note(key, "Normal", "TaintClusterSucceed", text))
        wanted = with_finalizer(wanted, CLUSTER_FINALIZER)
        if wanted is not cluster:
            actions.append(Update(HUB, wanted))
        return Plan(actions, notes=notes)

    def _remove(self, view: View, cluster: Manifest, now_s: float) -> Plan:
        name, key = name_of(cluster), cluster_key(name_of(cluster))
        text = f"Removed execution space for cluster({name})."
        note = Note(key, "Normal", "RemoveExecutionSpaceSucceed", text)
        space = namespace_key(execution_namespace(name))
        standing = view.get(space)
        if standing is not None:
            self._space_goes_s.setdefault(name, round(now_s + NAMESPACE_REMOVAL_S, 6))
            actions: list[Action] = list(_given_up(view, cluster))
            if not is_deleting(standing):
                actions.append(Delete(space))
            return Plan(actions, CLEANUP_CHECK_S, notes=(note,))
        if now_s < self._space_goes_s.get(name, now_s):
            return Plan((), CLEANUP_CHECK_S, notes=(note,))
        if _still_targeted(view, name):
            return Plan((), CLEANUP_CHECK_S, notes=(note,))
        if CLUSTER_FINALIZER not in finalizers_of(cluster):
            return Plan()
        freed = without_finalizer(cluster, CLUSTER_FINALIZER)
        return Plan((Update(HUB, freed),), notes=(note,))


def _given_up(view: View, cluster: Manifest) -> Iterator[Update]:
    """Yield the Works of a Pull member that is not ready, freed: no agent will delete them.

    (Those of a Push member are freed by the execution controller, when their turn comes.)
    """
    if spec_of(cluster).get("syncMode") != "Pull" or cluster_ready(cluster):
        return
    for work in view.list(HUB, *WORK, execution_namespace(name_of(cluster))):
        freed = without_finalizer(work, EXECUTION_FINALIZER)
        if freed is not work:
            yield Update(HUB, freed)


def _still_targeted(view: View, cluster: str) -> bool:
    return any(
        view.by_index(bindings_on_cluster(kind).name, cluster)
        for kind in (BINDING, CLUSTER_BINDING)
    )


def _execution_space(name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"karmada.io/system": "true"}},
    }


def condition_taints(cluster: Manifest, now_s: float) -> list[Mapping[str, Any]]:
    """Return the taints a Cluster should have: not-ready or unreachable follow its condition.

    A Cluster without a Ready condition counts as not ready, but keeps an unreachable taint.
    """
    ready = condition(cluster, "Ready")
    status = "" if ready is None else str(ready.get("status"))
    add = {"": NOT_READY, "False": NOT_READY, "Unknown": UNREACHABLE}.get(status)
    drop = {"False": {UNREACHABLE}, "Unknown": {NOT_READY}, "True": {NOT_READY, UNREACHABLE}}
    taints: list[Mapping[str, Any]] = [
        taint
        for taint in spec_of(cluster).get("taints") or ()
        if taint.get("effect") != "NoSchedule" or taint.get("key") not in drop.get(status, ())
    ]
    if add is not None and not any(
        taint.get("key") == add and taint.get("effect") == "NoSchedule" for taint in taints
    ):
        taints.append({"key": add, "effect": "NoSchedule", "timeAdded": timestamp(now_s)})
    return taints


def taints_message(taints: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of an event about taints."""
    if not taints:
        return "cluster now does not have taints"
    texts = []
    for taint in taints:
        value = f"Value:{taint['value']}," if taint.get("value") else ""
        texts.append(f"{{Key:{taint.get('key')},{value}Effect:{taint.get('effect')}}}")
    return f"cluster now has taints([{','.join(texts)}])"
