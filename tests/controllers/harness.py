"""A whole control plane over plain API stores: the controllers end to end, without simulated nodes.

Members answer after a millisecond. A Deployment in a member is ready a second after it changed.
Time is a list of things due; nothing here waits.
"""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from lab.controllers import build_controllers
from lab.core.errors import ApiError
from lab.core.kinds import HUB_KINDS, MEMBER_KINDS
from lab.core.labels import (
    BINDING_ID,
    CLUSTER_BINDING_ID,
    CLUSTER_POLICY_FINALIZER,
    CLUSTER_POLICY_ID,
    POLICY_FINALIZER,
    POLICY_ID,
    WORK_ID,
)
from lab.core.manifest import Manifest, labels_of, name_of, set_in, with_labels
from lab.core.model import (
    HUB,
    Action,
    Answered,
    Event,
    Key,
    Observed,
    Probe,
    ProbeResult,
    Subscribe,
    Synced,
    key_of,
)
from lab.core.settings import KarmadaSettings
from lab.core.work import with_permanent_id
from lab.engine.engine import Engine
from lab.engine.hub import Hub
from lab.engine.trace import Trace
from lab.store.api_store import ApiStore

LATENCY_S = 0.001
_OLD_APIS = {
    ("work.karmada.io/v1alpha1", "ResourceBinding"),
    ("work.karmada.io/v1alpha1", "ClusterResourceBinding"),
}
_IDS = {
    "PropagationPolicy": (POLICY_ID, POLICY_FINALIZER),
    "ClusterPropagationPolicy": (CLUSTER_POLICY_ID, CLUSTER_POLICY_FINALIZER),
    "ResourceBinding": (BINDING_ID, ""),
    "ClusterResourceBinding": (CLUSTER_BINDING_ID, ""),
}


