"""Feature gates and flags as settings, with the defaults of the systems they stand for.

Scenario form: `settings: {karmada: {featureGates: {Failover: true}, kubeApiQps: 40}}`. Flag names
are Karmada's own, in camelCase. Source: Karmada v1.19 `pkg/features`, `cmd/*/app/options`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from lab.core.duration import format_duration, parse_duration_s
from lab.core.errors import InputError, did_you_mean, quoted
from lab.core.quirks import FAITHFUL, parse_quirks

FEATURE_GATES: Mapping[str, bool] = {
    "Failover": False,
    "GracefulEviction": True,
    "PropagateDeps": True,
    "CustomizedClusterResourceModeling": True,
    "PropagationPolicyPreemption": False,
    "PriorityBasedScheduling": True,
    "ControllerPriorityQueue": True,
    "MultiClusterService": False,
    "ResourceQuotaEstimate": False,
    "StatefulFailoverInjection": False,
    "FederatedQuotaEnforcement": False,
    "MultiplePodTemplatesScheduling": False,
    "WorkloadAffinity": False,
    "SchedulingOvercommitProtection": False,
}


@dataclass(frozen=True, slots=True)
class KarmadaSettings:
    """Karmada's gates and flags. A name ending in `_s` is a duration in seconds."""

    feature_gates: Mapping[str, bool] = field(default_factory=lambda: dict(FEATURE_GATES))
    scheduler_name: str = "default-scheduler"
    enable_empty_workload_propagation: bool = False
    enable_scheduler_estimator: bool = False
    scheduler_estimator_timeout_s: float = 3.0
    scheduler_estimator_port: int = 10352
    enable_descheduler: bool = False
    """Whether the process is deployed at all (ours); its two flags follow."""
    descheduling_interval_s: float = 120.0
    unschedulable_threshold_s: float = 300.0
    cluster_status_update_frequency_s: float = 10.0
    cluster_failure_threshold_s: float = 30.0
    cluster_success_threshold_s: float = 30.0
    cluster_lease_duration_s: float = 40.0
    cluster_lease_renew_interval_fraction: float = 0.25
    cluster_monitor_period_s: float = 5.0
    cluster_monitor_grace_period_s: float = 40.0
    cluster_startup_grace_period_s: float = 60.0
    enable_taint_manager: bool = True
    enable_no_execute_taint_eviction: bool = False
    allow_no_execute_taint_policy: bool = False
    no_execute_taint_eviction_purge_mode: str = "Gracefully"
    resource_eviction_rate: float = 0.5
    graceful_eviction_timeout_s: float = 600.0
    concurrent_cluster_syncs: int = 5
    concurrent_resourcebinding_syncs: int = 5
    concurrent_clusterresourcebinding_syncs: int = 5
    concurrent_work_syncs: int = 5
    concurrent_namespace_syncs: int = 1
    concurrent_resource_template_syncs: int = 5
    concurrent_propagation_policy_syncs: int = 1
    concurrent_cluster_propagation_policy_syncs: int = 1
    concurrent_dependent_resource_syncs: int = 2
    cluster_cache_sync_timeout_s: float = 120.0
    rate_limiter_base_delay_s: float = 0.005
    rate_limiter_max_delay_s: float = 1000.0
    rate_limiter_qps: float = 10.0
    rate_limiter_bucket_size: int = 100
    kube_api_qps: float = 40.0
    kube_api_burst: int = 60
    cluster_api_qps: float = 40.0
    cluster_api_burst: int = 60
    scheduler_backoff_initial_s: float = 1.0
    scheduler_backoff_max_s: float = 10.0
    scheduler_unschedulable_hold_s: float = 300.0
    leader_elect_lease_duration_s: float = 15.0
    leader_elect_renew_deadline_s: float = 10.0
    leader_elect_retry_period_s: float = 2.0
    federated_resource_quota_sync_period_s: float = 300.0
    horizontal_pod_autoscaler_sync_period_s: float = 15.0
    horizontal_pod_autoscaler_tolerance: float = 0.1
    horizontal_pod_autoscaler_downscale_stabilization_s: float = 300.0
    horizontal_pod_autoscaler_cpu_initialization_period_s: float = 300.0
    horizontal_pod_autoscaler_initial_readiness_delay_s: float = 30.0
    skipped_propagating_namespaces: str = "kube-.*"
    hub_latency_s: float = 0.008
    """One request to the hub (ours: fits the phases of recorded runs on a quiet control plane)."""
    quirks: Mapping[str, bool] = field(default_factory=lambda: FAITHFUL)
    """Known bad behaviours (`lab.core.quirks`): faithful, sane, or a map of single ones (ours)."""

    def gate(self, name: str) -> bool:
        """Tell whether a feature gate is on.

        Raises:
            KeyError: Karmada has no gate of that name (a mistake in the lab, not of a user).
        """
        return self.feature_gates[name]

    def quirk(self, name: str) -> bool:
        """Tell whether a known bad behaviour is played.

        Raises:
            KeyError: No quirk has that name (a mistake in the lab, not of a user).
        """
        return self.quirks[name]

    def with_gates(self, **gates: bool) -> KarmadaSettings:
        """Return a copy with some gates changed, by keyword."""
        return replace(self, feature_gates=_gates(gates))


