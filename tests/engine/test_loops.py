"""Which loop hears what, and which is due next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.model import (
    HUB,
    Answered,
    Delete,
    Due,
    Event,
    Index,
    Key,
    Observed,
    Plan,
    ProbeResult,
    Queue,
    Synced,
    View,
)
from lab.core.workqueue import RateLimitingQueue
from lab.engine.loop import Loops

CLUSTER = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", "edge")
WORK = Key(HUB, "work.karmada.io/v1alpha1", "Work", "karmada-es-edge", "w")
POD = Key("edge", "v1", "Pod", "default", "p")


class Idle:
    """A controller of which only the name and the member matter."""

    client = "c"
    workers = 1
    indexes: Sequence[Index] = ()

    def __init__(self, name: str, cluster: str = "") -> None:
        self.name, self.cluster = name, cluster

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        return ()

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        return Plan()

    def make_queue(self) -> Queue:
        return RateLimitingQueue()


HEARD: dict[str, tuple[Event, bool]] = {
    "an object of the member": (Observed(POD, None), True),
    "an object of another member": (Observed(POD._replace(cluster="west"), None), False),
    "its Cluster": (Observed(CLUSTER, None), True),
    "another's Cluster": (Observed(CLUSTER._replace(name="west"), None), False),
    "its Work": (Observed(WORK, None), True),
    "another's Work": (Observed(WORK._replace(namespace="karmada-es-west"), None), False),
    "a binding": (Observed(WORK._replace(namespace="default"), None), False),
    "a probe": (ProbeResult("edge", online=True, healthy=True), True),
    "another's probe": (ProbeResult("west", online=True, healthy=True), False),
    "its list": (Synced("edge", "v1", "Pod"), True),
    "an answer about its object": (Answered(1, Delete(POD)), True),
    "an answer about its Work": (Answered(1, Delete(WORK)), True),
}


@pytest.mark.parametrize(("event", "own"), HEARD.values(), ids=HEARD.keys())
def test_an_agents_loop_hears_of_its_member_only(event: Event, own: bool) -> None:
    loops = Loops([Idle("general"), Idle("agent", "edge")])
    names = [loop.controller.name for loop in loops.hearing(event)]
    assert names == (["general", "agent"] if own else ["general"])


def test_ties_go_by_order() -> None:
    loops = Loops([Idle("a"), Idle("b")])
    loops[1].ask(Due(POD, 1.0), 0, 0.0)
    loops[0].ask(Due(POD, 1.0), 0, 0.0)
    assert loops.next_due() == (1.0, 0)


def test_who_is_held_or_down_is_not_due() -> None:
    loops = Loops([Idle("a")])
    loops[0].ask(Due(POD, 1.0), 0, 0.0)
    loops[0].held = True
    loops[0].touch()
    assert loops.next_due() is None
    loops[0].held = False
    loops[0].touch()
    assert loops.next_due() == (1.0, 0)
    loops[0].crash()
    assert loops.next_due() is None


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5), st.floats(0, 9), st.booleans()), max_size=40
    )
)
@settings(derandomize=True)
def test_the_next_is_the_earliest_of_all(asked: list[tuple[int, int, float, bool]]) -> None:
    loops = Loops([Idle(str(number)) for number in range(4)])
    now_s = 0.0
    for index, name, after_s, pops in asked:
        loops[index].ask(Due(POD._replace(name=str(name)), after_s), 0, now_s)
        found = loops.next_due()
        times = [(loop.queue.next_due_s(), at) for at, loop in enumerate(loops)]
        assert found == min((t, at) for t, at in times if t is not None)
        if pops and found is not None:
            now_s = max(now_s, found[0])
            key = loops[found[1]].queue.pop(now_s)
            assert key is not None
            loops[found[1]].queue.done(key, now_s)
            loops[found[1]].touch()
