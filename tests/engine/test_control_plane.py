"""Faults of the hub and of the control plane's processes, seen from a loop."""

from __future__ import annotations

import pytest

from lab.core.errors import InputError
from lab.core.model import HUB, Create, Key, Observed, Patch, Plan, Subscribe, Synced, View
from lab.engine.control_plane import ControlPlaneFaults
from lab.engine.processes import MOMENTS, Moment
from tests.engine.house import House, Loop, Rule, config, house, key


def copier(view: View, asked: Key, now_s: float) -> Plan:
    """Make three copies of the ConfigMap `first`, one after the other."""
    if asked.name != "first":
        return Plan()
    missing = [name for name in ("x", "y", "z") if view.get(key(name)) is None]
    return Plan([Create(HUB, config(name)) for name in missing])


def plane(rule: Rule = copier, client: str = "manager") -> tuple[House, Loop, ControlPlaneFaults]:
    loop = Loop(rule, client=client)
    lab = house(loop)
    lab.engine.boot(0.0)

    def again() -> list[Loop]:
        return [Loop(rule, client=client, seen=loop.seen)]

    lab.engine.processes.make = again
    return lab, loop, ControlPlaneFaults(lab.engine)


def fault(lab: House) -> int:
    return lab.engine.trace.add(lab.now_s, "fault", "fault", None)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("write", [1, 2, 3])
def test_a_crash_at_a_write_ends_where_a_run_without_it_ends(write: int, moment: Moment) -> None:
    lab, _, faults = plane()
    given = {"process": "manager", "write": write, "moment": moment, "restartAfter": 5.0}
    faults.begin_fault(fault(lab), "ControllerCrash", given, 0.0)
    lab.create(config("first"))
    lab.run(2.0)
    done = write - (moment == "before")
    assert [name for name in "xyz" if lab.store.find(key(name))] == list("xyz")[:done]
    lab.run(20.0)
    assert all(lab.store.find(key(name)) for name in "xyz")
    events = [each.detail["event"] for each in lab.engine.trace.records if each.type == "process"]
    assert events == ["crashed", "started"]


def test_a_crashed_process_does_nothing_and_lists_all_when_it_starts() -> None:
    lab, loop, faults = plane()
    faults.begin_fault(fault(lab), "ControllerCrash", {"process": "manager"}, 0.0)
    lab.create(config("first"))
    lab.run(14.9)
    assert loop.seen == []
    lab.run(20.0)
    assert loop.seen[0] == (15.0, "first")


def test_the_end_of_the_fault_starts_the_process_at_once() -> None:
    lab, loop, faults = plane()
    number = fault(lab)
    faults.begin_fault(number, "ControllerCrash", {"process": "manager", "restartAfter": 99.0}, 0.0)
    lab.create(config("first"))
    lab.run(3.0)
    faults.end_fault(number, 3.0)
    lab.run(4.0)
    assert loop.seen[0] == (3.0, "first")


def test_an_unknown_process_is_named_with_the_nearest_one() -> None:
    _, _, faults = plane(client="karmada-scheduler")
    assert faults.process("scheduler") == "karmada-scheduler"
    with pytest.raises(InputError, match=r'"schedular" .* did you mean "scheduler"'):
        faults.process("schedular")


def test_a_hub_that_is_down_refuses_and_its_leaders_exit_after_ten_seconds() -> None:
    lab, loop, faults = plane()
    number = fault(lab)
    lab.create(config("first"))
    faults.begin_fault(number, "ApiServerDown", {}, 0.0)
    lab.run(9.0)
    refusals = [each for each in lab.engine.trace.records if each.type == "refusal"]
    assert refusals
    assert "connection refused" in refusals[0].detail["message"]
    lab.run(40.0)
    crashed = [each for each in lab.engine.trace.records if each.type == "process"]
    assert [(each.time_s, each.detail["event"]) for each in crashed] == [(10.0, "crashed")]
    faults.end_fault(number, 40.0)
    lab.run(200.0)
    # It was tried at 10, 20 and 40 s, with the wait doubling: the next time is 80 s.
    assert loop.seen[-1][0] >= 80.0
    assert all(lab.store.find(key(name)) for name in "xyz")


