"""Cluster failover end to end, over plain API stores: who moves, when, and why not."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.manifest import timestamp
from lab.core.model import HUB, Key
from lab.core.settings import KarmadaSettings, karmada_settings
from tests.controllers.failing import (
    DIVIDED,
    ON,
    ONE,
    cluster_key,
    decisions,
    deployment,
    evicted_at,
    kill,
    never_ready,
    propagation,
    started,
    summaries,
    switched_on,
    taint,
    taint_policy,
    taint_time,
    tasks,
    untaint,
    works,
)

PLACED = {"replicaScheduling": DIVIDED}

# ── what is off ────────────────────────────────────────────────────────────────────────────────


OFF: dict[str, tuple[KarmadaSettings, Any, str]] = {
    "everything by default": (
        KarmadaSettings(),
        None,
        "nothing leaves member1 for taint cluster.karmada.io/not-ready:NoSchedule: "
        "only NoExecute taints evict",
    ),
    "the gate": (
        karmada_settings({**ON, "featureGates": {"Failover": False}}),
        None,
        "nothing leaves member1 for taint cluster.karmada.io/not-ready:NoSchedule: "
        "only NoExecute taints evict",
    ),
    "the taint manager": (
        switched_on(enableTaintManager=False),
        None,
        "nothing leaves member1 for taints cluster.karmada.io/not-ready:NoSchedule, "
        "lost:NoExecute: enableTaintManager is false",
    ),
    "the eviction": (
        switched_on(enableNoExecuteTaintEviction=False),
        None,
        "nothing leaves member1 for taints cluster.karmada.io/not-ready:NoSchedule, "
        "lost:NoExecute: enableNoExecuteTaintEviction is false",
    ),
    "the NoExecute taint": (
        switched_on(),
        taint_policy(effect="NoSchedule"),
        "nothing leaves member1 for taints cluster.karmada.io/not-ready:NoSchedule, "
        "lost:NoSchedule: only NoExecute taints evict",
    ),
}


@pytest.mark.parametrize(("settings", "policy", "why"), OFF.values(), ids=OFF)
def test_with_one_switch_off_nothing_moves(
    settings: KarmadaSettings, policy: Any, why: str
) -> None:
    plane = started(settings, PLACED, policy=policy)
    kill(plane)
    plane.run(120.0)
    assert plane.condition("Cluster", "member1", "Ready", "") == ("False", "ClusterNotReachable")
    assert plane.targets() == {"member1": 1, "member2": 1}
    assert tasks(plane) == []
    told = summaries(plane, "eviction", "member1")
    assert [sorted(told[-1].split()), told.count(told[-1])] == [sorted(why.split()), 1]


def test_the_gate_alone_says_that_a_persons_taint_moves_nothing() -> None:
    plane = started(KarmadaSettings(), PLACED)
    taint(plane)
    plane.run(60.0)
    assert plane.targets() == {"member1": 1, "member2": 1}
    (told,) = summaries(plane, "eviction")
    assert told == "nothing leaves member1 for taint mine:NoExecute: feature gate Failover is off"


def test_a_taint_of_an_empty_cluster_is_no_news() -> None:
    plane = started(KarmadaSettings(), {"clusterAffinity": {"clusterNames": ["member2"]}})
    taint(plane)
    plane.run(30.0)
    assert decisions(plane, "eviction") == []


# ── what moves ─────────────────────────────────────────────────────────────────────────────────


def test_a_lost_member_is_left_and_not_gone_back_to() -> None:
    plane = started(placement=PLACED)
    kill(plane)
    plane.run(60.0)
    assert plane.targets() == {"member2": 2}
    assert tasks(plane) == []
    assert works(plane, "member1") == {"web": True}, "its finalizer waits for the member"
    assert plane.member("member1", "Deployment", "web") is not None
    plane.members["member1"].restore()
    plane.run(240.0)
    assert plane.condition("Cluster", "member1", "Ready", "") == ("True", "ClusterReady")
    assert works(plane, "member1") == {}
    assert plane.member("member1", "Deployment", "web") is None
    assert plane.targets() == {"member2": 2}, "no failback"


def test_the_task_tells_who_made_it_and_is_stamped() -> None:
    plane = started(placement={**PLACED, **ONE})
    (old,) = plane.targets() or {}
    never_ready(plane, *{"member1", "member2"} - {old})
    kill(plane, old)
    plane.run(60.0)
    (task,) = tasks(plane)
    (when_s,) = evicted_at(plane)
    assert task == {
        "fromCluster": old,
        "purgeMode": "Gracefully",
        "replicas": 2,
        "reason": "TaintUntolerated",
        "producer": "TaintManager",
        "creationTimestamp": timestamp(when_s),
    }
    assert works(plane, old) == {"web": False}, "kept until the replacement is healthy"


def test_the_whole_decision_is_told_in_order() -> None:
    plane = started(placement=PLACED)
    began_s = plane.now_s
    taint(plane)
    plane.run(5.0)
    told = summaries(plane, "eviction", "web-deployment")
    assert told == [
        "to leave member1: taint mine:NoExecute is not tolerated; 0 ahead in the queue, "
        f"turn at {began_s:g}s",
        "leaves member1 now (Gracefully): taint mine:NoExecute is not tolerated",
    ]
    first, last = decisions(plane, "eviction", "web-deployment")
    assert last.cause == first.number
    assert first.detail["explanation"]["taints"] == [
        {"taint": "mine:NoExecute", "tolerated": False, "tolerationSeconds": None, "until": None}
    ]
    assert last.detail["explanation"]["purgeMode"] == "Gracefully"
    tasks_told = summaries(plane, "eviction-task", "web-deployment")
    assert tasks_told[0] == "member1: kept, new: its time begins now"
    assert tasks_told[-1] == "member1: dropped, every target cluster reports Healthy"


def test_seven_bindings_leave_three_at_a_time() -> None:
    names = [f"web{number}" for number in range(7)]
    plane = started(placement=PLACED, names=names)
    began_s = plane.now_s
    taint(plane)
    plane.run(20.0)
    waits = sorted(round(evicted_at(plane, f"{n}-deployment")[0] - began_s) for n in names)
    assert waits == [0, 0, 0, 2, 2, 2, 4]


def test_at_rate_0_a_worker_rests_half_an_hour() -> None:
    names = [f"web{number}" for number in range(4)]
    plane = started(switched_on(resourceEvictionRate=0), PLACED, names=names)
    began_s = plane.now_s
    taint(plane)
    plane.run(1810.0)
    waits = sorted(round(evicted_at(plane, f"{n}-deployment")[0] - began_s) for n in names)
    assert waits == [0, 0, 0, 1800]


# ── tolerations ────────────────────────────────────────────────────────────────────────────────


def tolerating(seconds: int | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": "mine", "operator": "Exists", "effect": "NoExecute"}
    if seconds is not None:
        entry["tolerationSeconds"] = seconds
    return {**PLACED, "clusterTolerations": [entry]}


def test_it_leaves_when_its_seconds_are_over() -> None:
    plane = started(placement=tolerating(6))
    plane.run(0.5)
    taint(plane)
    plane.run(30.0)
    (when_s,) = evicted_at(plane)
    assert when_s == pytest.approx(taint_time(plane) + 6.0, abs=0.1)
    assert "tolerated for 6 s" in summaries(plane, "eviction", "web-deployment")[0]


def test_it_stays_when_the_taint_goes_in_time() -> None:
    plane = started(placement=tolerating(20))
    taint(plane)
    plane.run(15.0)
    untaint(plane)
    plane.run(60.0)
    assert plane.targets() == {"member1": 1, "member2": 1}
    told = summaries(plane, "eviction", "web-deployment")
    assert told[-1] == "stays on member1: the taint is gone"
    assert len(told) == 2


def test_without_a_limit_it_never_leaves() -> None:
    plane = started(placement=tolerating(None))
    taint(plane)
    plane.run(120.0)
    assert plane.targets() == {"member1": 1, "member2": 1}
    (told,) = summaries(plane, "eviction", "web-deployment")
    assert told == "stays on member1: taint mine:NoExecute is tolerated without a limit"


def test_who_comes_later_is_found_at_the_next_look() -> None:
    plane = started(placement={**PLACED, "clusterAffinity": {"clusterNames": ["member2"]}})
    taint(plane)
    plane.run(2.0)
    began_s = plane.now_s
    binding = Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", "web-deployment")
    plane.patch(binding, {"spec": {"clusters": [{"name": "member1", "replicas": 2}]}})
    plane.run(15.0)
    assert 0.0 < evicted_at(plane)[0] - began_s <= 10.0


@pytest.mark.parametrize(("queued", "last_s"), [(False, 0), (True, 4)])
def test_who_stays_for_ever_may_hold_up_the_queue(queued: bool, last_s: int) -> None:
    plane = started(
        switched_on(quirks={"toleratedForeverQueued": queued}),
        tolerating(None),
        names=[f"a{number}" for number in range(6)],
    )
    plane.write(deployment("web", 2), propagation("web", PLACED))
    plane.run(10.0)
    began_s = plane.now_s
    taint(plane)
    plane.run(9.0)
    assert round(evicted_at(plane)[0] - began_s) == last_s


# ── both kinds of bindings, and purge modes ────────────────────────────────────────────────────


def cluster_role() -> list[dict[str, Any]]:
    api = "rbac.authorization.k8s.io/v1"
    selector = {"apiVersion": api, "kind": "ClusterRole", "name": "reader"}
    return [
        {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": "reader"}, "rules": []},
        {
            "apiVersion": "policy.karmada.io/v1alpha1",
            "kind": "ClusterPropagationPolicy",
            "metadata": {"name": "reader"},
            "spec": {
                "resourceSelectors": [selector],
                "placement": {
                    "spreadConstraints": [
                        {"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}
                    ]
                },
            },
        },
    ]


@pytest.mark.parametrize(("ignored", "mode"), [(False, "Directly"), (True, None)])
def test_cluster_scoped_bindings_leave_too(ignored: bool, mode: str | None) -> None:
    settings = switched_on(
        noExecuteTaintEvictionPurgeMode="Directly", quirks={"purgeModeIgnored": ignored}
    )
    plane = started(settings, names=())
    plane.write(*cluster_role())
    plane.run(10.0)
    binding = plane.get("ClusterResourceBinding", "reader-clusterrole", "")
    assert binding is not None
    (target,) = binding["spec"]["clusters"]
    taint(plane, target["name"])
    plane.run(3.0)
    told = decisions(plane, "eviction", "reader-clusterrole")[-1].detail["explanation"]
    assert (told["answer"], told["purgeMode"] or None) == ("evict", mode)
    plane.run(60.0)
    moved = plane.get("ClusterResourceBinding", "reader-clusterrole", "")
    assert moved is not None
    assert moved["spec"]["clusters"] != [target]


MODES: dict[str, tuple[dict[str, Any], Any, str]] = {
    "by default": ({}, None, "Gracefully"),
    "by the setting": ({"noExecuteTaintEvictionPurgeMode": "Directly"}, None, "Directly"),
    "by the policy": ({}, {"cluster": {"purgeMode": "Directly"}}, "Directly"),
    "the policy comes first": (
        {"noExecuteTaintEvictionPurgeMode": "Directly"},
        {"cluster": {"purgeMode": "Gracefully"}},
        "Gracefully",
    ),
    "a policy without a mode": (
        {"noExecuteTaintEvictionPurgeMode": "Directly"},
        {"cluster": {}},
        "Gracefully",
    ),
}


@pytest.mark.parametrize(("given", "failover", "mode"), MODES.values(), ids=MODES)
def test_the_purge_mode(given: dict[str, Any], failover: Any, mode: str) -> None:
    spec = {} if failover is None else {"failover": failover}
    plane = started(switched_on(**given), PLACED, **spec)
    taint(plane)
    plane.run(5.0)
    assert f"({mode})" in summaries(plane, "eviction", "web-deployment")[-1]


def test_directly_the_old_copy_goes_first() -> None:
    plane = started(
        switched_on(noExecuteTaintEvictionPurgeMode="Directly"), {**PLACED, **ONE}, replicas=2
    )
    (old,) = plane.targets() or {}
    (new,) = {"member1", "member2"} - {old}
    taint(plane, old)
    plane.run(15.0)
    gone_s = _change_s(plane, old, gone=True)
    came_s = _change_s(plane, new, gone=False)
    assert gone_s < came_s <= gone_s + 6.0, "it waits for the old Work, looking each 5 s"


def test_gracefully_the_new_copy_comes_first() -> None:
    plane = started(placement={**PLACED, **ONE})
    (old,) = plane.targets() or {}
    (new,) = {"member1", "member2"} - {old}
    taint(plane, old)
    plane.run(15.0)
    assert _change_s(plane, new, gone=False) + 1.0 <= _change_s(plane, old, gone=True)


def test_directly_from_a_dead_member_waits_until_the_task_times_out() -> None:
    settings = switched_on(noExecuteTaintEvictionPurgeMode="Directly", gracefulEvictionTimeout="2m")
    plane = started(settings, {**PLACED, **ONE})
    (old,) = plane.targets() or {}
    (new,) = {"member1", "member2"} - {old}
    kill(plane, old)
    plane.run(100.0)
    (when_s,) = evicted_at(plane)
    assert plane.targets() == {new: 2}
    assert works(plane, old) == {"web": True}
    assert works(plane, new) == {}, "the binding controller waits for the old Work to go"
    assert summaries(plane, "eviction-task")[-1] == f"{old}: kept, {new} has reported nothing"
    plane.run(when_s + 130.0 - plane.now_s)
    assert tasks(plane) == []
    assert works(plane, new) == {"web": False}
    assert works(plane, old) == {"web": True}


def _change_s(plane: Any, cluster: str, *, gone: bool) -> float:
    for record in plane.trace.records:
        if record.type != "change" or record.key.cluster != cluster:
            continue
        if record.key.kind == "Deployment" and (record.after is None) == gone:
            return float(record.time_s)
    raise AssertionError("it never happened")


# ── nowhere to go ──────────────────────────────────────────────────────────────────────────────

ONLY_HERE = {"clusterAffinity": {"clusterNames": ["member1"]}, **PLACED}


def test_with_no_other_cluster_the_task_stays_and_outlives_the_taint() -> None:
    plane = started(placement=ONLY_HERE)
    taint(plane)
    plane.run(30.0)
    (when_s,) = evicted_at(plane)
    assert plane.targets() == {}
    assert plane.member("member1", "Deployment", "web") is not None
    untaint(plane)
    plane.run(when_s + 595.0 - plane.now_s)
    assert [task["fromCluster"] for task in tasks(plane)] == ["member1"]
    assert plane.targets() == {}
    plane.run(10.0)
    gone_s = _change_s(plane, "member1", gone=True)
    assert gone_s == pytest.approx(when_s + 600.0, abs=1.5)
    assert tasks(plane) == []
    assert plane.targets() == {"member1": 2}, "it is put back on the same cluster"


def test_without_the_quirk_a_task_is_cancelled_with_its_taint() -> None:
    plane = started(switched_on(quirks={"tasksOutliveRecovery": False}), ONLY_HERE)
    taint(plane)
    plane.run(30.0)
    assert plane.targets() == {}
    untaint(plane)
    plane.run(5.0)
    assert tasks(plane) == []
    assert plane.targets() == {"member1": 2}
    with pytest.raises(AssertionError, match="never happened"):
        _change_s(plane, "member1", gone=True)
    assert "member1: task cancelled" in summaries(plane, "eviction-task")[-1]


def test_without_the_quirk_replicas_placed_elsewhere_are_not_called_back() -> None:
    settings = switched_on(quirks={"tasksOutliveRecovery": False})
    plane = started(settings, {**PLACED, **ONE})
    (old,) = plane.targets() or {}
    (new,) = {"member1", "member2"} - {old}
    never_ready(plane, new)
    taint(plane, old)
    plane.run(5.0)
    untaint(plane, old)
    plane.run(5.0)
    assert plane.targets() == {new: 2}
    assert [task["fromCluster"] for task in tasks(plane)] == [old]


@pytest.mark.parametrize(("quirk", "left"), [(True, {}), (False, {"web": False})])
def test_the_last_copy(quirk: bool, left: dict[str, bool]) -> None:
    plane = started(
        switched_on(gracefulEvictionTimeout="1m", quirks={"lastCopyDeleted": quirk}), ONLY_HERE
    )
    taint(plane)
    plane.run(120.0)
    assert works(plane, "member1") == left
    assert (plane.member("member1", "Deployment", "web") is None) == quirk


# ── recovery ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("quirk", "least_s", "most_s"), [(True, 5.0, 120.0), (False, 0.0, 0.5)])
def test_old_works_go_after_their_back_off(quirk: bool, least_s: float, most_s: float) -> None:
    plane = started(switched_on(quirks={"surplusAfterRecovery": quirk}), PLACED)
    kill(plane)
    plane.run(70.0)
    plane.members["member1"].restore()
    plane.run(200.0)
    ready_s = next(
        record.time_s
        for record in reversed(plane.trace.records)
        if record.type == "change"
        and record.key == cluster_key("member1")
        and record.before is not None
        and record.after is not None
        and (_ready(record.before), _ready(record.after)) == ("False", "True")
    )
    assert least_s <= _change_s(plane, "member1", gone=True) - ready_s <= most_s


def _ready(cluster: Any) -> str:
    return str(next(c["status"] for c in cluster["status"]["conditions"] if c["type"] == "Ready"))


def test_a_person_decides_about_a_suppressed_task() -> None:
    plane = started(placement={**PLACED, **ONE})
    (old,) = plane.targets() or {}
    taint(plane, old)
    plane.run(0.2)
    binding = Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", "web-deployment")
    (task,) = tasks(plane)
    plane.patch(binding, {"spec": {"gracefulEvictionTasks": [{**task, "suppressDeletion": True}]}})
    plane.run(1200.0)
    assert [each["fromCluster"] for each in tasks(plane)] == [old]
    assert works(plane, old) == {"web": False}
    (task,) = tasks(plane)
    plane.patch(binding, {"spec": {"gracefulEvictionTasks": [{**task, "suppressDeletion": False}]}})
    plane.run(2.0)
    assert tasks(plane) == []
    assert works(plane, old) == {}


# ── unjoining ──────────────────────────────────────────────────────────────────────────────────


def test_a_dead_member_can_be_unjoined() -> None:
    plane = started(KarmadaSettings(), PLACED)
    kill(plane)
    plane.run(60.0)
    assert plane.targets() == {"member1": 1, "member2": 1}
    plane.delete(cluster_key("member1"))
    plane.run(60.0)
    assert plane.get("Cluster", "member1", "") is None
    assert plane.get("Namespace", "karmada-es-member1", "") is None
    assert plane.targets() == {"member2": 2}, "this needs no failover: the cluster is going"
    assert plane.member("member1", "Deployment", "web") is not None, "nobody could delete it"


def test_a_dead_member_that_was_evicted_from_can_be_unjoined() -> None:
    plane = started(placement=PLACED)
    kill(plane)
    plane.run(60.0)
    assert works(plane, "member1") == {"web": True}
    plane.delete(cluster_key("member1"))
    plane.run(900.0)
    assert plane.get("Cluster", "member1", "") is None
    assert works(plane, "member1") == {}
    assert plane.targets() == {"member2": 2}


# ── state ──────────────────────────────────────────────────────────────────────────────────────


def test_state_goes_along_with_a_cluster_failover() -> None:
    settings = karmada_settings(
        {**ON, "featureGates": {"Failover": True, "StatefulFailoverInjection": True}}
    )
    rules = [{"aliasLabelName": "state/ready", "jsonPath": "{.readyReplicas}"}]
    behaviour = {"purgeMode": "Directly", "statePreservation": {"rules": rules}}
    plane = started(settings, {**PLACED, **ONE}, failover={"cluster": behaviour})
    (old,) = plane.targets() or {}
    taint(plane, old)
    plane.run(0.1)
    (task,) = tasks(plane)
    assert task["preservedLabelState"] == {"state/ready": "2"}
    assert task["purgeMode"] == "Directly"


# ── what else was seen of the real one ─────────────────────────────────────────────────────────


def test_affinity_groups_are_not_gone_back_to() -> None:
    groups = [
        {"affinityName": "first", "clusterNames": ["member1"]},
        {"affinityName": "second", "clusterNames": ["member2"]},
    ]
    plane = started(placement={"clusterAffinities": groups, **PLACED})
    assert plane.targets() == {"member1": 2}
    kill(plane)
    plane.run(60.0)
    assert plane.targets() == {"member2": 2}
    plane.members["member1"].restore()
    plane.run(240.0)
    assert plane.targets() == {"member2": 2}
    taint(plane, "member2")
    plane.run(60.0)
    assert plane.condition("ResourceBinding", "web-deployment", "Scheduled") == (
        "False",
        "NoClusterFit",
    ), "it looks from the group last used on, though the first one is fine"


def test_a_dead_member_that_misses_an_update_stays_fully_applied() -> None:
    plane = started(KarmadaSettings(), PLACED)
    kill(plane)
    plane.run(60.0)
    key = Key(HUB, "apps/v1", "Deployment", "default", "web")
    image = {"containers": [{"name": "c", "image": "nginx:2"}]}
    plane.patch(key, {"spec": {"template": {"spec": image}}})
    plane.run(30.0)
    applied = plane.condition("ResourceBinding", "web-deployment", "FullyApplied")
    assert applied == ("True", "FullyAppliedSuccess")
    template = plane.get("Deployment", "web")
    assert template is not None
    assert template["status"]["observedGeneration"] < template["metadata"]["generation"]
    plane.members["member1"].restore()
    plane.run(300.0)
    template = plane.get("Deployment", "web")
    assert template is not None
    assert template["status"]["observedGeneration"] == template["metadata"]["generation"]


def test_a_binding_that_wants_a_cluster_back_waits_for_its_old_work() -> None:
    plane = started(placement={})
    kill(plane)
    plane.run(60.0)
    assert plane.targets() == {"member2": 2}
    plane.members["member1"].restore()
    plane.run(40.0)
    assert plane.targets() == {"member1": 2, "member2": 2}, "Duplicated comes back by itself"
    errors = [r.detail["message"] for r in plane.trace.records if r.type == "error"]
    assert any("is being deleted" in text for text in errors)
    plane.run(300.0)
    assert works(plane, "member1") == {"web": False}
    assert plane.member("member1", "Deployment", "web") is not None


def test_static_weights_are_divided_anew_over_what_is_left() -> None:
    weights = [
        {"targetCluster": {"clusterNames": [name]}, "weight": 1} for name in ("member1", "member2")
    ]
    static = {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"staticWeightList": weights},
    }
    plane = started(placement={"replicaScheduling": static}, replicas=4)
    kill(plane)
    plane.run(60.0)
    assert plane.targets() == {"member2": 4}
    plane.members["member1"].restore()
    plane.run(240.0)
    assert plane.targets() == {"member2": 4}
    key = Key(HUB, "apps/v1", "Deployment", "default", "web")
    plane.patch(key, {"spec": {"replicas": 6}})
    plane.run(10.0)
    assert plane.targets() == {"member1": 3, "member2": 3}, "at the first scheduling afterwards"
