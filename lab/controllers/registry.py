"""All control loops of a Karmada control plane, in the order in which ties of time are settled."""

from __future__ import annotations

from collections.abc import Sequence

from lab.controllers.application_failover import ApplicationFailoverController
from lab.controllers.binding_status import BindingStatusController
from lab.controllers.bindings import BindingController
from lab.controllers.cluster_lease import ClusterLeaseController
from lab.controllers.cluster_monitor import ClusterMonitor
from lab.controllers.cluster_status import ClusterStatusController
from lab.controllers.cluster_taint_policies import ClusterTaintPolicyController
from lab.controllers.clusters import ClusterController
from lab.controllers.dependencies import DependenciesDistributor
from lab.controllers.descheduler import DESCHEDULER, Descheduler
from lab.controllers.detector import Detector
from lab.controllers.execution import ExecutionController
from lab.controllers.graceful_eviction import GracefulEvictionController
from lab.controllers.lineage import (
    BINDING,
    CLUSTER_BINDING,
    CLUSTER_POLICY,
    MANAGER,
    POLICY,
    SCHEDULER,
    QueueFactory,
)
from lab.controllers.namespaces import NamespaceSync
from lab.controllers.policies import PolicyReconciler
from lab.controllers.scheduler import Scheduler
from lab.controllers.scope import Scope, agent_of, agent_scope
from lab.controllers.taint_manager import TaintManager
from lab.controllers.work_status import WorkStatusController
from lab.controllers.workload_rebalancer import WorkloadRebalancerController
from lab.core.estimators import Estimators
from lab.core.interpreter import Interpreter, native_interpreter
from lab.core.model import Controller, Queue
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import RateLimitingQueue, TokenBucket


def retry_queues(settings: KarmadaSettings) -> QueueFactory:
    """Return the maker of default queues, with the retry limits of the settings."""

    def make() -> Queue:
        bucket = TokenBucket(settings.rate_limiter_qps, settings.rate_limiter_bucket_size)
        return RateLimitingQueue(
            settings.rate_limiter_base_delay_s,
            settings.rate_limiter_max_delay_s,
            bucket,
            settings.gate("ControllerPriorityQueue"),
        )

    return make


def process_names(settings: KarmadaSettings, pull_members: Sequence[str] = ()) -> Sequence[str]:
    """Return the processes of a control plane, in the order of their first loop.

    Args:
        settings: Feature gates and flags.
        pull_members: The members that have an agent.
    """
    descheduler = [DESCHEDULER] if settings.enable_descheduler else []
    return [MANAGER, SCHEDULER, *descheduler, *(agent_of(name) for name in pull_members)]


def build_controllers(
    settings: KarmadaSettings,
    *,
    interpreter: Interpreter | None = None,
    queues: QueueFactory | None = None,
    estimators: Estimators | None = None,
    pull_members: Sequence[str] = (),
) -> list[Controller]:
    """Return fresh controllers of one control plane; they share nothing with another's.

    Args:
        settings: Feature gates, worker counts, thresholds.
        interpreter: What is known about kinds; Karmada's native rules if not given.
        queues: Makes the default queue of each controller (the scheduler has its own).
        estimators: The members' accurate estimators; without them there is no descheduler.
        pull_members: The members that have an agent: it looks after them instead of the manager.
    """
    known = interpreter or native_interpreter(settings)
    make = queues or retry_queues(settings)
    dependencies = settings.gate("PropagateDeps")
    controllers: list[Controller] = [
        ClusterController(settings, make),
        ClusterStatusController(settings, make),
        PolicyReconciler(POLICY, settings, make),
        PolicyReconciler(CLUSTER_POLICY, settings, make),
        Detector(settings, known, make),
        Scheduler(settings, make, estimators),
        *([DependenciesDistributor(settings, known, make)] if dependencies else []),
        BindingController(BINDING, settings, known, make),
        BindingController(CLUSTER_BINDING, settings, known, make),
        NamespaceSync(settings, make),
        ExecutionController(settings, known, make),
        WorkStatusController(settings, known, make),
        BindingStatusController(BINDING, settings, known, make),
        BindingStatusController(CLUSTER_BINDING, settings, known, make),
        WorkloadRebalancerController(make),
        ApplicationFailoverController(BINDING, settings, known, make),
        ApplicationFailoverController(CLUSTER_BINDING, settings, known, make),
        *([ClusterTaintPolicyController(settings, make)] if settings.gate("Failover") else []),
        TaintManager(settings, make),
        GracefulEvictionController(BINDING, settings, make),
        GracefulEvictionController(CLUSTER_BINDING, settings, make),
        ClusterMonitor(settings),
    ]
    if estimators is not None and settings.enable_descheduler:
        controllers.append(Descheduler(settings, estimators, make))
    for name in pull_members:
        controllers += _agent(agent_scope(name), settings, known, make)
    return controllers


def _agent(
    scope: Scope, settings: KarmadaSettings, known: Interpreter, make: QueueFactory
) -> list[Controller]:
    """Return the loops of the agent of a Pull member."""
    return [
        ClusterStatusController(settings, make, scope),
        ClusterLeaseController(settings, scope),
        ExecutionController(settings, known, make, scope),
        WorkStatusController(settings, known, make, scope),
    ]