@pytest.mark.parametrize("way", ["its crash is healed", "its restart is due"])
def test_a_process_does_not_start_while_the_hub_is_down(way: str) -> None:
    lab, _, faults = plane()
    down, crash = fault(lab), fault(lab)
    given = {"process": "manager", "restartAfter": 5.0 if way == "its restart is due" else 99.0}
    faults.begin_fault(down, "ApiServerDown", {}, 0.0)
    faults.begin_fault(crash, "ControllerCrash", given, 0.0)
    lab.run(6.0)
    if way == "its crash is healed":
        faults.end_fault(crash, 6.0)
    lab.create(config("first"))
    lab.run(20.0)
    assert not lab.engine.processes.is_up("manager")
    faults.end_fault(down, 20.0)
    lab.run(40.0)
    assert lab.engine.processes.is_up("manager")
    assert all(lab.store.find(key(name)) for name in "xyz")


def test_the_end_of_a_crash_that_did_not_come_starts_nothing() -> None:
    lab, _, faults = plane()
    ordered, other = fault(lab), fault(lab)
    faults.begin_fault(ordered, "ControllerCrash", {"process": "manager", "write": 9}, 0.0)
    faults.begin_fault(other, "ControllerCrash", {"process": "manager", "restartAfter": 30.0}, 0.0)
    faults.end_fault(ordered, 1.0)
    lab.run(29.0)
    assert not lab.engine.processes.is_up("manager")
    lab.run(31.0)
    assert lab.engine.processes.is_up("manager")


def test_a_short_outage_of_the_hub_keeps_the_leaders() -> None:
    lab, _, faults = plane()
    number = fault(lab)
    faults.begin_fault(number, "ApiServerDown", {}, 0.0)
    lab.run(9.0)
    faults.end_fault(number, 9.0)
    lab.run(60.0)
    assert not [each for each in lab.engine.trace.records if each.type == "process"]


def test_a_slow_hub_takes_its_time_and_gives_up_after_a_minute() -> None:
    lab, _, faults = plane()
    faults.begin_fault(fault(lab), "SlowApi", {"factor": 1.0, "delay": 2.0}, 0.0)
    lab.create(config("first"))
    lab.run(1.9)
    assert lab.store.find(key("x")) is None
    lab.run(2.1)
    assert lab.store.find(key("x")) is not None
    faults.begin_fault(fault(lab), "SlowApi", {"factor": 1.0, "delay": 70.0}, 2.1)
    lab.run(200.0)
    refusals = [each for each in lab.engine.trace.records if each.type == "refusal"]
    assert refusals[0].detail["code"] == 504


def test_a_throttling_hub_makes_its_clients_wait_and_then_fail() -> None:
    lab, _, faults = plane()
    given = {"qps": 0.5, "retryAfter": 1.0}
    faults.begin_fault(fault(lab), "ThrottledApi", given, 0.0)
    lab.create(config("first"))
    lab.run(60.0)
    made = [name for name in "xyz" if lab.store.find(key(name))]
    assert made == list("xyz")
    times = [each.time_s for each in lab.engine.trace.records if each.actor == "loop"]
    assert max(times) >= 2.0, "the second request was let in after two seconds"


def test_conflicts_strike_a_share_of_the_updates() -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        found = view.get(asked)
        assert found is not None
        if (found.get("data") or {}).get("done"):
            return Plan()
        return Plan([Patch(asked, {"data": {"done": "yes"}})])

    lab, _, faults = plane(rule)
    faults.begin_fault(fault(lab), "Conflicts", {"share": 0.5}, 0.0)
    for name in "abcd":
        lab.create(config(name))
    lab.run(10.0)
    refusals = [each for each in lab.engine.trace.records if each.type == "refusal"]
    assert {each.detail["reason"] for each in refusals} == {"Conflict"}
    assert len(refusals) >= 2
    assert all(lab.store.get(key(name))["data"]["done"] == "yes" for name in "abcd")


def test_a_full_disk_refuses_writes() -> None:
    lab, _, faults = plane()
    faults.begin_fault(fault(lab), "FullDisk", {"disk": "etcd"}, 0.0)
    lab.create(config("first"))
    lab.run(1.0)
    assert lab.store.find(key("x")) is None
    refusal = next(each for each in lab.engine.trace.records if each.type == "refusal")
    assert "database space exceeded" in refusal.detail["message"]


