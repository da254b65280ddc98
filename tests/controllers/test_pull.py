"""Pull mode on a fleet: an agent per member, its lease, the monitor, and what partitions do."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.faults import Fault
from lab.core.faults.model import Target
from lab.core.fleet import ClusterSpec, FleetSpec
from lab.core.manifest import condition, spec_of
from lab.core.model import HUB, Key
from lab.core.settings import karmada_settings
from lab.drivers.federation import Federation, Settings

CLUSTER = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", "pull")
LEASE = Key(HUB, "coordination.k8s.io/v1", "Lease", "karmada-cluster", "pull")
WEB = Key(HUB, "apps/v1", "Deployment", "default", "web")
AGENT = "karmada-agent/pull"
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        },
    },
}
POLICY: dict[str, Any] = {
    "apiVersion": "policy.karmada.io/v1alpha1",
    "kind": "PropagationPolicy",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment"}],
        "placement": {},
    },
}


def fleet(**settings: Any) -> Federation:
    clusters = FleetSpec((ClusterSpec("pull", sync_mode="Pull"), ClusterSpec("push")))
    return Federation(clusters, Settings(karmada_settings(settings)), seed=2)


def running(**settings: Any) -> Federation:
    federation = fleet(**settings)
    federation.acting("user")
    federation.hub.store.create(POLICY, federation.now_s)
    federation.hub.store.create(DEPLOYMENT, federation.now_s)
    federation.run_until(20.0)
    assert replicas(federation) == {"pull": 2, "push": 2}
    return federation


def replicas(federation: Federation) -> dict[str, int]:
    found = {
        name: member.store.find(WEB._replace(cluster=name))
        for name, member in federation.members.items()
    }
    return {name: each["spec"]["replicas"] for name, each in found.items() if each is not None}


def ready(federation: Federation) -> tuple[str, str]:
    found = condition(federation.hub.store.get(CLUSTER), "Ready")
    assert found is not None
    return found["status"], found["reason"]


def taints(federation: Federation) -> list[str]:
    entries = spec_of(federation.hub.store.get(CLUSTER)).get("taints") or ()
    return [entry["key"] for entry in entries]


def inject(federation: Federation, kind: str, length_s: float) -> None:
    federation.acting("step")
    target = Target(clusters=("pull",))
    federation.injector.inject(Fault("it", kind, target, {}, length_s=length_s))


def scale(federation: Federation, count: int) -> None:
    federation.acting("user")
    federation.hub.store.patch(WEB, {"spec": {"replicas": count}}, "merge", federation.now_s)


def test_the_agent_does_what_the_manager_does_for_others() -> None:
    federation = running()
    assert ready(federation) == ("True", "ClusterReady")
    writers = {
        (record.key.cluster, federation.engine.loops[index].controller.client)
        for record in federation.trace.records
        if record.type == "action" and record.key is not None and record.key.kind == "Deployment"
        for index in range(len(federation.engine.loops))
        if federation.engine.loops[index].controller.name == record.actor
        and getattr(federation.engine.loops[index].controller, "cluster", "")
        == ("pull" if record.key.cluster == "pull" else "")
    }
    assert ("pull", AGENT) in writers
    assert ("push", "karmada-controller-manager") in writers
    scale(federation, 3)
    federation.run_until(30.0)
    assert replicas(federation) == {"pull": 3, "push": 3}


def test_the_lease_is_renewed_by_a_quarter_of_its_length() -> None:
    federation = fleet(clusterLeaseDuration="20s")
    times = []
    for second in range(1, 31):
        federation.run_until(float(second))
        times.append(federation.hub.store.get(LEASE)["spec"]["renewTime"])
    assert len(dict.fromkeys(times)) in {6, 7}
    made = federation.hub.store.get(LEASE)
    assert made["spec"]["leaseDurationSeconds"] == 20
    assert made["metadata"]["ownerReferences"][0]["name"] == "pull"
    told = [r for r in federation.trace.records if r.type == "change" and r.key == LEASE]
    assert told == [], "a renewal is no news"


def test_a_push_member_has_no_lease() -> None:
    federation = fleet()
    assert federation.hub.store.find(LEASE._replace(name="push")) is None


def test_cut_off_it_turns_unknown_and_nothing_reaches_it() -> None:
    federation = running()
    inject(federation, "Partition", 100.0)
    scale(federation, 4)
    federation.run_until(55.0)
    assert ready(federation) == ("True", "ClusterReady")
    assert replicas(federation) == {"pull": 2, "push": 4}
    federation.run_until(65.0)
    assert ready(federation) == ("Unknown", "ClusterStatusUnknown")
    assert taints(federation) == ["cluster.karmada.io/unreachable"]
    (decision,) = [
        record.detail
        for record in federation.trace.records
        if record.type == "decision" and record.detail["kind"] == "cluster-silent"
    ]
    assert decision["explanation"]["gracePeriod"] == 40.0
    federation.run_until(119.0)
    assert replicas(federation) == {"pull": 2, "push": 4}
    federation.run_until(600.0)
    assert ready(federation) == ("True", "ClusterReady")
    assert taints(federation) == []
    assert replicas(federation) == {"pull": 4, "push": 4}


def test_a_short_cut_is_never_noticed() -> None:
    federation = running()
    inject(federation, "Partition", 8.0)
    scale(federation, 4)
    federation.run_until(40.0)
    assert federation.engine.processes.is_up(AGENT)
    assert ready(federation) == ("True", "ClusterReady")
    assert replicas(federation) == {"pull": 4, "push": 4}


def test_an_agent_without_the_hub_exits_and_comes_back_in_its_own_time() -> None:
    federation = running()
    inject(federation, "Partition", 60.0)
    federation.run_until(29.0)
    assert federation.engine.processes.is_up(AGENT)
    federation.run_until(31.0)
    assert not federation.engine.processes.is_up(AGENT)
    federation.run_until(85.0)
    assert not federation.engine.processes.is_up(AGENT), "its container waits to be started again"
    federation.run_until(120.0)
    assert federation.engine.processes.is_up(AGENT)
    assert ready(federation) == ("True", "ClusterReady")


def test_the_agent_tells_of_its_own_api_as_a_push_member_would() -> None:
    federation = running()
    inject(federation, "ApiServerDown", 300.0)
    federation.run_until(45.0)
    assert ready(federation) == ("True", "ClusterReady")
    federation.run_until(65.0)
    assert ready(federation) == ("False", "ClusterNotReachable")
    assert taints(federation) == ["cluster.karmada.io/not-ready"]
    renewed = federation.hub.store.get(LEASE)["spec"]["renewTime"]
    federation.run_until(85.0)
    assert federation.hub.store.get(LEASE)["spec"]["renewTime"] > renewed, "the agent lives on"


def test_an_outage_takes_the_agent_along() -> None:
    federation = running()
    inject(federation, "ClusterOutage", 200.0)
    federation.run_until(22.0)
    assert not federation.engine.processes.is_up(AGENT)
    federation.run_until(70.0)
    assert ready(federation) == ("Unknown", "ClusterStatusUnknown")


@pytest.mark.parametrize("grace", ["10s", "100s"])
def test_the_grace_of_the_monitor_is_a_setting(grace: str) -> None:
    federation = running(clusterMonitorGracePeriod=grace)
    inject(federation, "Partition", 300.0)
    federation.run_until(65.0)
    assert ready(federation)[0] == ("Unknown" if grace == "10s" else "True")


def test_a_cluster_without_an_agent_is_never_updated() -> None:
    federation = fleet()
    federation.acting("user")
    lonely = {
        "apiVersion": CLUSTER.api_version,
        "kind": "Cluster",
        "metadata": {"name": "lonely"},
        "spec": {"syncMode": "Pull", "id": "lonely"},
    }
    federation.hub.store.create(lonely, federation.now_s)
    key = CLUSTER._replace(name="lonely")
    federation.run_until(59.0)
    assert condition(federation.hub.store.get(key), "Ready") is None
    federation.run_until(70.0)
    found = condition(federation.hub.store.get(key), "Ready")
    assert found is not None
    assert (found["status"], found["reason"]) == ("Unknown", "ClusterStatusNeverUpdated")


def test_a_crashed_agent_comes_back_and_goes_on() -> None:
    federation = running()
    federation.acting("step")
    federation.engine.processes.crash(AGENT, federation.now_s, federation.acting_record, 15.0)
    scale(federation, 5)
    federation.run_until(30.0)
    assert replicas(federation) == {"pull": 2, "push": 5}
    federation.run_until(60.0)
    assert replicas(federation) == {"pull": 5, "push": 5}
    assert ready(federation) == ("True", "ClusterReady")


def test_it_leaves_with_its_works() -> None:
    federation = running()
    federation.acting("user")
    federation.hub.store.delete(CLUSTER, federation.now_s)
    federation.run_until(60.0)
    assert federation.hub.store.find(CLUSTER) is None
    assert replicas(federation) == {"push": 2}
    assert federation.hub.store.find(LEASE) is None


def test_a_plan_under_way_ends_at_the_cut() -> None:
    """The agent has written to its member; what it had to tell the hub next is not sent."""
    federation = fleet()
    federation.acting("user")
    federation.hub.store.create(POLICY, federation.now_s)
    federation.hub.store.create(DEPLOYMENT, federation.now_s)
    while "pull" not in replicas(federation):
        federation.run_until(round(federation.now_s + 0.0001, 6))
    cut_s = federation.now_s
    inject(federation, "Partition", 8.0)
    federation.run_until(cut_s + 7.9)
    told = [
        record
        for record in federation.trace.records
        if record.type == "action"
        and record.time_s > cut_s
        and record.key is not None
        and record.key.namespace == "karmada-es-pull"
        and record.actor != "binding-controller"
    ]
    assert told == []
    federation.run_until(cut_s + 30.0)
    binding = Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", "web-deployment")
    items = federation.hub.store.get(binding)["status"]["aggregatedStatus"]
    assert {item["clusterName"]: item["status"]["readyReplicas"] for item in items}["pull"] == 2
