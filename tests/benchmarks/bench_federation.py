"""100 Deployments over 3 members until nothing changes: wall time, simulated time, peak memory."""

from __future__ import annotations

import argparse
import resource
import time
from typing import Any

from lab.core.fleet import ClusterSpec, FleetSpec, NodePool
from lab.drivers.federation import Federation, Settings


def deployment(number: int) -> dict[str, Any]:
    name = f"web-{number:03d}"
    container = {
        "name": "web",
        "image": "nginx:1.27",
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {
            "replicas": 6,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [container]},
            },
        },
    }


POLICY = {
    "apiVersion": "policy.karmada.io/v1alpha1",
    "kind": "PropagationPolicy",
    "metadata": {"name": "all", "namespace": "default"},
    "spec": {
        "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment"}],
        "placement": {
            "clusterAffinity": {"clusterNames": ["member1", "member2", "member3"]},
            "replicaScheduling": {
                "replicaSchedulingType": "Divided",
                "replicaDivisionPreference": "Weighted",
            },
        },
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deployments", type=int, default=100)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    pools = (NodePool("general", 20, cpu="16", memory="64Gi"),)
    fleet = FleetSpec(tuple(ClusterSpec(f"member{n}", node_pools=pools) for n in (1, 2, 3)))
    members = {"podStart": "1s", "imagePull": False}
    started_s = time.perf_counter()
    federation = Federation(fleet, Settings(members=members), seed=1)
    booted_s = time.perf_counter()

    def play() -> None:
        federation.acting("bench")
        federation.hub.store.create(POLICY, federation.now_s)
        for number in range(options.deployments):
            federation.hub.store.create(deployment(number), federation.now_s)
        assert federation.run_until_quiet(settle_s=5.0)

    if options.profile:
        import cProfile
        import pstats

        profile = cProfile.Profile()
        profile.runcall(play)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    else:
        play()
    wall_s = time.perf_counter() - booted_s
    ready = sum(
        (each.get("status") or {}).get("readyReplicas", 0)
        for each in federation.hub.store.list("apps/v1", "Deployment")
    )
    print(f"boot                {booted_s - started_s:8.2f} s")
    print(f"{options.deployments} Deployments     {wall_s:8.2f} s wall until quiet")
    print(f"simulated           {federation.engine.last_change_s:8.2f} s until the last change")
    print(f"ready replicas      {ready:8d} of {6 * options.deployments}")
    print(f"trace records       {len(federation.trace.records):8d}")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory         {peak_mib:8.0f} MiB")


if __name__ == "__main__":
    main()
