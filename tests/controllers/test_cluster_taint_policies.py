"""ClusterTaintPolicy controller: what wakes it, and what it writes."""

from __future__ import annotations

from typing import Any

from lab.controllers import build_controllers
from lab.controllers.cluster_taint_policies import ClusterTaintPolicyController
from lab.core.manifest import set_in
from lab.core.model import HUB, Key, Patch
from lab.core.settings import KarmadaSettings
from tests.controllers.failing import kill, started, switched_on, taint_policy
from tests.controllers.fakes import SETTINGS, changed, cluster, keys, queues, view_for

KEY = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", "member1")


def controller() -> ClusterTaintPolicyController:
    return ClusterTaintPolicyController(SETTINGS, queues)


def about(**affinity: Any) -> dict[str, Any]:
    return set_in(taint_policy(), ("spec", "targetClusters"), affinity)


def test_it_is_there_with_the_gate_only() -> None:
    def names(settings: KarmadaSettings) -> list[str]:
        return [each.name for each in build_controllers(settings)]

    name = ClusterTaintPolicyController.name
    assert name not in names(KarmadaSettings())
    assert name in names(KarmadaSettings().with_gates(Failover=True))


def test_clusters_come_with_new_conditions() -> None:
    loop = controller()
    view = view_for(loop)
    up, down = cluster("member1", "True"), cluster("member1", "False")
    assert keys(changed(view, loop, up)) == ["Cluster member1"]
    assert keys(changed(view, loop, down, up)) == ["Cluster member1"]
    tainted = set_in(down, ("spec", "taints"), [{"key": "a", "effect": "NoSchedule"}])
    assert keys(changed(view, loop, tainted, down)) == []
    assert keys(changed(view, loop, None, tainted)) == []


def test_a_policy_brings_the_clusters_it_is_about() -> None:
    loop = controller()
    view = view_for(loop, cluster("member1"), cluster("member2"))
    new = about(clusterNames=["member2"])
    assert keys(changed(view, loop, new)) == ["Cluster member2"]
    all_of_them = taint_policy()
    assert keys(changed(view, loop, all_of_them, new)) == ["Cluster member1", "Cluster member2"]
    labelled = {**all_of_them, "metadata": {"name": "lost", "labels": {"a": "b"}}}
    assert keys(changed(view, loop, labelled, all_of_them)) == []
    assert keys(changed(view, loop, None, labelled)) == [], "its taints stay"


def test_the_taints_are_written_under_the_version_that_was_read() -> None:
    loop = controller()
    view = view_for(loop, cluster("member1", "False"), taint_policy())
    plan = loop.reconcile(view, KEY, 3.0)
    (patch,) = plan.actions
    assert isinstance(patch, Patch)
    assert patch.body == {
        "metadata": {"resourceVersion": "10"},
        "spec": {
            "taints": [{"key": "lost", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:03Z"}]
        },
    }
    (note,) = plan.notes
    assert note.message == (
        "Update Cluster(member1) with taints(cluster now has taints("
        "[{Key:lost,Effect:NoExecute}])) succeed"
    )
    (decision,) = plan.decisions
    assert decision.summary == "lost adds lost:NoExecute"
    assert decision.explanation["conditions"] == {"Ready": "False"}


def test_nothing_new_nothing_written() -> None:
    loop = controller()
    assert loop.reconcile(view_for(loop, cluster("member1", "True"), taint_policy()), KEY, 0.0) == (
        loop.reconcile(view_for(loop), KEY, 0.0)
    )


def test_taints_follow_the_condition_and_outlive_the_policy() -> None:
    plane = started(switched_on(), names=())
    kill(plane)
    plane.run(60.0)
    assert _effects(plane) == {"NoSchedule", "NoExecute"}
    plane.members["member1"].restore()
    plane.run(60.0)
    assert _effects(plane) == set()
    kill(plane)
    plane.run(60.0)
    plane.delete(Key(HUB, "policy.karmada.io/v1alpha1", "ClusterTaintPolicy", "", "lost"))
    plane.members["member1"].restore()
    plane.run(60.0)
    assert _effects(plane) == {"NoExecute"}, "nobody takes it away any more"


def _effects(plane: Any) -> set[str]:
    found = plane.get("Cluster", "member1", "")
    return {each["effect"] for each in found["spec"].get("taints") or ()}
