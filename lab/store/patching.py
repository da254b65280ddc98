"""Patch requests: from a patch body to the whole object that replaces the old one."""

from __future__ import annotations

from typing import Any

from lab.core.manifest import Manifest, get_in, set_in
from lab.core.model import PatchType
from lab.core.patch import PatchError, json_patch, merge_patch, strategic_merge_typed
from lab.store import refusals
from lab.store.collection import Collection

_CUSTOM_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
)


def patched(
    collection: Collection, old: Manifest, body: Any, patch_type: PatchType
) -> dict[str, Any]:
    """Return the object a patch makes of `old`.

    Raises:
        ApiError: 415 for a strategic patch of a custom resource, 422 if the patch does not fit,
            400 if it is no patch at all.
    """
    kind = collection.kind
    if patch_type == "strategic" and kind.custom:
        raise refusals.unsupported_media_type(_CUSTOM_TYPES)
    try:
        if patch_type == "json":
            result = json_patch(old, body, evanphx=True)
        elif patch_type == "merge":
            result = merge_patch(old, body)
        elif patch_type == "strategic":
            result = strategic_merge_typed(old, body, collection.type)
        else:
            raise refusals.bad_request(f"unknown patch type {patch_type!r}")
    except PatchError as error:
        if patch_type == "json":
            raise refusals.unprocessable() from error
        raise refusals.bad_request(str(error)) from error
    if not isinstance(result, dict) or not isinstance(result.get("metadata"), dict):
        raise refusals.unprocessable()
    for field in ("apiVersion", "kind"):
        if result.get(field) != old[field]:
            raise refusals.bad_request(f"a patch cannot change {field}")
    for field in ("name", "namespace"):
        before, after = old["metadata"].get(field), result["metadata"].get(field)
        if after != before:
            raise _other_name(field, before, after)
    return result


def _other_name(field: str, before: Any, after: Any) -> Exception:
    if field == "name":
        text = f"the name of the object ({after}) does not match the name on the URL ({before})"
    else:
        text = (
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    return refusals.bad_request(text)


def scale_of(manifest: Manifest) -> dict[str, Any]:
    """Return the Scale (autoscaling/v1) of an object with a scale subresource."""
    meta = manifest["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = get_in(manifest, ("spec", "selector", "matchLabels")) or {}
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": get_in(manifest, ("spec", "replicas"), 0)},
        "status": {
            "replicas": get_in(manifest, ("status", "replicas"), 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())),
        },
    }


def scaled(collection: Collection, old: Manifest, scale: Any) -> dict[str, Any]:
    """Return `old` with the replicas of a Scale, or of any object with spec.replicas."""
    kind = collection.kind
    if "scale" not in kind.subresources and not kind.guessed:
        raise refusals.not_served()
    replicas = get_in(scale, ("spec", "replicas"), 0)
    if isinstance(replicas, bool) or not isinstance(replicas, int) or replicas < 0:
        raise refusals.bad_request(f"spec.replicas: Invalid value: {replicas!r}")
    result = set_in(old, ("spec", "replicas"), replicas)
    version = get_in(scale, ("metadata", "resourceVersion"))
    return set_in(result, ("metadata", "resourceVersion"), version) if version else result
