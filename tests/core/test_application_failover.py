from __future__ import annotations

from typing import Any

import pytest

from lab.core.application_failover import diagnose, eviction_for
from lab.core.eviction import evicted
from lab.core.settings import KarmadaSettings
from lab.core.state_preservation import StateError, preserved_labels

RULE = {"aliasLabelName": "failover.io/job", "jsonPath": "{.jobStatus.jobID}"}


def behaviour(seconds: int | None = 10, **more: Any) -> dict[str, Any]:
    conditions = {} if seconds is None else {"tolerationSeconds": seconds}
    return {"decisionConditions": conditions, "purgeMode": "Directly", **more}


def binding(*targets: str, tasks: Any = (), **health: Any) -> dict[str, Any]:
    items = [{"clusterName": name, "health": word} for name, word in health.items()]
    spec = {"clusters": [{"name": name, "replicas": 1} for name in targets]}
    if tasks:
        spec["gracefulEvictionTasks"] = [{"fromCluster": name} for name in tasks]
    return {"spec": spec, "status": {"aggregatedStatus": items}}


LOOKS: dict[str, tuple[Any, Any, float, Any, Any, Any]] = {
    # binding, since, now -> since, evict, check after
    "first seen": (binding("a", a="Unhealthy"), {}, 5.0, {"a": 5.0}, (), 10.0),
    "still tolerated": (binding("a", a="Unhealthy"), {"a": 5.0}, 9.0, {"a": 5.0}, (), 6.0),
    "whole seconds count": (binding("a", a="Unhealthy"), {"a": 5.0}, 9.9, {"a": 5.0}, (), 6.0),
    "time over": (binding("a", a="Unhealthy"), {"a": 5.0}, 15.0, {"a": 5.0}, ("a",), None),
    "healthy again": (binding("a", a="Healthy"), {"a": 5.0}, 9.0, {}, (), None),
    "unknown puts the clock back": (binding("a", a="Unknown"), {"a": 5.0}, 99.0, {}, (), None),
    "no report leaves it": (binding("a", "b", b="Healthy"), {"a": 5.0}, 99.0, {"a": 5.0}, (), None),
    "being evicted already": (
        binding("a", tasks=["a"], a="Unhealthy"),
        {"a": 5.0},
        99.0,
        {"a": 5.0},
        (),
        None,
    ),
    "no target any more": (binding("b", a="Unhealthy"), {}, 5.0, {}, (), 10.0),
    "one over, one running": (
        binding("a", "b", a="Unhealthy", b="Unhealthy"),
        {"a": 5.0, "b": 10.0},
        16.0,
        {"a": 5.0, "b": 10.0},
        ("a",),
        4.0,
    ),
}


@pytest.mark.parametrize("name", LOOKS)
def test_diagnose(name: str) -> None:
    subject, since, now_s, want_since, evict, wait_s = LOOKS[name]
    found = diagnose(subject, behaviour(), since, now_s)
    assert (dict(found.since), found.evict, found.check_after_s) == (want_since, evict, wait_s)


def test_clocks_begun_are_told_also_of_clusters_that_are_no_targets() -> None:
    subject = binding("a", a="Unhealthy", b="Unhealthy", c="Unhealthy")
    found = diagnose(subject, behaviour(), {"c": 1.0}, 5.0)
    assert (dict(found.since), dict(found.begun)) == ({"a": 5.0}, {"a": 5.0, "b": 5.0})


def test_without_a_toleration_five_minutes_are_tolerated() -> None:
    subject = binding("a", a="Unhealthy")
    assert diagnose(subject, behaviour(None), {}, 0.0).check_after_s == 300.0
    assert diagnose(subject, behaviour(None), {"a": 0.0}, 300.0).evict == ("a",)


def test_a_toleration_of_nothing_waits_for_the_next_look() -> None:
    subject = binding("a", a="Unhealthy")
    first = diagnose(subject, behaviour(0), {}, 7.0)
    assert (first.evict, first.check_after_s) == ((), None)
    assert diagnose(subject, behaviour(0), first.since, 7.0).evict == ("a",)


