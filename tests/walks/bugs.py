"""Bugs that walks must find, each planted into the running code for as long as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lab.controllers import binding_status, execution, taint_manager
from lab.controllers import scheduler as scheduler_room
from lab.controllers.bindings import BindingController
from lab.core.manifest import is_deleting
from lab.core.model import Delete, Key, Plan, View
from lab.core.scheduling.scheduler import Outcome
from lab.core.toleration import Tolerance, tolerance
from lab.store.api_store import ApiStore


@dataclass(frozen=True, slots=True)
class Bug:
    """One way to break the lab, and the laws of which it may break one first."""

    laws: tuple[str, ...]
    plant: Callable[[pytest.MonkeyPatch], None]
    rules: tuple[str, ...]
    """Where to look for it: the rules of the walks."""


def _lose_a_replica(patch: pytest.MonkeyPatch) -> None:
    honest = scheduler_room.schedule

    def schedule(*args: Any, **more: Any) -> Outcome:
        outcome = honest(*args, **more)
        if len(outcome.clusters) < 2 or outcome.clusters[-1].get("replicas", 0) < 2:
            return outcome
        last = outcome.clusters[-1]
        fewer: Any = {**last, "replicas": last["replicas"] - 1}
        return replace(outcome, clusters=[*outcome.clusters[:-1], fewer])

    patch.setattr(scheduler_room, "schedule", schedule)


def _leave_a_work(patch: pytest.MonkeyPatch) -> None:
    honest = BindingController.reconcile

    def reconcile(self: BindingController, view: View, key: Key, now_s: float) -> Plan:
        plan, binding = honest(self, view, key, now_s), view.get(key)
        if binding is None or is_deleting(binding):
            return plan
        kept = [each for each in plan.actions if not isinstance(each, Delete)]
        return replace(plan, actions=kept)

    patch.setattr(BindingController, "reconcile", reconcile)


def _tolerate_nothing(patch: pytest.MonkeyPatch) -> None:
    def impatient(taints: Any, tolerations: Any, now_s: float) -> Tolerance:
        return tolerance(taints, (), now_s)

    patch.setattr(taint_manager, "tolerance", impatient)


def _accept_stale_writes(patch: pytest.MonkeyPatch) -> None:
    honest = ApiStore.update

    def update(self: ApiStore, manifest: Any, now_s: float, **more: Any) -> Any:
        metadata = {k: v for k, v in manifest["metadata"].items() if k != "resourceVersion"}
        return honest(self, {**manifest, "metadata": metadata}, now_s, **more)

    patch.setattr(ApiStore, "update", update)


def _write_to_the_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execution, "cluster_ready", lambda cluster: True)


def _sum_nothing_up(patch: pytest.MonkeyPatch) -> None:
    def to_template(
        self: Any, view: Any, binding: Any, items: Any, now_s: Any, actions: Any, notes: Any
    ) -> Plan:
        return Plan(actions, notes=notes)

    patch.setattr(binding_status.BindingStatusController, "_to_template", to_template)


BUGS: Mapping[str, Bug] = {
    "the scheduler loses a replica": Bug(("S1",), _lose_a_replica, ("deploy", "scale", "cordon")),
    "a Work is left behind": Bug(
        ("S2", "Q3"), _leave_a_work, ("deploy", "edit_policy", "delete", "scale")
    ),
    "evictions mind no toleration": Bug(
        ("S4",), _tolerate_nothing, ("deploy", "edit_policy", "taint", "lose")
    ),
    "a store takes stale writes": Bug(
        ("S7",), _accept_stale_writes, ("deploy", "scale", "edit_policy", "strike_hub", "taint")
    ),
    "lost clusters are written to": Bug(
        ("S8",), _write_to_the_lost, ("deploy", "scale", "edit_policy", "lose")
    ),
    "templates have no status": Bug(("Q5",), _sum_nothing_up, ("deploy", "scale", "new_image")),
}
