"""Which policy gets a template: matching, ranking, marks, preemption."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.claiming import (
    MATCH_ALL,
    MATCH_LABELS,
    MATCH_NAME,
    MISMATCH,
    best_policy,
    choose_policy,
    claim,
    claim_of,
    preempts,
    requeued_by_lower_priority,
    selector_priority,
    without_marks_of,
)
from lab.core.settings import KarmadaSettings

PREEMPTING = KarmadaSettings().with_gates(PropagationPolicyPreemption=True)


def deployment(**metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, **metadata},
    }


def selector(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", **fields}


def policy(name: str, *selectors: dict[str, Any], **spec: Any) -> dict[str, Any]:
    labels = {"propagationpolicy.karmada.io/permanent-id": f"id-{name}"}
    return {
        "kind": "PropagationPolicy",
        "metadata": {"name": name, "namespace": "shop", "labels": labels},
        "spec": {"resourceSelectors": list(selectors or (selector(name="web"),)), **spec},
    }


def cluster_policy(name: str, *selectors: dict[str, Any], **spec: Any) -> dict[str, Any]:
    labels = {"clusterpropagationpolicy.karmada.io/permanent-id": f"id-{name}"}
    return {
        "kind": "ClusterPropagationPolicy",
        "metadata": {"name": name, "labels": labels},
        "spec": {"resourceSelectors": list(selectors or (selector(name="web"),)), **spec},
    }


SELECTORS = {
    "kind alone": (selector(), MATCH_ALL),
    "name": (selector(name="web"), MATCH_NAME),
    "another name": (selector(name="other"), MISMATCH),
    "a name makes labels irrelevant": (
        selector(name="web", labelSelector={"matchLabels": {"app": "no"}}),
        MATCH_NAME,
    ),
    "labels": (selector(labelSelector={"matchLabels": {"app": "web"}}), MATCH_LABELS),
    "an empty label selector is one": (selector(labelSelector={}), MATCH_LABELS),
    "labels that differ": (selector(labelSelector={"matchLabels": {"app": "db"}}), MISMATCH),
    "an operator labels do not know": (
        selector(
            labelSelector={"matchExpressions": [{"key": "n", "operator": "Gt", "values": "1"}]}
        ),
        MISMATCH,
    ),
    "a value that is no label": (
        selector(
            labelSelector={
                "matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["a b"]}]
            }
        ),
        MISMATCH,
    ),
    "its namespace": (selector(namespace="shop"), MATCH_ALL),
    "another namespace": (selector(namespace="default"), MISMATCH),
    "another version": ({"apiVersion": "apps/v2", "kind": "Deployment"}, MISMATCH),
}


@pytest.mark.parametrize(("given", "want"), SELECTORS.values(), ids=SELECTORS.keys())
def test_selector_priority(given: dict[str, Any], want: int) -> None:
    assert selector_priority(deployment(), given) == want


def test_ranking_is_priority_then_closeness_then_name() -> None:
    by_name, by_label = policy("b"), policy("a", selector(labelSelector={}))
    high = policy("z", selector(), priority=1)
    assert best_policy(deployment(), [by_label, by_name]) is by_name
    assert best_policy(deployment(), [by_name, high]) is high
    assert best_policy(deployment(), [policy("c"), by_name]) is by_name
    assert best_policy(deployment(), [policy("a", priority=-1), by_name]) is by_name


def test_a_policy_being_deleted_does_not_count() -> None:
    going = policy("a")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert best_policy(deployment(), [going]) is None
    held = claim(deployment(), going)
    assert choose_policy(held, [going], []).outcome == "deleting"


def test_claim_and_release_leave_nothing_behind() -> None:
    template = deployment()
    for owner in (policy("p"), cluster_policy("c")):
        claimed = claim(template, owner)
        held = claim_of(claimed)
        assert held is not None
        assert (held.kind, held.name) == (owner["kind"], owner["metadata"]["name"])
        assert claim(claimed, owner) is claimed, "a second claim changes nothing"
        assert without_marks_of(claimed, held.kind) == template


def test_a_policy_takes_the_marks_of_a_cluster_policy_away() -> None:
    claimed = claim(claim(deployment(), cluster_policy("c")), policy("p"))
    assert claim_of(claimed) == claim_of(claim(deployment(), policy("p")))
    assert "clusterpropagationpolicy.karmada.io/name" not in claimed["metadata"]["annotations"]


CHOICES: dict[str, tuple[dict[str, Any], list[Any], list[Any], str]] = {
    "nobody selects it": (deployment(), [], [], "waiting"),
    "a policy of another namespace": (
        deployment(namespace="other"),
        [policy("p")],
        [],
        "waiting",
    ),
    "a cluster-scoped template and a policy": (
        deployment(namespace=""),
        [policy("p")],
        [cluster_policy("c")],
        "matched",
    ),
    "its policy is gone": (claim(deployment(), policy("gone")), [], [], "orphaned"),
    "its policy selects it no more": (
        claim(deployment(), policy("p")),
        [policy("p", selector(name="other"))],
        [],
        "unmatched",
    ),
    "somebody else's": (
        deployment(labels={"resourcetemplate.karmada.io/claimed-by": "x"}),
        [policy("p")],
        [],
        "foreign",
    ),
    "dependent overrides are missing": (
        deployment(),
        [policy("p", dependentOverrides=["op"])],
        [],
        "overrides",
    ),
    "marks without an id are no claim": (
        deployment(annotations={"clusterpropagationpolicy.karmada.io/name": "c"}),
        [],
        [],
        "waiting",
    ),
}


@pytest.mark.parametrize("case", CHOICES.values(), ids=CHOICES.keys())
def test_choice(case: tuple[dict[str, Any], list[Any], list[Any], str]) -> None:
    template, policies, cluster_policies, outcome = case
    assert choose_policy(template, policies, cluster_policies).outcome == outcome


def test_a_policy_goes_before_a_cluster_policy_whatever_the_priority() -> None:
    own, wide = policy("p", selector(), priority=-5), cluster_policy("c", priority=100)
    assert choose_policy(deployment(), [own], [wide]).policy is own


def test_dependent_overrides_are_looked_for_in_the_policy_s_own_scope() -> None:
    waiting = policy("p", dependentOverrides=["op"])
    elsewhere = {"kind": "OverridePolicy", "metadata": {"name": "op", "namespace": "default"}}
    here = {"kind": "OverridePolicy", "metadata": {"name": "op", "namespace": "shop"}}
    assert choose_policy(deployment(), [waiting], [], [elsewhere]).outcome == "overrides"
    assert choose_policy(deployment(), [waiting], [], [here]).outcome == "matched"


PREEMPTION: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "policy, higher": (policy("old", priority=1), policy("new", priority=2), True),
    "policy, equal": (policy("old", priority=2), policy("new", priority=2), False),
    "policy over cluster policy": (cluster_policy("old", priority=9), policy("new"), True),
    "cluster policy, higher": (cluster_policy("old"), cluster_policy("new", priority=1), True),
    "cluster policy, equal": (cluster_policy("old"), cluster_policy("new"), False),
    "cluster policy over policy": (policy("old"), cluster_policy("new", priority=9), False),
    "without a name in the selector": (
        policy("old"),
        policy("new", selector(), priority=9),
        False,
    ),
    "selects something else": (
        policy("old"),
        policy("new", selector(name="other"), priority=9),
        False,
    ),
}


@pytest.mark.parametrize(("holder", "taker", "want"), PREEMPTION.values(), ids=PREEMPTION.keys())
def test_preemption(holder: dict[str, Any], taker: dict[str, Any], want: bool) -> None:
    template = claim(deployment(), holder)
    always = {**taker, "spec": {**taker["spec"], "preemption": "Always"}}
    pool = [holder, always]
    assert preempts(template, always, pool, PREEMPTING) is want
    assert not preempts(template, always, pool, KarmadaSettings()), "the gate is off"
    assert not preempts(template, taker, pool, PREEMPTING), "it does not ask for it"


def test_a_policy_does_not_preempt_itself() -> None:
    own = policy("p", priority=5, preemption="Always")
    assert not preempts(claim(deployment(), own), own, [own], PREEMPTING)


def test_lowering_a_priority_calls_those_in_between_highest_first() -> None:
    between = [
        policy("low", priority=2, preemption="Always"),
        policy("new", priority=1, preemption="Always"),
        policy("mid", priority=4, preemption="Always"),
        policy("never", priority=3),
        policy("old", priority=5, preemption="Always"),
    ]
    found = requeued_by_lower_priority(policy("p", priority=5), policy("p", priority=1), between)
    assert [entry["metadata"]["name"] for entry in found] == ["mid", "low"]
