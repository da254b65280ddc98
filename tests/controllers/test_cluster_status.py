"""The cluster status controller: probes, their rhythm, and what they write."""

from __future__ import annotations

from typing import Any

from lab.controllers.cluster_status import ClusterStatusController
from lab.core.fnv import fnv1a_32
from lab.core.manifest import condition, set_in
from lab.core.model import Probe, ProbeResult, Update
from tests.controllers.fakes import (
    SETTINGS,
    changed,
    cluster,
    hub_key,
    keys,
    queues,
    told,
    view_for,
)

FACTS: dict[str, Any] = {
    "kubernetesVersion": "v1.36.2",
    "apiEnablements": [{"groupVersion": "v1", "resources": [{"name": "pods", "kind": "Pod"}]}],
    "nodeSummary": {"totalNum": 1, "readyNum": 1},
    "resourceSummary": {"allocatable": {"cpu": "4"}},
    "nodes": [({"cpu": 4000, "memory": 8 * 2**30, "pods": 110}, {})],
}
WELL = ProbeResult("member1", True, True, facts=FACTS)
GONE = ProbeResult("member1", False, False)
KEY = hub_key(cluster())


def controller() -> ClusterStatusController:
    return ClusterStatusController(SETTINGS, queues)


def test_a_probe_then_its_result_then_the_next_in_phase() -> None:
    loop = controller()
    view = view_for(loop, cluster("member1", None))
    assert loop.reconcile(view, KEY, 100.0).actions == (Probe("member1"),)
    assert loop.reconcile(view, KEY, 100.0).actions == ()  # one probe at a time
    assert keys(told(view, loop, WELL)) == ["Cluster member1"]
    plan = loop.reconcile(view, KEY, 100.25)
    (update,) = plan.actions
    assert isinstance(update, Update)
    assert update.subresource == "status"
    status = update.object["status"]
    assert status["kubernetesVersion"] == "v1.36.2"
    assert (condition(update.object, "Ready") or {})["reason"] == "ClusterReady"
    assert (condition(update.object, "CompleteAPIEnablements") or {})["reason"] == "Complete"
    phase_s = fnv1a_32(b"member1") % 10_000 / 1000
    (again,) = plan.follow
    assert again.key == KEY
    assert round((100.25 + again.after_s - phase_s) % 10, 6) in (0.0, 10.0)
    assert 0 < again.after_s <= 10


def test_the_same_result_again_writes_nothing() -> None:
    loop = controller()
    updated = loop.with_result(cluster("member1", None), WELL, 1.0)
    assert updated is not None
    assert loop.with_result(updated, WELL, 11.0) is None


def test_an_unreachable_cluster_keeps_its_last_capacity() -> None:
    loop = controller()
    standing = loop.with_result(cluster("member1", None), WELL, 0.0)
    assert standing is not None
    assert loop.with_result(standing, GONE, 10.0) is None
    assert loop.with_result(standing, GONE, 20.0) is None
    fallen = loop.with_result(standing, GONE, 40.0)
    assert fallen is not None
    ready = condition(fallen, "Ready") or {}
    assert (ready["status"], ready["reason"]) == ("False", "ClusterNotReachable")
    assert ready["lastTransitionTime"] == "2026-01-01T00:00:40Z"
    assert fallen["status"]["resourceSummary"] == standing["status"]["resourceSummary"]


def test_modelings_are_counted_with_the_gate_on() -> None:
    models = [
        {"grade": 0, "ranges": [{"name": "cpu", "min": "0"}, {"name": "memory", "min": "0"}]},
        {"grade": 1, "ranges": [{"name": "cpu", "min": "1"}, {"name": "memory", "min": "4Gi"}]},
    ]
    modelled = set_in(cluster("member1", None), ("spec", "resourceModels"), models)
    updated = controller().with_result(modelled, WELL, 0.0)
    assert updated is not None
    assert updated["status"]["resourceSummary"]["allocatableModelings"] == [
        {"grade": 0, "count": 0},
        {"grade": 1, "count": 1},
    ]
    off = ClusterStatusController(
        SETTINGS.with_gates(CustomizedClusterResourceModeling=False), queues
    )
    plain = off.with_result(modelled, WELL, 0.0)
    assert plain is not None
    assert "allocatableModelings" not in plain["status"]["resourceSummary"]


def test_nothing_before_the_cluster_controller_had_its_turn() -> None:
    loop = controller()
    raw = cluster("member1", None, finalizers=[])
    view = view_for(loop, raw)
    assert loop.reconcile(view, KEY, 0.0).actions == ()
    assert keys(changed(view, loop, cluster("member1", None), raw)) == ["Cluster member1"]


def test_a_status_change_does_not_probe() -> None:
    loop = controller()
    view = view_for(loop)
    assert changed(view, loop, cluster(), cluster("member1", None)) == []


def test_the_thresholds_count_from_when_probes_were_asked() -> None:
    loop = controller()
    view = view_for(loop, cluster("member1", None))
    told(view, loop, WELL)
    loop.reconcile(view, KEY, 0.0)
    down = ProbeResult("member1", online=False, healthy=False)
    for asked_s, answered_s in ((10.0, 10.5), (20.0, 20.1), (30.0, 30.1)):
        loop.reconcile(view, KEY, asked_s)
        told(view, loop, down)
        assert loop.with_result(cluster("member1", "True"), down, answered_s, asked_s) is None
    late = loop.with_result(cluster("member1", "True"), down, 40.1, 40.0)
    assert late is not None
    assert (condition(late, "Ready") or {})["status"] == "False"


def test_a_probe_that_waited_out_a_partition_counts_from_its_answer() -> None:
    """Asked at 10 s, answered at 30 s when the network was mended: 30 s of success end at 60 s."""
    loop = controller()
    loop.with_result(cluster("member1", None), GONE, 0.0, 0.0)
    fallen = cluster("member1", "False")
    assert loop.with_result(fallen, WELL, 30.0, 10.0) is None
    assert loop.with_result(fallen, WELL, 40.1, 40.0) is None
    assert loop.with_result(fallen, WELL, 50.1, 50.0) is None
    risen = loop.with_result(fallen, WELL, 60.1, 60.0)
    assert risen is not None
    assert condition(risen, "Ready")["status"] == "True"  # type: ignore[index]
