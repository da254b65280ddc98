"""Karmada's flags in scenario form: what is taken, and what is refused with its name."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import InputError
from lab.core.settings import FEATURE_GATES, KarmadaSettings, karmada_settings

TAKEN: dict[str, tuple[dict[str, Any], str, Any]] = {
    "a duration as text": ({"clusterFailureThreshold": "1m30s"}, "cluster_failure_threshold_s", 90),
    "a duration in seconds": ({"hubLatency": 0}, "hub_latency_s", 0.0),
    "a number of workers": ({"concurrentWorkSyncs": 9}, "concurrent_work_syncs", 9),
    "a whole rate": ({"kubeApiQps": 5}, "kube_api_qps", 5.0),
    "no rate limit": ({"kubeApiQps": -1}, "kube_api_qps", -1.0),
    "a switch": ({"enableTaintManager": False}, "enable_taint_manager", False),
    "a text": ({"schedulerName": "mine"}, "scheduler_name", "mine"),
    "a gate beside the defaults": (
        {"featureGates": {"Failover": True}},
        "feature_gates",
        {**FEATURE_GATES, "Failover": True},
    ),
}


@pytest.mark.parametrize(("given", "attribute", "want"), TAKEN.values(), ids=TAKEN.keys())
def test_taken(given: dict[str, Any], attribute: str, want: Any) -> None:
    found = getattr(karmada_settings(given), attribute)
    assert found == want
    assert type(found) is type(getattr(KarmadaSettings(), attribute))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown flag": ({"kubeApiQsp": 5}, 'unknown setting "kubeApiQsp" — did you mean "kubeApi'),
    "an unknown gate": ({"featureGates": {"Failovr": True}}, 'did you mean "Failover"?'),
    "a gate that is no switch": ({"featureGates": {"Failover": "on"}}, "needs true or false"),
    "gates that are no map": ({"featureGates": ["Failover"]}, "needs a map of gate names"),
    "no duration": ({"hubLatency": "soon"}, 'hubLatency: not a duration: "soon"'),
    "a negative duration": ({"hubLatency": -1}, "hubLatency is -1, needs 0s or more"),
    "an endless duration": ({"hubLatency": float("inf")}, "hubLatency is Infinity"),
    "a probe without a pause": ({"clusterStatusUpdateFrequency": 0}, "needs 100ms or more"),
    "no workers": ({"concurrentWorkSyncs": 0}, "needs a whole number of 1 or more"),
    "half a worker": ({"concurrentWorkSyncs": 2.5}, "needs a whole number of 1 or more"),
    "a switch for a number": ({"kubeApiBurst": True}, "needs a whole number of 1 or more"),
    "no number": ({"kubeApiQps": "many"}, 'kubeApiQps is "many", needs a number'),
    "not a number at all": ({"kubeApiQps": float("nan")}, "kubeApiQps is NaN, needs a number"),
    "a number for a switch": ({"enableTaintManager": 1}, "needs true or false"),
    "a rate below nothing": (
        {"resourceEvictionRate": -1},
        "resourceEvictionRate is -1, needs 0 or",
    ),
    "a share of a lease that is all of it": (
        {"clusterLeaseRenewIntervalFraction": 1},
        "clusterLeaseRenewIntervalFraction is 1, needs more than 0 and less than 1",
    ),
    "a purge mode evictions do not have": (
        {"noExecuteTaintEvictionPurgeMode": "Never"},
        'noExecuteTaintEvictionPurgeMode is "Never", needs Gracefully or Directly',
    ),
    "a number for a text": ({"schedulerName": 1}, "schedulerName is 1, needs a text"),
}


@pytest.mark.parametrize(("given", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(given: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError) as caught:
        karmada_settings(given)
    assert text in str(caught.value)
