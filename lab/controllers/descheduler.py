"""Descheduler: takes replicas back from members whose nodes have had no room for them for long.

A process of its own. Source: Karmada v1.19 `pkg/descheduler/descheduler.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lab.controllers.lineage import BINDING, QueueFactory, key_in_hub
from lab.core.binding import resource_key
from lab.core.descheduling import (
    NOT_REPORTED,
    Descheduling,
    deschedule,
    is_descheduled,
    lacks_replicas,
    with_shares,
)
from lab.core.estimators import Estimators
from lab.core.manifest import is_deleting
from lab.core.model import (
    HUB,
    Decision,
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

DESCHEDULER = "karmada-descheduler"
ROUND = Key(HUB, "", "Round", "", "descheduler")
"""The key that stands for one look at all bindings."""


class Descheduler:
    """Looks at all bindings every `deschedulingInterval`, with one worker.

    Args:
        settings: Interval and threshold.
        estimators: The members' accurate estimators.
        queues: Makes the queue.
    """

    name = DESCHEDULER
    client = DESCHEDULER
    workers = 1
    indexes: Sequence[Index] = ()

    def __init__(
        self, settings: KarmadaSettings, estimators: Estimators, queues: QueueFactory
    ) -> None:
        self._settings, self._estimators = settings, estimators
        self._queues = queues
        self._begun = False

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Nothing but time brings anything: the first event only starts the clock."""
        if self._begun:
            return ()
        self._begun = True
        return (Due(ROUND),)

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """A round -> the bindings to look at; a binding -> fewer replicas where they are stuck."""
        if key == ROUND:
            found = [each for each in view.list(HUB, *BINDING) if is_descheduled(each)]
            follow = [Due(key_in_hub(each)) for each in found]
            return Plan((), self._settings.descheduling_interval_s, follow=follow)
        binding = view.get(key)
        if binding is None or is_deleting(binding) or not lacks_replicas(binding):
            return Plan()
        workload = resource_key(binding)
        threshold_s = self._settings.unschedulable_threshold_s

        def stuck(cluster: str) -> int:
            return self._estimators.unschedulable_replicas(cluster, workload, threshold_s, now_s)

        done = deschedule(binding, stuck)
        if not done.taken_back:
            return Plan()
        text = _message(done)
        return Plan(
            (Update(HUB, with_shares(binding, done.shares)),),
            notes=[
                Note(each, "Normal", "DescheduleBindingSucceed", text) for each in (key, workload)
            ],
            decisions=(_decision(key, done, threshold_s),),
        )


def _message(done: Descheduling) -> str:
    parts = [
        f"{share.assigned - share.target} replica(s) in cluster({share.cluster})"
        for share in done.shares
        if 0 < share.unschedulable <= share.assigned
    ]
    parts.append(f"{done.taken_back} total descheduled replica(s)")
    return ", ".join(["Binding has been descheduled", *parts])


def _decision(key: Key, done: Descheduling, threshold_s: float) -> Decision:
    taken = [share for share in done.shares if share.target != share.assigned]
    words = ", ".join(f"{s.cluster}: {s.assigned} -> {s.target}" for s in taken)
    explanation = {
        "unschedulableThreshold": threshold_s,
        "clusters": [
            {
                "cluster": share.cluster,
                "assigned": share.assigned,
                "ready": None if share.ready == NOT_REPORTED else share.ready,
                "unschedulable": share.unschedulable,
                "target": share.target,
            }
            for share in done.shares
        ],
    }
    return Decision(key, "deschedule", f"{words} (no node for {threshold_s:g} s)", explanation)
