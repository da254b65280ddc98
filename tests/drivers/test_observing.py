"""Listeners hear of all that happens in a federation, from its first record on."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.fleet import ClusterSpec, FleetSpec, NodePool
from lab.core.invariants import Monitor
from lab.core.manifest import Manifest
from lab.core.model import HUB, Key
from lab.drivers.federation import Federation
from lab.drivers.observing import FederationObjects, observe

WEB: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx"}]},
        },
    },
}


class Ear:
    """Keeps all it hears."""

    def __init__(self) -> None:
        self.records: list[int] = []
        self.seen: list[tuple[Key, bool, bool]] = []
        self.counts: list[tuple[Key, int]] = []

    def hear(self, record: Any) -> None:
        self.records.append(record.number)

    def saw(self, time_s: float, key: Key, before: Manifest | None, after: Manifest | None) -> None:
        self.seen.append((key, before is not None, after is not None))

    def served(self, time_s: float, key: Key, count: Any) -> None:
        self.counts.append((key, count.serving))


@pytest.fixture
def federation() -> Federation:
    pools = (NodePool("a", 2, cpu="4", memory="8Gi"),)
    return Federation(FleetSpec((ClusterSpec("m1", node_pools=pools),)))


def test_all_that_happens_is_heard(federation: Federation) -> None:
    ear = Ear()
    stop = observe(federation, [ear])
    assert ear.records == [each.number for each in federation.trace.records]
    federation.acting("user")
    federation.store_of("m1").create(WEB, 0.0)
    federation.run_until(60.0)
    federation.store_of("m1").delete(Key("m1", "apps/v1", "Deployment", "default", "web"), 60.0)
    federation.run_until(120.0)
    web = Key("m1", "apps/v1", "Deployment", "default", "web")
    changes = [(before, after) for key, before, after in ear.seen if key == web]
    assert changes[0] == (False, True)
    assert changes[-1] == (True, False)
    assert [serving for key, serving in ear.counts if key == web][-1] == 0
    assert max(serving for key, serving in ear.counts if key == web) == 2
    assert ear.records == [each.number for each in federation.trace.records]
    told = len(ear.records), len(ear.seen), len(ear.counts)
    stop()
    federation.acting("user")
    federation.store_of("m1").create(WEB, 120.0)
    federation.run_until(180.0)
    assert (len(ear.records), len(ear.seen), len(ear.counts)) == told


def test_what_stands_is_told_first(federation: Federation) -> None:
    federation.store_of("m1").create(WEB, 0.0)
    federation.run_until(60.0)
    ear = Ear()
    observe(federation, [ear])
    assert [serving for _, serving in ear.counts] == [2]


def test_objects_are_read_leniently(federation: Federation) -> None:
    objects = FederationObjects(federation)
    assert objects.clusters() == ("m1",)
    assert objects.find(Key("nowhere", "v1", "Pod", "default", "x")) is None
    assert not objects.list("m1", "example.com/v1", "Unknown")
    assert len(objects.list("m1", "v1", "Node")) == 2
    assert ("apps/v1", "Deployment") in set(objects.kinds("m1"))
    assert ("work.karmada.io/v1alpha1", "Work") in set(objects.kinds(HUB))


def test_a_pod_planted_on_a_full_node_is_found(federation: Federation) -> None:
    monitor = Monitor(FederationObjects(federation), laws=["S6"])
    observe(federation, [monitor])
    store = federation.store_of("m1")
    node = store.list("v1", "Node")[0]["metadata"]["name"]
    container = {"name": "a", "image": "nginx", "resources": {"requests": {"cpu": "3"}}}
    for name in ("p", "q"):
        store.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": "default"},
                "spec": {"nodeName": node, "containers": [container]},
            },
            0.0,
        )
    federation.run_until(10.0)
    assert [each.key.name for each in monitor.violations] == [node]
