"""Which clusters and nodes a target means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.backends.simulated.pods.nodes import NodeTable
from lab.core.errors import InputError
from lab.core.faults import Fault, Target, read_fault, select
from lab.core.faults.selection import TargetError, zones_of
from lab.core.fleet import ClusterSpec, FleetSpec, NodePool, nodes_of
from tests.core.faults.fleet import FLEET

TARGETS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "one by name": ({"cluster": "west"}, ("west",)),
    "several, in the fleet's order": ({"clusters": ["west", "east1"]}, ("east1", "west")),
    "by a label": ({"labels": "env=prod"}, ("east1", "east2")),
    "by labels as a map": ({"labels": {"env": "prod", "tier": "core"}}, ("east1",)),
    "by a label that is not there": ({"labels": "!env"}, ("edge",)),
    "by provider": ({"provider": "aws"}, ("east1", "east2")),
    "by region": ({"region": "us-west-2"}, ("west",)),
    "by zone": ({"zone": "us-east-1a"}, ("east1", "east2")),
    "by region and label": ({"region": "us-east-1", "labels": "tier=core"}, ("east1",)),
    "all of them": ({"percent": 100}, ("east1", "east2", "west", "edge")),
    "as many as there are": ({"count": 4}, ("east1", "east2", "west", "edge")),
}  # fmt: skip


@pytest.mark.parametrize(("target", "want"), TARGETS.values(), ids=TARGETS.keys())
def test_clusters(target: dict[str, Any], want: tuple[str, ...]) -> None:
    fault = read_fault({"kind": "ClusterOutage", "target": target}, FLEET)
    assert select(fault, FLEET, 7).clusters == want


def some(seed: int, fleet: FleetSpec = FLEET, **target: Any) -> tuple[str, ...]:
    return select(Fault("f", "ClusterOutage", Target(**target)), fleet, seed).clusters


def test_a_share_is_rounded_up_and_chosen_by_the_seed() -> None:
    assert len(some(1, percent=1)) == 1
    assert len(some(1, percent=50)) == 2
    assert len(some(1, percent=51)) == 3
    assert some(1, percent=50) == some(1, percent=50)
    assert len({some(seed, count=1) for seed in range(40)}) == 4


@settings(derandomize=True, max_examples=50)
@given(st.integers(0, 1000), st.integers(1, 3))
def test_a_greater_count_strikes_the_same_and_more(seed: int, count: int) -> None:
    assert set(some(seed, count=count)) <= set(some(seed, count=count + 1))


@settings(derandomize=True, max_examples=50)
@given(st.integers(0, 1000))
def test_a_cluster_more_changes_no_other_lot(seed: int) -> None:
    more = FleetSpec((*FLEET.clusters, ClusterSpec("new")))
    before, after = set(some(seed, count=2)), set(some(seed, more, count=2))
    assert len(before - after) <= 1
    assert after - before <= {"new"}


NODES: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "nodes by name": ({"nodes": ["east1-p-2", "west-p-1"]}, {"east1": 1, "west": 1}),
    "nodes of a zone": ({"nodes": {"zone": "us-east-1a"}}, {"east1": 2, "east2": 2}),
    "a cluster's nodes of a zone": ({"cluster": "east1", "zone": "us-east-1b"}, {"east1": 2}),
    "so many of each": ({"region": "us-east-1", "nodes": {"count": 1}}, {"east1": 1, "east2": 1}),
    "a share of each": ({"nodes": {"percent": 34}}, {"east1": 2, "east2": 1, "west": 2, "edge": 1}),
    "a share of a zone's": (
        {"cluster": "east1", "nodes": {"zone": "us-east-1a", "percent": 50}}, {"east1": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("target", "want"), NODES.values(), ids=NODES.keys())
def test_nodes(target: dict[str, Any], want: dict[str, int]) -> None:
    fault = read_fault({"kind": "NodeLoss", "target": target}, FLEET)
    found = select(fault, FLEET, 3).nodes
    assert {name: len(nodes) for name, nodes in found.items()} == want
    known = {name for spec in FLEET.clusters for name, _ in nodes_of(spec)}
    assert all(set(nodes) <= known for nodes in found.values())


def test_a_zone_of_a_kind_that_strikes_clusters_means_whole_clusters() -> None:
    fault = read_fault({"kind": "ApiServerDown", "target": {"zone": "us-east-1b"}}, FLEET)
    assert select(fault, FLEET, 0).clusters == ("east1",)
    assert not select(fault, FLEET, 0).nodes


def test_an_empty_fleet_has_nothing_to_strike() -> None:
    with pytest.raises(TargetError, match="no cluster to choose from"):
        some(0, FleetSpec(()), percent=50)


def test_a_zone_without_nodes_strikes_nothing() -> None:
    fleet = FleetSpec((ClusterSpec("a", zones=("z1", "z2"), node_pools=(NodePool("p", 1),)),))
    assert zones_of(fleet.clusters[0]) == ("z1", "z2")
    with pytest.raises(InputError, match='no node is in zone "z2"'):
        read_fault({"kind": "ZoneOutage", "target": {"zone": "z2"}}, fleet)


def test_the_nodes_are_those_of_the_simulated_members() -> None:
    spec = ClusterSpec(
        "c",
        zones=("a", "b"),
        node_pools=(
            NodePool("x", 5),
            NodePool("y", 2, node_names=("one", "two"), zones=("c",)),
            NodePool("empty", 0),
        ),
    )
    table = NodeTable(spec, np.random.default_rng(1))
    zones = [
        table.labels(row).get("topology.kubernetes.io/zone", "") for row in range(len(table.names))
    ]
    assert nodes_of(spec) == tuple(zip(table.names, zones, strict=True))
