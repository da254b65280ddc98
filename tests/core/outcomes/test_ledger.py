"""The ledger knows which pods are whose, what a fault is to blame for, and what state was moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lab.core.model import Key
from lab.core.outcomes import AppOutcome, Ledger, Target
from tests.core.invariants.scenes import (
    BINDING,
    TEMPLATE,
    Count,
    Record,
    binding,
    member,
    task,
    template,
)

AT = {name: TEMPLATE._replace(cluster=name) for name in ("m1", "m2")}


class Story:
    """A ledger that is told."""

    def __init__(self, *targets: Target) -> None:
        self.now_s = 0.0
        self.number = 0
        self.ledger = Ledger(targets, ["m1", "m2"], lambda: self.now_s)
        self._bindings: dict[str, Any] = {}

    def hear(self, type: str, key: Key | None = None, **more: Any) -> int:
        self.number += 1
        self.ledger.hear(Record(self.number, self.now_s, type, "x", key, **more))
        return self.number

    def template(self, replicas: int) -> None:
        self.hear("change", TEMPLATE, after=template(replicas))

    def bind(self, manifest: Any) -> None:
        before = self._bindings.get("b")
        self._bindings["b"] = manifest
        self.hear("change", BINDING, before=before, after=manifest)

    def serve(self, at_s: float, **counts: int) -> None:
        self.now_s = at_s
        for name, serving in counts.items():
            self.ledger.served(at_s, AT[name], Count(2, serving, serving))

    def fault(self, at_s: float, phase: str, name: str = "outage") -> int:
        self.now_s = at_s
        detail = {"fault": name, "kind": "ClusterOutage", "phase": phase, "over": True}
        return self.hear("fault", detail=detail)

    def outcomes(self, at_s: float) -> Sequence[AppOutcome]:
        self.now_s = at_s
        return self.ledger.outcomes()


def federated(*targets: Target) -> Story:
    story = Story(*targets)
    story.template(4)
    story.bind(binding({"m1": 2, "m2": 2}))
    story.serve(5.0, m1=2, m2=2)
    return story


def test_pods_of_all_members_serve_one_application() -> None:
    story = federated()
    story.fault(60.0, "begin")
    story.serve(60.0, m1=0)
    assert story.ledger.serving(TEMPLATE) == 2
    assert story.ledger.serving(TEMPLATE, "m1") == 0
    story.serve(100.0, m2=4)
    (found,) = story.outcomes(200.0)
    assert (found.app, found.rto_s, found.total_s, found.lost) == (TEMPLATE, 40.0, 40.0, 2)


def test_what_goes_on_is_counted_up_to_now() -> None:
    story = federated()
    story.serve(60.0, m1=0)
    story.now_s = 90.0
    assert (story.ledger.rto_s(TEMPLATE), story.ledger.below_s(TEMPLATE)) == (30.0, 30.0)
    assert story.ledger.lost(TEMPLATE) == 2
    assert story.outcomes(90.0)[0].rto_s is None


def test_an_unknown_application_has_no_dips() -> None:
    story = Story()
    assert (story.ledger.rto_s(TEMPLATE), story.ledger.lost(TEMPLATE)) == (0.0, 0)
    assert story.ledger.outcome(TEMPLATE) is None


def test_what_only_a_member_has_is_its_own() -> None:
    story = Story()
    story.serve(5.0, m1=2)
    story.serve(6.0, m2=2)
    story.serve(60.0, m1=1)
    found = {each.app.cluster: each.verdict for each in story.outcomes(70.0)}
    assert found == {"m1": "not recovered", "m2": "met"}


def test_a_workload_that_is_adopted_becomes_one_with_its_template() -> None:
    story = Story()
    story.serve(5.0, m1=2)
    story.template(4)
    story.bind(binding({"m1": 2, "m2": 2}))
    story.serve(9.0, m2=2)
    assert [each.app for each in story.outcomes(10.0)] == [TEMPLATE]


def test_a_template_without_a_binding_is_no_application() -> None:
    story = Story()
    story.template(4)
    assert story.outcomes(10.0) == ()


def test_a_dip_is_put_down_to_the_fault_before_it() -> None:
    for step_at_s, blamed in ((None, "outage"), (130.0, None)):
        story = federated()
        story.fault(60.0, "begin")
        story.fault(120.0, "heal")
        if step_at_s is not None:
            story.now_s = step_at_s
            story.hear("step")
        story.serve(150.0, m1=1)
        story.serve(160.0, m1=2)
        (found,) = story.outcomes(200.0)
        worst = max(found.recoveries, key=lambda each: each.below_s)
        assert (worst.fault and worst.fault.name) == blamed


def test_a_step_while_a_fault_is_in_force_takes_no_blame() -> None:
    story = federated()
    story.fault(60.0, "begin")
    story.hear("step")
    story.serve(90.0, m1=1)
    (found,) = story.outcomes(100.0)
    assert [each.below_s for each in found.recoveries] == [10.0]


def test_pulses_of_one_fault_are_one() -> None:
    story = federated()
    for at_s in (60.0, 120.0):
        story.fault(at_s, "begin")
        story.serve(at_s, m1=0)
        story.fault(at_s + 30.0, "heal")
        story.serve(at_s + 30.0, m1=2)
    (found,) = story.outcomes(200.0)
    assert [(each.rto_s, each.below_s) for each in found.recoveries] == [(30.0, 60.0)]


# ── state ──────────────────────────────────────────────────────────────────────────────────────

RULES = {
    "application": {"statePreservation": {"rules": [{"aliasLabelName": "a", "jsonPath": "b"}]}}
}


def moved(unreported_s: float | None, labels: Any = None, failover: Any = RULES) -> AppOutcome:
    """m1 is evicted at 100 s; what the hub has of its status is older by so much."""
    story = federated()
    reported = {"generation": 1, "resourceTemplateGeneration": 1, "readyReplicas": 2}
    item = {"clusterName": "m1", "applied": True, "status": reported}
    story.bind(binding({"m1": 2, "m2": 2}, items=[item], failover=failover))
    story.ledger.saw(20.0, AT["m1"], None, member("m1", readyReplicas=2))
    if unreported_s is not None:
        before = member("m1", readyReplicas=2)
        story.ledger.saw(100.0 - unreported_s, AT["m1"], before, member("m1", readyReplicas=1))
    story.now_s = 100.0
    more = {} if labels is None else {"preservedLabelState": labels}
    story.bind(binding({"m2": 4}, tasks=[task("m1", **more)], failover=failover))
    return story.outcomes(200.0)[0]


def test_state_that_was_reported_is_up_to_date() -> None:
    found = moved(None, {"a": "1"}).rpo
    assert found is not None
    assert (found.carried, found.age_s, found.labels, found.cluster) == (
        True,
        0.0,
        {"a": "1"},
        "m1",
    )


def test_state_is_as_old_as_the_first_change_that_was_not_reported() -> None:
    found = moved(30.0, {"a": "1"}).rpo
    assert found is not None
    assert (found.carried, found.age_s) == (True, 30.0)


def test_without_labels_nothing_was_carried_over() -> None:
    found = moved(30.0).rpo
    assert found is not None
    assert not found.carried


def test_an_application_without_state_moves_none() -> None:
    assert moved(30.0, failover={}).moves == ()


def test_targets_belong_to_their_applications() -> None:
    story = federated(Target(TEMPLATE, ready=0.5, declared=True))
    story.serve(60.0, m1=0)
    (found,) = story.outcomes(100.0)
    assert (found.verdict, found.target.text()) == ("met", "50%")


NOBODY = TEMPLATE._replace(name="wbe")
ABSENT = {
    "a name that is misspelt": (NOBODY, "there was no such workload"),
    "a member's copy of a federated one": (AT["m1"], "not measured alone"),
}


@pytest.mark.parametrize(("app", "why"), ABSENT.values(), ids=ABSENT.keys())
def test_a_target_of_what_never_came_is_missed(app: Key, why: str) -> None:
    story = federated(Target(app, rto_s=1.0, declared=True))
    found = {each.app: each for each in story.outcomes(60.0)}
    assert (found[TEMPLATE].verdict, found[TEMPLATE].failed) == ("met", False)
    assert (found[app].verdict, found[app].failed) == ("never reached", True)
    assert why in found[app].why


def test_a_target_of_what_no_policy_propagates_is_missed() -> None:
    story = Story(Target(TEMPLATE, declared=True))
    story.template(4)
    (found,) = story.outcomes(60.0)
    assert (found.verdict, found.why) == ("never reached", "no policy propagates it")
