"""Which filters and scores take part, by feature gate.

Karmada keeps its plug-ins in a map, so their order, and with it which refusal is reported first, is
chance in each process: a small map is walked round from anywhere. Here it is the order of this
file, one of those walks.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType

from lab.core.scheduling.filters import (
    api_enablement,
    cluster_affinity,
    cluster_eviction,
    spread_constraint,
    taint_toleration,
    workload_affinity,
    workload_anti_affinity,
)
from lab.core.scheduling.framework import FilterPlugin, ScorePlugin
from lab.core.scheduling.scores import cluster_affinity as affinity_score
from lab.core.scheduling.scores import cluster_locality
from lab.core.settings import KarmadaSettings


def _filter(module: ModuleType) -> FilterPlugin:
    return FilterPlugin(module.NAME, module.filter_cluster, module.concerns)


_ALWAYS = tuple(
    _filter(module)
    for module in (
        cluster_affinity,
        spread_constraint,
        cluster_eviction,
        api_enablement,
        taint_toleration,
    )
)
_BY_GROUP = (_filter(workload_anti_affinity), _filter(workload_affinity))
_BEFORE_GROUPS = 3
_SCORES = tuple(
    ScorePlugin(module.NAME, module.score_cluster, module.concerns)
    for module in (cluster_locality, affinity_score)
)


@cache
def _filters(by_group: bool) -> tuple[FilterPlugin, ...]:
    if not by_group:
        return _ALWAYS
    return _ALWAYS[:_BEFORE_GROUPS] + _BY_GROUP + _ALWAYS[_BEFORE_GROUPS:]


def filters(settings: KarmadaSettings) -> tuple[FilterPlugin, ...]:
    """Return the filters in force, in the order they are asked."""
    return _filters(settings.gate("WorkloadAffinity"))


def scores() -> tuple[ScorePlugin, ...]:
    """Return the scores in force."""
    return _SCORES
