"""What Karmada's own controllers did about failures: the same inputs, one look after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

import pytest

from lab.controllers.application_failover import ApplicationFailoverController
from lab.controllers.bindings import BindingController
from lab.controllers.cluster_monitor import ClusterMonitor
from lab.controllers.cluster_taint_policies import ClusterTaintPolicyController
from lab.controllers.descheduler import Descheduler
from lab.controllers.eviction_queue import paced_queue
from lab.controllers.graceful_eviction import GracefulEvictionController
from lab.controllers.lineage import BINDING
from lab.controllers.taint_manager import TaintManager
from lab.controllers.workload_rebalancer import WorkloadRebalancerController
from lab.core.descheduling import is_descheduled, lacks_replicas
from lab.core.estimators import EstimatorError
from lab.core.model import HUB, Answered, Delete, Due, Key, Patch, Plan, Update, key_of
from lab.core.settings import KarmadaSettings, karmada_settings
from lab.core.state_preservation import StateError, preserved_labels
from tests.conformance.test_observed_cases import by_id, cases
from tests.controllers.fakes import queues, view_for

Input = Mapping[str, Any]
CASES = cases("failover-cases")
(STATUS,) = (case["input"] for case in CASES if case["area"] == "status")


class Answers:
    """An interpreter that knows a kind or not, and estimators that say what they were told."""

    def __init__(self, known: bool = False, stuck: Mapping[str, int | None] = {}) -> None:
        self.known, self.stuck = known, stuck

    def has(self, *_: Any) -> bool:
        return self.known

    def unschedulable_replicas(self, cluster: str, *_: Any) -> int:
        answer = self.stuck[cluster]
        if answer is None:
            raise EstimatorError("no answer")
        return answer


def tidy(value: Any) -> Any:
    """Return a value without empty fields, which the API leaves out."""
    if isinstance(value, Mapping):
        kept = {name: tidy(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in (None, "", [], {})}
    return [tidy(each) for each in value] if isinstance(value, list | tuple) else value


def gated(given: Input, **more: Any) -> KarmadaSettings:
    return karmada_settings(
        {"featureGates": {**given.get("gates", {}), **more.pop("on", {})}, **more}
    )


def placed(plan: Plan) -> Any:
    """Return the targets and tasks that a plan gives a binding, None if it leaves it alone."""
    updates = [action.object["spec"] for action in plan.actions if isinstance(action, Update)]
    fields = ("clusters", "gracefulEvictionTasks")
    return tidy({name: updates[0].get(name) for name in fields}) if updates else None


def said(plan: Plan) -> list[str]:
    return [f"{note.type} {note.reason} {note.message}" for note in plan.notes]


def failed(plan: Plan) -> str | None:
    return "error" if plan.error else None


def graceful_eviction(given: Input) -> Any:
    binding, settings = (
        given["binding"],
        gated(given, gracefulEvictionTimeout=f"{given['timeout']}s"),
    )
    kind = (binding["apiVersion"], binding["kind"])
    loop = GracefulEvictionController(kind, settings, queues)
    plan = loop.reconcile(view_for(loop, binding), key_of(binding), given["now"])
    tasks = binding["spec"].get("gracefulEvictionTasks") or ()
    wait_s = plan.requeue_after_s or 0
    if any("creationTimestamp" not in task for task in tasks):
        wait_s = ceil(round(wait_s, 6))  # stored times are whole seconds, those in memory are not
    patches = [action.body["spec"] for action in plan.actions if isinstance(action, Patch)]
    kept = tidy(patches[0]["gracefulEvictionTasks"] or []) if patches else None
    return {"requeue": wait_s, "tasks": kept, "events": len(plan.notes)}


def taint_manager(given: Input) -> Any:
    more = {"noExecuteTaintEvictionPurgeMode": given["purge"]} if given["purge"] else {}
    settings = gated(given, on={"Failover": True}, enableNoExecuteTaintEviction=True, **more)
    loop = TaintManager(settings, queues)
    loop.make_queue()
    cluster, *bindings = given["objects"]
    view = view_for(loop, cluster, *bindings)
    look = loop.reconcile(view, key_of(cluster), given["now"])
    evictions = {}
    for binding in bindings:
        key = key_of(binding, cluster["metadata"]["name"])
        plan = loop.reconcile(view, key, given["now"])
        waits = [] if plan.requeue_after_s is None else [plan.requeue_after_s]
        evictions[key.name] = [failed(plan), placed(plan), waits]
    due = sorted([due.key.name, due.after_s] for due in look.follow)
    return {"requeue": look.requeue_after_s or 0, "due": due, "ev": evictions}


def application_failover(given: Input) -> Any:
    kind = ("work.karmada.io/v1alpha2", given["kind"])
    known: Any = Answers(given["hook"])
    loop = ApplicationFailoverController(kind, gated(given), known, queues)
    key = Key(HUB, *kind, given["key"]["Namespace"], given["key"]["Name"])
    looks = []
    for step in given["steps"]:
        view = view_for(loop, *step["objects"])
        plan = loop.reconcile(view, key, step["at"])
        for action in plan.actions:
            list(loop.keys_for(Answered(1, action), view))
        looks.append([plan.requeue_after_s or 0, failed(plan), placed(plan)])
    return looks


def descheduler(given: Input) -> Any:
    binding = given["binding"]
    if not is_descheduled(binding):
        return [False, [], None, []]
    estimators: Any = Answers(stuck=given["answers"])
    loop = Descheduler(KarmadaSettings(), estimators, queues)
    plan = loop.reconcile(view_for(loop, binding), key_of(binding), given["now"])
    after = placed(plan)
    clusters = after and [
        tidy({**each, "replicas": each.get("replicas") or None}) for each in after["clusters"]
    ]
    return [True, lacks_replicas(binding), clusters, said(plan)]


def rebalancer(given: Input) -> Any:
    loop = WorkloadRebalancerController(queues)
    subject = given["objects"][0]
    plan = loop.reconcile(view_for(loop, *given["objects"]), key_of(subject), given["now"])
    triggered = sorted(
        [action.key.namespace, action.key.name, action.object["spec"]["rescheduleTriggeredAt"]]
        for action in plan.actions
        if isinstance(action, Update)
    )
    written = [tidy(action.body["status"]) for action in plan.actions if isinstance(action, Patch)]
    gone = any(isinstance(action, Delete) for action in plan.actions)
    return [triggered, written, gone, plan.error and "err", plan.requeue_after_s or 0]


def taint_policy(given: Input) -> Any:
    loop = ClusterTaintPolicyController(gated(given, on={"Failover": True}), queues)
    key = key_of(given["objects"][0])
    plan = loop.reconcile(view_for(loop, *given["objects"]), key, given["now"])
    patches = [action.body["spec"] for action in plan.actions if isinstance(action, Patch)]
    return [tidy(patches[0]["taints"] or []) if patches else None, said(plan), plan.error]


def works(given: Input) -> Any:
    binding, unknown = given["binding"], Answers()
    interpreter: Any = unknown
    loop = BindingController(BINDING, gated(given), interpreter, queues)
    spaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"karmada-es-m{number}"}}
        for number in range(1, 5)
    ]
    view = view_for(loop, binding, given["template"], *given["objects"], *spaces)
    plan = loop.reconcile(view, key_of(binding), given["now"])
    gone = sorted(action.key.namespace for action in plan.actions if isinstance(action, Delete))
    made = {}
    for action in plan.actions:
        if not isinstance(action, Delete | Patch) and hasattr(action, "object"):
            spec, metadata = action.object["spec"], action.object["metadata"]
            flags = {
                name: spec.get(name)
                for name in ("suspendDispatching", "preserveResourcesOnDeletion")
            }
            made[action.key.namespace] = [
                spec["workload"]["manifests"][0]["metadata"]["labels"],
                tidy(flags),
                metadata["labels"],
                metadata["annotations"],
            ]
    return [gone, "wait" if plan.requeue_after_s == 5.0 else "sync", made, plan.error]


def agent_monitor(given: Input) -> Any:
    loop = ClusterMonitor(KarmadaSettings())
    looks: list[Any] = []
    last = None
    for step in given["steps"]:
        cluster, *leases = step["objects"]
        if not step["fresh"] and last is not None:
            cluster = last
        plan = loop.reconcile(view_for(loop, cluster, *leases), key_of(cluster), step["at"])
        written = [action.object for action in plan.actions if isinstance(action, Update)]
        last = written[0] if written else cluster
        looks.append([tidy(last["status"]["conditions"]) if written else None])
    return looks


def eviction_pace(given: Input) -> Any:
    """When evictions are dealt with: each at once, those of `fail` so many times in vain."""
    lane = paced_queue(karmada_settings({"resourceEvictionRate": given["rate"]}))
    adds, fails = list(given["adds"]), dict(given["fail"])
    taken: list[float] = []
    now_s = 0.0
    while True:
        next_s = min([adds[0][0]] if adds else [], default=float("inf"))
        due_s = lane.next_due_s()
        now_s = max(now_s, min(next_s, float("inf") if due_s is None else due_s))
        if now_s > given["end"]:
            return taken
        if next_s <= now_s:
            _, name, after_s = adds.pop(0)
            key = Key("west", "work.karmada.io/v1alpha2", "ResourceBinding", "default", name)
            lane.add(Due(key, after_s), now_s)
            continue
        while (found := lane.pop(now_s)) is not None:
            taken.append(now_s)
            if fails.get(found.name, 0):
                fails[found.name] -= 1
                lane.failed(found, Plan(), "no", now_s)
            else:
                lane.done(found, now_s)


def state(given: Input) -> Any:
    binding = {"status": {"aggregatedStatus": [{"clusterName": "a", "status": STATUS}]}}
    rules = [{"aliasLabelName": "label", "jsonPath": given["path"]}]
    try:
        labels = preserved_labels({"statePreservation": {"rules": rules}}, binding, "a")
    except StateError as error:
        return ["error", str(error)]
    assert labels is not None
    return labels["label"]


AREAS: Mapping[str, Callable[[Input], Any]] = {
    "graceful-eviction": graceful_eviction,
    "taint-manager": taint_manager,
    "application-failover": application_failover,
    "descheduler": descheduler,
    "rebalancer": rebalancer,
    "taint-policy": taint_policy,
    "works": works,
    "agent-monitor": agent_monitor,
    "eviction-pace": eviction_pace,
    "state": state,
}


def close(value: Any) -> Any:
    """Return an expected value that forgives the last digits of times."""
    if isinstance(value, Mapping):
        return {name: close(each) for name, each in value.items()}
    if isinstance(value, list):
        return [close(each) for each in value]
    return pytest.approx(value, abs=3e-3) if isinstance(value, float) else value


@pytest.mark.parametrize("case", [case for case in CASES if case["area"] in AREAS], ids=by_id)
def test_it_does_the_same(case: dict[str, Any]) -> None:
    assert AREAS[case["area"]](case["input"]) == close(case["expect"])


def test_every_case_has_an_area() -> None:
    assert {case["area"] for case in CASES} == {*AREAS, "status"}