class Admission:
    """What the webhooks do that the controllers need: permanent ids and policy finalizers."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(
        self, operation: str, new: Manifest | None, old: Manifest | None, now_s: float
    ) -> Manifest:
        manifest = new if new is not None else old
        assert manifest is not None
        if operation != "CREATE":
            return manifest
        kind = str(manifest["kind"])
        if kind == "Work" and not labels_of(manifest).get(WORK_ID):
            return with_permanent_id(manifest, self._id())
        if kind in _IDS:
            label, finalizer = _IDS[kind]
            if not labels_of(manifest).get(label):
                manifest = with_labels(manifest, {label: self._id()})
            if finalizer:
                manifest = set_in(manifest, ("metadata", "finalizers"), [finalizer])
        return manifest

    def _id(self) -> str:
        self.made += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, str(self.made)))


class Member:
    """An ApiStore that answers later, tells of changes, and makes Deployments ready."""

    def __init__(self, name: str, plane: Plane) -> None:
        self.name, self._plane = name, plane
        self.store = ApiStore(name, MEMBER_KINDS(), uid_seed=name)
        self.up = True
        self._watched: set[tuple[str, str]] = set()
        self.store.listen(self._changed)

    def submit(self, request: int, action: Action, client: str, now_s: float) -> None:
        self._plane.after(LATENCY_S, lambda: self._carry_out(request, action))

    def _carry_out(self, request: int, action: Action) -> None:
        if isinstance(action, Probe):
            self._plane.tell(self._probed())
            return
        if not self.up:
            error = ApiError(503, "ServiceUnavailable", "connection refused")
            self._plane.tell(Answered(request, action, error=error))
            return
        if isinstance(action, Subscribe):
            self._list(action)
            self._plane.tell(Answered(request, action))
            return
        try:
            after = self.store.execute(action, self._plane.now_s)
        except ApiError as error:
            self._plane.tell(Answered(request, action, error=error))
        else:
            self._plane.tell(Answered(request, action, object=after))

    def _list(self, action: Subscribe) -> None:
        self._watched.add((action.api_version, action.kind))
        for manifest in self.store.list(action.api_version, action.kind):
            self._plane.tell(Observed(key_of(manifest, self.name), manifest, initial=True))
        self._plane.tell(Synced(self.name, action.api_version, action.kind))

    def restore(self) -> None:
        """Answer again: watches go on, and what changed meanwhile is told."""
        if self.up:
            return
        self.up = True
        view = self._plane.engine.view
        for api_version, kind in sorted(self._watched):
            now = {key_of(each, self.name): each for each in self.store.list(api_version, kind)}
            known = {key_of(e, self.name): e for e in view.list(self.name, api_version, kind)}
            for key in [*known, *(key for key in now if key not in known)]:
                if now.get(key) != known.get(key):
                    self._plane.tell(Observed(key, now.get(key), known.get(key)))

    def _probed(self) -> ProbeResult:
        if not self.up:
            return ProbeResult(self.name, False, False)
        groups: dict[str, list[dict[str, str]]] = {}
        for kind in self.store.kinds.all():
            groups.setdefault(kind.api_version, []).append({"name": kind.plural, "kind": kind.kind})
        apis = [{"groupVersion": g, "resources": r} for g, r in sorted(groups.items())]
        room = {"cpu": "16", "memory": "64Gi", "pods": "220"}
        summary = {"allocatable": room, "allocated": {}, "allocating": {}}
        facts = {"kubernetesVersion": "v1.36.2", "apiEnablements": apis, "resourceSummary": summary}
        return ProbeResult(self.name, True, True, facts=facts)

    def _changed(self, change: Any) -> None:
        manifest = change.object
        key = key_of(manifest, self.name)
        if key[1:3] in self._watched and self.up:
            gone = change.type == "DELETED"
            seen = Observed(key, None if gone else manifest, manifest if gone else change.old)
            self._plane.after(LATENCY_S, lambda: self._plane.tell(seen))
        if manifest["kind"] == "Deployment" and change.type != "DELETED":
            self._plane.after(1.0, lambda: self._ready(key))

    def _ready(self, key: Key) -> None:
        found = self.store.find(key)
        if found is None:
            return
        count = found["spec"]["replicas"]
        status: dict[str, Any] = {"observedGeneration": found["metadata"]["generation"]}
        if count:
            names = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
            status |= dict.fromkeys(names, count)
        if found.get("status") != status:
            self.store.update({**found, "status": status}, self._plane.now_s, subresource="status")


class Plane:
    """Hub, controllers and members."""

    def __init__(
        self, *names: str, settings: KarmadaSettings | None = None, labels: Mapping[str, Any] = {}
    ) -> None:
        self.settings = settings or KarmadaSettings()
        self.now_s = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.store = ApiStore(HUB, HUB_KINDS(), uid_seed="hub", admit=Admission())
        self.hub = Hub(self.store, self.settings)
        self.members = {name: Member(name, self) for name in names}
        self.trace = Trace()
        controllers = build_controllers(self.settings)
        self.engine = Engine(controllers, self.hub, self.members, self.trace)
        for name in names:
            self.join(name, labels.get(name, {}))
        self.run(15.0)

    def join(self, name: str, labels: Mapping[str, str] = {}) -> None:
        self.write(
            {
                "apiVersion": "cluster.karmada.io/v1alpha1",
                "kind": "Cluster",
                "metadata": {"name": name, "labels": dict(labels)},
                "spec": {"syncMode": "Push"},
            }
        )

    # ── time ───────────────────────────────────────────────────────────────────────────────────

    def after(self, wait_s: float, call: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (round(self.now_s + wait_s, 6), self._count, call))

    def tell(self, event: Event) -> None:
        self.engine.receive(event, self.now_s)

    def run(self, length_s: float) -> None:
        end_s = round(self.now_s + length_s, 6)
        while True:
            next_s = self.engine.run_due(self.now_s)
            times = [
                each
                for each in (next_s, self._due[0][0] if self._due else None)
                if each is not None
            ]
            if not times or min(times) > end_s:
                break
            self.now_s = max(self.now_s, min(times))
            if self._due and self._due[0][0] <= self.now_s:
                heapq.heappop(self._due)[2]()
        self.now_s = end_s
        self.engine.acting("user", end_s)

    # ── a person's hands ───────────────────────────────────────────────────────────────────────

    def write(self, *manifests: Manifest) -> None:
        self.engine.acting("user", self.now_s)
        for manifest in manifests:
            standing = self.store.find(key_of(manifest))
            if standing is None:
                self.store.create(manifest, self.now_s)
            else:
                metadata = {**standing["metadata"], **manifest["metadata"]}
                self.store.update({**manifest, "metadata": metadata}, self.now_s)

    def patch(self, key: Key, body: Any, cluster: str = HUB) -> None:
        self.engine.acting("user", self.now_s)
        store = self.store if cluster == HUB else self.members[cluster].store
        store.patch(key, body, "merge", self.now_s)

    def delete(self, key: Key, cluster: str = HUB) -> None:
        self.engine.acting("user", self.now_s)
        store = self.store if cluster == HUB else self.members[cluster].store
        store.delete(key._replace(cluster=HUB) if cluster == HUB else key, self.now_s)

    # ── looking ────────────────────────────────────────────────────────────────────────────────

    def get(self, kind: str, name: str, namespace: str = "default") -> Manifest | None:
        return next(
            (
                each
                for each in self._all(self.store)
                if each["kind"] == kind
                and name_of(each) == name
                and each["metadata"].get("namespace", "") == namespace
            ),
            None,
        )

    def member(
        self, cluster: str, kind: str, name: str, namespace: str = "default"
    ) -> Manifest | None:
        for each in self._all(self.members[cluster].store):
            found = (each["kind"], name_of(each), each["metadata"].get("namespace", ""))
            if found == (kind, name, namespace):
                return each
        return None

    def names(self, kind: str) -> list[str]:
        return sorted(name_of(each) for each in self._all(self.store) if each["kind"] == kind)

    @staticmethod
    def _all(store: ApiStore) -> list[Manifest]:
        found: list[Manifest] = []
        for kind in store.kinds.all():
            if kind.kind != "Event" and (kind.api_version, kind.kind) not in _OLD_APIS:
                found += store.list(kind.api_version, kind.kind)
        return found

    def targets(self, name: str = "web-deployment") -> dict[str, int] | None:
        binding = self.get("ResourceBinding", name)
        if binding is None:
            return None
        return {t["name"]: t.get("replicas", 0) for t in binding["spec"].get("clusters") or ()}

    def condition(
        self, kind: str, name: str, word: str, namespace: str = "default"
    ) -> tuple[str, str] | None:
        found = self.get(kind, name, namespace)
        for entry in ((found or {}).get("status") or {}).get("conditions") or ():
            if entry["type"] == word:
                return entry["status"], entry["reason"]
        return None
