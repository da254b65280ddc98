"""When `metadata.generation` grows: each kind's rule, as kube-apiserver has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.core.kinds import Kind
from lab.core.manifest import Manifest

GenerationRule = Callable[[Manifest, Manifest], bool] | None
"""Tells whether a change from old to new is a new generation; None: the kind has none."""


def _spec(old: Manifest, new: Manifest) -> bool:
    before, after = old.get("spec"), new.get("spec")
    return before is not after and before != after


def _spec_or_annotations(old: Manifest, new: Manifest) -> bool:
    before, after = old["metadata"].get("annotations"), new["metadata"].get("annotations")
    return _spec(old, new) or (before is not after and (before or None) != (after or None))


def _outside(ignored: frozenset[str]) -> Callable[[Manifest, Manifest], bool]:
    def changed(old: Manifest, new: Manifest) -> bool:
        for key, value in new.items():
            if key not in ignored and value is not old.get(key) and value != old.get(key):
                return True
        return any(key not in new for key in old if key not in ignored)

    return changed


_OUTSIDE_METADATA = _outside(frozenset({"metadata"}))
_OUTSIDE_METADATA_AND_STATUS = _outside(frozenset({"metadata", "status"}))


def _endpoint_slice(old: Manifest, new: Manifest) -> bool:
    labels = old["metadata"].get("labels") != new["metadata"].get("labels")
    return labels or _OUTSIDE_METADATA(old, new)


_RULES: Mapping[tuple[str, str], Callable[[Manifest, Manifest], bool]] = {
    ("apps", "Deployment"): _spec_or_annotations,
    ("apps", "ReplicaSet"): _spec,
    ("apps", "StatefulSet"): _spec,
    ("apps", "DaemonSet"): _spec,
    ("", "ReplicationController"): _spec,
    ("", "Pod"): _spec,
    ("", "PodTemplate"): _outside(frozenset({"metadata"})),
    ("batch", "Job"): _spec,
    ("batch", "CronJob"): _spec,
    ("policy", "PodDisruptionBudget"): _spec,
    ("networking.k8s.io", "Ingress"): _spec,
    ("networking.k8s.io", "IngressClass"): _spec,
    ("networking.k8s.io", "NetworkPolicy"): _spec,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _spec,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _OUTSIDE_METADATA,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _OUTSIDE_METADATA,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _spec,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): _spec,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): _spec,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): _spec,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): _spec,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): _spec,
    ("scheduling.k8s.io", "PriorityClass"): _OUTSIDE_METADATA,
    ("resource.k8s.io", "DeviceClass"): _spec,
    ("resource.k8s.io", "ResourceSlice"): _spec,
    ("cluster.karmada.io", "Cluster"): _spec,
}


def generation_rule(kind: Kind) -> GenerationRule:
    """Return a kind's rule; a custom resource counts every change outside metadata and status."""
    if kind.custom:
        with_status = kind.guessed or "status" in kind.subresources
        return _OUTSIDE_METADATA_AND_STATUS if with_status else _OUTSIDE_METADATA
    return _RULES.get((kind.group, kind.kind))


def starts_at(rule: GenerationRule) -> Mapping[str, Any]:
    """Return what a new object's metadata gets."""
    return {"generation": 1} if rule is not None else {}
