"""A small house for tests of the engine: loops that follow a rule, a hub, a member that waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.core.errors import ApiError
from lab.core.kinds import HUB_KINDS
from lab.core.model import (
    HUB,
    Action,
    Answered,
    Due,
    Event,
    Index,
    Key,
    Observed,
    Plan,
    Queue,
    View,
)
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import RateLimitingQueue
from lab.engine.engine import Engine
from lab.engine.hub import Hub
from lab.engine.trace import Trace
from lab.store.api_store import ApiStore

Rule = Callable[[View, Key, float], Plan]


def config(name: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
        "data": data,
    }


def key(name: str, cluster: str = HUB) -> Key:
    return Key(cluster, "v1", "ConfigMap", "default", name)


@dataclass
class Loop:
    """A controller that watches the hub's ConfigMaps and follows a rule."""

    rule: Rule
    name: str = "loop"
    client: str = "manager"
    workers: int = 1
    indexes: Sequence[Index] = ()
    seen: list[tuple[float, str]] = field(default_factory=list)

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        is_config = isinstance(event, Observed) and event.key[:3] == (HUB, "v1", "ConfigMap")
        return [Due(event.key)] if is_config else []

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        self.seen.append((now_s, key.name))
        return self.rule(view, key, now_s)

    def make_queue(self) -> Queue:
        return RateLimitingQueue()


@dataclass
class Member:
    """An API server that keeps what it is sent until the test answers."""

    requests: list[tuple[int, Action]] = field(default_factory=list)

    def submit(self, request: int, action: Action, client: str, now_s: float) -> None:
        self.requests.append((request, action))


@dataclass
class House:
    engine: Engine
    store: ApiStore
    member: Member
    now_s: float = 0.0

    def create(self, manifest: dict[str, Any]) -> None:
        self.engine.acting("user", self.now_s)
        self.store.create(manifest, self.now_s)

    def run(self, until_s: float) -> None:
        while (due_s := self.engine.run_due(self.now_s)) is not None and due_s <= until_s:
            self.now_s = max(self.now_s, due_s)
        self.now_s = until_s

    def answer(self, error: ApiError | None = None) -> None:
        request, action = self.member.requests.pop(0)
        self.engine.receive(Answered(request, action, error=error), self.now_s)


def house(*loops: Loop, settings: KarmadaSettings | None = None) -> House:
    store = ApiStore(HUB, HUB_KINDS())
    hub = Hub(store, settings or KarmadaSettings(hub_latency_s=0.004))
    member = Member()
    engine = Engine(loops, hub, {"m1": member}, Trace(), reconciles_per_instant=10)
    return House(engine, store, member)
