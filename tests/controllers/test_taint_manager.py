"""Taint manager: single looks at clusters and single evictions, without a control plane."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.controllers.taint_manager import TaintManager, switched_off
from lab.core.labels import APPLIED_PLACEMENT
from lab.core.manifest import timestamp
from lab.core.model import HUB, Key, Plan, Update
from lab.core.settings import KarmadaSettings
from tests.controllers.failing import switched_on
from tests.controllers.fakes import changed, cluster, keys, obj, queues, view_for

RB = ("work.karmada.io/v1alpha2", "ResourceBinding")
WEST = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", "west")
WEB = Key(HUB, *RB, "default", "web")
LEAVE = WEB._replace(cluster="west")


PLAIN: dict[str, Any] = {}


def manager(settings: KarmadaSettings | None = None) -> TaintManager:
    loop = TaintManager(settings or switched_on(), queues)
    loop.make_queue()
    return loop


def west(*effects: str, added_s: float = 90.0) -> dict[str, Any]:
    made = cluster("west")
    made["spec"]["taints"] = [
        {"key": "down", "effect": effect, "timeAdded": timestamp(added_s)} for effect in effects
    ]
    return made


def binding(
    name: str = "web", placement: Any = PLAIN, targets: tuple[str, ...] = ("west",), **metadata: Any
) -> dict[str, Any]:
    notes = {} if placement is None else {APPLIED_PLACEMENT: json.dumps(placement)}
    made = obj(*RB, name, "default", spec={}, annotations=notes, **metadata)
    made["spec"] = {"clusters": [{"name": each, "replicas": 2} for each in targets]}
    return made


def tolerating(seconds: int | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": "down", "operator": "Exists"}
    return {
        "clusterTolerations": [
            entry if seconds is None else {**entry, "tolerationSeconds": seconds}
        ]
    }


OFF = {
    "all on": (switched_on(), ""),
    "the gate": (KarmadaSettings(), "feature gate Failover is off"),
    "the manager": (switched_on(enableTaintManager=False), "enableTaintManager is false"),
    "the eviction": (
        switched_on(enableNoExecuteTaintEviction=False),
        "enableNoExecuteTaintEviction is false",
    ),
}


@pytest.mark.parametrize(("settings", "why"), OFF.values(), ids=OFF)
def test_switched_off(settings: KarmadaSettings, why: str) -> None:
    assert switched_off(settings) == why


def test_every_change_of_a_cluster_is_looked_at() -> None:
    loop = manager()
    view = view_for(loop)
    assert keys(changed(view, loop, west())) == ["Cluster west"]
    assert keys(changed(view, loop, binding())) == []


LOOKS: dict[str, tuple[Any, list[Any], list[tuple[str, float]]]] = {
    "not tolerated: at once": (west("NoExecute"), [binding()], [("web", 0.0)]),
    "for a while: later": (
        west("NoExecute"),
        [binding(placement=tolerating(30))],
        [("web", 20.0)],
    ),
    "for ever: never": (west("NoExecute"), [binding(placement=tolerating(None))], []),
    "never scheduled: at once": (west("NoExecute"), [binding(placement=None)], [("web", 0.0)]),
    "no target": (west("NoExecute"), [binding(targets=("east",))], []),
    "NoSchedule": (west("NoSchedule"), [binding()], []),
    "no taint": (west(), [binding()], []),
}


@pytest.mark.parametrize(("subject", "bindings", "want"), LOOKS.values(), ids=LOOKS)
def test_a_look(subject: Any, bindings: list[Any], want: list[tuple[str, float]]) -> None:
    loop = manager()
    plan = loop.reconcile(view_for(loop, subject, *bindings), WEST, 100.0)
    assert [(due.key.name, due.after_s) for due in plan.follow] == want
    assert {due.key.cluster for due in plan.follow} <= {"west"}
    tainted = any(taint["effect"] == "NoExecute" for taint in subject["spec"]["taints"])
    assert plan.requeue_after_s == (10.0 if tainted else None)


def test_an_answer_is_told_once() -> None:
    loop = manager()
    view = view_for(loop, west("NoExecute"), binding(placement=tolerating(30)))
    (told,) = loop.reconcile(view, WEST, 100.0).decisions
    assert told.key == WEB
    assert told.summary == "leaves west at 2m0s: taint down:NoExecute is tolerated for 30 s"
    assert loop.reconcile(view, WEST, 110.0).decisions == []
    again = loop.reconcile(view, WEST, 121.0).decisions
    assert [each.explanation["answer"] for each in again] == ["now"]


def test_what_left_and_came_back_is_told_again() -> None:
    loop = manager()
    view = view_for(loop, west("NoExecute"), binding(placement=tolerating(None)))
    assert len(loop.reconcile(view, WEST, 100.0).decisions) == 1
    changed(view, loop, binding(targets=("east",)), binding())
    assert loop.reconcile(view, WEST, 110.0).decisions == []
    changed(view, loop, binding(placement=tolerating(None)), binding(targets=("east",)))
    assert len(loop.reconcile(view, WEST, 120.0).decisions) == 1


def test_positions_in_the_queue() -> None:
    loop = manager()
    bindings = [binding(f"web{number}") for number in range(5)]
    plan = loop.reconcile(view_for(loop, west("NoExecute"), *bindings), WEST, 100.0)
    places = [(e.explanation["ahead"], e.explanation["turn"]) for e in plan.decisions]
    assert places == [(0, 100.0), (1, 100.0), (2, 100.0), (3, 102.0), (4, 102.0)]


def test_a_cluster_that_is_gone_is_forgotten() -> None:
    loop = manager()
    assert loop.reconcile(view_for(loop), WEST, 0.0) == Plan()


# ── one eviction ───────────────────────────────────────────────────────────────────────────────


def evict(subject: Any, *objects: Any, now_s: float = 100.0) -> Plan:
    loop = manager()
    return loop.reconcile(view_for(loop, *objects, *([subject] if subject else [])), LEAVE, now_s)


def test_an_eviction_is_one_update_under_the_version_that_was_read() -> None:
    plan = evict(binding(targets=("west", "east")), west("NoExecute"))
    (update,) = plan.actions
    assert isinstance(update, Update)
    assert update.object["metadata"]["resourceVersion"] == "10"
    assert [each["name"] for each in update.object["spec"]["clusters"]] == ["east"]
    (task,) = update.object["spec"]["gracefulEvictionTasks"]
    assert (task["producer"], task["reason"]) == ("TaintManager", "TaintUntolerated")


STAYS: dict[str, tuple[Any, Any]] = {
    "the binding is gone": (None, west("NoExecute")),
    "it is being deleted": (
        binding(deletionTimestamp=timestamp(1.0)),
        west("NoExecute"),
    ),
    "it is no target any more": (binding(targets=("east",)), west("NoExecute")),
    "the taint is gone": (binding(), west()),
    "the cluster is gone": (binding(), cluster("east")),
    "it tolerates the taint now": (binding(placement=tolerating(None)), west("NoExecute")),
}


@pytest.mark.parametrize(("subject", "other"), STAYS.values(), ids=STAYS)
def test_a_turn_that_comes_to_nothing(subject: Any, other: Any) -> None:
    assert evict(subject, other) == Plan()


def test_too_early_is_put_off() -> None:
    plan = evict(binding(placement=tolerating(30)), west("NoExecute"))
    assert (plan.actions, plan.requeue_after_s) == ((), 20.0)


UNREADABLE: dict[str, tuple[Any, str]] = {
    "none": (None, "has no applied placement"),
    "no map": ([], "cannot be read"),
    "no list of tolerations": ({"clusterTolerations": 7}, "cannot be read"),
}


@pytest.mark.parametrize(("placement", "text"), UNREADABLE.values(), ids=UNREADABLE)
def test_without_a_placement_on_record_it_tries_again(placement: Any, text: str) -> None:
    plan = evict(binding(placement=placement), west("NoExecute"))
    assert text in (plan.error or "")
    broken = binding()
    broken["metadata"]["annotations"][APPLIED_PLACEMENT] = "{"
    assert "cannot be read" in (evict(broken, west("NoExecute")).error or "")


def test_state_that_was_never_reported_holds_the_eviction_up() -> None:
    gates = {"Failover": True, "StatefulFailoverInjection": True}
    loop = manager(switched_on(featureGates=gates))
    rules = {"rules": [{"aliasLabelName": "state/a", "jsonPath": "{.a}"}]}
    subject = binding()
    subject["spec"]["failover"] = {"cluster": {"statePreservation": rules}}
    plan = loop.reconcile(view_for(loop, subject, west("NoExecute")), LEAVE, 100.0)
    assert plan.actions == ()
    assert "has not yet been collected from Cluster(west)" in (plan.error or "")
