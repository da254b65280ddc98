"""One member of 5,000 nodes brings 200 Deployments of 100 pods each to ready.

Run by hand: `python -m tests.benchmarks.bench_members [--fast]`. Prints wall time, SimPy events and
peak memory. `--fast` lifts the rate limits of the controllers, so that every pod starts at once.
"""

from __future__ import annotations

import gc
import resource
import sys
import time

import simpy

from lab.backends.simulated.member import SimulatedMember
from lab.backends.simulated.pods.pods import State
from lab.backends.simulated.timings import parse_timings
from lab.core.fleet import ClusterSpec, NodePool
from lab.core.model import Event, Key, Probe

NODES, DEPLOYMENTS, REPLICAS = 5_000, 200, 100


def deployment(number: int) -> dict[str, object]:
    labels = {"app": f"web-{number}"}
    container = {
        "name": "web",
        "image": "nginx",
        "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"web-{number}", "namespace": "default"},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def main() -> None:
    fast = "--fast" in sys.argv
    limits = {"podCreationRate": 0, "bindRate": 0, "schedulerRate": 0} if fast else {}
    env = simpy.Environment()
    events: list[Event] = []
    began = time.perf_counter()
    spec = ClusterSpec("big", zones=("a", "b", "c"), node_pools=(NodePool("pool", NODES),))
    member = SimulatedMember(env, spec, events.append, seed=1, timings=parse_timings(limits))
    built = time.perf_counter()
    for number in range(DEPLOYMENTS):
        member.store.create(deployment(number), env.now)
    gc.freeze()
    want = DEPLOYMENTS * REPLICAS
    ready, second, steps = 0, 0, 0
    while ready < want and second < 7200:
        second += 10
        while env.peek() <= second:
            env.step()
            steps += 1
        member.submit(second, Probe("big"), "controller", env.now)
        ready = int(member.pods.totals[:, State.AVAILABLE].sum())
    done = time.perf_counter()
    page = member.store.list_page("v1", "Pod", limit=500)
    paged = time.perf_counter()
    key = Key("big", "apps/v1", "Deployment", "default", "web-7")
    assert member.store.get(key)["status"]["readyReplicas"] == REPLICAS
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"build {built - began:.2f} s, {ready} pods ready after {second} simulated s")
    print(f"run {done - built:.2f} s wall, {steps} SimPy events, {len(events)} probes")
    print(f"first page of {len(page.items)} pods {1000 * (paged - done):.0f} ms")
    print(f"peak memory {peak_mib:.0f} MiB")


if __name__ == "__main__":
    main()
