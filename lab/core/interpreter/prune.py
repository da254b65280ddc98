"""Prune: what of a hub object must not travel to a member.

Modelled on Karmada v1.19 `native/prune/prune.go`. The rules go by kind alone, whatever the group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.core.manifest import Manifest, drop_in, get_in, name_of, set_in

_SERVER_FIELDS = (
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
    "ownerReferences",
    "finalizers",
)
_JOB_SELECTOR_KEYS = ("controller-uid", "batch.kubernetes.io/controller-uid")
_JOB_POD_KEYS = (*_JOB_SELECTOR_KEYS, "job-name", "batch.kubernetes.io/job-name")
_SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 — a type name


def prune(manifest: Manifest, *, job_ttl: bool = True) -> Manifest:
    """Return an object without what its API server or controllers filled in.

    Args:
        manifest: The object as it stands in the hub or in a member.
        job_ttl: Drop a Job's ttlSecondsAfterFinished too: a Job that a member cleans up by itself
            would be created again.
    """
    metadata = manifest.get("metadata")
    if isinstance(metadata, Mapping) and any(field in metadata for field in _SERVER_FIELDS):
        kept = {key: value for key, value in metadata.items() if key not in _SERVER_FIELDS}
        manifest = set_in(manifest, ("metadata",), kept)
    manifest = drop_in(manifest, ("status",))
    kind = str(manifest.get("kind"))
    if kind in _RULES:
        manifest = _RULES[kind](manifest)
    if job_ttl and kind == "Job":
        manifest = drop_in(manifest, ("spec", "ttlSecondsAfterFinished"))
    return manifest


def _deployment(manifest: Manifest) -> Manifest:
    for key in ("deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history"):
        manifest = drop_in(manifest, ("metadata", "annotations", key))
    return manifest


def _job(manifest: Manifest) -> Manifest:
    if get_in(manifest, ("spec", "manualSelector")):
        return manifest
    for path, keys in (
        (("spec", "selector", "matchLabels"), _JOB_SELECTOR_KEYS),
        (("spec", "template", "metadata", "labels"), _JOB_POD_KEYS),
    ):
        for key in keys:
            manifest = drop_in(manifest, (*path, key))
    return manifest


def _secret(manifest: Manifest) -> Manifest:
    if manifest.get("type") != _SERVICE_ACCOUNT_TOKEN:
        return manifest
    key = "kubernetes.io/service-account.uid"
    return set_in(drop_in(manifest, ("metadata", "annotations", key)), ("data",), None)


def _service_account(manifest: Manifest) -> Manifest:
    """Drop generated token secrets; as in Karmada, the entry after a dropped one is kept unseen."""
    secrets = manifest.get("secrets")
    if not isinstance(secrets, list) or not secrets:
        return manifest
    prefix, kept, skip = f"{name_of(manifest)}-token-", [], False
    for entry in secrets:
        if skip or not str(get_in(entry, ("name",), "")).startswith(prefix):
            kept.append(entry)
            skip = False
        else:
            skip = True
    return set_in(manifest, ("secrets",), kept)


def _service(manifest: Manifest) -> Manifest:
    address = get_in(manifest, ("spec", "clusterIP"))
    if not isinstance(address, str) or address == "None":
        return manifest
    return drop_in(drop_in(manifest, ("spec", "clusterIP")), ("spec", "clusterIPs"))


def _volume_claim(manifest: Manifest) -> Manifest:
    path = ("metadata", "annotations", "volume.kubernetes.io/selected-node")
    return drop_in(manifest, path) if get_in(manifest, path) else manifest


_RULES: Mapping[str, Callable[[Manifest], Manifest]] = {
    "Deployment": _deployment,
    "Job": _job,
    "Secret": _secret,
    "ServiceAccount": _service_account,
    "Service": _service,
    "PersistentVolumeClaim": _volume_claim,
}
