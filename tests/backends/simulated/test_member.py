from __future__ import annotations

import json
from typing import Any

import pytest

from lab.core.fleet import NodePool
from lab.core.manifest import Manifest
from lab.core.model import (
    Answered,
    Apply,
    Create,
    Delete,
    Key,
    Observed,
    Patch,
    Probe,
    ProbeResult,
    Subscribe,
    Synced,
    Update,
)
from lab.core.selectors import parse_field_selector, parse_selector_text
from tests.backends.simulated.world import World, template, workload


def config(name: str, value: str = "1") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
        "data": {"key": value},
    }


def answers(world: World) -> list[tuple[float, Answered]]:
    return [(at, each) for at, each in world.events if isinstance(each, Answered)]


def test_every_action_is_answered_after_the_latency() -> None:
    world = World(latency_s=0.1)
    member, key = world.member, world.key("ConfigMap", "c")
    member.submit(1, Create("m", config("c")), "client", 0.0)
    world.run(0.05)
    assert world.store.find(key) is not None
    world.run(1)
    [(at, created)] = answers(world)
    assert (at, created.request, created.error) == (0.1, 1, None)
    actions = [
        Create("m", config("c")),
        Patch(key, {"data": {"key": "2"}}),
        Update(
            "m",
            {**config("c", "3"), "metadata": {**config("c")["metadata"], "resourceVersion": "1"}},
        ),
        Delete(key),
        Delete(key),
    ]
    for number, action in enumerate(actions, 2):
        member.submit(number, action, "client", 1.0)
    world.run(2)
    reasons = {each.request: each.error.reason if each.error else "" for _, each in answers(world)}
    assert reasons == {1: "", 2: "AlreadyExists", 3: "", 4: "Conflict", 5: "", 6: "NotFound"}


def test_server_side_apply() -> None:
    world = World()
    world.member.submit(1, Apply("m", config("c"), "karmada"), "client", 0.0)
    world.run(1)
    [(_, answer)] = answers(world)
    assert answer.error is None
    assert world.get("ConfigMap", "c")["data"] == {"key": "1"}


def test_each_client_has_its_own_rate_limit() -> None:
    world = World(latency_s=0.0)
    for number in range(100):
        world.member.submit(number, Create("m", config(f"a{number}")), "one", 0.0)
    world.member.submit(200, Create("m", config("b")), "other", 0.0)
    world.run(10)
    times = {each.request: at for at, each in answers(world)}
    assert times[59] == 0.0
    assert times[60] == 0.025
    assert times[99] == 1.0  # 60 at once, then 40 a second
    assert times[200] == 0.0


def test_subscriptions_list_first_then_follow() -> None:
    world = World()
    world.create(config("a"))
    world.run(0.5)
    world.member.submit(1, Subscribe("m", "v1", "ConfigMap"), "client", 0.5)
    world.run(1)
    first = [each for _, each in world.events]
    initial = [each.key.name for each in first if isinstance(each, Observed) and each.initial]
    assert sorted(initial)[0] == "a"
    assert first[len(initial)] == Synced("m", "v1", "ConfigMap")
    assert isinstance(first[-1], Answered)
    world.events.clear()
    world.create(config("b"))
    world.patch("ConfigMap", "b", {"data": {"key": "2"}})
    world.delete("ConfigMap", "b")
    world.run(2)
    live = [each for _, each in world.events if isinstance(each, Observed)]
    assert [each.initial for each in live] == [False] * 3
    values = [(e.old and e.old["data"]["key"], e.object and e.object["data"]["key"]) for e in live]
    assert values == [(None, "1"), ("1", "2"), ("2", None)]
    assert world.events[0][0] == 1.0025


def test_subscribing_twice_tells_once() -> None:
    world = World()
    for number in (1, 2):
        world.member.submit(number, Subscribe("m", "v1", "Secret"), "client", 0.0)
    world.run(1)
    world.create({**config("s"), "kind": "Secret", "data": {}})
    world.run(2)
    assert len([e for _, e in world.events if isinstance(e, Observed)]) == 1


