"""Finding the policies that may select an object, without looking at all of them.

Policies are indexed by what their resource selectors name; the rules that decide (labels,
priorities) are in `lab.core.claiming` and `lab.core.overrides`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.controllers.lineage import (
    CLUSTER_OVERRIDE_POLICY,
    CLUSTER_POLICY,
    OVERRIDE_POLICY,
    POLICY,
    Kind,
)
from lab.core.claiming import resource_selectors
from lab.core.manifest import Manifest, name_of, namespace_of
from lab.core.model import Index, View
from lab.core.overrides import OverridePolicies

Target = tuple[str, str, str, str]
"""Namespace of the policy, then apiVersion, kind and name it selects; no name: all of the kind."""


def _targets(policy: Manifest) -> Iterable[Target]:
    home = namespace_of(policy)
    selectors = resource_selectors(policy)
    if not selectors:
        return ((home, "", "", ""),)
    return tuple(
        dict.fromkeys(
            (
                home,
                str(selector.get("apiVersion") or ""),
                str(selector.get("kind") or ""),
                str(selector.get("name") or ""),
            )
            for selector in selectors
        )
    )


def selecting_index(kind: Kind) -> Index:
    """Return the index of policies of a kind by what they select."""
    return Index(f"{kind[1]}-by-target", "hub", *kind, _targets)


PROPAGATION_INDEXES = (selecting_index(POLICY), selecting_index(CLUSTER_POLICY))
OVERRIDE_INDEXES = (selecting_index(OVERRIDE_POLICY), selecting_index(CLUSTER_OVERRIDE_POLICY))


def selecting(view: View, kind: Kind, subject: Manifest) -> Iterator[Manifest]:
    """Yield the policies of a kind whose selectors may match an object of the hub, each once."""
    home = namespace_of(subject) if kind in {POLICY, OVERRIDE_POLICY} else ""
    place = (str(subject.get("apiVersion") or ""), str(subject.get("kind") or ""))
    seen: set[tuple[str, str]] = set()
    for target in (
        (home, *place, name_of(subject)),
        (home, *place, ""),
        (home, "", "", ""),
    ):
        for policy in view.by_index(f"{kind[1]}-by-target", target):
            identity = (namespace_of(policy), name_of(policy))
            if identity not in seen:
                seen.add(identity)
                yield policy


def override_policies(view: View, subject: Manifest) -> OverridePolicies:
    """Return the override policies that may concern an object of the hub."""
    own: Iterable[Manifest] = ()
    if namespace_of(subject):
        own = selecting(view, OVERRIDE_POLICY, subject)
    return OverridePolicies(tuple(selecting(view, CLUSTER_OVERRIDE_POLICY, subject)), tuple(own))
