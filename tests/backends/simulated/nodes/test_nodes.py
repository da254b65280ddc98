"""Nodes that die: when it is noticed, tainted, evicted, replaced, ready again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lab.backends.simulated.nodes.node_lifecycle import grace_s
from lab.backends.simulated.pods.pods import State
from lab.backends.simulated.pods.tolerations import default_tolerations, stays_s
from lab.backends.simulated.timings import DEFAULTS
from lab.core.fleet import NodePool
from lab.core.taints import Taint, Toleration
from tests.backends.simulated.world import World, template, workload


def quiet(
    nodes: int = 3, zones: Sequence[str] = (), version: str = "v1.36.2", **timings: Any
) -> World:
    """A world whose leases are renewed at 0 s, 10 s, … and whose nodes are looked at each 5 s."""
    world = World(
        timings, (NodePool("pool", nodes),), zones=tuple(zones), kubernetes_version=version
    )
    world.member.nodes.lease_phase_s[:] = 0.0
    world.member.control.lifecycle.phase_s = 0.0
    return world


def lose(world: World, *numbers: int, at_s: float, fault: int = 1) -> None:
    world.run(at_s)
    names = tuple(f"m-pool-{number}" for number in numbers)
    world.member.begin_fault(fault, "NodeLoss", {"nodes": names}, at_s)


def ready(world: World, number: int) -> str:
    return str(world.condition("Node", f"m-pool-{number}", "Ready")["status"])


def taints(world: World, number: int) -> list[str]:
    node = world.get("Node", f"m-pool-{number}")
    return [
        f"{taint['key'].rpartition('/')[2]}:{taint['effect']}"
        for taint in node["spec"].get("taints", ())
    ]


def pods_on(world: World, number: int) -> list[Any]:
    return [p for p in world.list("Pod") if p["spec"].get("nodeName") == f"m-pool-{number}"]


@pytest.mark.parametrize(
    ("version", "seconds"),
    [("v1.31.9", 40.0), ("v1.32.0", 50.0), ("1.28", 40.0), ("v1.36.2", 50.0), ("none", 50.0)],
)
def test_grace_by_version(version: str, seconds: float) -> None:
    assert grace_s(version) == seconds


@pytest.mark.parametrize(
    ("version", "dies_s", "noticed_s"),
    [
        pytest.param("v1.31.0", 21.0, 60.0, id="heard of at 20 s, seen at 20 s, 40 s of grace"),
        pytest.param("v1.31.0", 29.9, 60.0, id="the renewal before counts, not the death"),
        pytest.param("v1.31.0", 30.0, 70.0, id="renewed in the instant of its death"),
        pytest.param("v1.32.0", 21.0, 70.0, id="ten seconds more from 1.32 on"),
    ],
)
def test_noticed_a_grace_period_after_the_last_lease(
    version: str, dies_s: float, noticed_s: float
) -> None:
    world = quiet(version=version)
    lose(world, 1, at_s=dies_s)
    world.run(noticed_s - 0.001)
    assert (ready(world, 1), taints(world, 1)) == ("True", [])
    world.run(noticed_s)
    assert (ready(world, 1), taints(world, 1)) == ("Unknown", ["unreachable:NoSchedule"])
    conditions = world.status("Node", "m-pool-1")["conditions"]
    assert {each["status"] for each in conditions} == {"Unknown"}
    world.run(noticed_s + 4.999)
    assert taints(world, 1) == ["unreachable:NoSchedule"]
    world.run(noticed_s + 5)
    assert taints(world, 1) == ["unreachable:NoSchedule", "unreachable:NoExecute"]


def test_a_lease_between_two_looks_is_seen_at_the_next() -> None:
    world = quiet(version="v1.31.0")
    world.member.nodes.lease_phase_s[0] = 2.5  # renewed at 22.5 s, seen at 25 s
    lose(world, 1, at_s=23.0)
    world.run(64.999)
    assert ready(world, 1) == "True"
    world.run(65.0)
    assert ready(world, 1) == "Unknown"


def test_phases_of_a_lost_node() -> None:
    """Dies at 21 s: noticed 70, tainted 75, evicted 375, replaced at once, ready a second later."""
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    lose(world, 1, at_s=21.0)
    world.run(69.999)
    assert world.status("Deployment", "web")["readyReplicas"] == 3
    world.run(70.1)
    assert world.status("Deployment", "web")["readyReplicas"] == 2
    (lost,) = pods_on(world, 1)
    ready_ = {c["type"]: c["status"] for c in lost["status"]["conditions"]}
    assert (ready_["Ready"], ready_["ContainersReady"]) == ("False", "True")
    world.run(374.999)
    assert "deletionTimestamp" not in pods_on(world, 1)[0]
    assert len(world.pods()) == 3
    world.run(375.1)
    (lost,) = pods_on(world, 1)
    assert lost["metadata"]["deletionTimestamp"]
    disruption = lost["status"]["conditions"][-1]
    assert disruption["type"] == "DisruptionTarget"
    assert disruption["reason"] == "DeletionByTaintManager"
    assert len(world.pods()) == 4
    world.run(376.5)
    assert world.status("Deployment", "web")["readyReplicas"] == 3
    assert {p["spec"]["nodeName"] for p in world.list("Pod")} >= {"m-pool-2", "m-pool-3"}
    world.run(3000)
    assert sorted(world.pods().values()) == ["Running"] * 3 + ["Terminating"]


def test_the_node_returns_before_anybody_noticed() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    lose(world, 1, at_s=21.0)
    world.run(40)
    world.member.end_fault(1, 40.0)
    world.run(41.5)
    (pod,) = pods_on(world, 1)
    status = pod["status"]["containerStatuses"][0]
    assert (status["restartCount"], status["ready"]) == (1, False)
    world.run(42.5)
    status = pods_on(world, 1)[0]["status"]["containerStatuses"][0]
    assert (status["restartCount"], status["ready"]) == (1, True)
    assert status["lastState"] == {"terminated": {"exitCode": 255, "reason": "Unknown"}}
    world.run(400)
    assert (ready(world, 1), taints(world, 1)) == ("True", [])
    assert sorted(world.pods().values()) == ["Running"] * 3


def test_the_node_returns_between_taint_and_eviction() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    lose(world, 1, at_s=21.0)
    world.run(101)
    world.member.end_fault(1, 101.0)
    world.run(102)
    assert (ready(world, 1), taints(world, 1)) == ("True", ["unreachable:NoExecute"])
    world.run(105)
    assert taints(world, 1) == []
    world.run(1000)
    assert sorted(world.pods().values()) == ["Running"] * 3
    assert world.status("Deployment", "web")["readyReplicas"] == 3


def test_the_node_returns_after_the_eviction() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    lose(world, 1, at_s=21.0)
    world.run(500)
    world.member.end_fault(1, 500.0)
    world.run(500.9)
    assert "Terminating" in world.pods().values()
    world.run(501.1)
    assert sorted(world.pods().values()) == ["Running"] * 3


def test_a_stateful_set_waits_for_the_stopping_pod() -> None:
    world = quiet()
    world.create(workload("StatefulSet", "db", replicas=3))
    world.run(20)
    (victim,) = pods_on(world, 1)
    name = victim["metadata"]["name"]
    lose(world, 1, at_s=21.0)
    world.run(3000)
    assert world.pods()[name] == "Terminating"
    assert len(world.pods()) == 3
    world.member.end_fault(1, 3000.0)
    world.run(3003)
    assert world.pods()[name] == "Running"
    assert world.get("Pod", name)["spec"]["nodeName"] == "m-pool-1"
    assert world.status("StatefulSet", "db")["readyReplicas"] == 3


def test_a_stateful_set_goes_on_once_its_pod_is_deleted_by_force() -> None:
    world = quiet()
    world.create(workload("StatefulSet", "db", replicas=3))
    world.run(20)
    name = pods_on(world, 1)[0]["metadata"]["name"]
    lose(world, 1, at_s=21.0)
    world.run(500)
    world.store.delete(world.key("Pod", name), 500.0, propagation="Background")
    world.run(501)
    assert world.pods()[name] == "Terminating"
    world.patch(
        "Node",
        "m-pool-1",
        {
            "spec": {
                "taints": [
                    {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute", "value": ""}
                ]
            }
        },
    )
    world.run(519.9)
    assert world.pods()[name] == "Terminating"
    world.run(525)
    assert world.pods()[name] == "Running"
    assert world.get("Pod", name)["spec"]["nodeName"] != "m-pool-1"


def test_deleting_the_dead_node_lets_its_pods_go() -> None:
    world = quiet()
    world.create(workload("StatefulSet", "db", replicas=3))
    lose(world, 1, at_s=21.0)
    world.run(401)
    world.delete("Node", "m-pool-1")
    world.run(459.9)
    assert "Terminating" in world.pods().values()
    world.run(470)
    assert sorted(world.pods().values()) == ["Running"] * 3
    world.member.end_fault(1, 470.0)
    world.run(480)
    assert ready(world, 1) == "True"  # its kubelet registers again
    assert world.member.probe_now().facts["nodeSummary"] == {"totalNum": 3, "readyNum": 3}


def test_pods_of_daemon_sets_stay() -> None:
    world = quiet()
    world.create(workload("DaemonSet", "agent"))
    lose(world, 1, at_s=21.0)
    world.run(2000)
    assert sorted(world.pods().values()) == ["Running"] * 3
    status = world.status("DaemonSet", "agent")
    assert (status["desiredNumberScheduled"], status["numberReady"]) == (2, 2)
    assert status["numberMisscheduled"] == 1
    world.member.end_fault(1, 2000.0)
    world.run(2010)
    assert world.status("DaemonSet", "agent")["numberReady"] == 3


def test_nothing_new_goes_to_a_tainted_node_but_something_may_before() -> None:
    world = quiet(2)
    lose(world, 1, at_s=21.0)
    world.create(workload("Deployment", replicas=2))
    world.run(60)
    assert len(pods_on(world, 1)) == 1  # nobody knows yet
    assert world.status("Deployment", "web")["readyReplicas"] == 1
    world.run(80)
    world.patch("Deployment", "web", {"spec": {"replicas": 6}})
    world.run(90)
    assert len(pods_on(world, 1)) == 1
    assert len(pods_on(world, 2)) == 5


def test_nodes_of_a_zone_are_tainted_ten_seconds_apart() -> None:
    world = quiet(8)
    lose(world, 1, 2, 3, at_s=21.0)  # 37 %: no disruption
    seen = []
    for second in range(74, 97):
        world.run(float(second))
        seen.append(sum("unreachable:NoExecute" in taints(world, n) for n in (1, 2, 3)))
    assert seen == [0] + [1] * 10 + [2] * 10 + [3] * 2


DISRUPTIONS = [
    # (nodes, zones, lost, tainted at 76 s, tainted at 200 s)
    pytest.param(3, (), (1, 2, 3), 0, 0, id="everything gone: evictions stop"),
    pytest.param(6, (), (1, 2, 3, 4), 0, 0, id="more than 55 % of a small zone: none"),
    pytest.param(6, (), (1, 2, 3), 1, 3, id="half of a zone: the usual pace"),
    pytest.param(3, (), (1, 2), 1, 2, id="two of three are too few to be a disruption"),
    pytest.param(6, ("a", "b"), (1, 3, 5), 1, 3, id="one of two zones: the usual pace"),
    pytest.param(60, (), tuple(range(1, 41)), 1, 2, id="a large zone: 0.01 a second"),
    pytest.param(6, ("a", "b"), (1, 2, 3, 4, 5, 6), 0, 0, id="both zones: evictions stop"),
]


@pytest.mark.parametrize(("nodes", "zones", "lost", "early", "late"), DISRUPTIONS)
def test_the_pace_of_tainting_by_the_health_of_zones(
    nodes: int, zones: tuple[str, ...], lost: tuple[int, ...], early: int, late: int
) -> None:
    world = quiet(nodes, zones)
    lose(world, *lost, at_s=21.0)
    counts = []
    for second in (76.0, 200.0):
        world.run(second)
        counts.append(sum("unreachable:NoExecute" in taints(world, n) for n in lost))
    assert counts == [early, late]


def test_when_everything_is_gone_nothing_is_evicted_and_all_goes_on_after() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=6))
    lose(world, 1, 2, 3, at_s=21.0)
    world.run(3600)
    assert sorted(world.pods().values()) == ["Running"] * 6
    assert world.status("Deployment", "web").get("readyReplicas", 0) == 0
    world.member.end_fault(1, 3600.0)
    world.run(3605)
    assert world.status("Deployment", "web")["readyReplicas"] == 6
    assert [taints(world, n) for n in (1, 2, 3)] == [[], [], []]


def test_leaving_a_total_disruption_the_rest_is_tainted_at_the_usual_pace() -> None:
    world = quiet()
    lose(world, 2, 3, at_s=21.0)
    lose(world, 1, at_s=21.0, fault=2)
    world.run(200)
    world.member.end_fault(2, 200.0)
    world.run(209)
    assert [len(taints(world, n)) for n in (1, 2, 3)] == [0, 1, 1]
    world.run(230)  # out of the disruption at 205 s with an empty bucket: 215 s, 225 s
    assert [len(taints(world, n)) for n in (1, 2, 3)] == [0, 2, 2]


def test_an_evicted_toleration_of_ones_own() -> None:
    world = quiet()
    own = [
        {
            "key": "node.kubernetes.io/unreachable",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 6,
        }
    ]
    world.create(workload("Deployment", pod=template("web", tolerations=own), replicas=3))
    lose(world, 1, at_s=21.0)
    world.run(80.9)
    assert "Terminating" not in world.pods().values()
    world.run(81)
    assert "Terminating" in world.pods().values()


def test_a_taint_of_a_person_evicts_at_once() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    world.run(20)
    taint = {"key": "repair", "value": "now", "effect": "NoExecute"}
    world.patch("Node", "m-pool-1", {"spec": {"taints": [taint]}})
    world.run(25)
    assert pods_on(world, 1) == []
    assert world.status("Deployment", "web")["readyReplicas"] == 3


UNREACHABLE = Taint("node.kubernetes.io/unreachable", "", "NoExecute")
REPAIR = Taint("repair", "", "NoExecute")
STAYS = [
    pytest.param((UNREACHABLE,), (), 300.0, id="five minutes by default"),
    pytest.param((REPAIR,), (), 0.0, id="not at all without a toleration"),
    pytest.param(
        (UNREACHABLE,), (Toleration(operator="Exists"),), float("inf"), id="all is tolerated"
    ),
    pytest.param(
        (UNREACHABLE, REPAIR),
        (Toleration("repair", "Exists", "", "NoExecute", 20),),
        20.0,
        id="the shortest counts",
    ),
    pytest.param(
        (REPAIR,), (Toleration("repair", "Exists", "", "", -5),), 0.0, id="negative is none"
    ),
]


@pytest.mark.parametrize(("taints_", "own", "seconds"), STAYS)
def test_how_long_a_pod_stays(
    taints_: tuple[Taint, ...], own: tuple[Toleration, ...], seconds: float
) -> None:
    assert stays_s(taints_, (*own, *default_tolerations(own, DEFAULTS))) == seconds


def test_two_losses_of_one_node_end_with_the_second() -> None:
    world = quiet()
    lose(world, 1, at_s=21.0)
    lose(world, 1, 2, at_s=22.0, fault=2)
    world.member.end_fault(1, 22.0)
    world.run(100)
    assert [ready(world, n) for n in (1, 2)] == ["Unknown", "Unknown"]
    world.member.end_fault(2, 100.0)
    world.run(102)
    assert [ready(world, n) for n in (1, 2)] == ["True", "True"]


def test_a_short_outage_of_a_node_twice_is_counted_once_each() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    for number, at_s in ((1, 30.0), (2, 40.0)):
        lose(world, 1, at_s=at_s, fault=number)
        world.run(at_s + 2)
        world.member.end_fault(number, at_s + 2)
    world.run(50)
    (pod,) = pods_on(world, 1)
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 2


def test_pods_that_never_restart_have_failed() -> None:
    world = quiet()
    job = workload(
        "Job", "once", template("once", restartPolicy="Never"), completions=3, parallelism=3
    )
    job["spec"]["template"]["metadata"]["annotations"] = {"fedlab.dev/run-for": "1h"}
    world.create(job)
    lose(world, 1, at_s=21.0)
    world.run(30)
    world.member.end_fault(1, 30.0)
    world.run(32)
    assert world.status("Job", "once")["failed"] == 1
    world.run(60)
    assert world.status("Job", "once")["active"] == 3


def test_the_columns_agree_after_a_loss_and_return() -> None:
    world = quiet(4)
    world.create(workload("Deployment", replicas=12))
    lose(world, 1, 2, at_s=21.0)
    world.run(1000)
    world.member.end_fault(1, 1000.0)
    world.run(1100)
    pods, nodes = world.member.pods, world.member.nodes
    assert (pods.recount() == pods.totals).all()
    assert (nodes.free >= 0).all()
    assert int((pods.state == State.AVAILABLE).sum()) == 12
    held = nodes.allocatable()[2] - nodes.free[2]
    assert held.sum() == 12


SETTINGS = [
    pytest.param({"nodeMonitorGrace": "20s"}, (40.0, 45.0, 345.0), id="a shorter grace"),
    pytest.param({"nodeMonitorPeriod": "10s"}, (70.0, 80.0, 380.0), id="fewer looks"),
    pytest.param({"unreachableToleration": "30s"}, (70.0, 75.0, 105.0), id="a shorter stay"),
    pytest.param({"nodeLeaseRenewal": "20s"}, (70.0, 75.0, 375.0), id="fewer renewals"),
]


@pytest.mark.parametrize(("timings", "phases"), SETTINGS)
def test_every_phase_can_be_set(timings: dict[str, str], phases: tuple[float, ...]) -> None:
    world = quiet(**timings)
    world.create(workload("Deployment", replicas=3))
    lose(world, 1, at_s=21.0)
    noticed_s, tainted_s, evicted_s = phases

    def stage() -> tuple[bool, bool, bool]:
        return (
            ready(world, 1) == "Unknown",
            "unreachable:NoExecute" in taints(world, 1),
            "Terminating" in world.pods().values(),
        )

    seen = []
    for time_s in (noticed_s, tainted_s, evicted_s):
        world.run(time_s - 0.001)
        before = stage()
        world.run(time_s)
        seen.append((before, stage()))
    none, one, two = (False,) * 3, (True, False, False), (True, True, False)
    assert seen == [(none, one), (one, two), (two, (True,) * 3)]


def test_no_pace_at_all_never_evicts() -> None:
    world = quiet(nodeEvictionRate=0)
    lose(world, 1, at_s=21.0)
    world.run(4000)
    assert taints(world, 1) == ["unreachable:NoSchedule"]


def test_a_node_excluded_from_disruption_does_not_count() -> None:
    world = quiet()
    for number in (2, 3):
        label = {"node.kubernetes.io/exclude-disruption": ""}
        world.patch("Node", f"m-pool-{number}", {"metadata": {"labels": label}})
    lose(world, 1, at_s=21.0)
    world.run(200)  # the only node that counts is gone: everything is
    assert taints(world, 1) == ["unreachable:NoSchedule"]


def test_watchers_see_a_node_change_with_its_state_before() -> None:
    world = quiet()
    told: list[tuple[float, Any, Any]] = []
    world.store.listen(
        lambda change: told.append((world.env.now, change.old, change.object)), "v1", "Node"
    )
    lose(world, 1, at_s=21.0)
    world.run(80)
    world.member.end_fault(1, 80.0)
    world.run(90)
    counts = [
        (time_s, len(old["spec"].get("taints", ())), len(new["spec"].get("taints", ())))
        for time_s, old, new in told
    ]
    assert counts == [(70.0, 0, 1), (75.0, 1, 2), (81.0, 2, 1), (85.0, 1, 0)]
    versions = [int(new["metadata"]["resourceVersion"]) for _, _, new in told]
    assert versions == sorted(set(versions))


def test_many_pods_are_marked_and_evicted_at_the_pace_of_a_client() -> None:
    world = quiet(3)
    world.create(workload("Deployment", replicas=200))
    world.run(20)
    lost = len(pods_on(world, 1))
    assert lost > 60
    lose(world, 1, at_s=21.0)
    world.run(70.54)
    marked = 30 + 10  # at once, then 20 a second
    assert world.status("Deployment", "web")["readyReplicas"] == 200 - marked
    world.run(70 + (lost - 30) / 20 + 0.1)
    assert world.status("Deployment", "web")["readyReplicas"] == 200 - lost
    for wait_s, gone in ((0.0, 10), (3.0, 30)):  # 10, then three requests each
        world.run(375.0 + wait_s)
        assert list(world.pods().values()).count("Terminating") == gone
    world.run(400.0)
    assert list(world.pods().values()).count("Terminating") == lost


def test_a_node_that_is_back_keeps_pods_that_were_not_marked_yet() -> None:
    world = quiet(3, nodeControllerRate=1, nodeControllerBurst=1)
    world.create(workload("Deployment", replicas=30))
    lose(world, 1, at_s=21.0)
    world.run(72.5)
    world.member.end_fault(1, 72.5)
    world.run(90)
    assert world.status("Deployment", "web")["readyReplicas"] == 30
