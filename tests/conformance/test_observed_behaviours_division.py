"""How replicas are divided over members, and what no replicas mean."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.manifests import AGGREGATED, DIVIDED, deployment, pods, policy, static, thing
from tests.conformance.observed import ALL, Play

WEB = "Deployment/web"


def test_a_static_division_ignores_capacity_and_spread_constraints() -> None:
    spread = [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]
    placement = {**static(member1=2, member2=1), "spreadConstraints": spread}
    play = Play().settle(policy(placement=placement), deployment(90, cpu="1"))
    assert play.members(WEB) == {"member1": 60, "member2": 30}


def test_aggregated_with_two_groups_asked_for_still_uses_one_cluster() -> None:
    spread = [{"spreadByField": "cluster", "minGroups": 2, "maxGroups": 2}]
    play = Play().settle(
        policy(placement={**AGGREGATED, "spreadConstraints": spread}), deployment(2, cpu="100m")
    )
    assert list(play.members(WEB).values()) == [2]


@pytest.mark.parametrize(
    ("cpu", "propagated_empty", "kept"),
    [("100m", False, False), (None, False, True), ("100m", True, True), (None, True, True)],
)
@pytest.mark.parametrize("placement", [{}, DIVIDED], ids=["Duplicated", "Divided"])
def test_zero_replicas(cpu: str | None, propagated_empty: bool, kept: bool, placement: Any) -> None:
    play = Play(enableEmptyWorkloadPropagation=propagated_empty)
    play.settle(policy(placement=placement), deployment(3, cpu=cpu))
    play.scale(WEB, 0)
    play.settle()
    assert play.members(WEB) == (dict.fromkeys(sorted(ALL), 0) if kept else {})
    assert play.verdict("FullyApplied")[0] == ("True" if kept else "False")


@pytest.mark.parametrize(
    ("template", "shares"),
    [
        ("Job", {"parallelism": [2, 3], "completions": [2, 3]}),
        ("StatefulSet", {"replicas": [2, 3]}),
    ],
)
def test_five_divided_over_two(template: str, shares: dict[str, list[int]]) -> None:
    made = thing(f"{template}/web", spec={**dict.fromkeys(shares, 5), **pods()})
    if template == "Job":
        del made["spec"]["selector"]
        made["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    play = Play().settle(
        policy(selects=template, clusters=["member1", "member2"], placement=DIVIDED), made
    )
    for field, counts in shares.items():
        found = [
            play.get(f"{template}/web", name)["spec"][field] for name in ("member1", "member2")
        ]
        assert sorted(found) == counts


@pytest.mark.parametrize("kind", ["DaemonSet", "Service"])
def test_whole_to_both_with_no_replicas_in_the_binding(kind: str) -> None:
    spec = pods() if kind == "DaemonSet" else {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    play = Play().settle(
        policy(selects=kind, clusters=["member1", "member2"], placement=DIVIDED),
        thing(f"{kind}/web", spec=spec),
    )
    assert play.targets(f"web-{kind.lower()}") == {"member1": None, "member2": None}
    assert "replicas" not in play.binding(f"web-{kind.lower()}")["spec"]
    assert play.holders(f"{kind}/web") == {"member1", "member2"}


def test_equal_remainders_go_by_the_uid_of_the_template_and_never_flip() -> None:
    pair: dict[str, Any] = {"clusters": ["member1", "member2"], "placement": DIVIDED}
    extra = set()
    for index in range(6):
        uid = f"00000000-0000-4000-8000-00000000000{index}"
        play = Play().settle(policy(**pair), deployment(5, uid=uid))
        first = play.members(WEB)
        assert sorted(first.values()) == [2, 3]
        play.scale(WEB, 4)
        play.settle()
        play.scale(WEB, 5)
        play.settle()
        assert play.members(WEB) == first
        extra.add(max(first, key=lambda name: first[name]))
    assert extra == {"member1", "member2"}
