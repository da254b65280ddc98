"""What one turn is about, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.core.cluster import ClusterSnapshot
from lab.core.manifest import Manifest
from lab.core.scheduling.assignment import Target
from lab.core.scheduling.errors import SchedulingError
from lab.core.scheduling.estimation import Estimates
from lab.core.scheduling.framework import Component
from lab.core.settings import KarmadaSettings

Assumed = Mapping[str, Sequence[Sequence[Component]]]
"""Cluster name to the component lists of workloads just placed there, not healthy yet."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a turn depends on, kept for the explanation."""

    manifest: Manifest
    snapshot: ClusterSnapshot
    settings: KarmadaSettings
    others: Sequence[Manifest]
    estimates: Estimates | None
    assumed: Assumed | None


@dataclass(slots=True)
class Result:
    """What the affinity groups came to: targets, or the error that decides."""

    targets: list[Target]
    error: SchedulingError | None
    affinity: str
    group_errors: tuple[str, ...] = ()
    """One message per affinity group that failed, as Karmada's events have it."""
