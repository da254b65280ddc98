"""Whatever goes wrong at the members: once healed, everything is as the hub wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.core.fleet import ClusterSpec, FleetSpec, NodePool
from lab.core.manifest import Manifest, condition
from lab.core.model import Key, key_of
from lab.drivers.federation import Federation
from tests.backends.simulated.faults.test_fault_properties import FAULTS, versions
from tests.backends.simulated.world import workload

MEMBERS = ("member1", "member2")
APPS = ("web", "api")
SETTLE_S = 2500.0


def policy(name: str) -> Manifest:
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "PropagationPolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name}],
            "placement": {"clusterAffinity": {"clusterNames": list(MEMBERS)}},
        },
    }


def deployment(cluster: str, name: str) -> Key:
    return Key(cluster, "apps/v1", "Deployment", "default", name)


def federated() -> Federation:
    clusters = (ClusterSpec(name=name, node_pools=(NodePool("p", 3),)) for name in MEMBERS)
    federation = Federation(FleetSpec(clusters=tuple(clusters)), seed=5)
    federation.acting("test")
    for name in APPS:
        federation.hub.store.create(policy(name), federation.now_s)
        federation.hub.store.create(workload("Deployment", name, replicas=2), federation.now_s)
    federation.run_until(20.0)
    return federation


def play(steps: list[tuple[str, Any]]) -> Federation:
    federation = federated()
    active: list[tuple[str, int]] = []
    for what, value in steps:
        if what == "wait":
            federation.run_until(round(federation.now_s + value, 6))
        elif what == "scale":
            name, replicas = value
            federation.acting("test")
            body = {"spec": {"replicas": replicas}}
            federation.hub.store.patch(deployment("", name), body, "merge", federation.now_s)
        elif what == "begin":
            cluster, (kind, parameters) = value
            number = federation.trace.add(federation.now_s, "fault", "fault", None)
            federation.members[cluster].begin_fault(number, kind, parameters, federation.now_s)
            active.append((cluster, number))
        elif active:
            cluster, number = active.pop(value % len(active))
            federation.members[cluster].end_fault(number, federation.now_s)
    for cluster, number in active:
        federation.members[cluster].end_fault(number, federation.now_s)
    federation.run_until(federation.now_s + SETTLE_S)
    return federation


def check(federation: Federation) -> None:
    view, hub = federation.engine.view, federation.hub.store
    for name, member in federation.members.items():
        for each in member.subscriptions:
            place = (each.api_version, each.kind)
            there = {key_of(found, name): found for found in member.store.list(*place)}
            seen = {key_of(found, name): found for found in view.list(name, *place)}
            assert versions(seen) == versions(there)
        for app in APPS:
            wanted = hub.get(deployment("", app))["spec"]["replicas"]
            found = member.store.get(deployment(name, app))
            assert found["spec"]["replicas"] == wanted
            assert found["status"].get("readyReplicas", 0) == wanted
    for work in hub.list("work.karmada.io/v1alpha1", "Work"):
        applied = condition(work, "Applied")
        assert applied is not None
        assert applied["status"] == "True"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([0.001, 0.5, 3.0, 20.0, 60.0, 200.0])),
        st.tuples(st.just("scale"), st.tuples(st.sampled_from(APPS), st.integers(0, 4))),
        st.tuples(st.just("begin"), st.tuples(st.sampled_from(MEMBERS), st.sampled_from(FAULTS))),
        st.tuples(st.just("end"), st.integers(0, 9)),
    ),
    max_size=20,
)


@settings(
    derandomize=True,
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(STEPS)
def test_healed_everything_is_as_it_should_be(steps: list[tuple[str, Any]]) -> None:
    check(play(steps))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: f"{each[0]}{dict(each[1])}")
def test_a_change_during_each_fault_arrives_in_the_end(
    fault: tuple[str, Mapping[str, Any]],
) -> None:
    steps: list[tuple[str, Any]] = [
        ("begin", ("member1", fault)),
        ("wait", 1.0),
        ("scale", ("web", 4)),
        ("wait", 100.0),
        ("scale", ("api", 1)),
    ]
    check(play(steps))


def test_detection_and_recovery_take_what_they_took_on_a_real_control_plane() -> None:
    """Observed: 31.6 to 38.2 s from the kill to NotReady, 30.5 to 39.3 s from there to Ready."""
    federation = federated()
    detected, recovered, at_s = [], [], 31.0

    def until(status: str) -> float:
        begun_s = federation.now_s
        cluster = Key("", "cluster.karmada.io/v1alpha1", "Cluster", "", "member1")
        while True:
            ready = condition(federation.hub.store.get(cluster), "Ready")
            assert ready is not None
            if ready["status"] == status:
                return federation.now_s - begun_s
            federation.run_until(federation.now_s + 0.5)

    for turn in range(8):
        federation.run_until(at_s)
        number = federation.trace.add(at_s, "fault", "fault", None)
        federation.members["member1"].begin_fault(number, "ApiServerDown", {}, at_s)
        detected.append(until("False"))
        federation.run_until(federation.now_s + 30 + 1.3 * turn)
        federation.members["member1"].end_fault(number, federation.now_s)
        recovered.append(until("True"))
        at_s = federation.now_s + 60 + 1.3 * turn
    for found in (detected, recovered):
        assert 30.0 <= min(found) < 34.0
        assert 36.0 < max(found) <= 40.5
