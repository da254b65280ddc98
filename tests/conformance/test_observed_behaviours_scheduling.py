"""What makes the scheduler run for a binding again, and what it does then."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from tests.conformance.manifests import (
    DIVIDED,
    DYNAMIC,
    deployment,
    policy,
)
from tests.conformance.observed import ALL, FLEET, MEMBER2, Play, member

WEB = "Deployment/web"
PROD = {"clusterAffinity": {"labelSelector": {"matchLabels": {"env": "prod"}}}}
NO_FIT = ("False", "NoClusterFit")


@pytest.mark.parametrize("divided", [False, True], ids=["Duplicated at once", "Divided at a scale"])
def test_a_label_change_of_a_cluster_moves(divided: bool) -> None:
    placement = {**PROD, **(DIVIDED if divided else {})}
    play = Play().settle(policy(placement=placement), deployment())
    assert play.holders(WEB) == {"member1", "member2"}
    play.patch("Cluster/member2", {"metadata": {"labels": {"env": "test"}}})
    play.settle()
    assert play.holders(WEB) == ({"member1", "member2"} if divided else {"member1"})
    play.scale(WEB, 6)
    play.settle()
    assert play.members(WEB) == {"member1": 6}


@pytest.mark.parametrize("divided", [False, True], ids=["Duplicated comes", "Divided does not"])
def test_back_to_a_cluster_that_is_uncordoned(divided: bool) -> None:
    play = Play()
    play.cordon("member3")
    play.settle(policy(placement=DIVIDED if divided else {}), deployment())
    assert play.holders(WEB) == {"member1", "member2"}
    play.uncordon("member3")
    play.settle()
    assert play.holders(WEB) == ({"member1", "member2"} if divided else ALL)
    play.scale(WEB, 9)
    play.settle()
    assert play.holders(WEB) == ALL


def test_a_cordoned_cluster_keeps_its_replicas_and_takes_new_ones() -> None:
    play = Play().settle(policy(placement=DIVIDED), deployment(6))
    play.cordon("member1")
    play.settle()
    assert play.members(WEB) == {"member1": 2, "member2": 2, "member3": 2}
    play.scale(WEB, 12)
    play.settle()
    assert play.members(WEB) == {"member1": 4, "member2": 4, "member3": 4}
    play.settle(deployment(4, "late"), policy("late", selects="Deployment/late"))
    assert play.holders("Deployment/late") == {"member2", "member3"}


@pytest.mark.parametrize("divided", [False, True], ids=["Duplicated comes", "Divided does not"])
def test_unjoin_moves_at_once_and_after_a_rejoin(divided: bool) -> None:
    placement = DIVIDED if divided else {}
    play = Play().settle(policy(placement=placement), deployment(6))
    began_s = play.federation.now_s
    play.delete("Cluster/member2")
    play.wait(0.2)
    assert set(play.targets()) == {"member1", "member3"}
    play.wait(0.5)
    assert set(play.works()) == {"member1", "member3"}
    play.settle()
    if divided:
        assert play.members(WEB) == {"member1": 3, "member3": 3}
    play.federation.run_until(began_s + 9.0)
    assert play.find("Cluster/member2") is not None
    play.federation.run_until(began_s + 21.0)
    assert play.find("Cluster/member2") is None
    assert play.find("Namespace/karmada-es-member2") is None
    play.join(MEMBER2)
    play.wait(15.0)
    assert play.holders(WEB) == ({"member1", "member3"} if divided else ALL)


def test_an_unschedulable_scale_keeps_the_old_assignment_and_is_not_woken_by_room() -> None:
    play = Play().settle(
        policy(placement=DYNAMIC), deployment(10, cpu="250m"), deployment(1, "big", cpu="3")
    )
    before = play.targets()
    play.scale(WEB, 200)
    play.settle()
    assert play.verdict("Scheduled") == ("False", "Unschedulable")
    assert play.targets() == before == play.members(WEB)
    tried_s = play.events("ScheduleBindingFailed")[-1]["time_s"]
    play.delete("Deployment/big")  # room is freed
    tries = len(play.events("ScheduleBindingFailed"))
    play.federation.run_until(tried_s + 295.0)
    assert tries <= len(play.events("ScheduleBindingFailed")) <= tries + 2
    tries = len(play.events("ScheduleBindingFailed"))
    play.wait(60.0)
    assert len(play.events("ScheduleBindingFailed")) > tries, "the pool is held five minutes"


def test_forty_replicas_are_refused_where_twenty_and_thirty_are_accepted() -> None:
    made = deployment(10, cpu="250m")
    container = made["spec"]["template"]["spec"]["containers"][0]
    container["resources"]["requests"]["memory"] = "256Mi"
    play = Play().settle(policy(placement=DYNAMIC), made, settle_s=12.0)
    before = play.targets()
    play.scale(WEB, 40)
    play.settle()
    assert play.verdict("Scheduled") == ("False", "Unschedulable")
    assert "Clusters available replicas 16 are not enough" in play.message("Scheduled")
    assert play.targets() == before == play.members(WEB)
    for accepted in (20, 30):
        play.scale(WEB, accepted)
        play.settle(settle_s=12.0)
        assert play.verdict("Scheduled") == ("True", "Success"), accepted
        assert sum(play.members(WEB).values()) == accepted


def test_no_fitting_cluster_clears_the_targets_and_is_not_retried() -> None:
    play = Play().settle(policy(clusters=["member1"]), deployment())
    play.settle(policy(clusters=["elsewhere"]))
    assert play.verdict("Scheduled") == NO_FIT
    assert play.message("Scheduled").startswith("0/3 clusters are available: 3 cluster(s) did not")
    assert (play.targets(), play.works(), play.holders(WEB)) == ({}, {}, set())
    tries = len(play.events("ScheduleBindingFailed"))
    play.wait(700.0)
    assert len(play.events("ScheduleBindingFailed")) == tries


@pytest.mark.parametrize(
    ("fields", "placement", "reason", "message"),
    [
        pytest.param(
            {"cluster": 0},
            {},
            "SchedulerError",
            "no clusters available to schedule",
            id="Duplicated",
        ),
        pytest.param(
            {"cluster": 0},
            DYNAMIC,
            "SchedulerError",
            "no enough resource when selecting 0 clusters",
            id="Divided",
        ),
        pytest.param(
            {"provider": 1, "cluster": 0},
            {},
            "SchedulerError",
            "no clusters available to schedule",
            id="with a provider one, which only filters",
        ),
        pytest.param(
            {"zone": 1, "cluster": 1},
            {},
            "NoClusterFit",
            "0/3 clusters are available: 3 cluster(s) did not have zones property.",
            id="a zone one filters clusters without zones",
        ),
    ],
)
def test_spread_constraints_without_a_maximum(
    fields: dict[str, int], placement: Any, reason: str, message: str
) -> None:
    spread = [{"spreadByField": name, "maxGroups": most} for name, most in fields.items()]
    rule = {**placement, "spreadConstraints": spread}
    play = Play().settle(policy(placement=rule), deployment(cpu="100m"))
    stored = play.get("PropagationPolicy/web")["spec"]["placement"]["spreadConstraints"]
    assert [each["minGroups"] for each in stored] == [1] * len(fields), "the webhook's default"
    assert play.verdict("Scheduled") == ("False", reason)
    assert message in play.message("Scheduled")
    assert play.holders(WEB) == set()


def test_other_spread_constraints_need_one_by_cluster() -> None:
    spread = [{"spreadByField": "zone", "minGroups": 1, "maxGroups": 1}]
    with pytest.raises(ApiError, match="cluster"):
        Play().apply(policy(placement={"spreadConstraints": spread}))


def test_affinity_groups_start_from_the_last_one_used() -> None:
    groups = [
        {"affinityName": "first", "clusterNames": ["member1"]},
        {"affinityName": "second", "clusterNames": ["member2"]},
    ]
    play = Play()
    play.cordon("member1")
    play.settle(policy(placement={"clusterAffinities": groups}), deployment())
    assert play.binding()["status"]["schedulerObservingAffinityName"] == "second"
    play.uncordon("member1")
    play.scale(WEB, 5)
    play.settle()
    assert play.members(WEB) == {"member2": 5}, "never back to the first"
    nowhere = [groups[0], {"affinityName": "second", "clusterNames": ["nowhere"]}]
    play.settle(policy(placement={"clusterAffinities": nowhere}))
    assert play.verdict("Scheduled") == NO_FIT, "although the first group is fine"
    play.settle(policy(placement={"clusterAffinities": [groups[0]]}))
    assert play.members(WEB) == {"member1": 5}


def test_an_edit_of_an_affinity_group_that_is_not_used_triggers_nothing() -> None:
    def groups(second: str) -> dict[str, Any]:
        return {
            "clusterAffinities": [
                {"affinityName": "first", "clusterNames": ["member1"]},
                {"affinityName": "second", "clusterNames": [second]},
            ]
        }

    divided = {**DIVIDED, **groups("member2")}
    play = Play().settle(policy(placement=divided), deployment())
    scheduled = play.binding()["status"]["lastScheduledTime"]
    play.wait(5.0)
    play.settle(policy(placement={**DIVIDED, **groups("member3")}))
    status = play.binding()["status"]
    assert status["lastScheduledTime"] == scheduled
    assert status["schedulerObservedGeneration"] == play.binding()["metadata"]["generation"]


def test_a_member_without_the_api_is_left_out_and_an_unknown_kind_goes_nowhere() -> None:
    fleet = (*FLEET[:2], member("member3", "8", missing_apis=("apps/v1",)))
    play = Play(*fleet).settle(policy(), deployment())
    assert play.holders(WEB) == {"member1", "member2"}


def test_a_binding_whose_policy_is_gone_is_scheduled_by_changes_of_clusters_only() -> None:
    play = Play().settle(policy(placement=PROD), deployment())
    play.delete("PropagationPolicy/web")
    play.settle()
    play.patch("ResourceBinding/web-deployment", {"spec": {"replicas": 9}})
    play.settle()
    assert play.targets() == {"member1": 4, "member2": 4}, "its own changes are not looked at"
    play.patch("Cluster/member2", {"metadata": {"labels": {"env": "test"}}})
    play.settle()
    assert play.targets() == {"member1": 9}


def test_a_binding_for_another_scheduler_is_left_to_it() -> None:
    play = Play().settle(policy(schedulerName="own-scheduler"), deployment())
    assert play.binding()["spec"]["schedulerName"] == "own-scheduler"
    assert (play.targets(), play.verdict("Scheduled")) == ({}, ("", ""))
