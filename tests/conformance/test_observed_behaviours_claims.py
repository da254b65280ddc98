"""Which policy gets a template, when its edits arrive, and what stays when it goes."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.labels import (
    CLUSTER_POLICY_ID,
    CLUSTER_POLICY_NAME,
    POLICY_ID,
    POLICY_NAME,
    POLICY_NAMESPACE,
)
from lab.core.manifest import annotations_of
from tests.conformance.manifests import cluster_policy, deployment, override, policy
from tests.conformance.observed import ALL, Play

WEB = "Deployment/web"
PREEMPTION = {"featureGates": {"PropagationPolicyPreemption": True}}
NAMED = [{"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "default", "name": "web"}]
BY_LABEL = [
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
]


def claimant(play: Play, word: str = WEB) -> str | None:
    """Return the name of the policy that holds a template; binding and template must agree."""
    notes = annotations_of(play.get(word))
    held = notes.get(POLICY_NAME) or notes.get(CLUSTER_POLICY_NAME)
    bound = annotations_of(play.binding())
    assert (bound.get(POLICY_NAME) or bound.get(CLUSTER_POLICY_NAME)) == held
    return held


def test_without_a_policy_there_is_no_binding_at_all() -> None:
    play = Play().settle(deployment(), policy(selects="Deployment/other"))
    assert play.find("ResourceBinding/web-deployment") is None
    assert play.holders(WEB) == set()
    assert play.marks(WEB) == set()


@pytest.mark.parametrize("policy_first", [True, False], ids=["policy first", "template first"])
def test_the_order_of_template_and_policy_does_not_matter(policy_first: bool) -> None:
    objects = [policy(clusters=["member1"]), deployment()]
    play = Play().settle(*(objects if policy_first else reversed(objects)))
    assert play.members(WEB) == {"member1": 4}
    assert play.marks(WEB) == {POLICY_ID, POLICY_NAMESPACE, POLICY_NAME}


@pytest.mark.parametrize(
    ("policies", "winner"),
    [
        pytest.param(
            [policy("kind"), policy("label", selects=BY_LABEL), policy("name", selects=WEB)],
            "name",
            id="a name is closer than a label than a kind",
        ),
        pytest.param(
            [policy("kind"), policy("label", selects=BY_LABEL)], "label", id="a label than a kind"
        ),
        pytest.param(
            [policy("kind", priority=1), policy("name", selects=WEB)],
            "kind",
            id="an explicit priority comes before closeness",
        ),
        pytest.param(
            [policy("low", priority=-1), policy("zero")], "zero", id="priorities may be negative"
        ),
        pytest.param([policy("b"), policy("a")], "a", id="the smaller name among equals"),
        pytest.param(
            [cluster_policy("wide", selects=WEB, priority=100), policy("near", priority=-5)],
            "near",
            id="a namespaced policy whatever the priorities",
        ),
        pytest.param(
            [
                policy("far", selects=[{**BY_LABEL[0], "name": "other"}]),
                cluster_policy("wide"),
            ],
            "wide",
            id="a selector with a name ignores its labels",
        ),
    ],
)
def test_the_best_of_the_policies_that_stand_gets_the_template(
    policies: list[Any], winner: str
) -> None:
    assert claimant(Play().settle(*policies, deployment())) == winner


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(policy("a"), policy("b", selects=WEB), id="more specific"),
        pytest.param(policy("a"), policy("b", priority=10), id="higher priority"),
        pytest.param(cluster_policy("a"), policy("b"), id="namespaced after cluster-wide"),
        pytest.param(
            policy("a"),
            policy("b", selects=WEB, priority=10, preemption="Always"),
            id="preemption without its feature gate",
        ),
    ],
)
def test_a_claimed_template_stays_with_its_policy(first: Any, second: Any) -> None:
    play = Play().settle(first, deployment()).settle(second)
    assert claimant(play) == "a"
    assert claimant(play.settle(deployment(5))) == "a"


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        pytest.param(
            policy("a"), policy("b", selects=WEB, priority=1), "b", id="higher priority takes over"
        ),
        pytest.param(
            policy("a"), policy("b", selects=WEB), "a", id="closer but of equal priority does not"
        ),
        pytest.param(
            cluster_policy("a", priority=9),
            policy("b", selects=WEB, priority=-9),
            "b",
            id="namespaced takes from cluster-wide whatever the priorities",
        ),
        pytest.param(
            cluster_policy("a"),
            cluster_policy("b", selects=NAMED, priority=1),
            "b",
            id="cluster-wide of higher priority takes from cluster-wide",
        ),
        pytest.param(
            policy("a"),
            cluster_policy("b", selects=NAMED, priority=9),
            "a",
            id="cluster-wide never takes from namespaced",
        ),
    ],
)
def test_preemption_with_its_gate(first: Any, second: Any, winner: str) -> None:
    second = {**second, "spec": {**second["spec"], "preemption": "Always"}}
    second["spec"]["placement"] = {"clusterAffinity": {"clusterNames": ["member2"]}}
    play = Play(**PREEMPTION).settle(first, deployment()).settle(second)
    assert claimant(play) == winner
    assert play.holders(WEB) == ({"member2"} if winner == "b" else ALL)
    namespaced = {POLICY_ID, POLICY_NAMESPACE, POLICY_NAME}
    wide = {CLUSTER_POLICY_ID, CLUSTER_POLICY_NAME}
    kind = (second if winner == "b" else first)["kind"]
    assert play.marks(WEB) == (namespaced if kind == "PropagationPolicy" else wide)


def test_preemption_needs_a_selector_with_a_name() -> None:
    with pytest.raises(ApiError, match="name"):
        Play(**PREEMPTION).apply(policy(preemption="Always"))


def test_lowering_a_priority_lets_the_preempting_policies_between_take_over() -> None:
    play = Play(**PREEMPTION).settle(policy("a", priority=5), deployment())
    play.settle(policy("b", selects=WEB, priority=3, preemption="Always"))
    assert claimant(play) == "a"
    play.settle(policy("a", priority=1))
    assert claimant(play) == "b"


def test_after_its_policy_is_deleted_all_stays_but_nothing_is_passed_on() -> None:
    play = Play().settle(policy(clusters=["member1", "member2"]), deployment())
    play.delete("PropagationPolicy/web")
    play.settle()
    assert play.find("PropagationPolicy/web") is None
    assert play.marks(WEB) == set()
    assert play.targets() == {"member1": 4, "member2": 4}
    assert POLICY_ID not in play.binding()["metadata"].get("labels", {})
    assert set(play.works()) == {"member1", "member2"}
    play.scale(WEB, 7)
    play.settle()
    assert play.members(WEB) == {"member1": 4, "member2": 4}
    play.settle(policy("next", clusters=["member2"]))
    assert claimant(play) == "next"
    assert play.members(WEB) == {"member2": 7}


def test_a_policy_that_no_longer_selects_a_template_lets_it_go() -> None:
    play = Play().settle(policy(clusters=["member1"]), deployment())
    play.settle(policy(selects="Deployment/other", clusters=["member1"]))
    assert play.marks(WEB) == set()
    assert play.members(WEB) == {"member1": 4}
    play.settle(deployment(9))
    assert play.members(WEB) == {"member1": 4}


def test_a_template_that_no_longer_fits_its_policy_keeps_its_marks_and_its_old_state() -> None:
    play = Play().settle(policy(selects=BY_LABEL, clusters=["member1"]), deployment())
    play.settle(deployment(9, labels={"app": "changed"}))
    assert claimant(play) == "web"
    assert play.members(WEB) == {"member1": 4}


def test_an_edit_of_a_policy_that_waits_for_nothing_arrives_at_once() -> None:
    play = Play().settle(policy(clusters=["member1"]), deployment())
    play.settle(policy(clusters=["member2"]))
    assert play.members(WEB) == {"member2": 4}


def test_an_edit_of_a_lazy_policy_changes_nothing_until_the_template_is_touched() -> None:
    lazy: Any = {"activationPreference": "Lazy"}
    play = Play().settle(deployment())
    play.settle(policy(clusters=["member1"], **lazy))
    assert play.find("ResourceBinding/web-deployment") is None, "created after its template"
    assert play.marks(WEB) == {POLICY_ID, POLICY_NAMESPACE, POLICY_NAME}, "but it claims"
    play.patch(WEB, {"metadata": {"labels": {"touched": "once"}}})
    play.settle()
    assert play.members(WEB) == {"member1": 4}
    play.settle(policy(clusters=["member2"], **lazy))
    assert play.members(WEB) == {"member1": 4}
    play.patch(WEB, {"metadata": {"labels": {"touched": "twice"}}})
    play.settle()
    assert play.members(WEB) == {"member2": 4}


def test_a_policy_waits_for_the_override_policies_it_depends_on() -> None:
    play = Play().settle(policy(clusters=["member1"], dependentOverrides=["marks"]), deployment())
    assert play.holders(WEB) == set()
    play.apply(override("marks", (None, {"labelsOverrider": [add({"env": "x"})]})))
    play.wait(30.0)
    assert play.get(WEB, "member1")["metadata"]["labels"]["env"] == "x"


def add(value: dict[str, str]) -> dict[str, Any]:
    return {"operator": "add", "value": value}
