from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.model import (
    HUB,
    NOTHING,
    Create,
    Due,
    Event,
    Key,
    Note,
    Observed,
    Patch,
    Plan,
    Probe,
    ProbeResult,
    Update,
    View,
    key_of,
)
from lab.core.settings import KarmadaSettings
from lab.engine.engine import EngineError
from tests.engine.house import Loop, config, house, key


def test_a_plan_is_carried_out_in_order_and_each_request_takes_its_time() -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        if asked.name != "first":
            return NOTHING
        return Plan([Create(HUB, config("second")), Create(HUB, config("third"))])

    loop = Loop(rule)
    lab = house(loop)
    lab.create(config("first"))
    lab.run(1.0)
    assert loop.seen[:3] == [(0.0, "first"), (0.008, "second"), (0.008, "third")]


def test_an_action_refused_backs_off_and_drops_the_rest() -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        return Plan([Create(HUB, config("first")), Create(HUB, config("never"))])

    loop = Loop(rule)
    lab = house(loop)
    lab.create(config("first"))
    lab.run(0.05)
    times = [now_s for now_s, _ in loop.seen]
    assert times == [0.0, 0.009, 0.023, 0.047], "4 ms a request, then 5, 10, 20 ms"
    assert lab.store.find(key("never")) is None
    refusals = [record for record in lab.engine.trace.records if record.type == "refusal"]
    assert refusals[0].detail["reason"] == "AlreadyExists"


def test_a_key_in_flight_is_not_reconciled_again_until_it_lands() -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        return Plan([Create("m1", config("copy"))])

    loop = Loop(rule, workers=5)
    lab = house(loop)
    lab.create(config("first"))
    lab.run(1.0)
    lab.store.patch(key("first"), {"data": {"a": "1"}}, "merge", lab.now_s)
    lab.run(2.0)
    assert len(loop.seen) == 1
    lab.answer()
    lab.run(3.0)
    assert len(loop.seen) == 2


def test_workers_bound_what_is_in_flight() -> None:
    loop = Loop(lambda view, asked, now_s: Plan([Create("m1", config("copy"))]), workers=2)
    lab = house(loop)
    for name in "abc":
        lab.create(config(name))
    lab.run(1.0)
    assert [name for _, name in loop.seen] == ["a", "b"]
    lab.answer()
    lab.run(2.0)
    assert [name for _, name in loop.seen] == ["a", "b", "c"]


def test_a_members_refusal_comes_back_to_the_key() -> None:
    loop = Loop(lambda view, asked, now_s: Plan([Create("m1", config("copy"))]))
    lab = house(loop)
    lab.create(config("first"))
    lab.run(1.0)
    lab.answer(ApiError(503, "ServiceUnavailable", "the server is gone"))
    lab.run(2.0)
    assert [now_s for now_s, _ in loop.seen] == [0.0, 1.005]


def test_requeue_brings_the_key_back_and_an_error_comes_sooner() -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        return Plan(error="not yet") if now_s < 0.004 else Plan(requeue_after_s=10.0)

    loop = Loop(rule)
    lab = house(loop)
    lab.create(config("first"))
    lab.run(25.0)
    assert [now_s for now_s, _ in loop.seen] == [0.0, 0.005, 10.005, 20.005]


def test_a_hot_loop_is_an_error_that_names_controller_and_key() -> None:
    loop = Loop(lambda view, asked, now_s: Plan(requeue_after_s=0.0), name="spinner")
    lab = house(loop)
    lab.create(config("first"))
    with pytest.raises(EngineError, match=r"spinner reconciled ConfigMap default/first"):
        lab.run(1.0)


CLIENTS = {
    "one client has one limit": (("manager", "manager"), ["a"]),
    "two clients have one each": (("manager", "scheduler"), ["a", "b"]),
}


