"""S1, S3 and S4: what is planted in a binding is found, and what Karmada rightly does is not."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.manifest import timestamp
from tests.core.invariants.scenes import (
    BINDING,
    DIVIDED,
    SCHEDULER,
    Play,
    binding,
    cluster,
    task,
    template,
)

DUPLICATED = {"replicaScheduling": {"replicaSchedulingType": "Duplicated"}}

S1_BROKEN = {
    "replicas lost": (binding({"m1": 1, "m2": 2}), "3 of 4 replicas are assigned"),
    "replicas invented": (binding({"m1": 3, "m2": 2}), "5 of 4 replicas are assigned"),
    "a copy that is too small": (
        binding({"m1": 4, "m2": 3}, placement=DUPLICATED),
        "4 replicas for every cluster",
    ),
    "a cluster named twice": (
        {**binding({"m1": 4}), "spec": {**binding({})["spec"], "clusters": [
            {"name": "m1", "replicas": 2}, {"name": "m1", "replicas": 2}]}},
        "names a cluster twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("planted", "message"), S1_BROKEN.values(), ids=S1_BROKEN.keys())
def test_replicas_that_are_not_conserved(planted: dict[str, Any], message: str) -> None:
    play = Play("S1")
    number = play.put(planted, actor=SCHEDULER)
    (found,) = play.violations
    assert message in found.message
    assert (found.law, found.key, found.record) == ("S1", BINDING, number)


S1_HELD = {
    "all assigned": binding({"m1": 2, "m2": 2}),
    "every copy whole": binding({"m1": 4, "m2": 4}, placement=DUPLICATED),
    "a generation the scheduler has not seen": binding({"m1": 2}, generation=2, observed=1),
    "Unschedulable keeps what it has": binding({"m1": 2}, scheduled="False"),
    "NoClusterFit has nothing": binding({}, scheduled="False"),
    "scaled down and not looked at yet": binding({"m1": 6}, generation=3, observed=2),
    "scheduling is suspended": binding({"m1": 1}, suspension={"scheduling": True}),
    "no replicas": binding({"m1": 0, "m2": 0}, replicas=0),
    "a dependency": {**binding({}), "spec": {"resource": {}, "replicas": 3}},
}


@pytest.mark.parametrize("held", S1_HELD.values(), ids=S1_HELD.keys())
def test_replicas_that_wait_are_conserved(held: dict[str, Any]) -> None:
    play = Play("S1")
    play.put(held, actor=SCHEDULER)
    assert play.told() == []


CLAIM = {
    "propagationpolicy.karmada.io/name": "p",
    "propagationpolicy.karmada.io/namespace": "default",
}


def policy(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "PropagationPolicy",
        "metadata": {"name": "p", "namespace": "default"},
        "spec": {"placement": DIVIDED, **spec},
    }


@pytest.mark.parametrize(
    ("claimed", "lazy", "broken"),
    [(True, False, True), (True, True, False), (False, False, False)],
    ids=["claimed", "claimed by a Lazy policy", "claimed by none"],
)
def test_a_binding_that_lags_behind_its_template(claimed: bool, lazy: bool, broken: bool) -> None:
    play = Play("S1")
    play.put(policy(**({"activationPreference": "Lazy"} if lazy else {})))
    web = template(6)
    if claimed:
        web["metadata"]["annotations"] = CLAIM
    play.put(web)
    play.put(binding({"m1": 4}), actor=SCHEDULER)
    play.end()
    wanted = [f"S1 {BINDING}: asks for 4 replicas, its template for 6"]
    assert play.told() == (wanted if broken else [])


# ── S3 ─────────────────────────────────────────────────────────────────────────────────────────

EAST = {**DIVIDED, "clusterAffinity": {"labelSelector": {"matchLabels": {"tier": "a"}}}}
GROUPS = {
    **DIVIDED,
    "clusterAffinities": [
        {"affinityName": "one", "clusterNames": ["m1"]},
        {"affinityName": "two", "clusterNames": ["m2", "m3"]},
    ],
}


def spread(field: str, least: int, most: int, base: Any = DUPLICATED) -> dict[str, Any]:
    entry = {"spreadByField": field, "minGroups": least, "maxGroups": most}
    clusters = {"spreadByField": "cluster", "minGroups": 1, "maxGroups": 9}
    return {**base, "spreadConstraints": [entry] if field == "cluster" else [entry, clusters]}


def fleet(play: Play) -> None:
    play.put(cluster("m1", labels={"tier": "a"}, region="east"), actor="boot")
    play.put(cluster("m2", labels={"tier": "a"}, region="west"), actor="boot")
    play.put(cluster("m3", labels={"tier": "b"}), actor="boot")


S3_BROKEN = {
    "outside of the affinity": ({"m1": 2, "m3": 2}, EAST, "placed on m3, outside of the affinity"),
    "in two groups at once": ({"m1": 2, "m2": 2}, GROUPS, "outside of the affinity"),
    "a cluster that is not there": ({"m1": 2, "m9": 2}, DIVIDED, "placed on m9: no such cluster"),
    "too many clusters": ({"m1": 4, "m2": 4, "m3": 4}, spread("cluster", 1, 2), "on 3 clusters"),
    "too few copies": ({"m1": 4}, spread("cluster", 2, 3), "on 1 clusters, at least 2"),
    "no region to spread by": ({"m3": 4}, spread("region", 1, 2), "no region to spread by"),
    "too many regions": ({"m1": 4, "m2": 4}, spread("region", 1, 1), "in 2 regions"),
}


@pytest.mark.parametrize(
    ("targets", "placement", "message"), S3_BROKEN.values(), ids=S3_BROKEN.keys()
)
def test_a_placement_that_its_policy_does_not_allow(
    targets: dict[str, int], placement: dict[str, Any], message: str
) -> None:
    play = Play("S3")
    fleet(play)
    play.put(binding(targets, placement=placement), actor=SCHEDULER)
    assert [message in each for each in play.told()] == [True]


STATIC = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
    }
}
S3_HELD = {
    "within the affinity": ({"m1": 2, "m2": 2}, EAST),
    "the second group": ({"m2": 2, "m3": 2}, GROUPS),
    "static weights ignore the spread": (
        {"m1": 1, "m2": 1, "m3": 2},
        spread("cluster", 1, 2, STATIC),
    ),
    "a division may use fewer": ({"m1": 4}, spread("cluster", 2, 3, DIVIDED)),
}


@pytest.mark.parametrize(("targets", "placement"), S3_HELD.values(), ids=S3_HELD.keys())
def test_a_placement_as_karmada_makes_it(targets: dict[str, int], placement: Any) -> None:
    play = Play("S3")
    fleet(play)
    play.put(binding(targets, placement=placement), actor=SCHEDULER)
    assert play.told() == []


def test_a_decision_on_labels_that_have_just_changed() -> None:
    for wait_s, broken in ((3.0, False), (30.0, True)):
        play = Play("S3")
        fleet(play)
        play.now_s = 100.0
        play.put(cluster("m1", labels={}, region="east"), actor="user")
        play.wait(wait_s)
        play.put(binding({"m1": 4}, placement=EAST), actor=SCHEDULER)
        assert bool(play.told()) is broken


def test_an_old_placement_is_a_remark() -> None:
    play = Play("S3")
    fleet(play)
    play.put(binding({"m1": 2, "m2": 2}, placement=EAST), actor=SCHEDULER)
    play.put(cluster("m2", labels={"tier": "b"}, region="west"), actor="user")
    play.end()
    assert play.told() == []
    assert play.remarks() == [
        f"S3 {BINDING}: stands on m2, outside of its affinity: an old placement"
    ]


def test_a_placement_of_an_older_policy_is_a_remark() -> None:
    play = Play("S3")
    fleet(play)
    play.put(binding({"m1": 4}, placement=DIVIDED, applied=EAST), actor=SCHEDULER)
    play.end()
    assert play.told() == []
    assert "an older version of its placement" in play.remarks()[0]


# ── S4 ─────────────────────────────────────────────────────────────────────────────────────────

TAINT = {"key": "down", "effect": "NoExecute"}


def tolerating(seconds: int | None = None) -> dict[str, Any]:
    toleration: dict[str, Any] = {"key": "down", "operator": "Exists"}
    if seconds is not None:
        toleration["tolerationSeconds"] = seconds
    return {**DIVIDED, "clusterTolerations": [toleration]}


def tainted(placement: Any = DIVIDED, age_s: float = 60.0, **taint: Any) -> Play:
    """m1 has had a taint for a while, and holds all of the binding."""
    play = Play("S4")
    fleet(play)
    play.now_s = 100.0
    play.put(binding({"m1": 4}, placement=placement), actor=SCHEDULER)
    mark = {**TAINT, "timeAdded": timestamp(play.now_s), **taint}
    play.put(cluster("m1", taints=[mark]), actor="user")
    play.wait(age_s)
    return play


def test_a_new_target_with_a_taint() -> None:
    play = tainted()
    play.put(binding({"m2": 4}, generation=2), actor=SCHEDULER)
    play.wait(60.0)
    play.put(binding({"m1": 2, "m2": 2}, generation=3), actor=SCHEDULER)
    assert play.told() == [
        f"S4 {BINDING}: placed on m1 in spite of its taint down:NoExecute, not tolerated"
    ]


@pytest.mark.parametrize(
    ("gone_s", "placement", "effect"),
    [(0.5, DIVIDED, "NoExecute"), (60.0, tolerating(), "NoExecute"),
     (60.0, DIVIDED, "PreferNoSchedule")],
    ids=["put back by a scheduler that has not seen it go", "it tolerates it", "a soft taint"],
)  # fmt: skip
def test_a_target_that_may_come(gone_s: float, placement: Any, effect: str) -> None:
    play = tainted(placement, effect=effect)
    play.put(binding({"m2": 4}, generation=2, placement=placement), actor=SCHEDULER)
    play.wait(gone_s)
    play.put(binding({"m1": 4}, generation=3, placement=placement), actor=SCHEDULER)
    assert play.told() == []


def test_a_present_target_may_stay() -> None:
    play = tainted()
    play.put(binding({"m1": 6}, replicas=6, generation=2), actor=SCHEDULER)
    assert play.told() == []


EVICTIONS = {
    "too early": (tolerating(300), 60.0, {}, "tolerated for another 4m0s"),
    "tolerated for ever": (tolerating(), 60.0, {}, "tolerated for ever"),
    "for a taint that only keeps out": (
        DIVIDED, 60.0, {"effect": "NoSchedule"}, "it has no NoExecute taint"),
    "rightly": (DIVIDED, 60.0, {}, ""),
    "when its time was up": (tolerating(60), 60.0, {}, ""),
    "within the second that taint times are coarse": (tolerating(60), 59.5, {}, ""),
}  # fmt: skip


@pytest.mark.parametrize(
    ("placement", "age_s", "taint", "message"), EVICTIONS.values(), ids=EVICTIONS.keys()
)
def test_an_eviction(placement: Any, age_s: float, taint: Any, message: str) -> None:
    play = tainted(placement, age_s, **taint)
    play.put(
        binding({}, placement=placement, tasks=[task("m1")], generation=2), actor="taint-manager"
    )
    if message:
        assert [message in each for each in play.told()] == [True]
    else:
        assert play.told() == []


@pytest.mark.parametrize(("wait_s", "broken"), [(2.0, False), (30.0, True)])
def test_an_eviction_after_the_taint_is_gone(wait_s: float, broken: bool) -> None:
    play = tainted()
    play.put(cluster("m1"), actor="user")
    play.wait(wait_s)
    play.put(binding({}, tasks=[task("m1")], generation=2), actor="taint-manager")
    assert bool(play.told()) is broken
