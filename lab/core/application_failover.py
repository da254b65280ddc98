"""Application failover: who has been unhealthy for too long, and the eviction that follows.

Source: Karmada v1.19 `pkg/controllers/applicationfailover`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

from lab.core.eviction import GRACEFULLY, NEVER, Eviction, tasks_of
from lab.core.manifest import Manifest, get_in, spec_of, status_of
from lab.core.settings import KarmadaSettings
from lab.core.state_preservation import StateError, preserved_labels

APPLICATION_FAILURE = "ApplicationFailure"
TOLERATION_S = 300.0
GRACE_S = 600


def behaviour_of(binding: Manifest | None) -> Mapping[str, Any] | None:
    """Return a binding's `failover.application`, or None."""
    found = None if binding is None else get_in(binding, ("spec", "failover", "application"))
    return found if isinstance(found, Mapping) else None


def toleration_s(behaviour: Mapping[str, Any]) -> float:
    """Return how long an application may be unhealthy (s)."""
    seconds = get_in(behaviour, ("decisionConditions", "tolerationSeconds"))
    return TOLERATION_S if seconds is None else float(seconds)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How a binding fares in its clusters, and what is to be done."""

    since: Mapping[str, float]
    """Cluster to when it was first seen unhealthy (s of the run): to be remembered."""
    begun: Mapping[str, float]
    """The clocks that this look started, those of clusters that are no targets among them."""
    evict: tuple[str, ...]
    """Clusters whose time is over."""
    check_after_s: float | None
    """When to look again, None if nothing is running out."""
    news: tuple[str, ...]
    """What is different from the last look, one line each."""


def diagnose(
    binding: Manifest,
    behaviour: Mapping[str, Any],
    since: Mapping[str, float],
    now_s: float,
    *,
    unknown_resets: bool = True,
    one_at_a_time: bool = False,
) -> Diagnosis:
    """Return which clusters a binding is to leave, from the health it last reported.

    The clock of a cluster starts when it is first seen Unhealthy, and is put back by Healthy and by
    Unknown. A cluster that is no target (any more) has none; one that is being evicted from is not
    looked at. With a toleration of 0 s the first look only starts the clock, and only the next
    change of the binding ends it. What has passed is counted in whole seconds, so that the look
    that ends it may come up to a second late.

    Args:
        binding: With `status.aggregatedStatus`.
        behaviour: Its `failover.application`.
        since: What the last look left behind.
        now_s: Second of the run.
        unknown_resets: Unknown puts the clock back too (a quirk the real one has).
        one_at_a_time: No cluster is left while another is being left for a failure (without the
            quirk that applications go round).
    """
    limit_s = toleration_s(behaviour)
    well = {"Healthy", "Unknown"} if unknown_resets else {"Healthy"}
    leaving = {str(task.get("fromCluster")) for task in tasks_of(binding)}
    targets = {str(each.get("name")) for each in spec_of(binding).get("clusters") or ()}
    known = dict(since)
    evict: list[str] = []
    waits: list[float] = []
    news: list[str] = []
    for item in status_of(binding).get("aggregatedStatus") or ():
        cluster, health = str(item.get("clusterName")), item.get("health")
        if health in well:
            if known.pop(cluster, None) is not None:
                news.append(f"{cluster} is {health} again")
        elif health == "Unhealthy" and cluster not in leaving:
            if cluster not in known:
                known[cluster] = now_s
                waits.append(limit_s)
                if cluster in targets:
                    news.append(f"{cluster} is unhealthy, tolerated for {limit_s:g} s")
                continue
            past_s = round(now_s - known[cluster], 6)
            if past_s >= limit_s:
                evict.append(cluster)
            else:
                waits.append(limit_s - floor(past_s))
    if one_at_a_time and evict:
        fleeing = any(task.get("reason") == APPLICATION_FAILURE for task in tasks_of(binding))
        held = evict if fleeing else evict[1:]
        news += [f"{cluster} is unhealthy, but another is still being left" for cluster in held]
        evict = evict[: len(evict) - len(held)]
    kept = {cluster: at_s for cluster, at_s in known.items() if cluster in targets}
    wait_s = min(waits, default=0.0)
    begun = {cluster: at_s for cluster, at_s in known.items() if cluster not in since}
    return Diagnosis(kept, begun, tuple(evict), wait_s or None, tuple(news))


def eviction_for(
    binding: Manifest,
    behaviour: Mapping[str, Any],
    cluster: str,
    producer: str,
    settings: KarmadaSettings,
) -> Eviction:
    """Return the eviction of a failed application from a cluster.

    Raises:
        StateError: The state to be preserved is not known, or a gate it needs is off.
    """
    labels = None
    if settings.gate("StatefulFailoverInjection"):
        labels = preserved_labels(behaviour, binding, cluster)
    before = [str(each.get("name")) for each in spec_of(binding).get("clusters") or ()]
    mode = str(behaviour.get("purgeMode") or GRACEFULLY)
    if mode == GRACEFULLY and not settings.gate("GracefulEviction"):
        text = "GracefulEviction featureGate must be enabled when purgeMode is Gracefully"
        raise StateError(text)
    grace_s = behaviour.get("gracePeriodSeconds")
    return Eviction(
        cluster,
        APPLICATION_FAILURE,
        producer,
        purge_mode=mode,
        grace_period_s=(GRACE_S if grace_s is None else int(grace_s))
        if mode == GRACEFULLY
        else None,
        suppress_deletion=True if mode == NEVER else None,
        preserved_labels=labels,
        clusters_before=before if labels is not None else (),
    )
