"""Whatever goes wrong, and in whatever order: once healed, the control plane sees what is there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.core.model import (
    Action,
    Answered,
    Create,
    Delete,
    Event,
    Key,
    Observed,
    Patch,
    Probe,
    ProbeResult,
    Subscribe,
    key_of,
)
from tests.backends.simulated.calls import Client, cache_of, config
from tests.backends.simulated.world import World, workload

KINDS = (("v1", "ConfigMap"), ("apps/v1", "Deployment"), ("v1", "Pod"), ("v1", "Node"))
FAULTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("ApiServerDown", {}),
    ("ApiUnhealthy", {}),
    ("ClusterOutage", {}),
    ("ClockSkew", {"offset": 60.0}),
    ("Conflicts", {"share": 0.5}),
    ("DuplicatedDelivery", {"share": 0.5}),
    ("FullDisk", {"disk": "etcd"}),
    ("MissedEvents", {"share": 0.5}),
    ("NodeLoss", {}),
    ("Partition", {"direction": "both"}),
    ("Partition", {"direction": "from-member"}),
    ("Partition", {"direction": "to-member"}),
    ("RefusedWrites", {"reason": "MissingApi", "kinds": ("ConfigMap",)}),
    ("RefusedWrites", {"reason": "Quota"}),
    ("ReorderedDelivery", {"window": 3.0}),
    ("SlowApi", {"factor": 100.0, "delay": 3.0}),
    ("StaleReads", {"lag": 7.0}),
    ("ThrottledApi", {"qps": 1.0, "retryAfter": 1.0}),
    ("TornJournal", {"lose": 5.0}),
    ("WatchDrop", {"relist": False}),
    ("WatchDrop", {"relist": True}),
)
SETTLE_S = 1500.0


@dataclass
class Play:
    """A member, its clients, and the faults that are active."""

    world: World
    client: Client
    faults: list[int] = field(default_factory=list)
    begun: int = 0

    def do(self, step: tuple[str, Any]) -> None:
        what, given_ = step
        env, member = self.world.env, self.world.member
        if what == "wait":
            self.world.run(env.now + given_)
        elif what == "ask":
            self.client.ask(given_)
        elif what == "begin":
            self.begun += 1
            kind, parameters = given_
            member.begin_fault(self.begun, kind, parameters, env.now)
            self.faults.append(self.begun)
        elif self.faults:
            member.end_fault(self.faults.pop(given_ % len(self.faults)), env.now)

    def heal(self) -> None:
        while self.faults:
            self.do(("end", 0))
        self.world.run(self.world.env.now + SETTLE_S)


def played(steps: list[tuple[str, Any]], seed: int = 1) -> Play:
    world = World(seed=seed)
    play = Play(world, Client(world).watch(*KINDS))
    for step in steps:
        play.do(step)
    play.heal()
    return play


def versions(objects: Mapping[Key, Any]) -> dict[Key, str]:
    """What is compared: a node shows its heartbeat without a change of its version."""
    return {key: each["metadata"]["resourceVersion"] for key, each in objects.items()}


def check(play: Play) -> None:
    events = [event for _, event in play.world.events]
    held = cache_of(events)
    for kind in KINDS:
        there = {key_of(each, "m"): each for each in play.world.store.list(*kind)}
        mine = {key: each for key, each in held.items() if (key.api_version, key.kind) == kind}
        assert versions(mine) == versions(there)
    _check_answers(play, events)
    _check_order(events)
    assert play.world.member.link.clear
    assert all(each.live for each in play.world.member.subscriptions)
    assert not len(play.world.member._requests)


def _check_answers(play: Play, events: list[Event]) -> None:
    answered = sorted(each.request for each in events if isinstance(each, Answered))
    asked = play.client.asked
    assert answered == [n for n, action in asked.items() if not isinstance(action, Probe)]
    probes = sum(isinstance(action, Probe) for action in asked.values())
    assert sum(isinstance(each, ProbeResult) for each in events) == probes


def _check_order(events: list[Event]) -> None:
    """No object is ever seen to go back to an earlier version, or to change from the unknown."""
    held: dict[Key, Any] = {}
    for event in events:
        if not isinstance(event, Observed):
            continue
        before, new = held.pop(event.key, None), event.object
        if new is None:
            continue
        held[event.key] = new
        if before is None:
            assert event.old is None or event.initial
        elif before["metadata"]["uid"] == new["metadata"]["uid"]:
            was, now = (int(each["metadata"]["resourceVersion"]) for each in (before, new))
            assert was <= now


def _actions() -> st.SearchStrategy[Action]:
    names = st.sampled_from(["a", "b", "c"])
    replicas = st.integers(0, 4)
    values = st.integers(2, 9)
    place = World().key
    return st.one_of(
        st.builds(lambda name, value: Create("m", config(name, value)), names, values),
        st.builds(
            lambda name, value: Patch(place("ConfigMap", name), {"data": {"key": str(value)}}),
            names,
            values,
        ),
        st.builds(lambda name: Delete(place("ConfigMap", name)), names),
        st.builds(
            lambda name, count: Create("m", workload("Deployment", name, replicas=count)),
            names,
            replicas,
        ),
        st.builds(
            lambda name, count: Patch(place("Deployment", name), {"spec": {"replicas": count}}),
            names,
            replicas,
        ),
        st.builds(lambda name: Delete(place("Deployment", name)), names),
        st.just(Probe("m")),
        st.sampled_from([Subscribe("m", *kind) for kind in KINDS]),
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([0.001, 0.0025, 0.3, 2.0, 10.0, 35.0, 310.0])),
        st.tuples(st.just("ask"), _actions()),
        st.tuples(st.just("ask"), _actions()),
        st.tuples(st.just("begin"), st.sampled_from(FAULTS)),
        st.tuples(st.just("end"), st.integers(0, 9)),
    ),
    max_size=40,
)


@settings(
    derandomize=True,
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(STEPS)
def test_healed_the_control_plane_sees_what_is_there(steps: list[tuple[str, Any]]) -> None:
    check(played(steps))


@pytest.mark.parametrize("kind", FAULTS, ids=lambda each: f"{each[0]}{dict(each[1])}")
@pytest.mark.parametrize("other", FAULTS[::3], ids=lambda each: each[0])
def test_any_two_faults_compose(
    kind: tuple[str, Mapping[str, Any]], other: tuple[str, Mapping[str, Any]]
) -> None:
    steps: list[tuple[str, Any]] = [
        ("ask", Create("m", config("a"))),
        ("wait", 10.0),
        ("begin", kind),
        ("ask", Create("m", config("b"))),
        ("wait", 2.0),
        ("begin", other),
        ("ask", Patch(World().key("ConfigMap", "a"), {"data": {"key": "2"}})),
        ("ask", Delete(World().key("ConfigMap", "b"))),
        ("wait", 35.0),
        ("end", 0),
        ("ask", Create("m", config("c"))),
        ("wait", 10.0),
    ]
    check(played(steps))


MIX: list[tuple[str, Any]] = [
    step
    for at, fault in enumerate(FAULTS)
    for step in (
        ("begin", fault),
        ("ask", Create("m", config(f"c{at}"))),
        ("ask", Create("m", workload("Deployment", f"d{at}", replicas=1))),
        ("wait", 17.0),
        ("ask", Probe("m")),
        ("end", at // 2),
    )
]


def told(seed: int) -> str:
    """Return everything the control plane was told."""
    return repr(played(MIX, seed).world.events)


def test_the_same_seed_tells_the_same_in_another_process() -> None:
    mine = told(3)
    code = f"from {__name__} import told; print(told(3))"
    env = {**os.environ, "PYTHONHASHSEED": "4711"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert found.stdout == mine + "\n"
    assert told(4) != mine
