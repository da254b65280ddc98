"""Asking a member's API as the control plane does, and what came of it."""

from __future__ import annotations

from typing import Any

from lab.core.model import (
    Action,
    Answered,
    Key,
    Observed,
    ProbeResult,
    Subscribe,
)
from tests.backends.simulated.world import World

CONFIG = ("v1", "ConfigMap")


def config(name: str, value: object = 1) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
        "data": {"key": str(value)},
    }


class Client:
    """The control plane: requests with their answers, and a cache as an informer keeps it."""

    def __init__(self, world: World) -> None:
        self.world, self.asked = world, dict[int, Action]()

    def ask(self, action: Action) -> int:
        number = len(self.asked) + 1
        self.asked[number] = action
        self.world.member.submit(number, action, "client", self.world.env.now)
        return number

    def watch(self, *kinds: tuple[str, str]) -> Client:
        for kind in kinds or (CONFIG,):
            self.ask(Subscribe("m", *kind))
        self.world.run(self.world.env.now + 1)
        return self

    def answer(self, number: int) -> tuple[float, Answered] | None:
        found = [
            (at, e)
            for at, e in self.world.events
            if isinstance(e, Answered) and e.request == number
        ]
        assert len(found) < 2, "a request is answered once"
        return found[0] if found else None

    def error(self, number: int) -> tuple[float, str]:
        found = self.answer(number)
        assert found is not None
        assert found[1].error is not None
        return found[0], found[1].error.message

    def seen(self, name: str = "") -> list[tuple[float, str | None]]:
        """When a ConfigMap was seen to change, and to what."""
        return [
            (at, e.object["data"]["key"] if e.object else None)
            for at, e in self.world.events
            if isinstance(e, Observed)
            and not e.initial
            and e.key.name != "kube-root-ca.crt"
            and name in ("", e.key.name)
        ]

    def probes(self) -> list[tuple[float, ProbeResult]]:
        return [(at, e) for at, e in self.world.events if isinstance(e, ProbeResult)]

    def cache(self) -> dict[Key, Any]:
        return cache_of(e for _, e in self.world.events)


def cache_of(events: Any) -> dict[Key, Any]:
    """Return what an informer holds after events."""
    held: dict[Key, Any] = {}
    for event in events:
        if not isinstance(event, Observed):
            continue
        if event.object is None:
            held.pop(event.key, None)
        else:
            held[event.key] = event.object
    return held


def begin(world: World, kind: str, number: int = 1, **parameters: Any) -> None:
    world.member.begin_fault(number, kind, parameters, world.env.now)


def end(world: World, number: int = 1) -> None:
    world.member.end_fault(number, world.env.now)


def faulty(kind: str, **parameters: Any) -> tuple[World, Client]:
    """A member that is watched, with a fault that has begun at second 10."""
    world = World(latency_s=0.01)
    client = Client(world).watch()
    world.run(10)
    world.member.link.heard_s = 10.0
    begin(world, kind, **parameters)
    return world, client
