"""A row as a v1 Pod: what `kubectl get pod -o yaml` shows, built when somebody reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.backends.simulated.pods.demand import pod_requests
from lab.backends.simulated.pods.pods import NEVER, READY_STATES, Reason, State
from lab.backends.simulated.pods.workload import Workload
from lab.core.manifest import get_in, timestamp
from lab.core.taints import Toleration

_PHASES: Mapping[int, str] = {
    State.PENDING: "Pending",
    State.BINDING: "Pending",
    State.STARTING: "Pending",
    State.BAD_IMAGE: "Pending",
    State.RUNNING: "Running",
    State.READY: "Running",
    State.AVAILABLE: "Running",
    State.CRASHED: "Running",
    State.RESTARTING: "Running",
    State.SUCCEEDED: "Succeeded",
    State.FAILED: "Failed",
    State.TERMINATING: "Running",
}


_UNSEEN = (255, "Unknown")
"""What a container is said to have exited with when nobody saw it end."""
_FAILURES: Mapping[int, tuple[str, str]] = {
    Reason.EVICTED: ("Evicted", "The node was low on resource: ephemeral-storage."),
    Reason.NO_ROOM: ("OutOfcpu", "Pod was rejected: Node didn't have enough resource"),
    Reason.REBOOT: ("Terminated", "Pod was terminated as its node was down."),
}
_DISRUPTIONS: Mapping[int, tuple[str, str]] = {
    Reason.TAINT: ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"),
    Reason.ORPHANED: ("DeletionByPodGC", "PodGC: node no longer exists"),
    Reason.EVICTED: ("TerminationByKubelet", _FAILURES[Reason.EVICTED][1]),
}


class PodFacts:
    """All that is particular to one pod, taken from its row."""

    __slots__ = (
        "bad_image",
        "created_s",
        "due_s",
        "ended_s",
        "lost_s",
        "message",
        "name",
        "node_name",
        "node_row",
        "now_s",
        "ready_s",
        "reason",
        "restarts",
        "row",
        "serial",
        "started_s",
        "state",
        "tolerations",
        "uid",
        "version",
    )

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    row: int
    serial: int
    name: str
    uid: str
    version: int
    state: int
    node_row: int
    node_name: str
    restarts: int
    created_s: float
    started_s: float
    ready_s: float
    ended_s: float
    due_s: float
    now_s: float
    lost_s: float
    reason: int
    tolerations: Sequence[Toleration]
    bad_image: str
    message: str


def pod_ip(row: int) -> str:
    """Return the address of a pod; one per row."""
    return f"10.{128 + (row >> 16) % 120}.{(row >> 8) & 255}.{row & 255}"


def node_ip(row: int) -> str:
    """Return the address of a node."""
    return f"172.{18 + (row >> 16)}.{(row >> 8) & 255}.{row & 255}"


def render_pod(workload: Workload, facts: PodFacts) -> dict[str, Any]:
    """Return the pod."""
    template_spec = workload.template.get("spec") or {}
    spec = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "serviceAccount": str(template_spec.get("serviceAccountName") or "default"),
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": 0,
        **template_spec,
        "tolerations": _tolerations(template_spec, facts),
    }
    if facts.node_name and facts.state >= State.STARTING:
        spec["nodeName"] = facts.node_name
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(workload, facts),
        "spec": spec,
        "status": _status(workload, facts, template_spec),
    }


def _metadata(workload: Workload, facts: PodFacts) -> dict[str, Any]:
    labels = dict(workload.labels)
    annotations = dict(get_in(workload.template, ("metadata", "annotations")) or {})
    if workload.naming == "ordinal":
        labels["apps.kubernetes.io/pod-index"] = str(facts.serial)
        labels["statefulset.kubernetes.io/pod-name"] = facts.name
    if workload.naming == "indexed":
        index = str(facts.serial % workload.span)
        labels["batch.kubernetes.io/job-completion-index"] = index
        annotations["batch.kubernetes.io/job-completion-index"] = index
    metadata: dict[str, Any] = {
        "name": facts.name,
        "namespace": workload.namespace,
        "uid": facts.uid,
        "resourceVersion": str(facts.version),
        "generation": 1,
        "creationTimestamp": timestamp(facts.created_s),
    }
    if workload.naming in ("random", "indexed", "pinned"):
        metadata["generateName"] = facts.name[:-5]
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    if workload.owner is not None:
        metadata["ownerReferences"] = [workload.owner.reference()]
    if facts.state == State.TERMINATING:
        grace_s = int(workload.life.grace_s)
        metadata["deletionTimestamp"] = timestamp(facts.ended_s + grace_s)
        metadata["deletionGracePeriodSeconds"] = grace_s
    return metadata


def _tolerations(template_spec: Mapping[str, Any], facts: PodFacts) -> list[Mapping[str, Any]]:
    """Add what the admission plug-in DefaultTolerationSeconds adds."""
    added = [
        {
            "key": each.key,
            "operator": each.operator,
            "effect": each.effect,
            "tolerationSeconds": each.seconds,
        }
        for each in facts.tolerations
    ]
    return [*(template_spec.get("tolerations") or ()), *added]


def _status(
    workload: Workload, facts: PodFacts, template_spec: Mapping[str, Any]
) -> dict[str, Any]:
    status: dict[str, Any] = {
        "phase": _PHASES[facts.state],
        "conditions": _conditions(facts),
        "qosClass": qos_class(template_spec),
    }
    if facts.state < State.STARTING:
        return status
    if facts.state == State.FAILED and facts.reason in _FAILURES:
        status["reason"], status["message"] = _FAILURES[facts.reason]
    address = node_ip(facts.node_row)
    status["hostIP"] = address
    status["hostIPs"] = [{"ip": address}]
    status["startTime"] = timestamp(facts.created_s)
    if facts.started_s != NEVER and facts.state not in (State.STARTING, State.BAD_IMAGE):
        ip = pod_ip(facts.row)
        status["podIP"] = ip
        status["podIPs"] = [{"ip": ip}]
    status["containerStatuses"] = [
        _container(container, workload, facts)
        for container in template_spec.get("containers") or ()
    ]
    return status


def _conditions(facts: PodFacts) -> list[dict[str, Any]]:
    created = timestamp(facts.created_s)
    if facts.state < State.STARTING:
        condition = {"type": "PodScheduled", "status": "False", "lastTransitionTime": created}
        if facts.message and facts.state == State.PENDING:
            condition.update(reason="Unschedulable", message=facts.message)
            return [condition]
        return []
    ready = facts.state in READY_STATES
    ready_since = timestamp(facts.ready_s) if ready else created
    done = facts.state in (State.SUCCEEDED, State.FAILED)
    running = facts.state in (State.RUNNING, *READY_STATES, State.CRASHED)
    lost = facts.lost_s != NEVER and facts.state == State.RUNNING and facts.ready_s != NEVER
    result: list[dict[str, Any]] = []
    for kind, true, since in (
        ("PodReadyToStartContainers", running, created),
        ("Initialized", True, created),
        ("Ready", ready, timestamp(facts.lost_s) if lost else ready_since),
        ("ContainersReady", ready or lost, timestamp(facts.ready_s) if lost else ready_since),
        ("PodScheduled", True, created),
    ):
        condition = {
            "type": kind,
            "status": "True" if true else "False",
            "lastTransitionTime": since,
        }
        if kind in ("Ready", "ContainersReady") and not true and not lost:
            condition["reason"] = "PodCompleted" if done else "ContainersNotReady"
        result.append(condition)
    if facts.reason in _DISRUPTIONS:
        reason, message = _DISRUPTIONS[facts.reason]
        result.append(
            {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": reason,
                "message": message,
                "lastTransitionTime": timestamp(facts.ended_s),
            }
        )
    return result


def _container(container: Mapping[str, Any], workload: Workload, facts: PodFacts) -> dict[str, Any]:
    image = str(container.get("image") or "")
    lost = facts.lost_s != NEVER and facts.state == State.RUNNING and facts.ready_s != NEVER
    ready = facts.state in READY_STATES or lost
    started = facts.state in (State.RUNNING, *READY_STATES)
    result = {
        "name": str(container.get("name") or ""),
        "image": image,
        "imageID": "",
        "ready": ready,
        "started": started,
        "restartCount": facts.restarts,
        "state": _container_state(image, workload, facts),
    }
    code = workload.life.exit_code
    if facts.restarts:
        reason = "Completed" if code == 0 else "Error"
        if facts.reason == Reason.REBOOT:
            code, reason = _UNSEEN
        result["lastState"] = {"terminated": {"exitCode": code, "reason": reason}}
    return result


def _container_state(image: str, workload: Workload, facts: PodFacts) -> dict[str, Any]:
    state = facts.state
    if state in (State.STARTING, State.RESTARTING):
        return {"waiting": {"reason": "ContainerCreating"}}
    if state == State.BAD_IMAGE:
        if image != facts.bad_image:
            return {"waiting": {"reason": "ContainerCreating"}}
        first_tries_s = 2.0  # kubelet shows the error itself until its first back-off begins
        if facts.now_s - facts.started_s < first_tries_s:
            return {"waiting": {"reason": "ErrImagePull", "message": f'failed to pull "{image}"'}}
        message = f'Back-off pulling image "{image}"'
        return {"waiting": {"reason": "ImagePullBackOff", "message": message}}
    if state == State.CRASHED:
        wait_s = max(0, round(facts.due_s - facts.ended_s)) if facts.due_s != NEVER else 0
        message = f"back-off {wait_s}s restarting failed container"
        return {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    if state in (State.SUCCEEDED, State.FAILED):
        code = workload.life.exit_code if state == State.FAILED else 0
        return {
            "terminated": {
                "exitCode": code,
                "reason": "Error" if code else "Completed",
                "startedAt": timestamp(facts.started_s),
                "finishedAt": timestamp(facts.ended_s),
            }
        }
    since_s = facts.started_s if facts.started_s != NEVER else facts.created_s
    return {"running": {"startedAt": timestamp(since_s)}}


def qos_class(spec: Mapping[str, Any]) -> str:
    """Return Guaranteed, Burstable or BestEffort."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    if not pod_requests(spec):
        return "BestEffort"
    for container in containers:
        resources = container.get("resources") or {}
        limits = resources.get("limits") or {}
        requests = {**limits, **(resources.get("requests") or {})}
        for name in ("cpu", "memory"):
            if name not in limits or str(requests.get(name)) != str(limits[name]):
                return "Burstable"
    return "Guaranteed"
