"""Plays a recorded run of a real control plane on the simulated one, and reads the state as it was
recorded: only what a user can see, without Karmada's own labels and annotations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lab.core.fleet import ClusterSpec, FleetSpec, NodePool
from lab.core.labels import (
    CLUSTER_POLICY_NAME,
    POLICY_NAME,
    POLICY_NAMESPACE,
)
from lab.core.manifest import (
    Manifest,
    annotations_of,
    condition,
    get_in,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    spec_of,
    status_of,
)
from lab.core.model import HUB, Key, PatchType, key_of
from lab.core.settings import karmada_settings
from lab.drivers.federation import Federation, Settings
from lab.store.api_store import ApiStore

BETWEEN_OBJECTS_S = 0.02
"""What a client takes from one object of a file to the next."""
TEMPLATE_KINDS = {
    "ConfigMap": "v1",
    "Secret": "v1",
    "Service": "v1",
    "ServiceAccount": "v1",
    "Namespace": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
}
_DEFAULTED = {"imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy"}
"""Fields of a container that the API server fills in and the recorder leaves out."""
_POLICY_KINDS = (
    "PropagationPolicy",
    "ClusterPropagationPolicy",
    "OverridePolicy",
    "ClusterOverridePolicy",
)


def federation_of(scenario: Mapping[str, Any]) -> Federation:
    """Return the fleet of a recorded run, booted."""
    told = scenario["fleet"]["settings"]
    karmada = karmada_settings(
        {
            "featureGates": told["featureGates"],
            "enableNoExecuteTaintEviction": told["enableNoExecuteTaintEviction"],
            "allowNoExecuteTaintPolicy": told["allowNoExecuteTaintPolicy"],
            "gracefulEvictionTimeout": told["gracefulEvictionTimeout"],
        }
    )
    members = {"podStart": f"{told['startDelaySeconds']}s", "imagePull": False}
    clusters = tuple(_cluster(each) for each in scenario["fleet"]["clusters"])
    return Federation(FleetSpec(clusters), Settings(karmada, members))


def _cluster(told: Mapping[str, Any]) -> ClusterSpec:
    pools = tuple(
        NodePool(
            node["name"],
            1,
            cpu=node["cpu"],
            memory=node["memory"],
            pods=node["pods"],
            node_names=(node["name"],),
        )
        for node in told["nodes"]
    )
    return ClusterSpec(
        told["name"],
        provider=told.get("provider") or "",
        region=told.get("region") or "",
        zones=tuple(told.get("zones") or ()),
        labels=told.get("labels") or {},
        node_pools=pools,
    )


class Player:
    """Carries out the steps of a recorded run."""

    def __init__(self, scenario: Mapping[str, Any]) -> None:
        self.federation = federation_of(scenario)
        self._uids: Mapping[str, str] = scenario.get("templateUids") or {}
        self._faults: dict[str, int] = {}

    def play(self, step: Mapping[str, Any]) -> None:
        """Do one step at its time."""
        federation = self.federation
        federation.run_until(max(federation.now_s, float(step["at"])))
        getattr(self, "_" + _snake(step["do"]))(step)

    def _store(self, cluster: str = HUB) -> ApiStore:
        self.federation.acting("user")
        return self.federation.store_of(cluster)

    def _apply(self, step: Mapping[str, Any]) -> None:
        for manifest in step["objects"]:
            store, now_s = self._store(step.get("in") or HUB), self.federation.now_s
            standing = store.find(key_of(manifest))
            if standing is None:
                store.create(self._with_uid(manifest), now_s)
            else:
                metadata = {**standing["metadata"], **manifest["metadata"]}
                for marks in ("labels", "annotations"):
                    merged = {
                        **(standing["metadata"].get(marks) or {}),
                        **(manifest["metadata"].get(marks) or {}),
                    }
                    if merged:
                        metadata[marks] = merged
                store.update({**standing, **manifest, "metadata": metadata}, now_s)
            self.federation.run_until(now_s + BETWEEN_OBJECTS_S)

    def _with_uid(self, manifest: Manifest) -> Manifest:
        metadata = manifest["metadata"]
        place = f"{manifest['kind']}/{metadata.get('namespace', '')}/{metadata['name']}"
        if place not in self._uids:
            return manifest
        return {**manifest, "metadata": {**metadata, "uid": self._uids[place]}}

    def _scale(self, step: Mapping[str, Any]) -> None:
        body = {"spec": {"replicas": step["replicas"]}}
        self._store().patch(_target(step), body, "merge", self.federation.now_s)

    def _patch(self, step: Mapping[str, Any]) -> None:
        kind: PatchType = step.get("patchType") or "merge"
        self._store().patch(_target(step), step["patch"], kind, self.federation.now_s)

    def _delete(self, step: Mapping[str, Any]) -> None:
        self._store().delete(_target(step), self.federation.now_s)

    def _edit_member(self, step: Mapping[str, Any]) -> None:
        store = self._store(step["target"]["cluster"])
        kind: PatchType = step.get("patchType") or "merge"
        store.patch(_target(step), step["patch"], kind, self.federation.now_s)

    def _delete_in_member(self, step: Mapping[str, Any]) -> None:
        store = self._store(step["target"]["cluster"])
        store.delete(_target(step), self.federation.now_s)

    def _kill_api_server(self, step: Mapping[str, Any]) -> None:
        name = step["target"]["cluster"]
        number = self.federation.acting("fault")
        self._faults[name] = number
        self.federation.engine.causes.blame(name, number)
        member = self.federation.members[name]
        member.begin_fault(number, "ApiServerDown", {}, self.federation.now_s)

    def _restore_api_server(self, step: Mapping[str, Any]) -> None:
        name = step["target"]["cluster"]
        self.federation.acting("fault")
        self.federation.members[name].end_fault(self._faults.pop(name), self.federation.now_s)

    def _rebalance(self, step: Mapping[str, Any]) -> None:
        self._apply(step)

    def _wait(self, step: Mapping[str, Any]) -> None:
        """Time passes by itself."""


def _snake(word: str) -> str:
    return "".join("_" + each.lower() if each.isupper() else each for each in word)


def _target(step: Mapping[str, Any]) -> Key:
    told = step["target"]
    kind = told["kind"]
    if kind in _POLICY_KINDS:
        api_version = "policy.karmada.io/v1alpha1"
    else:
        api_version = told.get("apiVersion") or TEMPLATE_KINDS[kind]
    return Key(HUB, api_version, kind, told.get("namespace") or "", told["name"])


# ── the state, in the recorder's words ─────────────────────────────────────────────────────────


def state_of(federation: Federation) -> dict[str, Any]:
    """Return what a checkpoint records."""
    hub = federation.hub.store
    members = {name: federation.store_of(name) for name in federation.members}
    return {
        "clusters": [_cluster_state(each) for each in _all(hub, "Cluster")],
        "bindings": [
            _binding_state(each)
            for kind in ("ResourceBinding", "ClusterResourceBinding")
            for each in _all(hub, kind)
        ],
        "works": [state for each in _all(hub, "Work") for state in _work_state(each)],
        "members": {name: _member_objects(store) for name, store in members.items()},
        "pods": {name: _pods(store) for name, store in members.items()},
        "template": [_template_state(each) for each in _templates(hub)],
        "rebalancers": [_rebalancer_state(each) for each in _all(hub, "WorkloadRebalancer")],
    }


_APIS = {
    "Cluster": "cluster.karmada.io/v1alpha1",
    "ResourceBinding": "work.karmada.io/v1alpha2",
    "ClusterResourceBinding": "work.karmada.io/v1alpha2",
    "Work": "work.karmada.io/v1alpha1",
    "WorkloadRebalancer": "apps.karmada.io/v1alpha1",
}


def _all(store: ApiStore, kind: str) -> list[Manifest]:
    return store.list(_APIS[kind], kind)


def _own(marks: Mapping[str, str]) -> dict[str, str]:
    """Return labels or annotations without those of Karmada and Kubernetes."""
    return {
        key: value
        for key, value in marks.items()
        if "karmada.io" not in key and not key.startswith(("deployment.kubernetes.io", "kubectl."))
    }


def _cluster_state(cluster: Manifest) -> dict[str, Any]:
    ready = condition(cluster, "Ready") or {}
    nodes = status_of(cluster).get("nodeSummary") or {}
    summary = status_of(cluster).get("resourceSummary") or {}
    counts = {
        str(entry["grade"]): entry["count"]
        for entry in summary.get("allocatableModelings") or ()
        if entry["count"]
    }
    return {
        "name": name_of(cluster),
        "ready": ready.get("status"),
        "reason": ready.get("reason"),
        "taints": [
            {name: taint[name] for name in ("key", "value", "effect") if taint.get(name)}
            for taint in spec_of(cluster).get("taints") or ()
        ],
        "nodes": {"total": nodes.get("totalNum", 0), "ready": nodes.get("readyNum", 0)},
        "allocated": summary.get("allocated") or {},
        "modelings": counts,
        "labels": dict(labels_of(cluster)),
    }


def _targets(clusters: Any) -> list[dict[str, Any]]:
    return sorted((dict(each) for each in clusters or ()), key=lambda each: str(each["name"]))


def _binding_state(binding: Manifest) -> dict[str, Any]:
    spec, status = spec_of(binding), status_of(binding)
    scheduled, applied = condition(binding, "Scheduled"), condition(binding, "FullyApplied")
    resource = spec["resource"]
    state: dict[str, Any] = {
        "kind": binding["kind"],
        "namespace": namespace_of(binding),
        "name": name_of(binding),
        "resource": f"{resource['kind']}/{resource['name']}",
        "replicas": spec.get("replicas"),
        "clusters": _targets(spec.get("clusters")),
        "scheduled": scheduled and {k: scheduled[k] for k in ("status", "reason", "message")},
        "fullyApplied": applied and {k: applied[k] for k in ("status", "reason")},
        "gracefulEvictionTasks": list(spec.get("gracefulEvictionTasks") or ()),
        "aggregatedStatus": [
            {"clusterName": i["clusterName"], "applied": i.get("applied"), "health": i["health"]}
            for i in status.get("aggregatedStatus") or ()
        ],
    }
    if spec.get("requiredBy"):
        state["requiredBy"] = [
            {**each, "clusters": _targets(each.get("clusters"))} for each in spec["requiredBy"]
        ]
    return state


def _work_state(work: Manifest) -> Iterator[dict[str, Any]]:
    manifest = get_in(work, ("spec", "workload", "manifests", 0))
    if manifest["kind"] == "Namespace":
        return
    applied, dispatching = condition(work, "Applied") or {}, condition(work, "Dispatching") or {}
    yield {
        "cluster": namespace_of(work).removeprefix("karmada-es-"),
        "name": name_of(work),
        "kind": manifest["kind"],
        "object": "/".join(filter(None, (namespace_of(manifest), name_of(manifest)))),
        "applied": applied.get("status"),
        "appliedReason": applied.get("reason"),
        "dispatching": dispatching.get("status"),
        "health": [m["health"] for m in status_of(work).get("manifestStatuses") or ()],
        **({"deleting": True} if is_deleting(work) else {}),
    }


def _member_objects(store: ApiStore) -> list[dict[str, Any]]:
    found = []
    for kind, api_version in TEMPLATE_KINDS.items():
        for each in store.list(api_version, kind):
            managed = labels_of(each).get("karmada.io/managed") == "true"
            if managed or (kind == "Deployment"):
                found.append(_member_state(each, managed))
    return sorted(found, key=lambda each: (each["kind"], each["namespace"], each["name"]))


def _member_state(manifest: Manifest, managed: bool) -> dict[str, Any]:
    spec, status = spec_of(manifest), status_of(manifest)
    state: dict[str, Any] = {
        "kind": manifest["kind"],
        "namespace": namespace_of(manifest),
        "name": name_of(manifest),
        "managed": managed,
        "labels": _own(labels_of(manifest)),
        "annotations": _own(annotations_of(manifest)),
    }
    if "data" in manifest:
        state["data"] = manifest["data"]
    if manifest["kind"] == "Deployment":
        state |= {
            "replicas": spec.get("replicas"),
            "readyReplicas": status.get("readyReplicas"),
            "statusReplicas": status.get("replicas"),
            "updatedReplicas": status.get("updatedReplicas"),
            "availableReplicas": status.get("availableReplicas"),
            "podLabels": get_in(spec, ("template", "metadata", "labels")),
            "containers": [
                {k: v for k, v in each.items() if k not in _DEFAULTED and v != {}}
                for each in get_in(spec, ("template", "spec", "containers")) or ()
            ],
        }
    return state


def _pods(store: ApiStore) -> dict[str, int]:
    counts: dict[str, int] = {}
    for pod in store.list("v1", "Pod"):
        ready = condition(pod, "Ready") or {}
        word = "Ready" if ready.get("status") == "True" else str(status_of(pod).get("phase"))
        counts[word] = counts.get(word, 0) + 1
    return counts


def _templates(hub: ApiStore) -> Iterator[Manifest]:
    for kind, api_version in TEMPLATE_KINDS.items():
        if kind != "Namespace":
            yield from hub.list(api_version, kind)


def _template_state(template: Manifest) -> dict[str, Any]:
    notes = annotations_of(template)
    claimed = None
    if notes.get(POLICY_NAME):
        claimed = f"PropagationPolicy {notes[POLICY_NAMESPACE]}/{notes[POLICY_NAME]}"
    elif notes.get(CLUSTER_POLICY_NAME):
        claimed = f"ClusterPropagationPolicy {notes[CLUSTER_POLICY_NAME]}"
    return {
        "kind": template["kind"],
        "namespace": namespace_of(template),
        "name": name_of(template),
        "generation": template["metadata"].get("generation"),
        "labels": _own(labels_of(template)),
        "annotations": _own(notes),
        "claimedBy": claimed,
        "replicas": spec_of(template).get("replicas"),
        "status": dict(status_of(template)),
    }


def _rebalancer_state(rebalancer: Manifest) -> dict[str, Any]:
    observed = status_of(rebalancer).get("observedWorkloads") or ()
    return {"name": name_of(rebalancer), "observedWorkloads": [dict(each) for each in observed]}


# ── comparing ──────────────────────────────────────────────────────────────────────────────────

_NAMES = ("cluster", "kind", "namespace", "name")


def differences(
    want: Mapping[str, Any], got: Mapping[str, Any], lost: Collection[str] = ()
) -> list[str]:
    """Return where a state is not as recorded; only what was recorded is looked at.

    Args:
        want: The recorded state.
        got: The simulated one.
        lost: Clusters that failed: what a status still counts of them is not part of the record,
            except where they are targets.
    """
    if lost:
        want, got = _without(want, lost), _without(got, lost)
    found: list[str] = []
    for part in ("clusters", "bindings", "works", "template", "rebalancers"):
        found += _compare_lists(part, want.get(part) or (), got[part])
    for name, objects in want["members"].items():
        if objects != "unreachable":
            found += _compare_lists(f"members.{name}", objects, got["members"][name])
    for name, pods in want["pods"].items():
        if pods != "unreachable" and pods != got["pods"][name]:
            found.append(f"pods.{name}: want {pods}, got {got['pods'][name]}")
    return found


def _without(state: Mapping[str, Any], lost: Collection[str]) -> dict[str, Any]:
    """Return a state without what is loose while Works of lost clusters wait for deletion."""
    bindings, loose = [], set()
    for binding in state["bindings"]:
        targets = {each["name"] for each in binding["clusters"]}
        items = binding["aggregatedStatus"]
        kept = [i for i in items if i["clusterName"] in targets or i["clusterName"] not in lost]
        bindings.append({**binding, "aggregatedStatus": kept})
        if any(name not in targets for name in lost):
            loose.add(binding["resource"])
    templates = [
        {name: value for name, value in each.items() if name != "status"}
        if f"{each['kind']}/{each['name']}" in loose
        else each
        for each in state["template"]
    ]
    clusters = [
        {**each, "taints": sorted(map(_taint, each["taints"]))} for each in state["clusters"]
    ]
    return {**state, "bindings": bindings, "template": templates, "clusters": clusters}


def _taint(told: Any) -> str:
    return told if isinstance(told, str) else f"{told['key']}:{told['effect']}"


def _compare_lists(part: str, want: Any, got: Any) -> list[str]:
    wanted = {tuple(str(each.get(n, "")) for n in _NAMES): each for each in want}
    gotten = {tuple(str(each.get(n, "")) for n in _NAMES): each for each in got}
    found = [f"{part}: {'/'.join(key)} is missing" for key in wanted.keys() - gotten.keys()]
    found += [f"{part}: {'/'.join(key)} should not be" for key in gotten.keys() - wanted.keys()]
    for key in wanted.keys() & gotten.keys():
        for field, value in wanted[key].items():
            if field in {"clusters", "requiredBy"} and isinstance(value, list):
                value = sorted(
                    (
                        {**e, "clusters": _targets(e["clusters"])} if "clusters" in e else e
                        for e in value
                    ),
                    key=str,
                )
                if sorted(gotten[key].get(field) or (), key=str) == value:
                    continue
            if (gotten[key].get(field) or None) != (value or None):
                found.append(
                    f"{part}: {'/'.join(key)}.{field}: want {value}, got {gotten[key].get(field)}"
                )
    return sorted(found)
