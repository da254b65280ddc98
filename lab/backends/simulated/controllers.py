"""Which models a member has, and how they hear of changes."""

from __future__ import annotations

from lab.backends.simulated.deployments import Deployments
from lab.backends.simulated.daemon_sets import DaemonSets
from lab.backends.simulated.replica_sets import ReplicaSets
from lab.backends.simulated.stateful_sets import StatefulSets
from lab.backends.simulated.workbench import Model, Workbench


def build_models(bench: Workbench) -> None:
    """Let all models take part in a member."""
    models: list[Model] = [
        Deployments(bench),
        ReplicaSets(bench),
        StatefulSets(bench),
        DaemonSets(bench),
    ]
    for model in models:
        if bench.store.kinds.get(model.api_version, model.kind) is None:
            continue  # the member does not serve this API
        bench.add_model(model)
        bench.store.listen(bench.changed, model.api_version, model.kind)
    bench.store.listen(bench.changed, "apps/v1", "ControllerRevision")