def _gates(given: Mapping[str, Any]) -> Mapping[str, bool]:
    for name, value in given.items():
        if name not in FEATURE_GATES:
            raise InputError(
                f"unknown feature gate {quoted(name)}{did_you_mean(name, list(FEATURE_GATES))}"
            )
        if not isinstance(value, bool):
            raise InputError(f'feature gate "{name}" is {quoted(value)}, needs true or false')
    return {**FEATURE_GATES, **given}


def setting_name(name: str) -> str:
    """Return the scenario's name of a field: `hub_latency_s` is written `hubLatency`."""
    head, *rest = name.removesuffix("_s").split("_")
    return head + "".join(part.capitalize() for part in rest)


def karmada_settings(given: Mapping[str, Any]) -> KarmadaSettings:
    """Return settings from their scenario form (camelCase names, durations as text).

    Raises:
        InputError: An unknown name or a value of the wrong type; the message starts with the name.
    """
    names = {setting_name(item.name): item for item in fields(KarmadaSettings)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in names:
            raise InputError(f"unknown setting {quoted(name)}{did_you_mean(name, list(names))}")
        attribute = names[name].name
        default = getattr(KarmadaSettings(), attribute)
        if attribute == "feature_gates":
            if not isinstance(value, Mapping):
                raise InputError(f"featureGates is {quoted(value)}, needs a map of gate names")
            values[attribute] = _gates(value)
        elif attribute == "quirks":
            values[attribute] = parse_quirks(value)
        elif attribute.endswith("_s"):
            values[attribute] = _seconds(name, value, _LEAST_S.get(attribute, 0.0))
        elif isinstance(default, (bool, str)):
            if type(value) is not type(default):
                raise InputError(f"{name} is {quoted(value)}, needs {_word(default)}")
            values[attribute] = _word_of(attribute, name, value)
        elif isinstance(default, int):
            values[attribute] = _count(name, value)
        else:
            values[attribute] = _rate(name, value, _LEAST_RATE.get(attribute, -math.inf))
            if attribute in _FRACTIONS and not 0 < value < 1:
                raise InputError(f"{name} is {quoted(value)}, needs more than 0 and less than 1")
    return KarmadaSettings(**values)


_LEAST_S = {
    "cluster_status_update_frequency_s": 0.1,
    "cluster_lease_duration_s": 1.0,
    "cluster_monitor_period_s": 0.1,
    "descheduling_interval_s": 1.0,
}
"""Durations that would stop time if they were shorter."""


_LEAST_RATE = {"resource_eviction_rate": 0.0}
"""Rates that mean nothing below a number."""

_FRACTIONS = frozenset({"cluster_lease_renew_interval_fraction"})
"""Rates that Karmada takes only between 0 and 1, neither included."""

_WORDS = {"no_execute_taint_eviction_purge_mode": ("Gracefully", "Directly")}
"""Settings that take only certain words."""


def _word_of(attribute: str, name: str, value: Any) -> Any:
    words = _WORDS.get(attribute)
    if words is not None and value not in words:
        hint = did_you_mean(value, list(words))
        raise InputError(f"{name} is {quoted(value)}, needs {' or '.join(words)}{hint}")
    return value


def _seconds(name: str, value: Any, least_s: float) -> float:
    try:
        found = parse_duration_s(value)
    except (ValueError, AttributeError) as error:
        raise InputError(f"{name}: {error}") from None
    if not least_s <= found < math.inf:
        raise InputError(f"{name} is {quoted(value)}, needs {format_duration(least_s)} or more")
    return found


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{name} is {quoted(value)}, needs a whole number of 1 or more")
    return value


def _rate(name: str, value: Any, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name} is {quoted(value)}, needs a number")
    if value < least:
        raise InputError(f"{name} is {quoted(value)}, needs {least:g} or more")
    return float(value)


def _word(default: object) -> str:
    return "true or false" if isinstance(default, bool) else "a text"
