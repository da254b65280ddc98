"""Which override rules concern an object in a cluster, and in which order.

Modelled on Karmada v1.19 `pkg/util/overridemanager/overridemanager.go`: within a group the least
specific policy goes first, then by name, so the last one wins; rules of a policy in list order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.affinity import cluster_affinity
from lab.core.claiming import MATCH_ALL, resource_selectors, selectors_priority
from lab.core.cluster import cluster_of
from lab.core.manifest import Manifest, name_of, namespace_of, spec_of

OVERRIDE_POLICY = "OverridePolicy"
CLUSTER_OVERRIDE_POLICY = "ClusterOverridePolicy"


@dataclass(frozen=True, slots=True)
class OverridePolicies:
    """The override policies of a hub, by kind."""

    cluster_wide: tuple[Manifest, ...] = ()
    namespaced: tuple[Manifest, ...] = ()

    @staticmethod
    def of(manifests: Iterable[Manifest]) -> OverridePolicies:
        """Return the override policies among some objects."""
        found = list(manifests)
        return OverridePolicies(
            tuple(m for m in found if m.get("kind") == CLUSTER_OVERRIDE_POLICY),
            tuple(m for m in found if m.get("kind") == OVERRIDE_POLICY),
        )

    def of_namespace(self, namespace: str) -> tuple[Manifest, ...]:
        """Return the policies of one namespace; none for an object without."""
        return tuple(p for p in self.namespaced if namespace and namespace_of(p) == namespace)


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """One rule that applies: the policy, the rule's place in it (from 0), and its overriders."""

    policy: Manifest
    index: int
    overriders: Mapping[str, Any]


def override_priority(manifest: Manifest, policy: Manifest) -> int:
    """Return how closely a policy names an object: no selectors at all count as match-all."""
    selectors = resource_selectors(policy)
    return selectors_priority(manifest, selectors) if selectors else MATCH_ALL


def override_rules(policy: Manifest) -> Sequence[Mapping[str, Any]]:
    """Return a policy's rules; the older `targetCluster` and `overriders` count as one."""
    spec = spec_of(policy)
    rules: Sequence[Mapping[str, Any]] | None = spec.get("overrideRules")
    if rules:
        return rules
    old = {"overriders": spec.get("overriders") or {}}
    return [{**old, "targetCluster": spec["targetCluster"]} if spec.get("targetCluster") else old]


def matched_rules(
    manifest: Manifest, cluster: Manifest, policies: Iterable[Manifest]
) -> list[MatchedRule]:
    """Return the rules of one group that apply to an object in a cluster, in order."""
    place = cluster_of(cluster)
    ranked = []
    for policy in policies:
        priority = override_priority(manifest, policy)
        if priority:
            ranked.append((priority, name_of(policy), policy))
    ranked.sort(key=lambda entry: entry[:2])
    return [
        MatchedRule(policy, index, rule.get("overriders") or {})
        for _, _, policy in ranked
        for index, rule in enumerate(override_rules(policy))
        if rule.get("targetCluster") is None
        or cluster_affinity(rule["targetCluster"]).matches(place)
    ]
