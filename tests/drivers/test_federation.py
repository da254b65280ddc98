from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.core.errors import InputError
from lab.core.fleet import ClusterSpec, FleetSpec
from lab.core.manifest import condition
from lab.core.model import HUB, Key
from lab.drivers.federation import Federation, Settings

FLEET = FleetSpec((ClusterSpec("member1"), ClusterSpec("member2")))
CONTAINER = {
    "name": "web",
    "image": "nginx:1.27",
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}},
    "spec": {
        "replicas": 5,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]}},
    },
}
POLICY: dict[str, Any] = {
    "apiVersion": "policy.karmada.io/v1alpha1",
    "kind": "PropagationPolicy",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment"}],
        "placement": {"replicaScheduling": {"replicaSchedulingType": "Divided"}},
    },
}
TEMPLATE = Key(HUB, "apps/v1", "Deployment", "default", "web")


def played(seed: int = 7, **members: Any) -> Federation:
    """A run with every kind of chance in it: pod starts and image pulls are drawn."""
    federation = Federation(FLEET, Settings(members=members), seed=seed)
    federation.acting("user")
    federation.hub.store.create(POLICY, federation.now_s)
    federation.hub.store.create(DEPLOYMENT, federation.now_s)
    assert federation.run_until_quiet(settle_s=30.0)
    return federation


def test_a_run_begins_with_clusters_that_are_ready() -> None:
    federation = Federation(FLEET)
    assert federation.now_s == 0.0
    clusters = federation.hub.store.list("cluster.karmada.io/v1alpha1", "Cluster")
    assert [each["metadata"]["name"] for each in clusters] == ["member1", "member2"]
    for cluster in clusters:
        ready = condition(cluster, "Ready")
        assert ready is not None
        assert ready["status"] == "True"
        assert cluster["status"]["nodeSummary"] == {"totalNum": 3, "readyNum": 3}


def test_a_template_becomes_ready_pods_and_its_status_is_their_sum() -> None:
    federation = played()
    status = federation.hub.store.get(TEMPLATE)["status"]
    assert (status["replicas"], status["readyReplicas"], status["observedGeneration"]) == (5, 5, 2)
    pods = {
        name: len(member.store.list("v1", "Pod", "default"))
        for name, member in federation.members.items()
    }
    assert sum(pods.values()) == 5
    assert min(pods.values()) >= 2


def test_quiet_means_zero_writes_from_then_on() -> None:
    federation = played()
    before = (federation.hub.store.resource_version, federation.engine.last_change_s)
    federation.run_until(federation.now_s + 3600.0)
    assert (federation.hub.store.resource_version, federation.engine.last_change_s) == before


def test_waiting_longer_in_one_go_or_in_slices_is_the_same() -> None:
    whole, sliced = Federation(FLEET, seed=3), Federation(FLEET, seed=3)
    for federation in (whole, sliced):
        federation.acting("user")
        federation.hub.store.create(POLICY, federation.now_s)
        federation.hub.store.create(DEPLOYMENT, federation.now_s)
    whole.run_until(60.0)
    for tenths in range(1, 601):
        sliced.run_until(tenths / 10)
    assert whole.trace.digest() == sliced.trace.digest()


def test_same_seed_same_trace_and_another_seed_another() -> None:
    first, second, third = played(seed=7), played(seed=7), played(seed=8)
    assert first.trace.digest() == second.trace.digest()
    assert first.trace.digest() != third.trace.digest()


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_same_trace_in_another_process_with_another_hash_seed(hash_seed: str) -> None:
    program = (
        "from tests.drivers.test_federation import played\n"
        "import sys; sys.stdout.write(played(seed=7).trace.digest())"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).resolve().parent.parent.parent,
        env={"PYTHONHASHSEED": hash_seed, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == played(seed=7).trace.digest()
    assert len(result.stdout) == hashlib.sha256().digest_size * 2


def test_an_unknown_cluster_is_an_error_with_the_nearest_name() -> None:
    federation = Federation(FLEET)
    with pytest.raises(InputError, match='no cluster is named "membr1" — did you mean "member1"'):
        federation.store_of("membr1")
    assert federation.store_of("member1") is federation.members["member1"].store
    assert federation.store_of(HUB) is federation.hub.store


def test_a_cluster_that_is_not_joined_has_no_object_and_gets_nothing() -> None:
    fleet = FleetSpec((ClusterSpec("member1"), ClusterSpec("member2", joined=False)))
    federation = Federation(fleet, seed=1)
    federation.acting("user")
    federation.hub.store.create(POLICY, federation.now_s)
    federation.hub.store.create(DEPLOYMENT, federation.now_s)
    federation.run_until_quiet(settle_s=30.0)
    assert federation.members["member2"].store.list("apps/v1", "Deployment") == []
    assert len(federation.members["member1"].store.list("v1", "Pod", "default")) == 5


def test_after_a_persons_write_the_next_event_is_now() -> None:
    federation = Federation(FLEET, seed=1)
    assert federation.next_event_s() > 0.0
    federation.acting("user")
    federation.hub.store.create(DEPLOYMENT, federation.now_s)
    assert federation.next_event_s() == 0.0
    federation.run_until(0.0)
    assert federation.next_event_s() > 0.0


@pytest.mark.parametrize("settle_s", [3.0, 0.1, 0.3, 7.7])
def test_waiting_for_quiet_ends_whatever_the_last_change_adds_up_to(settle_s: float) -> None:
    federation = Federation(FLEET)
    for last_s in (5.8105, 0.1, 1.1, 2.2):
        federation.engine.last_change_s = federation.now_s + last_s
        assert federation.run_until_quiet(settle_s)
