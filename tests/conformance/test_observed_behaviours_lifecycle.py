"""What happens to member objects: suspension, preservation, adoption, drift, moves and deletion."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.manifest import condition, labels_of
from tests.conformance.manifests import deployment, policy, thing
from tests.conformance.observed import Play

WEB = "Deployment/web"
BOTH = ["member1", "member2"]
CRD = "CustomResourceDefinition/gadgets.example.com"


def dispatching(play: Play) -> dict[str, str]:
    return {
        name: (condition(work, "Dispatching") or {}).get("status", "")
        for name, work in play.works().items()
    }


def played(replicas: int = 4, **spec: Any) -> Play:
    return Play().settle(policy(clusters=BOTH, **spec), deployment(replicas))


def test_an_edit_that_moves_clusters_adds_and_removes_together() -> None:
    play = played()
    play.apply(policy(clusters=["member3"]))
    play.wait(0.4)
    assert play.holders(WEB) == {"member3"}
    assert play.get(WEB, "member3").get("status", {}).get("readyReplicas", 0) == 0


def test_suspending_one_cluster_freezes_its_work_only() -> None:
    play = played()
    some = {"dispatchingOnClusters": {"clusterNames": ["member1"]}}
    play.settle(policy(clusters=BOTH, suspension=some))
    assert dispatching(play) == {"member1": "False", "member2": "True"}
    play.scale(WEB, 7)
    play.settle()
    assert play.members(WEB) == {"member1": 4, "member2": 7}
    assert play.verdict("FullyApplied")[0] == "True"
    play.settle(policy(clusters=BOTH))
    assert dispatching(play) == {"member1": "True", "member2": "True"}
    assert play.members(WEB) == {"member1": 7, "member2": 7}


def test_suspending_a_whole_policy_writes_works_but_applies_nothing() -> None:
    play = played(suspension={"dispatching": True})
    assert dispatching(play) == {"member1": "False", "member2": "False"}
    assert play.holders(WEB) == set()
    found = condition(play.works()["member1"], "Dispatching") or {}
    assert found["reason"] == "SuspendDispatching"
    play.settle(policy(clusters=BOTH))
    assert play.holders(WEB) == set(BOTH)


def test_suspending_the_scheduling_of_a_binding_keeps_its_clusters() -> None:
    play = played()
    play.patch("ResourceBinding/web-deployment", {"spec": {"suspension": {"scheduling": True}}})
    play.settle(policy(clusters=["member3"]))
    assert play.targets() == {"member1": 4, "member2": 4}
    assert play.binding()["spec"]["suspension"] == {"scheduling": True}, "kept over syncs"
    play.patch("ResourceBinding/web-deployment", {"spec": {"suspension": None}})
    play.settle()
    assert play.members(WEB) == {"member3": 4}


@pytest.mark.parametrize("way", ["template deleted", "policy moves away"])
@pytest.mark.parametrize("preserved", [True, False], ids=["preserved", "not preserved"])
def test_member_objects_after(way: str, preserved: bool) -> None:
    play = played(preserveResourcesOnDeletion=preserved)
    if way == "template deleted":
        play.delete(WEB)
    else:
        play.apply(policy(clusters=["member3"], preserveResourcesOnDeletion=preserved))
    play.settle()
    left = play.holders(WEB) - {"member3"}
    assert left == (set(BOTH) if preserved else set())
    assert set(play.works()) <= {"member3"}
    for name in left:
        assert play.get(WEB, name)["spec"]["replicas"] == 4
        marks = play.marks(WEB, name)
        assert not {each for each in marks if "propagationpolicy" not in each} - {
            "work.karmada.io/conflict-resolution"
        }


def test_deleting_a_template_deletes_everything_made_from_it() -> None:
    play = played()
    play.delete(WEB)
    play.settle()
    assert play.find("ResourceBinding/web-deployment") is None
    assert (play.works(), play.holders(WEB)) == ({}, set())
    pods = [play.federation.store_of(name).list("v1", "Pod") for name in BOTH]
    assert pods == [[], []], "background deletion takes the pods along"


STANDING = deployment(1, labels={"owner": "somebody"})


def test_an_object_that_stands_in_a_member_is_left_alone() -> None:
    play = Play()
    play.apply(STANDING, cluster="member1")
    play.settle(policy(clusters=BOTH), deployment())
    assert play.members(WEB) == {"member1": 1, "member2": 4}
    assert play.marks(WEB, "member1") == set()
    assert play.verdict("FullyApplied") == ("False", "FullyAppliedFailed")
    report = play.reports()["member1"]
    assert (report.get("applied", False), report["health"]) == (False, "Unknown")
    assert report["appliedMessage"] == (
        "Failed to apply all manifests (0/1): resource(kind=Deployment, default/web) already exists"
        " in the cluster member1 and the work.karmada.io/conflict-resolution strategy value is"
        " empty, Karmada will not manage this resource"
    )
    assert play.reports()["member2"]["applied"] is True
    play.delete(WEB)
    play.settle()
    assert play.members(WEB) == {"member1": 1}


def test_overwrite_takes_it_over_within_four_seconds() -> None:
    play = Play()
    play.apply(STANDING, cluster="member1")
    play.settle(policy(clusters=BOTH), deployment())
    play.apply(policy(clusters=BOTH, conflictResolution="Overwrite"))
    play.wait(4.0)
    assert play.members(WEB) == {"member1": 4, "member2": 4}
    assert labels_of(play.get(WEB, "member1"))["karmada.io/managed"] == "true"
    assert labels_of(play.get(WEB, "member1"))["owner"] == "somebody"
    play.settle()
    assert play.verdict("FullyApplied")[0] == "True"


def test_a_template_may_ask_for_its_own_conflict_resolution() -> None:
    play = Play()
    play.apply(STANDING, cluster="member1")
    asks = deployment(annotations={"work.karmada.io/conflict-resolution": "overwrite"})
    play.settle(policy(clusters=BOTH), asks)
    assert play.members(WEB) == {"member1": 4, "member2": 4}


def test_drift_is_repaired_but_own_labels_and_annotations_stay() -> None:
    play = played()
    own = {"labels": {"own": "label", "app": "mine"}, "annotations": {"own": "note"}}
    drift = {"replicas": 9, "minReadySeconds": 5, "paused": True}
    play.patch(WEB, {"metadata": own, "spec": drift}, "member1")
    play.wait(0.3)
    found = play.get(WEB, "member1")
    assert found["spec"]["replicas"] == 4
    assert found["spec"].get("minReadySeconds", 0) == 0
    assert found["spec"].get("paused", False) is False
    assert (labels_of(found)["own"], labels_of(found)["app"]) == ("label", "web")
    assert found["metadata"]["annotations"]["own"] == "note"


def test_a_label_that_the_template_drops_goes_from_the_members() -> None:
    play = Play().settle(policy(clusters=BOTH), deployment(labels={"old": "x"}))
    play.patch(WEB, {"metadata": {"labels": {"old": None}}})
    play.settle()
    assert "old" not in labels_of(play.get(WEB, "member1"))


def test_an_object_deleted_in_a_member_is_made_again() -> None:
    play = played()
    uid = play.get(WEB, "member1")["metadata"]["uid"]
    play.delete(WEB, "member1")
    play.wait(0.3)
    assert play.get(WEB, "member1")["metadata"]["uid"] != uid
    assert play.members(WEB) == {"member1": 4, "member2": 4}


def test_member_replicas_stay_where_the_template_says_so() -> None:
    retained = deployment(labels={"resourcetemplate.karmada.io/retain-replicas": "true"})
    play = Play().settle(policy(clusters=BOTH), retained)
    play.patch(WEB, {"spec": {"replicas": 9}}, "member1")
    play.settle()
    assert play.members(WEB) == {"member1": 9, "member2": 4}


def test_a_protected_template_cannot_be_deleted() -> None:
    label = "resourcetemplate.karmada.io/deletion-protected"
    play = Play().settle(policy(clusters=BOTH), deployment(labels={label: "Always"}))
    with pytest.raises(ApiError, match="protected"):
        play.delete(WEB)
    play.patch(WEB, {"metadata": {"labels": {label: None}}})
    play.delete(WEB)
    play.settle()
    assert play.holders(WEB) == set()


def test_a_template_deleted_and_made_again_at_once_gets_a_binding_of_its_own() -> None:
    play = played()
    play.delete(WEB)
    play.apply(deployment(6))
    play.settle()
    play.wait(15.0)
    owner = play.binding()["metadata"]["ownerReferences"][0]
    assert owner["uid"] == play.get(WEB)["metadata"]["uid"]
    assert play.members(WEB) == {"member1": 6, "member2": 6}


def test_what_a_member_sets_itself_in_a_service_is_retained() -> None:
    ports = [{"port": 80}]
    front = thing("Service/web", spec={"selector": {"app": "web"}, "ports": ports})
    play = Play().settle(policy(selects="Service", clusters=BOTH), front)
    addresses = {name: play.get("Service/web", name)["spec"]["clusterIP"] for name in BOTH}
    work = play.works("Service")["member1"]["spec"]["workload"]["manifests"][0]
    assert "clusterIP" not in work["spec"], "each cluster has addresses of its own"
    play.patch("Service/web", {"spec": {"ports": [{"name": "web", "port": 8080}]}})
    play.settle()
    for name, address in addresses.items():
        spec = play.get("Service/web", name)["spec"]
        assert spec["ports"][0]["port"] == 8080
        assert address
        assert spec["clusterIP"] == address
