"""Faults strike whom they should, when they should, and every strike and heal is traced."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from lab.core.errors import InputError
from lab.core.faults import read_fault
from lab.core.fleet import ClusterSpec, FleetSpec, NodePool
from lab.drivers.fault_state import FaultState
from lab.drivers.injector import Injector
from lab.engine.trace import Trace

FLEET = FleetSpec(
    tuple(
        ClusterSpec(name, region=region, zones=("z1", "z2"), node_pools=(NodePool("p", 4),))
        for name, region in (("a", "east"), ("b", "east"), ("c", "west"))
    )
)


class Server:
    """Notes what it is asked to do."""

    KINDS = frozenset({"ApiServerDown", "ClockSkew", "ControllerCrash"})
    plays = dict.fromkeys(
        ("ApiServerDown", "ClusterOutage", "NodeLoss", "SlowApi", "WatchDrop", "Partition")
    )

    def __init__(self, name: str, log: list[tuple[float, str, str, int]]) -> None:
        self.name, self.log = name, log
        self.active: dict[int, tuple[str, Mapping[str, Any]]] = {}

    def begin_fault(
        self, number: int, kind: str, parameters: Mapping[str, Any], now_s: float
    ) -> None:
        assert number not in self.active
        self.active[number] = (kind, parameters)
        self.log.append((now_s, self.name, kind, number))

    def end_fault(self, number: int, now_s: float) -> None:
        kind, _ = self.active.pop(number)
        self.log.append((now_s, self.name, f"end {kind}", number))

    def process(self, name: str) -> str:
        if name not in {"karmada-scheduler", "karmada-controller-manager"}:
            raise InputError(f"no process {name}")
        return name


class Playground:
    """A federation whose servers only take notes, and a clock that tests move."""

    def __init__(self, seed: int = 0) -> None:
        self.fleet, self.seed = FLEET, seed
        self.trace = Trace()
        self.now_s = 0.0
        self.acting_record = 0
        self.log: list[tuple[float, str, str, int]] = []
        self.blamed: list[tuple[str, int]] = []
        self.members = {spec.name: Server(spec.name, self.log) for spec in FLEET.clusters}
        self.fault_servers = self.members
        self.control_plane = Server("hub", self.log)
        self.timers: list[tuple[float, int, Callable[[float], None]]] = []
        causes = SimpleNamespace(blame=lambda *given: self.blamed.append(given))
        self.engine: Any = SimpleNamespace(causes=causes, call_at=self._call_at)
        self.injector = Injector(self)

    def _call_at(self, due_s: float, call: Callable[[float], None]) -> None:
        heapq.heappush(
            self.timers, (due_s, len(self.trace.records) * 1000 + len(self.timers), call)
        )

    def run_until(self, until_s: float) -> None:
        while self.timers and self.timers[0][0] <= until_s:
            self.now_s, _, call = heapq.heappop(self.timers)
            call(self.now_s)
        self.now_s = until_s

    def inject(self, kind: str, target: Any = None, name: str = "", **more: Any) -> FaultState:
        given = {"kind": kind, **({"target": target} if target else {}), **more}
        self.acting_record = self.trace.add(self.now_s, "step", "user", None)
        return self.injector.inject(read_fault(given, FLEET, name=name))

    def records(self) -> list[dict[str, Any]]:
        return [dict(each.detail) for each in self.trace.records if each.type == "fault"]

    def struck(self) -> list[tuple[float, str, str]]:
        return [(time_s, name, kind) for time_s, name, kind, _ in self.log]


EAST = {"region": "east"}


def test_a_fault_begins_and_ends() -> None:
    world = Playground()
    state = world.inject("RegionOutage", EAST, **{"for": "10m"})
    assert str(state) == "region-outage: RegionOutage strikes a, b, for 10m0s"
    assert (state.state, state.until_s, state.over_s) == ("active", 600.0, 600.0)
    world.run_until(250.0)
    assert world.injector.active()[0].remaining_s(world.now_s) == 350.0
    assert world.injector.healed_s("region-outage") is None
    world.run_until(700.0)
    assert world.struck() == [
        (0.0, "a", "ClusterOutage"),
        (0.0, "b", "ClusterOutage"),
        (600.0, "b", "end ClusterOutage"),
        (600.0, "a", "end ClusterOutage"),
    ]
    assert world.injector.active() == []
    assert world.injector.healed_s("region-outage") == 600.0
    assert world.injector.every()[0].state == "over"


def test_the_records_of_a_fault() -> None:
    world = Playground()
    world.inject("NodeLoss", {"cluster": "c", "nodes": ["c-p-2"]}, name="n", **{"for": "30s"})
    world.run_until(60.0)
    step, begin, heal = world.trace.records
    assert (begin.type, begin.actor, begin.cause) == ("fault", "fault", step.number)
    assert str(begin.key) == "Cluster c"
    assert begin.detail == {
        "fault": "n",
        "kind": "NodeLoss",
        "phase": "begin",
        "clusters": ["c"],
        "nodes": {"c": ["c-p-2"]},
        "parameters": {},
        "until": 30.0,
    }
    assert (heal.time_s, heal.cause) == (30.0, begin.number)
    assert {**heal.detail, "by": "length", "over": True, "phase": "heal"} == heal.detail
    assert world.blamed == [("c", begin.number), ("c", heal.number)]
    assert world.log[0][3] == begin.number


def test_a_ramp_strikes_one_after_another_and_ends_together() -> None:
    world = Playground()
    world.inject("ClusterOutage", {"percent": 100}, ramp="20s", **{"for": "1m"})
    world.run_until(100.0)
    assert world.struck() == [
        (0.0, "a", "ClusterOutage"),
        (10.0, "b", "ClusterOutage"),
        (20.0, "c", "ClusterOutage"),
        (60.0, "c", "end ClusterOutage"),
        (60.0, "b", "end ClusterOutage"),
        (60.0, "a", "end ClusterOutage"),
    ]
    begins = [each for each in world.records() if each["phase"] == "begin"]
    assert [each["ramp"] for each in begins] == [[1, 3], [2, 3], [3, 3]]
    numbers = [each.number for each in world.trace.records if each.type == "fault"]
    causes = [each.cause for each in world.trace.records if each.type == "fault"]
    assert causes == [1, numbers[0], numbers[0], numbers[0]]


def test_a_ramp_over_the_nodes_of_one_cluster() -> None:
    world = Playground()
    world.inject("NodeLoss", {"cluster": "a"}, ramp="30s")
    world.run_until(15.0)
    assert sorted(each[1]["nodes"] for each in world.members["a"].active.values()) == [
        ("a-p-1",),
        ("a-p-2",),
    ]
    world.injector.heal("node-loss")
    world.run_until(100.0)
    assert world.members["a"].active == {}
    assert len(world.log) == 4
    assert world.records()[-1]["nodes"] == {"a": ["a-p-1", "a-p-2"]}


def test_a_repeat_strikes_again() -> None:
    world = Playground()
    world.inject("SlowApi", {"cluster": "a"}, parameters={"factor": 3},
                 repeat={"times": 2, "every": "1m"}, **{"for": "10s"})  # fmt: skip
    world.run_until(30.0)
    state = world.injector.active()[0]
    assert (state.state, state.until_s, state.over_s) == ("waiting", 60.0, 70.0)
    assert world.injector.healed_s("slow-api") is None
    world.run_until(200.0)
    assert [each[0] for each in world.struck()] == [0.0, 10.0, 60.0, 70.0]
    assert [each.get("over") for each in world.records()] == [None, False, None, True]
    assert [each["strike"] for each in world.records()] == [1, 1, 2, 2]
    assert world.injector.healed_s("slow-api") == 70.0
    assert world.injector.every()[0].strikes == 2


def test_a_fault_that_waits_to_come_back_can_be_healed() -> None:
    world = Playground()
    world.inject("SlowApi", {"cluster": "a"}, parameters={"factor": 3},
                 repeat={"times": 5, "every": "1m"}, **{"for": "10s"})  # fmt: skip
    world.run_until(30.0)
    world.injector.heal("slow-api")
    world.run_until(600.0)
    assert len(world.log) == 2
    assert world.injector.healed_s("slow-api") == 30.0


def test_a_pattern_without_a_length_goes_on_until_it_is_healed() -> None:
    world = Playground()
    world.inject(
        "Flapping", {"cluster": "a"}, parameters={"fault": "Partition", "direction": "to-member"}
    )
    world.run_until(3600.0)
    assert len(world.log) == 121
    assert world.log[0][2] == "Partition"
    world.injector.heal_all()
    world.run_until(7200.0)
    assert len(world.log) == 122


def test_what_strikes_once_is_over_at_once() -> None:
    world = Playground()
    state = world.inject("WatchDrop", {"cluster": "a"})
    assert str(state) == "watch-drop: WatchDrop strikes a, once"
    assert world.struck() == [(0.0, "a", "WatchDrop"), (0.0, "a", "end WatchDrop")]
    assert world.injector.healed_s("watch-drop") == 0.0


def test_overlapping_faults_end_on_their_own() -> None:
    world = Playground()
    world.inject("ClusterOutage", {"cluster": "a"}, name="one", **{"for": "1m"})
    world.run_until(10.0)
    world.inject("ApiServerDown", {"clusters": ["a", "b"]}, name="two", **{"for": "20s"})
    assert [kind for kind, _ in world.members["a"].active.values()] == [
        "ClusterOutage",
        "ApiServerDown",
    ]
    world.run_until(40.0)
    assert [kind for kind, _ in world.members["a"].active.values()] == ["ClusterOutage"]
    assert world.members["b"].active == {}
    world.run_until(60.0)
    assert world.members["a"].active == {}


def test_heal_one_and_all() -> None:
    world = Playground()
    world.inject("ClusterOutage", {"cluster": "a"}, name="one")
    world.inject("ClusterOutage", {"cluster": "b"}, name="two", **{"for": "1m"})
    world.inject("ApiServerDown", {"hub": True}, name="three")
    world.run_until(5.0)
    world.acting_record = world.trace.add(5.0, "step", "user", None)
    assert world.injector.heal("two").over_s == 5.0
    heal = world.trace.records[-1]
    assert (heal.cause, heal.detail["by"]) == (world.acting_record, "hand")
    assert [each.name for each in world.injector.heal_all()] == ["one", "three"]
    assert world.injector.heal_all() == []
    world.run_until(100.0)
    assert len(world.log) == 6
    assert not any(each.active for each in (*world.members.values(), world.control_plane))


def test_the_hub() -> None:
    world = Playground()
    state = world.inject("ApiServerDown", {"hub": True})
    assert str(state) == "api-server-down: ApiServerDown strikes the hub, until healed"
    assert world.struck() == [(0.0, "hub", "ApiServerDown")]
    record = world.trace.records[-1]
    assert (record.key, record.detail["hub"], world.blamed) == (None, True, [])


def test_a_crash_is_over_when_the_process_has_started_again() -> None:
    world = Playground()
    world.inject("ControllerCrash", parameters={"process": "karmada-scheduler", "write": 2})
    begun = world.trace.records[-1].number
    crash = world.trace.add(5.0, "process", "karmada-scheduler", None, cause=begun,
                            detail={"event": "crashed"})  # fmt: skip
    world.run_until(20.0)
    assert world.injector.healed_s("controller-crash") is None
    world.trace.add(20.0, "process", "karmada-scheduler", None, cause=crash,
                    detail={"event": "started"})  # fmt: skip
    world.run_until(21.0)
    assert world.injector.healed_s("controller-crash") == 20.0
    assert world.records()[-1]["by"] == "done"


def test_a_cut_between_members_is_kept() -> None:
    world = Playground()
    state = world.inject("Partition", parameters={"between": ["a", "c"]}, **{"for": "1m"})
    assert "strikes the link between a and c" in str(state)
    assert "note: nothing plays traffic between members yet" in str(state)
    assert world.injector.cut_links() == [("a", "c")]
    world.run_until(60.0)
    assert world.injector.cut_links() == []
    assert world.log == []


def test_an_abort_says_why() -> None:
    world = Playground()
    state = world.inject("ClusterOutage", {"cluster": "a"}, abortIf="now() > 1.0")
    assert state.abort_if == "now() > 1.0"
    world.run_until(3.0)
    world.injector.abort("cluster-outage", {"abortIf": "now() > 1.0", "found": "now() is 3.0"})
    heal = world.records()[-1]
    assert (heal["by"], heal["found"], heal["over"]) == ("abort", "now() is 3.0", True)


WRONG: dict[str, tuple[Callable[[Playground], object], str]] = {
    "a heal of nothing": (lambda w: w.injector.heal("x"), r"no fault is named \"x\" \(none is"),
    "a heal of another": (
        lambda w: (w.inject("ClusterOutage", EAST, name="out"), w.injector.heal("ou")),
        'did you mean "out"',
    ),
    "a second heal": (
        lambda w: (w.inject("ClusterOutage", EAST, name="o"), w.injector.heal("o"),
                   w.injector.heal("o")),
        'fault "o" is over since 0s',
    ),
    "a name that is taken": (
        lambda w: (w.inject("ClusterOutage", EAST, name="o"), w.inject("SlowApi", EAST, name="o",
                   parameters={"factor": 2})),
        'a fault is named "o" already',
    ),
    "a kind the members cannot play": (
        lambda w: w.inject("ApiUnhealthy", EAST), "ApiUnhealthy is not played by simulated",
    ),
    "a kind the hub cannot play": (
        lambda w: w.inject("SlowApi", {"hub": True}, parameters={"factor": 2}),
        "SlowApi is not played on the hub",
    ),
    "an unknown process": (
        lambda w: w.inject("ControllerCrash", parameters={"process": "nobody"}),
        "no process nobody",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("act", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong(act: Callable[[Playground], object], message: str) -> None:
    world = Playground()
    with pytest.raises(InputError, match=message):
        act(world)


def test_what_is_refused_leaves_no_record() -> None:
    world = Playground()
    with pytest.raises(InputError):
        world.inject("ApiUnhealthy", EAST)
    assert [each.type for each in world.trace.records] == ["step"]
    assert world.injector.every() == []


def test_free_names() -> None:
    world = Playground()
    assert world.injector.free_name("slow-api") == "slow-api"
    world.inject("SlowApi", EAST, parameters={"factor": 2})
    assert world.injector.free_name("slow-api") == "slow-api-2"
