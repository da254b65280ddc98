"""Which filters and scores take part, by feature gate.

Karmada keeps its plug-ins in a map, so their order, and with it which refusal is reported first, is
chance in each process. Here it is the order of this file.
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
        cluster_eviction,
        cluster_affinity,
        spread_constraint,
        taint_toleration,
        api_enablement,
    )
)
_BY_GROUP = tuple(_filter(module) for module in (workload_affinity, workload_anti_affinity))
_SCORES = tuple(
    ScorePlugin(module.NAME, module.score_cluster, module.concerns)
    for module in (cluster_locality, affinity_score)
)


@cache
def _filters(by_group: bool) -> tuple[FilterPlugin, ...]:
    return _ALWAYS + _BY_GROUP if by_group else _ALWAYS


def filters(settings: KarmadaSettings) -> tuple[FilterPlugin, ...]:
    """Return the filters in force, in the order they are asked."""
    return _filters(settings.gate("WorkloadAffinity"))


def scores() -> tuple[ScorePlugin, ...]:
    """Return the scores in force."""
    return _SCORES
