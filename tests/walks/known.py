"""Breaches that Karmada itself commits: walks meet them, and go on.

Each is told in docs/invariants.md under its name, and lets pass exactly what is described there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lab.core.invariants import Violation
from lab.core.manifest import condition, get_in, is_deleting, spec_of
from lab.core.model import HUB, Key
from lab.drivers.federation import Federation
from lab.scenario.model import FaultAction, RunAction, Scenario
from tests.walks.objects import CLUSTERS

_APPLICATION = ("failover", "application")
_TOLERATIONS = ("placement", "clusterTolerations")


def known_as(violation: Violation, scenario: Scenario, federation: Federation) -> str:
    """Return the name of the known failure that a violation is, empty if it is none."""
    for name, is_one in KNOWN.items():
        if is_one(violation, scenario, federation):
            return name
    return ""


def _failing_application(found: Violation, scenario: Scenario, federation: Federation) -> bool:
    return found.law in {"Q4", "Q1"} and any(
        get_in(spec_of(binding), _APPLICATION) for binding in _bindings(found.key, federation)
    )


def _tolerated_for_a_while(found: Violation, scenario: Scenario, federation: Federation) -> bool:
    """A taint that stays and is tolerated for some time: what is evicted is placed there again."""
    if found.law not in {"Q4", "Q1"}:
        return False
    tainted = any(
        taint.get("effect") == "NoExecute"
        for cluster in federation.store_of(HUB).list("cluster.karmada.io/v1alpha1", "Cluster")
        for taint in spec_of(cluster).get("taints") or ()
    )
    return tainted and any(
        toleration.get("tolerationSeconds") is not None
        for binding in _bindings(found.key, federation)
        for toleration in get_in(spec_of(binding), _TOLERATIONS) or ()
    )


def _restored(found: Violation, scenario: Scenario, federation: Federation) -> bool:
    torn = any(
        isinstance(step.action, FaultAction) and step.action.fault.kind == "TornJournal"
        for step in scenario.steps
    )
    return torn and found.law == "Q3" and bool(found.key.cluster) and "its Work" in found.message


def _unjoin_waits(found: Violation, scenario: Scenario, federation: Federation) -> bool:
    """A cluster that cannot go because a binding cannot be placed anywhere else."""
    if found.law != "Q3" or found.key.kind != "Cluster":
        return False
    for binding in _all_bindings(federation):
        named = [each.get("name") for each in spec_of(binding).get("clusters") or ()]
        scheduled = condition(binding, "Scheduled")
        waits = scheduled is not None and scheduled.get("status") != "True"
        if found.key.name in named and (waits or _unclaimed(binding)):
            return True
    return False


def _late_removal(found: Violation, scenario: Scenario, federation: Federation) -> bool:
    """A copy in a cluster that was lost for long: the retry that removes it comes late."""
    if found.law != "S2" or "neither places nor evicts" not in found.message:
        return False
    return federation.store_of(found.key.cluster).find(found.key) is None


def _lost_again(found: Violation, scenario: Scenario, federation: Federation) -> bool:
    """A cluster that is lost twice: Karmada remembers nothing of the first time."""
    if found.law != "Q4":
        return False
    losses = dict.fromkeys(CLUSTERS, 0)
    for step in scenario.steps:
        if isinstance(step.action, FaultAction) and not step.action.fault.target.hub:
            fault = step.action.fault
            for name in fault.target.clusters or CLUSTERS:
                losses[name] += 2 if fault.kind == "Flapping" else 1
        elif isinstance(step.action, RunAction):
            for name in CLUSTERS:
                losses[name] += any(f"taint clusters {name}" in each for each in step.action.lines)
    named = [name for name in CLUSTERS if f"from {name}" in found.message] or CLUSTERS
    return any(losses[name] > 1 for name in named)


def _unclaimed(binding: Mapping[str, object]) -> bool:
    labels = get_in(binding, ("metadata", "labels")) or {}
    return not any(name.endswith("propagationpolicy.karmada.io/permanent-id") for name in labels)


def _all_bindings(federation: Federation) -> Sequence[Mapping[str, object]]:
    store = federation.store_of(HUB)
    api = "work.karmada.io/v1alpha2"
    return [*store.list(api, "ResourceBinding"), *store.list(api, "ClusterResourceBinding")]


def _bindings(key: Key, federation: Federation) -> Sequence[Mapping[str, object]]:
    """Return the bindings an object may belong to: itself, or those of a Work or dependency."""
    exact = [
        each
        for each in _all_bindings(federation)
        if each["metadata"]["name"] == key.name and each["kind"] == key.kind  # type: ignore[index]
    ]
    placed = exact and get_in(exact[0], ("spec", "placement"))
    return (
        exact if placed else [each for each in _all_bindings(federation) if not is_deleting(each)]
    )


KNOWN: Mapping[str, Callable[[Violation, Scenario, Federation], bool]] = {
    "pingPong": _failing_application,
    "noCoolDown": _lost_again,
    "surplusAfterRecovery": _late_removal,
    "toleratedForAWhile": _tolerated_for_a_while,
    "restoredOrphans": _restored,
    "unjoinWaits": _unjoin_waits,
}