def test_pods_are_told_of_with_every_change() -> None:
    world = World()
    world.member.submit(1, Subscribe("m", "v1", "Pod"), "client", 0.0)
    world.create(workload("Deployment", replicas=1))
    world.run(5)
    world.patch("Deployment", "web", {"spec": {"replicas": 0}})
    world.run(10)
    seen = [e for _, e in world.events if isinstance(e, Observed)]

    def looks(pod: Manifest | None) -> str:
        if pod is None:
            return "gone"
        if pod["metadata"].get("deletionTimestamp"):
            return "Terminating"
        return str(pod["status"]["phase"])

    phases = [looks(each.object) for each in seen]
    assert phases == ["Pending", "Pending", "Pending", "Running", "Terminating", "gone"]
    versions = [int(e.object["metadata"]["resourceVersion"]) for e in seen if e.object is not None]
    assert versions == sorted(set(versions))
    assert seen[0].old is None


def test_unknown_kinds_pass_through_unchanged() -> None:
    world = World()
    thing = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "default"},
        "spec": {"size": 3, "any": [{"deep": None}]},
    }
    world.member.submit(1, Create("m", thing), "client", 0.0)
    world.run(1)
    [(_, answer)] = answers(world)
    assert answer.object is not None
    assert answer.object["spec"] == thing["spec"]


def test_an_api_that_is_missing_is_refused_and_not_announced() -> None:
    world = World(missing_apis=("batch/v1",))
    world.member.submit(1, Create("m", workload("Job", "j")), "client", 0.0)
    world.run(1)
    [(_, answer)] = answers(world)
    assert answer.error is not None
    assert answer.error.code == 404
    groups = {each["groupVersion"] for each in world.member.probe_now().facts["apiEnablements"]}
    assert "batch/v1" not in groups
    assert "apps/v1" in groups


def test_a_probe_in_karmadas_shape() -> None:
    extra = ({"groupVersion": "x.io/v1", "resources": [{"name": "things", "kind": "Thing"}]},)
    world = World(pools=(NodePool("pool", 2, cpu="2", memory="4Gi", pods=10),), extra_apis=extra)
    requests = {"cpu": "300m", "memory": "1Gi"}
    world.create(workload("Deployment", replicas=3, pod=template(requests=requests)))
    huge = template("huge", requests={"cpu": "5", "nvidia.com/gpu": "1"})
    world.create(workload("Deployment", "huge", replicas=1, pod=huge))
    world.run(5)
    world.member.submit(7, Probe("m"), "client", 5.0)
    world.run(6)
    at, result = world.events[-1]
    assert isinstance(result, ProbeResult)
    assert (at, result.online, result.healthy) == (5.005, True, True)
    facts = result.facts
    assert facts["kubernetesVersion"] == "v1.36.2"
    assert facts["nodeSummary"] == {"totalNum": 2, "readyNum": 2}
    assert facts["resourceSummary"] == {
        "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "20"},
        "allocating": {"cpu": "5", "nvidia.com/gpu": "1", "pods": "1"},
        "allocated": {"cpu": "900m", "memory": "3Gi", "pods": "3"},
    }
    gib = 2**30
    whole = {"cpu": 2000, "memory": 4 * gib, "pods": 10}
    assert sorted(facts["nodes"], key=str) == [
        (whole, {"cpu": 300, "memory": gib, "pods": 1}),
        (whole, {"cpu": 600, "memory": 2 * gib, "pods": 2}),
    ]
    apps = next(each for each in facts["apiEnablements"] if each["groupVersion"] == "apps/v1")
    assert {"name": "deployments", "kind": "Deployment"} in apps["resources"]
    assert all("/" not in each["name"] for each in apps["resources"])
    assert extra[0] in facts["apiEnablements"]


def test_finished_pods_take_no_room_in_a_probe() -> None:
    world = World()
    pod = template("job", requests={"cpu": "1"}, restartPolicy="Never")
    world.create(workload("Job", "job", pod=pod))
    world.run(3)
    assert world.member.probe_now().facts["resourceSummary"]["allocated"]["cpu"] == "1"
    world.run(30)
    assert "allocated" not in world.member.probe_now().facts["resourceSummary"]


def test_namespaces_have_their_service_account_and_root_ca() -> None:
    world = World()
    world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    world.run(1)
    for namespace in ("default", "shop"):
        assert world.store.find(Key("m", "v1", "ServiceAccount", namespace, "default")) is not None
        assert (
            world.store.find(Key("m", "v1", "ConfigMap", namespace, "kube-root-ca.crt")) is not None
        )


