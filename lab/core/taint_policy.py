"""ClusterTaintPolicies: which taints a Cluster's conditions add and remove.

Source: Karmada v1.19 `pkg/controllers/taint/clustertaintpolicy_controller.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lab.core.affinity import cluster_affinity
from lab.core.cluster import Cluster, cluster_of
from lab.core.manifest import Manifest, name_of, spec_of, status_of, timestamp
from lab.core.taints import taints_of


@dataclass(frozen=True, slots=True)
class TaintChange:
    """One taint that a policy added to a cluster or took off it."""

    policy: str
    verb: Literal["adds", "removes"]
    taint: str

    def __str__(self) -> str:
        return f"{self.policy} {self.verb} {self.taint}"


def targets(policy: Manifest, cluster: Cluster) -> bool:
    """Tell whether a policy is about a cluster; without targetClusters it is about all."""
    affinity = spec_of(policy).get("targetClusters")
    return affinity is None or cluster_affinity(affinity).matches(cluster)


def conditions_match(
    conditions: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> bool:
    """Tell whether all wanted conditions hold; none wanted means no.

    A condition that the cluster does not have satisfies neither In nor NotIn.
    """
    return bool(wanted) and all(_matches(conditions, each) for each in wanted)


def _matches(conditions: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]) -> bool:
    values = wanted.get("statusValues") or ()
    answer = False
    for entry in conditions:
        if entry.get("type") != wanted.get("conditionType"):
            continue
        inside = entry.get("status") in values
        operator = wanted.get("operator")
        if operator not in {"In", "NotIn"}:
            return False
        answer = inside if operator == "In" else not inside
    return answer


def in_order(policies: Sequence[Manifest]) -> list[Manifest]:
    """Return policies in order of creation; those of one second by name."""
    return sorted(
        policies,
        key=lambda each: (str(each["metadata"].get("creationTimestamp") or ""), name_of(each)),
    )


def taints_by_policies(
    cluster: Manifest, policies: Sequence[Manifest], now_s: float
) -> tuple[list[Mapping[str, Any]], list[TaintChange]]:
    """Return a Cluster's taints after all policies, and what each changed.

    Each policy adds before it removes. A taint is known by its key and effect: one that is there
    keeps its value and its time.
    """
    conditions = status_of(cluster).get("conditions") or ()
    taints: list[Mapping[str, Any]] = list(spec_of(cluster).get("taints") or ())
    changes: list[TaintChange] = []
    for policy in in_order(policies):
        if not targets(policy, cluster_of(cluster)):
            continue
        spec = spec_of(policy)
        own = spec.get("taints") or ()
        if conditions_match(conditions, spec.get("addOnConditions") or ()):
            for taint in own:
                if not any(_same(each, taint) for each in taints):
                    fields = {name: taint[name] for name in _FIELDS if taint.get(name)}
                    taints.append({**fields, "timeAdded": timestamp(now_s)})
                    changes.append(TaintChange(name_of(policy), "adds", _text(taint)))
        if conditions_match(conditions, spec.get("removeOnConditions") or ()):
            for taint in own:
                index = next((i for i, each in enumerate(taints) if _same(each, taint)), None)
                if index is not None:
                    changes.append(TaintChange(name_of(policy), "removes", _text(taint)))
                    del taints[index]
    return taints, changes


_FIELDS = ("key", "value", "effect")


def _same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    return (left.get("key"), left.get("effect")) == (right.get("key"), right.get("effect"))


def _text(taint: Mapping[str, Any]) -> str:
    return str(taints_of([taint])[0])
