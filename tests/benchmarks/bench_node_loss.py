"""One member of 5,000 nodes and 20,000 pods loses nodes: a zone, then all, then all come back.

Run by hand: `python -m tests.benchmarks.bench_node_loss [--watched]`. Prints wall time and SimPy
events per phase. `--watched` lets somebody watch pods, nodes and the service of every workload.
"""

from __future__ import annotations

import gc
import sys
import time

import simpy

from lab.backends.simulated.member import SimulatedMember
from lab.backends.simulated.pods.pods import State
from lab.backends.simulated.timings import parse_timings
from lab.core.fleet import ClusterSpec, NodePool
from tests.benchmarks.bench_members import DEPLOYMENTS, NODES, REPLICAS, deployment

LIMITS = {"podCreationRate": 0, "bindRate": 0, "schedulerRate": 0, "nodeControllerRate": 0}


class Run:
    """A member and its clock, stepped and timed."""

    def __init__(self, watched: bool) -> None:
        self.env = simpy.Environment()
        spec = ClusterSpec("big", zones=("a", "b", "c"), node_pools=(NodePool("pool", NODES),))
        self.member = SimulatedMember(
            self.env, spec, lambda event: None, seed=1, timings=parse_timings(LIMITS)
        )
        self.told = 0
        if watched:
            self.member.on_service.append(lambda time_s, key, count: self._tell())
            for kind in ("Pod", "Node"):
                self.member.store.listen(lambda change: self._tell(), "v1", kind)

    def _tell(self) -> None:
        self.told += 1

    def until(self, name: str, time_s: float) -> None:
        """Run to a time and print what it took."""
        began, steps, told = time.perf_counter(), 0, self.told
        while self.env.peek() <= time_s:
            self.env.step()
            steps += 1
        if self.env.now < time_s:
            self.env.run(until=time_s)
        ready = int(self.member.pods.totals[:, State.AVAILABLE].sum())
        wall_s = time.perf_counter() - began
        counts = f"{steps:6} events, {self.told - told:7} told, {ready:6} available"
        print(f"{name:34} {wall_s:6.2f} s wall, {counts}")


def main() -> None:
    run = Run("--watched" in sys.argv)
    for number in range(DEPLOYMENTS):
        run.member.store.create(deployment(number), 0.0)
    gc.freeze()
    run.until(f"{DEPLOYMENTS * REPLICAS} pods start", 600.0)
    nodes = run.member.nodes
    zone = tuple(name for row, name in enumerate(nodes.names) if nodes.zone_key(row)[1] == "a")
    run.member.begin_fault(1, "NodeLoss", {"nodes": zone}, 600.0)
    run.until(f"zone of {len(zone)} nodes lost, 1 hour", 4200.0)
    run.member.begin_fault(2, "NodeLoss", {}, 4200.0)
    run.until(f"all {len(nodes)} nodes lost, 1 hour", 7800.0)
    run.member.end_fault(1, 7800.0)
    run.member.end_fault(2, 7800.0)
    run.until("all back, 1 hour", 11_400.0)
    run.member.begin_fault(3, "ClusterOutage", {}, 11_400.0)
    run.until("cluster outage, 1 hour", 15_000.0)
    run.member.end_fault(3, 15_000.0)
    run.until("all back, 10 minutes", 15_600.0)


if __name__ == "__main__":
    main()