@pytest.mark.parametrize(("clients", "want"), CLIENTS.values(), ids=CLIENTS.keys())
def test_controllers_share_the_rate_limit_of_their_client(
    clients: tuple[str, str], want: list[str]
) -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        found = view.get(asked)
        if found is None or found["data"]:
            return NOTHING
        return Plan([Patch(asked, {"data": {"done": "yes"}})])

    settings = KarmadaSettings(kube_api_qps=1.0, kube_api_burst=1, hub_latency_s=0.0)
    loops = [Loop(rule, client, client=client, workers=5) for client in clients]
    lab = house(*loops, settings=settings)
    for name in "abc":
        lab.create(config(name))
    lab.run(0.5)
    found = lab.store.list("v1", "ConfigMap", "default")
    assert [each["metadata"]["name"] for each in found if each["data"]] == want


def test_changes_know_their_cause() -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        return NOTHING if asked.name == "second" else Plan([Create(HUB, config("second"))])

    lab = house(Loop(rule))
    lab.create(config("first"))
    lab.run(0.1)
    records = {record.number: record for record in lab.engine.trace.records}
    created = next(
        record
        for record in records.values()
        if record.type == "change" and record.key == key("second")
    )
    action = records[created.cause]
    assert (action.type, action.actor) == ("action", "loop")
    assert records[action.cause].key == key("first")


def test_events_are_counted_up_not_repeated() -> None:
    note = Note(key("first"), "Normal", "Seen", "it was seen")

    def rule(view: View, asked: Key, now_s: float) -> Plan:
        return Plan(notes=[note], requeue_after_s=1.0 if now_s < 2 else None)

    lab = house(Loop(rule))
    lab.create(config("first"))
    lab.run(10.0)
    events = lab.store.list("v1", "Event", "default")
    assert [(each["reason"], each["count"]) for each in events] == [("Seen", 3)]


def test_an_update_on_a_stale_version_conflicts_and_is_tried_again() -> None:
    def rule(view: View, asked: Key, now_s: float) -> Plan:
        found = view.get(asked)
        assert found is not None
        if found["data"].get("by") == "loop":
            return NOTHING
        return Plan([Update(HUB, {**found, "data": {"by": "loop"}})])

    loop = Loop(rule)
    lab = house(loop)
    lab.create(config("first", by="user"))
    lab.engine.run_due(0.0)  # the update is on its way
    lab.store.patch(key("first"), {"data": {"x": "y"}}, "merge", 0.001)
    lab.run(1.0)
    assert lab.store.get(key("first"))["data"] == {"by": "loop"}
    assert any(
        record.type == "refusal" and record.detail["reason"] == "Conflict"
        for record in lab.engine.trace.records
    )


def test_members_that_are_not_registered_are_not_heard() -> None:
    lab = house(Loop(lambda view, asked, now_s: NOTHING))
    lab.engine.receive(Observed(key("stray", "m1"), config("stray")), 0.0)
    assert lab.engine.view.get(key("stray", "m1")) is None


def test_a_cluster_without_a_member_refuses_and_probes_as_unreachable() -> None:
    probed: list[Event] = []

    def rule(view: View, asked: Key, now_s: float) -> Plan:
        return Plan([Probe("ghost"), Create("ghost", config("copy"))])

    loop = Loop(rule)
    lab = house(loop)
    loop.keys_for = lambda event, view: (  # type: ignore[method-assign]
        probed.append(event) or ([Due(event.key)] if isinstance(event, Observed) else [])
    )
    lab.create(config("first"))
    lab.run(0.001)
    assert [each.online for each in probed if isinstance(each, ProbeResult)] == [False]
    refusal = next(record for record in lab.engine.trace.records if record.type == "refusal")
    assert refusal.detail["code"] == 503


def cluster(api_version: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": "Cluster", "metadata": {"name": "m1"}}


def test_only_karmadas_own_cluster_ends_a_members_informers() -> None:
    lab = house(Loop(lambda view, asked, now_s: NOTHING))
    own, foreign = cluster("cluster.karmada.io/v1alpha1"), cluster("cluster.x-k8s.io/v1beta1")
    lab.create(own)
    foreign["metadata"]["namespace"] = "default"
    lab.create(foreign)
    lab.engine.receive(Observed(key("held", "m1"), config("held")), 0.0)
    lab.store.delete(key_of(foreign), 1.0)
    assert lab.engine.view.get(key("held", "m1")) is not None
    lab.store.delete(key_of(own), 2.0)
    assert lab.engine.view.get(key("held", "m1")) is None
