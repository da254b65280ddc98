"""A binding on its way through a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.core.labels import APPLIED_PLACEMENT
from lab.core.manifest import Manifest, drop_in, get_in, set_in, spec_of, with_annotations
from lab.core.scheduling import Outcome


@dataclass
class Draft:
    """A binding on its way through the plan."""

    binding: Manifest
    template: Manifest | None
    given: bool = False
    claim: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None
    skipped: str = ""
    dependencies: list[Mapping[str, Any]] = field(default_factory=list)


def queue_priority(draft: Draft) -> int:
    """Return what the scheduler's queue sorts by, first the smallest."""
    return -int(get_in(spec_of(draft.binding), ("schedulePriority", "priority")) or 0)


def after_turn(binding: Manifest, outcome: Outcome) -> Manifest:
    """Return a binding with what the scheduler controller would write after a turn."""
    if outcome.clusters:
        binding = set_in(binding, ("spec", "clusters"), outcome.clusters)
    else:
        binding = drop_in(binding, ("spec", "clusters"))
    if outcome.applied_placement is not None:
        binding = with_annotations(binding, {APPLIED_PLACEMENT: outcome.applied_placement})
    if outcome.observed_affinity:
        path = ("status", "schedulerObservingAffinityName")
        binding = set_in(binding, path, outcome.observed_affinity)
    return binding


def is_suspended(work: Manifest) -> bool:
    """Tell whether a Work is made and not applied."""
    return bool(spec_of(work).get("suspendDispatching"))