MODES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "directly": ({"purgeMode": "Directly"}, {"purgeMode": "Directly"}),
    "gracefully": (
        {"purgeMode": "Gracefully", "gracePeriodSeconds": 60},
        {"purgeMode": "Gracefully", "gracePeriodSeconds": 60},
    ),
    "never": ({"purgeMode": "Never"}, {"purgeMode": "Never", "suppressDeletion": True}),
}


@pytest.mark.parametrize(("given", "want"), MODES.values(), ids=MODES.keys())
def test_purge_modes(given: dict[str, Any], want: dict[str, Any]) -> None:
    subject = binding("a", "b", a="Unhealthy", b="Healthy")
    eviction = eviction_for(subject, behaviour(**given), "a", "me", KarmadaSettings())
    moved = evicted(subject, eviction)
    assert moved["spec"]["clusters"] == [{"name": "b", "replicas": 1}]
    assert moved["spec"]["gracefulEvictionTasks"] == [
        {
            "fromCluster": "a",
            "replicas": 1,
            "reason": "ApplicationFailure",
            "producer": "me",
            **want,
        }
    ]


def test_gracefully_needs_its_gate() -> None:
    settings = KarmadaSettings().with_gates(GracefulEviction=False)
    given = behaviour(purgeMode="Gracefully")
    with pytest.raises(StateError, match="GracefulEviction featureGate must be enabled"):
        eviction_for(binding("a", a="Unhealthy"), given, "a", "me", settings)


def stateful(status: Any) -> dict[str, Any]:
    subject = binding("a", "b", a="Unhealthy")
    subject["status"]["aggregatedStatus"][0]["status"] = status
    return subject


def test_state_is_kept_only_with_the_gate() -> None:
    subject = stateful({"jobStatus": {"jobID": "x7"}})
    given = behaviour(statePreservation={"rules": [RULE]})
    off = eviction_for(subject, given, "a", "me", KarmadaSettings())
    assert off.preserved_labels is None
    assert off.clusters_before == ()
    settings = KarmadaSettings().with_gates(StatefulFailoverInjection=True)
    on = eviction_for(subject, given, "a", "me", settings)
    assert on.preserved_labels == {"failover.io/job": "x7"}
    assert on.clusters_before == ["a", "b"]
    plain = eviction_for(subject, behaviour(), "a", "me", settings)
    assert (plain.preserved_labels, plain.clusters_before) == (None, ())


PATHS: dict[str, tuple[str, Any, str]] = {
    "a text": ("{.job}", {"job": "x"}, "x"),
    "a whole number": ("{.ready}", {"ready": 3}, "3"),
    "true": ("{.up}", {"up": True}, "true"),
    "text around it": ("v-{.job}", {"job": "x"}, "v-x"),
    "no braces: a mere text": (".job", {"job": "x"}, ".job"),
    "an element": ("{.list[1].id}", {"list": [{"id": "a"}, {"id": "b"}]}, "b"),
    "all elements": ("{.list[*].id}", {"list": [{"id": "a"}, {"id": "b"}]}, "a b"),
}


@pytest.mark.parametrize(("path", "status", "want"), PATHS.values(), ids=PATHS.keys())
def test_a_rule_reads_the_status(path: str, status: Any, want: str) -> None:
    rules = [{"aliasLabelName": "l", "jsonPath": path}]
    given = behaviour(statePreservation={"rules": rules})
    assert preserved_labels(given, stateful(status), "a") == {"l": want}


LOST: dict[str, tuple[str, Any, str]] = {
    "no status yet": ("{.job}", None, "has not yet been collected from Cluster\\(a\\)"),
    "no such field": ("{.job}", {"x": 1}, "job is not found"),
    "no such element": ("{.list[2]}", {"list": [1]}, "index out of bounds: index 2, length 1"),
    "not a path": ("{.job[}", {"job": 1}, "^unterminated array$"),
}


@pytest.mark.parametrize(("path", "status", "want"), LOST.values(), ids=LOST.keys())
def test_state_that_cannot_be_told_holds_the_move_up(path: str, status: Any, want: str) -> None:
    rules = [{"aliasLabelName": "l", "jsonPath": path}]
    given = behaviour(statePreservation={"rules": rules})
    with pytest.raises(StateError, match=want):
        preserved_labels(given, stateful(status), "a")
