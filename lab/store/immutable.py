"""Fields that an update may not change. Source: the validation of the kinds, Kubernetes 1.36."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lab.core.errors import Cause
from lab.core.kinds import Kind
from lab.core.manifest import Manifest
from lab.store import refusals

Path = tuple[str, ...]

_IMMUTABLE: Mapping[tuple[str, str], tuple[Path, ...]] = {
    ("apps", "Deployment"): (("spec", "selector"),),
    ("apps", "ReplicaSet"): (("spec", "selector"),),
    ("apps", "DaemonSet"): (("spec", "selector"),),
    ("apps", "StatefulSet"): (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "podManagementPolicy"),
        ("spec", "volumeClaimTemplates"),
    ),
    ("batch", "Job"): (("spec", "selector"), ("spec", "template")),
    ("", "Secret"): (("type",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("storage.k8s.io", "StorageClass"): (("provisioner",), ("parameters",), ("reclaimPolicy",)),
}
_STATEFUL_SET_TEXT = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
    "'template', 'updateStrategy', 'revisionHistoryLimit', "
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_FREEZABLE = {("", "ConfigMap"), ("", "Secret")}
"""Kinds whose objects may declare themselves immutable."""


def may_be_immutable(kind: Kind) -> bool:
    """Tell whether `check_immutable` has anything to say about a kind."""
    return (kind.group, kind.kind) in _IMMUTABLE or (kind.group, kind.kind) in _FREEZABLE


def check_immutable(kind: Kind, new: Manifest, old: Manifest) -> None:
    """Refuse a change of what may not change, as the kind's validation does.

    Raises:
        ApiError: Invalid (422).
    """
    causes: list[Cause] = []
    for path in _IMMUTABLE.get((kind.group, kind.kind), ()):
        before: Any = old
        after: Any = new
        for step in path:
            before = before.get(step) if type(before) is dict else None
            after = after.get(step) if type(after) is dict else None
        if before is after or before is None or before == after:
            continue
        if kind.kind == "StatefulSet":
            causes = [Cause("spec", "FieldValueForbidden", _STATEFUL_SET_TEXT)]
            break
        shown = json.dumps(after, separators=(",", ":"))
        text = f"Invalid value: {shown}: field is immutable"
        causes.append(Cause(".".join(path), "FieldValueInvalid", text))
    if (kind.group, kind.kind) in _FREEZABLE and old.get("immutable") is True:
        for key in ("data", "binaryData", "immutable"):
            if (new.get(key) or None) != (old.get(key) or None):
                text = "Forbidden: field is immutable when `immutable` is set"
                causes.append(Cause(key, "FieldValueForbidden", text))
    if causes:
        raise refusals.invalid(kind, old["metadata"]["name"], causes)