def test_a_deleted_namespace_waits_for_its_pods() -> None:
    world = World()
    world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    made = workload("Deployment", replicas=2)
    world.store.create({**made, "metadata": {"name": "web", "namespace": "shop"}}, 0.0)
    world.run(3)
    assert len(world.store.list("v1", "Pod", "shop")) == 2
    world.delete("Namespace", "shop")
    world.run(3.2)
    assert world.get("Namespace", "shop")["status"]["phase"] == "Terminating"
    world.run(6)
    assert world.store.find(world.key("Namespace", "shop")) is None
    assert world.store.list("v1", "Pod") == []
    assert not world.member.pods.totals.any()


def test_bare_pods_live_and_end() -> None:
    world = World()
    notes = {"fedlab.dev/run-for": "5s"}
    pod = template("solo", annotations=notes, restartPolicy="Never")
    body = {"apiVersion": "v1", "kind": "Pod", "spec": pod["spec"]}
    world.create({**body, "metadata": {**pod["metadata"], "name": "solo", "namespace": "default"}})
    assert world.pods() == {"solo": "Pending"}
    world.run(3)
    assert world.pods() == {"solo": "Running"}
    world.patch("Pod", "solo", {"metadata": {"labels": {"tier": "x"}}})
    assert world.get("Pod", "solo")["metadata"]["labels"] == {"app": "solo", "tier": "x"}
    world.run(8)
    assert world.pods() == {"solo": "Succeeded"}
    world.delete("Pod", "solo")
    assert world.pods() == {}
    assert not world.member.pods.totals.any()


def test_pods_can_be_selected_and_paged() -> None:
    world = World()
    world.create(workload("Deployment", "a", replicas=7))
    world.create(workload("StatefulSet", "b", replicas=2, podManagementPolicy="Parallel"))
    world.run(5)
    store = world.store
    by_label = store.list("v1", "Pod", None, parse_selector_text("app=b"))
    assert [each["metadata"]["name"] for each in by_label] == ["b-0", "b-1"]
    label = parse_selector_text("statefulset.kubernetes.io/pod-name=b-1")
    assert len(store.list("v1", "Pod", None, label)) == 1
    fields = parse_field_selector("spec.nodeName=m-pool-1")
    here = store.list("v1", "Pod", "default", field_selector=fields)
    assert here == [p for p in store.list("v1", "Pod") if p["spec"]["nodeName"] == "m-pool-1"]
    names: list[str] = []
    token = ""
    while True:
        page = store.list_page("v1", "Pod", limit=4, continue_token=token)
        names += [each["metadata"]["name"] for each in page.items]
        token = page.continue_token
        if not token:
            break
    assert names == sorted(names)
    assert len(set(names)) == 9


def test_what_stood_there_before_is_ready_at_once() -> None:
    made = workload("Deployment", replicas=3)
    world = World(timings={"podStart": "30s"}, manifests=(made,))
    assert world.env.now == 0
    assert world.status("Deployment", "web")["availableReplicas"] == 3
    assert all(pod["status"]["phase"] == "Running" for pod in world.list("Pod"))
    assert world.member.probe_now().facts["resourceSummary"]["allocated"]["pods"] == "3"


SLOW: dict[str, Any] = {
    "podStart": {"p0": "500ms", "p50": "2s", "p99": "9s"},
    "imagePull": True,
    "termination": {"p0": "0s", "p100": "5s"},
}


def story(seed: int) -> str:
    world = World(SLOW, seed=seed, pools=(NodePool("pool", 4, cpu="2"),))
    for kind in ("Deployment", "Pod", "ReplicaSet", "StatefulSet"):
        world.member.submit(1, Subscribe("m", "v1" if kind == "Pod" else "apps/v1", kind), "c", 0.0)
    world.create(workload("Deployment", replicas=9, pod=template(requests={"cpu": "500m"})))
    world.create(workload("StatefulSet", "db", replicas=3))
    world.run(20)
    world.patch("Deployment", "web", {"spec": {"replicas": 4}})
    world.run(60)
    return json.dumps([(at, repr(each)) for at, each in world.events])


def test_the_same_seed_tells_the_same_story() -> None:
    assert story(1) == story(1)
    assert story(1) != story(2)


@pytest.mark.parametrize("name", ["x\x1b[31m", "../up", "a[b]", "new\nline"])
def test_hostile_names_are_data(name: str) -> None:
    world = World()
    assert world.store.find(world.key("Pod", name)) is None
    assert world.store.find(world.key("Node", name)) is None
