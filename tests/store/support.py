"""Small manifests and a store for the tests of this room."""

from __future__ import annotations

from typing import Any

from lab.core.kinds import HUB_KINDS
from lab.core.model import Key
from lab.store.api_store import ApiStore
from lab.store.changes import Change


def hub(**options: Any) -> ApiStore:
    return ApiStore("", HUB_KINDS(), **options)


def deployment(name: str = "web", replicas: int = 1, **meta: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default", **meta},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "nginx:1"}]},
            },
        },
    }


def config_map(
    name: str = "settings", data: dict[str, str] | None = None, **meta: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", **meta},
        "data": data or {},
    }


def work(name: str = "web", **meta: Any) -> dict[str, Any]:
    return {
        "apiVersion": "work.karmada.io/v1alpha1",
        "kind": "Work",
        "metadata": {"name": name, "namespace": "default", **meta},
        "spec": {"workload": {"manifests": []}},
    }


def owned_by(owner: Any, *, block: bool = False) -> dict[str, Any]:
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    if block:
        reference["blockOwnerDeletion"] = True
    return {"ownerReferences": [reference]}


def key(manifest: Any, name: str | None = None) -> Key:
    meta = manifest["metadata"]
    return Key(
        "",
        manifest["apiVersion"],
        manifest["kind"],
        meta.get("namespace", ""),
        name or meta["name"],
    )


class Recorder:
    """Keeps what a listener is told."""

    def __init__(self, store: ApiStore) -> None:
        self.changes: list[Change] = []
        self.stop = store.listen(self.changes.append)

    def words(self) -> list[str]:
        return [f"{change.type} {change.object['metadata']['name']}" for change in self.changes]
