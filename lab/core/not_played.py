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

_ESTIMATOR = "an estimator answers at once"
_LEADER = "a ControllerCrash says with restartAfter when another process leads"
_QUOTAS = "quotas of a federation are not enforced"
_SCALING = "autoscaling is not played"

GATES: Mapping[str, str] = {
    "MultiClusterService": "a MultiClusterService is stored, and nothing acts on it",
    "FederatedQuotaEnforcement": "a FederatedResourceQuota is stored, and nothing enforces it",
}
"""Feature gates without an effect on where anything goes, and why."""

FLAGS: Mapping[str, str] = {
    "scheduler_estimator_timeout_s": _ESTIMATOR,
    "concurrent_dependent_resource_syncs": "dependents share the workers of resourceBindings",
    "scheduler_estimator_port": _ESTIMATOR,
    "cluster_cache_sync_timeout_s": "a member's caches are filled by its first answer",
    "leader_elect_lease_duration_s": _LEADER,
    "leader_elect_renew_deadline_s": _LEADER,
    "leader_elect_retry_period_s": _LEADER,
    "federated_resource_quota_sync_period_s": _QUOTAS,
    "horizontal_pod_autoscaler_sync_period_s": _SCALING,
    "horizontal_pod_autoscaler_tolerance": _SCALING,
    "horizontal_pod_autoscaler_downscale_stabilization_s": _SCALING,
    "horizontal_pod_autoscaler_cpu_initialization_period_s": _SCALING,
    "horizontal_pod_autoscaler_initial_readiness_delay_s": _SCALING,
}
"""Settings without an effect, and why."""

_GATE_OFF = "feature gate Failover is off"
_EVICTION_OFF = "enableNoExecuteTaintEviction is false"
NEEDS_FAILOVER = (
    "enable_no_execute_taint_eviction",
    "no_execute_taint_eviction_purge_mode",
    "resource_eviction_rate",
)
"""Settings of cluster failover: each waits for the gate, all but the first for the first too."""

_NETWORK = "traffic between clusters is not played"
_CUSTOM = "custom interpreters are not played: the kinds they are for are propagated whole"

KINDS: Mapping[tuple[str, str], str] = {
    ("autoscaling.karmada.io", "CronFederatedHPA"): _SCALING,
    ("autoscaling.karmada.io", "FederatedHPA"): _SCALING,
    ("config.karmada.io", "ResourceInterpreterCustomization"): _CUSTOM,
    ("config.karmada.io", "ResourceInterpreterWebhookConfiguration"): _CUSTOM,
    ("networking.karmada.io", "MultiClusterIngress"): _NETWORK,
    ("networking.karmada.io", "MultiClusterService"): _NETWORK,
    ("policy.karmada.io", "FederatedResourceQuota"): _QUOTAS,
    ("remedy.karmada.io", "Remedy"): "remedies are not played",
}
"""Kinds of the control plane that are checked and stored, and that nothing acts on, by group."""


def settings_without_effect(settings: KarmadaSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (name as a scenario's path, sentence) for what was changed from its default in vain.

    Example:
        >>> from lab.core.settings import karmada_settings
        >>> list(settings_without_effect(karmada_settings({"resourceEvictionRate": 2})))
        [(('resourceEvictionRate',), 'resourceEvictionRate has no effect: feature gate Failover is off')]
    """  # noqa: E501 — what the example prints
    for gate, why in GATES.items():
        if settings.gate(gate) != FEATURE_GATES[gate]:
            yield ("featureGates", gate), f"feature gate {gate} has no effect: {why}"
    default = KarmadaSettings()
    for item in fields(KarmadaSettings):
        why = FLAGS.get(item.name) or _waits_for(item.name, settings)
        if why and getattr(settings, item.name) != getattr(default, item.name):
            name = setting_name(item.name)
            yield (name,), f"{name} has no effect: {why}"


def _waits_for(name: str, settings: KarmadaSettings) -> str:
    """Return the switch that keeps a setting of cluster failover from having an effect."""
    if name not in NEEDS_FAILOVER:
        return ""
    if not settings.gate("Failover"):
        return _GATE_OFF
    return "" if settings.enable_no_execute_taint_eviction else _EVICTION_OFF


def manifest_without_effect(manifest: Manifest, settings: KarmadaSettings | None = None) -> str:
    """Return why an object, or a part of it, will not be acted on; empty if it will.

    Args:
        manifest: The object.
        settings: Of the control plane it is for, to tell of switches that are off.

    Example:
        >>> manifest_without_effect({"apiVersion": "remedy.karmada.io/v1alpha1", "kind": "Remedy"})
        'Remedy is stored, and nothing acts on it: remedies are not played'
    """
    group, _, _ = str(manifest.get("apiVersion") or "").rpartition("/")
    kind = str(manifest.get("kind") or "")
    why = KINDS.get((group, kind))
    if why is not None:
        return f"{kind} is stored, and nothing acts on it: {why}"
    if settings is None or group != "policy.karmada.io":
        return ""
    if kind == "ClusterTaintPolicy" and not settings.gate("Failover"):
        return f"{kind} is stored, and nothing acts on it: {_GATE_OFF}"
    policy = kind in {"PropagationPolicy", "ClusterPropagationPolicy"}
    if policy and get_in(manifest, ("spec", "failover", "cluster")) is not None:
        why = _waits_for("resource_eviction_rate", settings)
        return f"spec.failover.cluster has no effect: {why}" if why else ""
    return ""
