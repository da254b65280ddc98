from __future__ import annotations

from typing import Any

import pytest

from tests.backends.simulated.world import World, workload


def service(name: str = "web", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], **spec},
    }


def ready(world: World) -> list[int]:
    return [
        sum(each["conditions"]["ready"] for each in one.get("endpoints") or ())
        for one in world.list("EndpointSlice")
    ]


def test_slices_follow_ready_pods() -> None:
    world = World()
    world.create(service())
    world.create(workload("Deployment", replicas=3))
    world.run(0.5)
    assert ready(world) == [0]
    world.run(3)
    assert ready(world) == [3]
    [one] = world.list("EndpointSlice")
    assert one["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert one["ports"] == [{"name": "", "port": 8080, "protocol": "TCP"}]
    addresses = {each["addresses"][0] for each in one["endpoints"]}
    assert addresses == {pod["status"]["podIP"] for pod in world.list("Pod")}
    world.patch("Deployment", "web", {"spec": {"replicas": 1}})
    world.run(6)
    assert ready(world) == [1]
    world.delete("Service", "web")
    world.run(7)
    assert ready(world) == []


def test_a_slice_holds_a_hundred() -> None:
    world = World({"podCreationRate": 0, "bindRate": 0})
    world.create(service())
    world.create(workload("Deployment", replicas=150))
    world.run(10)
    assert sorted(ready(world)) == [50, 100]


def test_no_selector_no_slices() -> None:
    world = World()
    world.create(service(selector=None))
    world.create(workload("Deployment", replicas=1))
    world.run(3)
    assert ready(world) == []


def test_cluster_addresses_are_given_once_and_kept() -> None:
    world = World()
    first = world.create(service("a"))["spec"]["clusterIP"]
    second = world.create(service("b"))["spec"]["clusterIP"]
    assert first != second
    assert first.startswith("10.96.")
    changed = service("a", type="NodePort")
    world.store.update(changed, 0.0)
    assert world.get("Service", "a")["spec"]["clusterIP"] == first
    assert world.create(service("c", clusterIP="None"))["spec"]["clusterIPs"] == ["None"]


def test_load_balancers_get_an_address_after_a_while_or_never() -> None:
    world = World({"loadBalancer": "10s"})
    world.create(service(type="LoadBalancer"))
    world.run(9)
    assert not world.status("Service", "web").get("loadBalancer", {}).get("ingress")
    world.run(11)
    assert world.status("Service", "web")["loadBalancer"]["ingress"][0]["ip"]
    without = World({"loadBalancer": "never"})
    without.create(service(type="LoadBalancer"))
    without.run(10_000)
    assert not without.status("Service", "web").get("loadBalancer", {}).get("ingress")


BUDGETS: dict[str, tuple[dict[str, Any], int, int, int]] = {
    "minAvailable 2 of 4": ({"minAvailable": 2}, 2, 2, 4),
    "half must stay": ({"minAvailable": "50%"}, 2, 2, 4),
    "one may go": ({"maxUnavailable": 1}, 1, 3, 4),
    "30 percent rounds up": ({"maxUnavailable": "30%"}, 2, 2, 4),
    "all must stay": ({"minAvailable": "100%"}, 0, 4, 4),
}


@pytest.mark.parametrize(("spec", "allowed", "desired", "expected"), BUDGETS.values(), ids=BUDGETS)
def test_disruption_budgets(
    spec: dict[str, Any], allowed: int, desired: int, expected: int
) -> None:
    world = World()
    world.create(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec},
        }
    )
    world.create(workload("Deployment", replicas=4))
    world.run(5)
    status = world.status("PodDisruptionBudget", "web")
    assert status["disruptionsAllowed"] == allowed
    assert (status["currentHealthy"], status["desiredHealthy"]) == (4, desired)
    assert status["expectedPods"] == expected
    world.delete("Pod", next(iter(world.pods())))
    world.run(5.1)
    assert world.status("PodDisruptionBudget", "web")["currentHealthy"] == 3
