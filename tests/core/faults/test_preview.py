"""The blast of a fault: clusters, nodes, pods and applications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.faults import Blast, preview, read_fault
from lab.core.manifest import Manifest
from tests.core.faults.fleet import FLEET

APPS = "apps/v1"


def owned(kind: str, name: str, by: tuple[str, str] | None, **more: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "default"}
    if by is not None:
        metadata["ownerReferences"] = [{"kind": by[0], "name": by[1], "controller": True}]
    return {"kind": kind, "metadata": metadata, **more}


def pod(name: str, node: str, by: tuple[str, str] | None, phase: str = "Running") -> dict[str, Any]:
    return owned("Pod", name, by, spec={"nodeName": node}, status={"phase": phase})


def binding(name: str, kind: str, namespace: str, **clusters: int) -> dict[str, Any]:
    resource = {"kind": kind, "name": name, **({"namespace": namespace} if namespace else {})}
    targets = [{"name": each, "replicas": count} for each, count in clusters.items()]
    return {"spec": {"resource": resource, "clusters": targets}}


class State:
    """web has 2 pods in east1 and 1 in west; others are a job, a bare pod and an agent."""

    OBJECTS: Mapping[tuple[str, str], Sequence[Manifest]] = {
        ("east1", "Pod"): [
            pod("web-1", "east1-p-1", ("ReplicaSet", "web-a")),
            pod("web-2", "east1-p-2", ("ReplicaSet", "web-a")),
            pod("bare", "east1-p-2", None),
            pod("done", "east1-p-2", ("Job", "sum"), "Succeeded"),
            pod("waits", "", ("ReplicaSet", "web-a"), "Pending"),
        ],
        ("east1", "ReplicaSet"): [owned("ReplicaSet", "web-a", ("Deployment", "web"))],
        ("west", "Pod"): [
            pod("web-1", "west-p-1", ("ReplicaSet", "web-b")),
            pod("agent-1", "west-p-2", ("DaemonSet", "agent")),
        ],
        ("west", "ReplicaSet"): [owned("ReplicaSet", "web-b", ("Deployment", "web"))],
        ("", "ResourceBinding"): [
            binding("web", "Deployment", "default", east1=2, west=1),
            binding("config", "ConfigMap", "default", east1=0),
            binding("agent", "DaemonSet", "default", west=0),
            binding("other", "Deployment", "default", edge=3),
        ],
        ("", "ClusterResourceBinding"): [binding("role", "ClusterRole", "", east1=0, west=0)],
    }

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        return self.OBJECTS.get((cluster, kind), [])


def blast(given: dict[str, Any]) -> Blast:
    return preview(read_fault(given, FLEET), FLEET, State(), 0)


def struck(found: Blast) -> dict[str, tuple[int, int, int, int]]:
    return {each.name: (each.nodes, each.of_nodes, each.pods, each.of_pods)
            for each in found.clusters}  # fmt: skip


def apps(found: Blast) -> dict[str, tuple[int, dict[str, int]]]:
    return {each.name: (each.replicas, dict(each.struck)) for each in found.applications}


def test_a_region() -> None:
    found = blast({"kind": "RegionOutage", "target": {"region": "us-east-1"}})
    assert found.pods_stop
    assert struck(found) == {"east1": (4, 4, 3, 3), "east2": (2, 2, 0, 0)}
    assert apps(found) == {"web": (3, {"east1": 2})}


def test_one_node_has_only_its_own_pods() -> None:
    found = blast({"kind": "NodeLoss", "target": {"nodes": ["east1-p-2"]}})
    assert struck(found) == {"east1": (1, 4, 2, 3)}
    assert apps(found) == {"web": (3, {"east1": 1})}


def test_a_zone() -> None:
    found = blast({"kind": "ZoneOutage", "target": {"zone": "us-east-1a"}})
    assert struck(found) == {"east1": (2, 4, 1, 3), "east2": (2, 2, 0, 0)}
    assert [each.kinds for each in found.clusters] == [("NodeLoss",), ("ClusterOutage",)]


def test_an_api_that_fails_stops_no_pod() -> None:
    found = blast({"kind": "ApiServerDown", "target": {"cluster": "west"}})
    assert not found.pods_stop
    assert apps(found) == {"agent": (1, {"west": 1}), "web": (3, {"west": 1})}
    found = blast({"kind": "FullDisk", "target": {"cluster": "west"}})
    assert not found.pods_stop


def test_the_hub_and_a_link_strike_no_cluster() -> None:
    found = blast({"kind": "ApiServerDown", "target": {"hub": True}})
    assert (found.hub, found.clusters) == (True, ())
    found = blast({"kind": "Partition", "parameters": {"between": ["east1", "west"]}})
    assert (found.between, found.clusters) == (("east1", "west"), ())


def test_it_is_data() -> None:
    data = blast({"kind": "NodeLoss", "target": {"cluster": "west"}}).to_dict()
    assert data["clusters"][0]["ofNodes"] == 3
    assert [each["struck"] for each in data["applications"]] == [{"west": 1}, {"west": 1}]
