"""A view filled by hand, and short ways to write the objects the controllers meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lab.core.manifest import Manifest
from lab.core.model import HUB, Controller, Due, Event, Key, Observed, Synced, key_of
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import RateLimitingQueue
from lab.engine.view import ObjectView

SETTINGS = KarmadaSettings()


def queues() -> RateLimitingQueue:
    return RateLimitingQueue()


def view_for(
    controller: Controller, *objects: Manifest, members: Mapping[str, Any] = {}
) -> ObjectView:
    """A view that holds hub objects, and {member: [objects]} with their kinds synced."""
    view = ObjectView(controller.indexes)
    for manifest in objects:
        view.receive(Observed(key_of(manifest), manifest))
    for cluster, found in members.items():
        for manifest in found:
            key = key_of(manifest, cluster)
            view.receive(Observed(key, manifest))
            view.receive(Synced(*key[:3]))
    return view


def changed(
    view: ObjectView,
    controller: Controller,
    new: Manifest | None,
    old: Manifest | None = None,
    cluster: str = HUB,
) -> list[Due]:
    """Show a change to the view and the controller; return the keys it asks for."""
    subject = new if new is not None else old
    assert subject is not None
    return told(view, controller, Observed(key_of(subject, cluster), new, old))


def told(view: ObjectView, controller: Controller, event: Event) -> list[Due]:
    view.receive(event)
    return list(controller.keys_for(event, view))


def keys(dues: Iterable[Due]) -> list[str]:
    return [str(due.key) for due in dues]


def obj(
    api_version: str,
    kind: str,
    name: str,
    namespace: str = "",
    /,
    spec: Any = None,
    **metadata: Any,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": "10",
        "generation": 1,
    }
    if namespace:
        made["namespace"] = namespace
    made.update(metadata)
    manifest: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": made}
    if spec is not None:
        manifest["spec"] = spec
    return manifest


def deployment(name: str = "web", replicas: int = 2, **metadata: Any) -> dict[str, Any]:
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        },
    }
    return obj("apps/v1", "Deployment", name, "default", spec=spec, **metadata)


def policy(name: str = "pp", /, target: str = "web", **spec: Any) -> dict[str, Any]:
    body = {
        "resourceSelectors": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": target, "namespace": "default"}
        ],
        "placement": {},
        **spec,
    }
    return obj(
        "policy.karmada.io/v1alpha1",
        "PropagationPolicy",
        name,
        "default",
        spec=body,
        labels={"propagationpolicy.karmada.io/permanent-id": f"id-{name}"},
        finalizers=["karmada.io/propagation-policy-controller"],
    )


def cluster(
    name: str = "member1", ready: str | None = "True", /, **metadata: Any
) -> dict[str, Any]:
    made = obj(
        "cluster.karmada.io/v1alpha1",
        "Cluster",
        name,
        spec={"syncMode": "Push"},
        **{"finalizers": ["karmada.io/cluster-controller"], **metadata},
    )
    if ready is not None:
        made["status"] = {
            "conditions": [
                {
                    "type": "Ready",
                    "status": ready,
                    "reason": "x",
                    "message": "",
                    "lastTransitionTime": "t",
                }
            ]
        }
    return made


def work(
    target: Manifest, member: str = "member1", /, name: str = "web-w", **more: Any
) -> dict[str, Any]:
    metadata = {
        "finalizers": ["karmada.io/execution-controller"],
        "labels": {"resourcebinding.karmada.io/permanent-id": "rb-id"},
        "annotations": {
            "resourcebinding.karmada.io/namespace": "default",
            "resourcebinding.karmada.io/name": "web-deployment",
        },
        **more.pop("metadata", {}),
    }
    spec = {"workload": {"manifests": [target]}, **more.pop("spec", {})}
    made = obj(
        "work.karmada.io/v1alpha1", "Work", name, f"karmada-es-{member}", spec=spec, **metadata
    )
    return {**made, **more}


def hub_key(manifest: Manifest) -> Key:
    return key_of(manifest)
