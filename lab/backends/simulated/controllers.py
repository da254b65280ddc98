"""Which models a member has, and how they hear of changes."""

from __future__ import annotations

from lab.backends.simulated.workbench import Model, Workbench
from lab.backends.simulated.workloads.budgets import Budgets
from lab.backends.simulated.workloads.cron_jobs import CronJobs
from lab.backends.simulated.workloads.daemon_sets import DaemonSets
from lab.backends.simulated.workloads.deployments import Deployments
from lab.backends.simulated.workloads.jobs import Jobs
from lab.backends.simulated.workloads.namespaces import Namespaces
from lab.backends.simulated.workloads.quotas import Quotas
from lab.backends.simulated.workloads.replica_sets import ReplicaSets
from lab.backends.simulated.workloads.selection import Selected
from lab.backends.simulated.workloads.services import Services
from lab.backends.simulated.workloads.stateful_sets import StatefulSets
from lab.backends.simulated.workloads.volumes import Claims
from lab.core.model import key_of

_OWNED_ONLY = (("apps/v1", "ControllerRevision"), ("discovery.k8s.io/v1", "EndpointSlice"))
"""Kinds without a model, whose owners want to hear of changes."""


def build_models(bench: Workbench) -> None:
    """Let all models take part in a member; those of APIs it does not serve are left out."""
    served = bench.store.kinds
    models: list[Model] = [
        Namespaces(bench),
        Deployments(bench),
        ReplicaSets(bench),
        StatefulSets(bench),
        DaemonSets(bench),
        Jobs(bench),
        CronJobs(bench),
        Services(bench, Selected(bench, bench.timings.endpoint_slice_delay)),
        Claims(bench),
        Quotas(bench),
        Budgets(bench, Selected(bench, bench.timings.controller_sync)),
    ]
    for model in models:
        if served.get(model.api_version, model.kind) is None:
            continue
        bench.add_model(model)
        bench.store.listen(bench.changed, model.api_version, model.kind)
        for manifest in bench.store.list(model.api_version, model.kind):
            bench.ask(key_of(manifest, bench.name))
    for api_version, kind in _OWNED_ONLY:
        if served.get(api_version, kind) is not None:
            bench.store.listen(bench.changed, api_version, kind)
