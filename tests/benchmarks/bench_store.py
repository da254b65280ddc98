"""Writes and reads per second of the API server in memory. Run by hand.

python tests/benchmarks/bench_store.py [SECONDS]
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from typing import Any

from lab.core.kinds import HUB_KINDS
from lab.core.model import Key
from lab.core.selectors import parse_selector_text
from lab.store.api_store import ApiStore
from lab.store.changes import Change

SECONDS = 1.0


def rate(turn: Callable[[int], object], seconds: float) -> float:
    """Return how often a second `turn` can be called."""
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for _ in range(200):
            turn(count)
            count += 1
    return count / (time.perf_counter() - begin)


def deployment(name: str) -> dict[str, Any]:
    """Return a Deployment of usual size."""
    container = {
        "name": "main",
        "image": "registry.example.com/team/web:1.27",
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"KEY_{index}", "value": str(index)} for index in range(10)],
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name, "tier": "web"}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, "tier": "web"}},
                "spec": {"containers": [container]},
            },
        },
    }


class Heard:
    """A listener that does nearly nothing."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, change: Change) -> None:
        self.count += 1


def store_of(objects: int, listeners: int, **options: Any) -> ApiStore:
    """Return a store with Deployments and listeners."""
    store = ApiStore("", HUB_KINDS(), **options)
    for index in range(objects):
        store.create(deployment(f"web-{index:05}"), 0.0)
    for _ in range(listeners):
        store.listen(Heard())
    return store


def writes(store: ApiStore, subresource: str = "") -> Callable[[int], object]:
    """Return a turn that updates one Deployment after the other, from its latest copy."""
    latest = store.list("apps/v1", "Deployment")

    def turn(count: int) -> None:
        place = count % len(latest)
        old = latest[place]
        if subresource:
            new = {**old, "status": {"readyReplicas": count}}
        else:
            new = {**old, "spec": {**old["spec"], "replicas": count}}
        latest[place] = store.update(new, 1.0, subresource=subresource)

    return turn


def main() -> None:
    """Print the rates."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    for listeners in (0, 10, 100):
        found = rate(writes(store_of(1000, listeners)), seconds)
        print(f"writes, {listeners:3} watchers            {found:12,.0f}/s")
    gc.disable()
    found = rate(writes(store_of(1000, 10)), seconds)
    gc.enable()
    print(f"writes,  10 watchers, no gc      {found:12,.0f}/s")
    found = rate(writes(store_of(1000, 10), "status"), seconds)
    print(f"status writes, 10 watchers       {found:12,.0f}/s")
    found = rate(writes(store_of(1000, 10, defaulting=True)), seconds)
    print(f"writes with defaults, 10 watchers{found:12,.0f}/s")
    found = rate(writes(store_of(1000, 10, track_managers=True)), seconds)
    print(f"writes with managers noted       {found:12,.0f}/s")
    fresh = store_of(0, 10)
    found = rate(lambda count: fresh.create(deployment(f"new-{count}"), 0.0), seconds)
    print(f"creates, 10 watchers             {found:12,.0f}/s")

    store = store_of(10_000, 0)
    place = Key("", "apps/v1", "Deployment", "default", "web-00500")
    print(f"get                              {rate(lambda _: store.get(place), seconds):12,.0f}/s")
    body = {"metadata": {"annotations": {"a": "b"}}}

    def patch(count: int) -> None:
        store.patch(place, {"metadata": {"annotations": {"a": str(count)}}}, "merge", 1.0)

    print(f"merge patch                      {rate(patch, seconds):12,.0f}/s")
    same = rate(lambda _: store.patch(place, body, "merge", 1.0), seconds)
    print(f"merge patch that changes nothing {same:12,.0f}/s")

    def apply(count: int) -> None:
        manifest = deployment("applied")
        manifest["spec"]["replicas"] = count
        store.apply(manifest, "user", 1.0)

    print(f"server-side apply                {rate(apply, seconds):12,.0f}/s")
    begin = time.perf_counter()
    count = len(store.list("apps/v1", "Deployment"))
    print(f"list of {count:,}: {(time.perf_counter() - begin) * 1000:.1f} ms")
    begin = time.perf_counter()
    count = len(
        store.list("apps/v1", "Deployment", label_selector=parse_selector_text("app=web-00500"))
    )
    print(f"list of {count:,} by label: {(time.perf_counter() - begin) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
