"""Binding becomes Works: which clusters, what each is to hold, and the Work that carries it there.

`targets` names and counts, `render` makes one manifest per cluster, `work_object` wraps it. Pure:
the binding controller compares with what stands and writes the difference.
"""

from lab.core.work.render import (
    RenderedWork,
    RenderedWorks,
    conflict_resolution,
    divided_completions,
    injected_labels,
    namespace_work,
    override_annotations,
    render_works,
    revised,
)
from lab.core.work.targets import (
    Target,
    cluster_of_work,
    directly_purged_clusters,
    execution_namespace,
    existing_clusters,
    suspends_dispatching,
    target_clusters,
    work_name,
)
from lab.core.work.work_object import (
    WorkError,
    manifests_of,
    merge_work,
    new_work,
    with_permanent_id,
    with_recorded_marks,
)

__all__ = [
    "RenderedWork",
    "RenderedWorks",
    "Target",
    "WorkError",
    "cluster_of_work",
    "conflict_resolution",
    "directly_purged_clusters",
    "divided_completions",
    "execution_namespace",
    "existing_clusters",
    "injected_labels",
    "manifests_of",
    "merge_work",
    "namespace_work",
    "new_work",
    "override_annotations",
    "render_works",
    "revised",
    "suspends_dispatching",
    "target_clusters",
    "with_permanent_id",
    "with_recorded_marks",
    "work_name",
]
