"""What this version takes but does not act on, and the words that say so.

Settings that nothing reads are accepted, since a control plane's flags should be usable as they
are; but whoever sets one to something that would matter is told that it does not. Take a line out
when the lab learns to play it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from lab.core.manifest import Manifest, get_in
from lab.core.settings import FEATURE_GATES, KarmadaSettings, setting_name

_EVICTION = "eviction and failover are not played"
_ESTIMATOR = "accurate estimators are not played"
_MONITOR = "clusters are watched through their status probes only"

GATES: Mapping[str, str] = {
    "Failover": _EVICTION,
    "GracefulEviction": _EVICTION,
    "MultiClusterService": "a MultiClusterService is stored, and nothing acts on it",
    "ResourceQuotaEstimate": f"{_ESTIMATOR} (bindings name the priority class, nobody reads it)",
    "FederatedQuotaEnforcement": "a FederatedResourceQuota is stored, and nothing enforces it",
}
"""Feature gates without an effect on where anything goes, and why."""

FLAGS: Mapping[str, str] = {
    "enable_scheduler_estimator": _ESTIMATOR,
    "scheduler_estimator_timeout_s": _ESTIMATOR,
    "cluster_lease_duration_s": _MONITOR,
    "cluster_monitor_period_s": _MONITOR,
    "cluster_monitor_grace_period_s": _MONITOR,
    "cluster_startup_grace_period_s": _MONITOR,
    "enable_taint_manager": _EVICTION,
    "enable_no_execute_taint_eviction": _EVICTION,
    "no_execute_taint_eviction_purge_mode": _EVICTION,
    "resource_eviction_rate": _EVICTION,
    "graceful_eviction_timeout_s": _EVICTION,
    "concurrent_dependent_resource_syncs": "dependents share the workers of resourceBindings",
}
"""Settings without an effect, and why."""

_QUOTAS = "quotas of a federation are not enforced"
_NETWORK = "traffic between clusters is not played"
_SCALING = "autoscaling is not played"
_CUSTOM = "custom interpreters are not played: the kinds they are for are propagated whole"

KINDS: Mapping[tuple[str, str], str] = {
    ("autoscaling.karmada.io", "CronFederatedHPA"): _SCALING,
    ("autoscaling.karmada.io", "FederatedHPA"): _SCALING,
    ("config.karmada.io", "ResourceInterpreterCustomization"): _CUSTOM,
    ("config.karmada.io", "ResourceInterpreterWebhookConfiguration"): _CUSTOM,
    ("networking.karmada.io", "MultiClusterIngress"): _NETWORK,
    ("networking.karmada.io", "MultiClusterService"): _NETWORK,
    ("policy.karmada.io", "ClusterTaintPolicy"): "taints by policy are not played",
    ("policy.karmada.io", "FederatedResourceQuota"): _QUOTAS,
    ("remedy.karmada.io", "Remedy"): "remedies are not played",
}
"""Kinds of the control plane that are checked and stored, and that nothing acts on, by group."""


def settings_without_effect(settings: KarmadaSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (name as a scenario's path, sentence) for what was changed from its default in vain.

    Example:
        >>> from lab.core.settings import karmada_settings
        >>> list(settings_without_effect(karmada_settings({"resourceEvictionRate": 2})))
        [(('resourceEvictionRate',), 'resourceEvictionRate has no effect: eviction and failover are not played')]
    """  # noqa: E501 — what the example prints
    for gate, why in GATES.items():
        if settings.gate(gate) != FEATURE_GATES[gate]:
            yield ("featureGates", gate), f"feature gate {gate} has no effect: {why}"
    default = KarmadaSettings()
    for item in fields(KarmadaSettings):
        if item.name in FLAGS and getattr(settings, item.name) != getattr(default, item.name):
            name = setting_name(item.name)
            yield (name,), f"{name} has no effect: {FLAGS[item.name]}"


def manifest_without_effect(manifest: Manifest) -> str:
    """Return why an object, or a part of it, will not be acted on; empty if it will.

    Example:
        >>> manifest_without_effect({"apiVersion": "remedy.karmada.io/v1alpha1", "kind": "Remedy"})
        'Remedy is stored, and nothing acts on it: remedies are not played'
    """
    group, _, _ = str(manifest.get("apiVersion") or "").rpartition("/")
    kind = str(manifest.get("kind") or "")
    why = KINDS.get((group, kind))
    if why is not None:
        return f"{kind} is stored, and nothing acts on it: {why}"
    policy = group == "policy.karmada.io" and kind in {
        "PropagationPolicy",
        "ClusterPropagationPolicy",
    }
    if policy and get_in(manifest, ("spec", "failover", "cluster")) is not None:
        return f"spec.failover.cluster has no effect: {_EVICTION}"
    return ""