def test_a_skewed_clock_is_what_a_process_sees() -> None:
    lab, loop, faults = plane()
    number = fault(lab)
    faults.begin_fault(number, "ClockSkew", {"offset": -30.0}, 0.0)
    lab.run(100.0)
    lab.create(config("b"))
    lab.run(101.0)
    assert loop.seen[0] == (70.0, "b")
    faults.end_fault(number, 101.0)
    lab.create(config("c"))
    lab.run(102.0)
    assert loop.seen[1] == (101.0, "c")


def test_a_held_process_keeps_its_queue() -> None:
    lab, loop, _ = plane()
    lab.engine.processes.hold("manager")
    lab.create(config("first"))
    lab.run(5.0)
    assert loop.seen == []
    lab.engine.processes.release("manager")
    lab.run(6.0)
    assert loop.seen[0] == (5.0, "first")


def test_a_process_cut_off_exits_with_its_lease_and_comes_back_by_itself() -> None:
    lab, loop, faults = plane()
    number = fault(lab)
    faults.cut_off("manager", number, 0.0)
    lab.create(config("first"))
    lab.run(25.0)
    assert loop.seen == []
    faults.reconnect("manager", number)
    lab.run(60.0)
    assert loop.seen[0] == (40.0, "first"), "exit at 10 s, tried at 10, 20 and 40 s"


def test_a_process_cut_off_for_a_moment_goes_on() -> None:
    lab, loop, faults = plane()
    number, other = fault(lab), fault(lab)
    faults.cut_off("manager", number, 0.0)
    faults.cut_off("manager", other, 0.0)
    lab.create(config("first"))
    lab.run(5.0)
    faults.reconnect("manager", number)
    lab.run(6.0)
    assert loop.seen == [], "the other fault still holds it"
    faults.reconnect("manager", other)
    lab.run(30.0)
    assert loop.seen[0] == (6.0, "first")


def test_a_dead_process_loses_its_memory_at_once() -> None:
    lab, _, faults = plane()
    number = fault(lab)
    faults.cut_off("manager", number, 0.0, dead=True)
    assert not lab.engine.processes.is_up("manager")
    faults.reconnect("manager", number)
    lab.run(0.0)
    assert lab.engine.processes.is_up("manager")


def test_a_restarted_process_watches_members_anew() -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        if view.synced("m1", "v1", "ConfigMap"):
            return Plan()
        return Plan([Subscribe("m1", "v1", "ConfigMap")])

    lab, _, faults = plane(rule)
    lab.create({"apiVersion": "cluster.karmada.io/v1alpha1", "kind": "Cluster",
                "metadata": {"name": "m1"}})  # fmt: skip
    lab.create(config("first"))
    lab.run(0.5)
    receive = lab.engine.receive
    for name in ("stays", "goes"):
        receive(Observed(key(name, "m1"), config(name), initial=True), 0.5)
    receive(Synced("m1", "v1", "ConfigMap"), 0.5)
    lab.answer()
    faults.begin_fault(
        fault(lab), "ControllerCrash", {"process": "manager", "restartAfter": 1.0}, 0.5
    )
    lab.run(1.0)
    receive(Observed(key("stays", "m1"), config("stays", v="2")), 1.0)
    assert lab.engine.view.get(key("stays", "m1")) is None, "nobody watches while it is down"
    lab.run(3.0)
    assert len(lab.member.requests) == 1
    before = len(lab.engine.trace.records)
    receive(Observed(key("stays", "m1"), config("stays"), initial=True), 3.0)
    receive(Synced("m1", "v1", "ConfigMap"), 3.0)
    told = lab.engine.trace.records[before:]
    assert [(each.type, each.key, each.after) for each in told] == [
        ("change", key("goes", "m1"), None)
    ], "what is as it was is no news; what went meanwhile is"


def test_every_record_but_a_step_has_a_cause_that_came_before_it() -> None:
    lab, _, faults = plane()
    faults.begin_fault(fault(lab), "Conflicts", {"share": 0.5}, 0.0)
    lab.create(config("first"))
    lab.run(5.0)
    found = [each for each in lab.engine.trace.records if each.type not in {"step", "fault"}]
    assert {each.type for each in found} >= {"action", "change"}
    assert [each for each in found if not 0 < each.cause < each.number] == []
