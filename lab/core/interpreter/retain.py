"""Retain: what an update takes over from the object as it stands in the member.

Modelled on Karmada v1.19 `native/retain.go` and `pkg/util/lifted/retain.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.core.interpreter.fields import InterpretError, described, integer, items, mapping, text
from lab.core.labels import RETAIN_REPLICAS
from lab.core.manifest import Manifest, drop_in, get_in, labels_of, set_in

_SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 — a type name


def _deployment(desired: Manifest, observed: Manifest) -> Manifest:
    if labels_of(desired).get(RETAIN_REPLICAS) != "true":
        return desired
    if get_in(observed, ("spec", "replicas")) is None:
        raise InterpretError(f"failed to get spec.replicas from {described(observed)}")
    return set_in(desired, ("spec", "replicas"), integer(observed, "spec", "replicas"))


def _pod(desired: Manifest, observed: Manifest) -> Manifest:
    for field in ("nodeName", "serviceAccountName", "volumes"):
        desired = _copied(desired, ("spec", field), get_in(observed, ("spec", field)))
    for group in ("containers", "initContainers"):
        mounts: dict[str, Any] = {}
        for entry in items(observed, "spec", group):
            mounts[str(entry.get("name"))] = entry.get("volumeMounts")
        taken: set[str] = set()
        containers = []
        for entry in items(desired, "spec", group):
            name = str(entry.get("name"))
            if name in mounts and name not in taken:
                taken.add(name)
                entry = _copied(entry, ("volumeMounts",), mounts[name])
            containers.append(entry)
        if containers:
            desired = set_in(desired, ("spec", group), containers)
    return desired


def _copied(target: Manifest, path: Sequence[str], value: Any) -> Manifest:
    return drop_in(target, path) if value in (None, "", []) else set_in(target, path, value)


def _service(desired: Manifest, observed: Manifest) -> Manifest:
    port = integer(observed, "spec", "healthCheckNodePort")
    if port > 0:
        desired = set_in(desired, ("spec", "healthCheckNodePort"), port)
    address = text(observed, "spec", "clusterIP")
    return set_in(desired, ("spec", "clusterIP"), address) if address else desired


def _service_account(desired: Manifest, observed: Manifest) -> Manifest:
    for field in ("secrets", "imagePullSecrets"):
        merged: list[Any] = list(items(desired, field))
        names = {entry.get("name") for entry in merged}
        for entry in items(observed, field):
            if entry.get("name") not in names:
                names.add(entry.get("name"))
                merged.append(entry)
        if merged:
            desired = set_in(desired, (field,), merged)
    return desired


def _claim(desired: Manifest, observed: Manifest) -> Manifest:
    volume = text(observed, "spec", "volumeName")
    return set_in(desired, ("spec", "volumeName"), volume) if volume else desired


def _volume(desired: Manifest, observed: Manifest) -> Manifest:
    if "claimRef" not in mapping(observed, "spec"):
        return desired
    return set_in(desired, ("spec", "claimRef"), get_in(observed, ("spec", "claimRef")))


def _job(desired: Manifest, observed: Manifest) -> Manifest:
    for path in (
        ("spec", "selector", "matchLabels"),
        ("spec", "template", "metadata", "labels"),
    ):
        labels = get_in(observed, path)
        if labels is not None:
            desired = set_in(desired, path, mapping(observed, *path))
    return desired


def _secret(desired: Manifest, observed: Manifest) -> Manifest:
    if desired.get("type") != _SERVICE_ACCOUNT_TOKEN or observed.get("data") is None:
        return desired
    return set_in(desired, ("data",), mapping(observed, "data"))


HOOKS: Mapping[tuple[str, str], Callable[[Manifest, Manifest], Manifest]] = {
    ("apps/v1", "Deployment"): _deployment,
    ("v1", "Pod"): _pod,
    ("v1", "Service"): _service,
    ("v1", "ServiceAccount"): _service_account,
    ("v1", "PersistentVolumeClaim"): _claim,
    ("v1", "PersistentVolume"): _volume,
    ("batch/v1", "Job"): _job,
    ("v1", "Secret"): _secret,
}
