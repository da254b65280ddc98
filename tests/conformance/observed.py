"""A fleet like the one that real behaviour was observed on, and short words to play on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.fleet import ClusterSpec, FleetSpec, NodePool
from lab.core.labels import WORK_API
from lab.core.manifest import Manifest, condition, name_of, namespace_of, status_of
from lab.core.model import HUB, key_of
from lab.core.settings import karmada_settings
from lab.drivers.federation import Federation, Settings, cluster_manifest
from lab.store.api_store import ApiStore
from tests.conformance.manifests import key


def member(
    name: str, *cpus: str, labels: Mapping[str, str] | None = None, **more: Any
) -> ClusterSpec:
    """Return a cluster with one node for each number of cpus (2 GiB of memory to a cpu)."""
    pools = tuple(
        NodePool(f"n{index}", 1, cpu=cpu, memory=f"{2 * int(cpu)}Gi", pods=110)
        for index, cpu in enumerate(cpus, 1)
    )
    return ClusterSpec(name, labels=labels or {}, node_pools=pools, **more)


MEMBER1 = member("member1", "4", "4", labels={"env": "prod"}, provider="aws", region="us-east-1")
MEMBER2 = member("member2", "4", "2", labels={"env": "prod"}, provider="gcp", region="eu-west-4")
MEMBER3 = member("member3", "8", provider="aws", region="us-west-2")
FLEET = (MEMBER1, MEMBER2, MEMBER3)
ALL = {"member1", "member2", "member3"}


class Play:
    """A booted federation and a person at its keyboard; a word is `Kind/name` or `Kind/ns/name`.

    Args:
        fleet: The clusters.
        karmada: Settings of Karmada in scenario form.
    """

    def __init__(self, *fleet: ClusterSpec, **karmada: Any) -> None:
        settings = Settings(
            karmada_settings(karmada),
            {"podStart": "1s", "imagePull": False, "termination": "1s"},
        )
        self.federation = Federation(FleetSpec(fleet or FLEET), settings, seed=1)

    # ── a person's hands ───────────────────────────────────────────────────────────────────────

    def store(self, cluster: str = HUB) -> ApiStore:
        self.federation.acting("user")
        return self.federation.store_of(cluster)

    def apply(self, *manifests: Manifest, cluster: str = HUB) -> None:
        """Create or replace, as `kubectl apply` does: labels and annotations of others stay."""
        for manifest in manifests:
            store, now_s = self.store(cluster), self.federation.now_s
            standing = store.find(key_of(manifest))
            if standing is None:
                store.create(manifest, now_s)
            else:
                metadata = {**standing["metadata"], **manifest["metadata"]}
                for marks in ("labels", "annotations"):
                    old = standing["metadata"].get(marks) or {}
                    metadata[marks] = {**old, **(manifest["metadata"].get(marks) or {})}
                store.update({**standing, **manifest, "metadata": metadata}, now_s)
            self.federation.run_until(now_s + 0.02)

    def patch(self, word: str, body: Any, cluster: str = HUB, kind: str = "merge") -> None:
        store = self.store(cluster)
        store.patch(key(word), body, kind, self.federation.now_s)  # type: ignore[arg-type]

    def scale(self, word: str, replicas: int) -> None:
        self.patch(word, {"spec": {"replicas": replicas}})

    def delete(self, word: str, cluster: str = HUB) -> None:
        self.store(cluster).delete(key(word), self.federation.now_s)

    def taint(self, cluster: str, *taints: Mapping[str, str]) -> None:
        self.patch(f"Cluster/{cluster}", {"spec": {"taints": list(taints) or None}})

    def cordon(self, cluster: str) -> None:
        self.taint(cluster, {"key": "cluster.karmada.io/unschedulable", "effect": "NoSchedule"})

    def uncordon(self, cluster: str) -> None:
        self.taint(cluster)

    def join(self, spec: ClusterSpec) -> None:
        self.apply(cluster_manifest(spec))

    # ── time ───────────────────────────────────────────────────────────────────────────────────

    def settle(self, *manifests: Manifest, settle_s: float = 3.0) -> Play:
        """Apply what is given, then let time pass until nothing changes any more."""
        self.apply(*manifests)
        assert self.federation.run_until_quiet(settle_s, 120.0), "it never settles"
        return self

    def wait(self, seconds: float) -> None:
        self.federation.run_until(self.federation.now_s + seconds)

    # ── what can be seen ───────────────────────────────────────────────────────────────────────

    def find(self, word: str, cluster: str = HUB) -> Manifest | None:
        return self.federation.store_of(cluster).find(key(word))

    def get(self, word: str, cluster: str = HUB) -> Manifest:
        return self.federation.store_of(cluster).get(key(word))

    def holders(self, word: str) -> set[str]:
        """Return the members that hold an object."""
        return {name for name in self.federation.members if self.find(word, name) is not None}

    def members(self, word: str) -> dict[str, Any]:
        """Return spec.replicas of an object in each member that holds it."""
        return {
            name: self.get(word, name)["spec"].get("replicas")
            for name in sorted(self.holders(word))
        }

    def binding(self, name: str = "web-deployment") -> Manifest:
        return self.get(f"ResourceBinding/{name}")

    def targets(self, name: str = "web-deployment") -> dict[str, Any]:
        """Return spec.clusters of a binding as cluster -> replicas."""
        clusters = self.binding(name)["spec"].get("clusters") or ()
        return {each["name"]: each.get("replicas") for each in clusters}

    def verdict(self, type: str, name: str = "web-deployment") -> tuple[str, str]:
        """Return status and reason of a condition of a binding."""
        found = condition(self.binding(name), type) or {}
        return found.get("status", ""), found.get("reason", "")

    def message(self, type: str, name: str = "web-deployment") -> str:
        return str((condition(self.binding(name), type) or {}).get("message"))

    def reports(self, name: str = "web-deployment") -> dict[str, Manifest]:
        """Return the items of a binding's aggregatedStatus by cluster."""
        items = status_of(self.binding(name)).get("aggregatedStatus") or ()
        return {each["clusterName"]: each for each in items}

    def works(self, kind: str = "Deployment", name: str = "web") -> dict[str, Manifest]:
        """Return the Works of one object, by cluster."""
        found = {}
        for work in self.federation.hub.store.list(WORK_API, "Work"):
            manifest = work["spec"]["workload"]["manifests"][0]
            if manifest["kind"] == kind and name_of(manifest) == name:
                found[namespace_of(work).removeprefix("karmada-es-")] = work
        return found

    def events(self, reason: str) -> list[Mapping[str, Any]]:
        """Return the Kubernetes events of a reason, oldest first: {reason, message, …}."""
        records = self.federation.trace.records
        return [
            {**each.detail, "about": each.key.kind if each.key else "", "time_s": each.time_s}
            for each in records
            if each.type == "note" and each.detail.get("reason") == reason
        ]

    def marks(self, word: str, cluster: str = HUB) -> set[str]:
        """Return Karmada's labels and annotations on an object."""
        metadata = self.get(word, cluster)["metadata"]
        return {
            name
            for field in ("labels", "annotations")
            for name in metadata.get(field) or {}
            if "karmada.io" in name
        }
