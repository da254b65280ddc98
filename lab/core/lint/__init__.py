"""Lint: policies that will not do what they look like. One trap per file; all pure.

Each trap has `check(material) -> Iterator[Finding]`. Lint judges a set of objects as if all were
applied new; clusters are known only if a fleet or Cluster objects are given, and traps that need
them stay silent otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.core.fleet import ClusterSpec
from lab.core.lint.finding import SEVERITIES, Finding, Severity
from lab.core.lint.material import Material
from lab.core.lint.traps import TRAPS
from lab.core.manifest import Manifest
from lab.core.settings import KarmadaSettings

__all__ = ["SEVERITIES", "Finding", "Severity", "lint"]


def lint(
    objects: Sequence[Manifest],
    clusters: Sequence[ClusterSpec] | None = None,
    settings: KarmadaSettings | None = None,
) -> list[Finding]:
    """Return what will not work as it looks, in the order of the objects.

    Args:
        objects: Templates, policies, Cluster objects: whatever is applied together.
        clusters: The fleet, if it is known.
        settings: Karmada's gates and flags; its defaults if not given.
    """
    material = Material(objects, clusters, settings or KarmadaSettings())
    found = [finding for trap in TRAPS for finding in trap(material)]
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    return sorted(found, key=lambda each: (each.index, rank[each.severity]))
