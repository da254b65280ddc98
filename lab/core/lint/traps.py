"""All traps, in the order in which they are looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lab.core.lint import (
    affinities_never_fall_through,
    aggregated_min_groups,
    dependencies_not_followed,
    hpa_fights,
    lazy_policy,
    max_groups_unset,
    min_groups_too_large,
    more_than_fits,
    never_wins,
    no_cluster_matches,
    no_failover,
    not_propagated,
    override_effect,
    override_path,
    override_target,
    preemption_off,
    refused,
    selects_nothing,
    spread_ignored,
    suspended,
    unknown_cluster,
    unspreadable_field,
    untolerated_taint,
    weight_mismatch,
    workload_affinity_off,
    zero_replicas,
)
from lab.core.lint.finding import Finding
from lab.core.lint.material import Material

Trap = Callable[[Material], Iterator[Finding]]

TRAPS: Sequence[Trap] = (
    refused.check,
    max_groups_unset.check,
    spread_ignored.check,
    unspreadable_field.check,
    aggregated_min_groups.check,
    min_groups_too_large.check,
    affinities_never_fall_through.check,
    unknown_cluster.check,
    no_cluster_matches.check,
    untolerated_taint.check,
    weight_mismatch.check,
    more_than_fits.check,
    no_failover.check,
    dependencies_not_followed.check,
    not_propagated.check,
    never_wins.check,
    selects_nothing.check,
    preemption_off.check,
    lazy_policy.check,
    suspended.check,
    zero_replicas.check,
    hpa_fights.check,
    workload_affinity_off.check,
    override_path.check,
    override_target.check,
    override_effect.check,
)
