"""Status on its way back: health, FullyApplied, sums in the template, generations, times."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from lab.core.manifest import condition
from tests.conformance.manifests import DIVIDED, deployment, key, pods, policy, static, thing
from tests.conformance.observed import FLEET, Play

WEB = "Deployment/web"
BOTH = ["member1", "member2"]
ARTICLE = static(member1=1, member2=1)


def moments(play: Play, word: str, read: Any) -> list[tuple[float, Any]]:
    """Return when what is read from an object took which value, in order."""
    seen = [
        (record.time_s, read(record.after))
        for record in play.federation.trace.records
        if record.type == "change" and record.key == key(word) and record.after is not None
    ]
    seen = [each for each in seen if each[1] is not None]
    return [next(run) for _, run in groupby(seen, key=lambda each: each[1])]


def fully_applied(binding: Any) -> Any:
    return (condition(binding, "FullyApplied") or {}).get("status")


def health_of(cluster: str) -> Any:
    def read(binding: Any) -> Any:
        items = binding.get("status", {}).get("aggregatedStatus") or ()
        return next((each["health"] for each in items if each["clusterName"] == cluster), None)

    return read


def played() -> Play:
    play = Play().settle(deployment(2))
    play.settle(policy(clusters=BOTH, placement=ARTICLE))
    return play


def test_fully_applied_is_false_first_and_true_soon_after() -> None:
    seen = moments(played(), "ResourceBinding/web-deployment", fully_applied)
    assert [status for _, status in seen] == ["False", "True"]
    assert seen[1][0] - seen[0][0] < 0.5


@pytest.mark.parametrize("cluster", BOTH)
def test_health_goes_from_unknown_over_unhealthy_to_healthy(cluster: str) -> None:
    seen = moments(played(), "ResourceBinding/web-deployment", health_of(cluster))
    found = [health for _, health in seen]
    assert found[-2:] == ["Unhealthy", "Healthy"]
    assert found in (["Unknown", "Unhealthy", "Healthy"], ["Unhealthy", "Healthy"])


def test_the_way_from_a_policy_to_members_takes_what_was_measured() -> None:
    play = Play().settle(deployment(2))
    began_s = play.federation.now_s
    play.settle(policy(clusters=BOTH, placement=ARTICLE))

    def when(word: str, read: Any, value: Any) -> float:
        return next(at for at, found in moments(play, word, read) if found == value) - began_s

    binding = "ResourceBinding/web-deployment"
    clusters = when(binding, lambda each: bool(each["spec"].get("clusters")), True)
    applied = when(binding, fully_applied, "True")
    ready = when(WEB, lambda each: each.get("status", {}).get("readyReplicas"), 2)
    assert clusters < 0.222
    assert clusters < applied < 0.428
    assert applied < ready
    assert 1.0 < ready < 1.4


def test_a_duplicated_template_counts_the_replicas_of_all_clusters() -> None:
    play = Play().settle(policy(clusters=BOTH), deployment(6))
    status = play.get(WEB)["status"]
    names = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
    assert [status[name] for name in names] == [12, 12, 12, 12]


def test_the_template_has_observed_its_generation_when_all_clusters_have() -> None:
    play = played()
    template = play.get(WEB)
    # An API server counts a Deployment's annotations as its spec: the claim made it 2.
    assert template["status"]["observedGeneration"] == template["metadata"]["generation"] == 2
    play.scale(WEB, 6)
    play.settle()
    template = play.get(WEB)
    assert template["status"]["observedGeneration"] == template["metadata"]["generation"] == 3
    for name in BOTH:
        notes = play.get(WEB, name)["metadata"]["annotations"]
        assert notes["resourcetemplate.karmada.io/generation"] == "3"
        assert notes["resourcetemplate.karmada.io/uid"] == template["metadata"]["uid"]


def test_a_suspended_cluster_holds_the_observed_generation_back() -> None:
    play = played()
    some = {"dispatchingOnClusters": {"clusterNames": ["member1"]}}
    play.settle(policy(clusters=BOTH, placement=ARTICLE, suspension=some))
    play.scale(WEB, 6)
    play.settle()
    template = play.get(WEB)
    assert (template["status"]["observedGeneration"], template["metadata"]["generation"]) == (2, 3)


def test_a_stuck_rolling_update_is_unhealthy_although_all_old_pods_are_ready() -> None:
    play = played()
    play.scale(WEB, 4)
    play.settle()
    play.patch(WEB, {"spec": pods(image="registry.invalid/none:1")})
    play.settle(settle_s=20.0)
    assert {each["health"] for each in play.reports().values()} == {"Unhealthy"}
    assert play.verdict("FullyApplied")[0] == "True"
    assert play.get(WEB)["status"]["readyReplicas"] == 4, "all old pods are ready"


def test_a_kind_without_a_health_rule_is_healthy_and_items_are_sorted_by_cluster() -> None:
    play = Play(*reversed(FLEET)).settle(policy(selects="ConfigMap"), thing("ConfigMap/settings"))
    reports = play.reports("settings-configmap")
    assert list(reports) == ["member1", "member2", "member3"]
    assert {each["health"] for each in reports.values()} == {"Healthy"}


def test_a_stateful_sets_observed_generation_does_not_advance_but_its_sums_do() -> None:
    play = Play().settle(
        policy(selects="StatefulSet", clusters=BOTH, placement=DIVIDED),
        thing("StatefulSet/web", spec={"replicas": 4, "serviceName": "web", **pods()}),
    )
    status = play.get("StatefulSet/web")["status"]
    assert (status["replicas"], status["readyReplicas"]) == (4, 4)
    assert status.get("observedGeneration", 0) <= 1


def test_a_job_is_complete_when_it_is_in_all_clusters() -> None:
    job = thing("Job/web", spec={"parallelism": 4, "completions": 4, **pods()})
    del job["spec"]["selector"]
    job["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    play = Play().settle(policy(selects="Job", clusters=BOTH, placement=DIVIDED), job)
    play.wait(30.0)
    found = play.get("Job/web")
    assert found["status"]["succeeded"] == 4
    assert (condition(found, "Complete") or {}).get("status") == "True"
    assert found["status"]["startTime"] <= found["status"]["completionTime"]


def test_a_cluster_reports_what_its_nodes_have_and_what_pods_ask_for() -> None:
    play = Play().settle(policy(clusters=["member1"]), deployment(3, cpu="500m"))
    play.wait(15.0)
    status = play.get("Cluster/member1")["status"]
    assert status["nodeSummary"] == {"totalNum": 2, "readyNum": 2}
    assert status["resourceSummary"]["allocated"]["cpu"] in ("1500m", "1.5")
    grades = {
        each["grade"]: each["count"] for each in status["resourceSummary"]["allocatableModelings"]
    }
    assert sum(grades.values()) == 2
    assert grades[1] + grades[2] == 2, "a node's grade is that of its scarcest resource"
