"""The native interpreter: the branches that seldom run."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.interpreter import (
    Interpreter,
    InterpretError,
    Operation,
    native_interpreter,
    prune,
)
from lab.core.interpreter.requirements import canonical_quantity
from lab.core.settings import KarmadaSettings

NATIVE = native_interpreter(KarmadaSettings())
APIS = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Ingress": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
}


def obj(kind: str, **parts: Any) -> dict[str, Any]:
    metadata = {"name": "x", "namespace": "default", **parts.pop("metadata", {})}
    return {"apiVersion": APIS.get(kind, "v1"), "kind": kind, "metadata": metadata, **parts}


def items(*statuses: Any) -> list[dict[str, Any]]:
    named = [{"clusterName": f"m{index}", "applied": True} for index in range(len(statuses))]
    return [
        item if status is None else {**item, "status": status}
        for item, status in zip(named, statuses, strict=True)
    ]


# ── replicas ───────────────────────────────────────────────────────────────────────────────────


def pod_spec(**fields: Any) -> dict[str, Any]:
    return {"containers": [{"name": "c", "image": "x"}], **fields}


def requests(**amounts: str) -> dict[str, Any]:
    return {"resources": {"requests": {key.replace("_", "-"): v for key, v in amounts.items()}}}


REQUESTS: dict[str, tuple[dict[str, Any], dict[str, str] | None]] = {
    "sum over containers": (
        {"containers": [requests(cpu="100m"), requests(cpu="1900m", memory="1000")]},
        {"cpu": "2", "memory": "1k"},
    ),
    "overhead comes on top of the larger of both": (
        {
            "containers": [requests(cpu="1")],
            "initContainers": [requests(cpu="2")],
            "overhead": {"cpu": "250m"},
        },
        {"cpu": "2250m"},
    ),
    "limits of an init container count when it asks for nothing": (
        {"initContainers": [{"resources": {"limits": {"memory": "2Gi"}}}]},
        {"memory": "2Gi"},
    ),
    "devices and huge pages": (
        {"containers": [{"resources": {"limits": {"nvidia.com/gpu": 2, "hugepages-2Mi": "4Mi"}}}]},
        {"hugepages-2Mi": "4Mi", "nvidia.com/gpu": "2"},
    ),
    "names that are no resource of a pod do not count": (
        {"containers": [{"resources": {"requests": {"storage": "1Gi", "requests.a/b": "1"}}}]},
        None,
    ),
    "zeros do not count": ({"containers": [requests(cpu="0", memory="0")]}, None),
    "rounded up per container": (
        {"containers": [requests(cpu="0.1m"), requests(cpu="0.1m")]},
        {"cpu": "2m"},
    ),
}


@pytest.mark.parametrize(("spec", "want"), REQUESTS.values(), ids=REQUESTS.keys())
def test_requests(spec: dict[str, Any], want: dict[str, str] | None) -> None:
    template = obj("Deployment", spec={"replicas": 1, "template": {"spec": spec}})
    requirements = NATIVE.replicas(template).requirements
    assert requirements == (None if want is None else {"resourceRequest": want})


QUANTITIES = {
    "no memory suffix fits": ("memory", 1025, "1025"),
    "exbibytes": ("memory", 2**60, "1Ei"),
    "decimal thousands of devices": ("a.b/c", 3_000_000, "3M"),
    "thousands of cores": ("cpu", 2_000_000, "2k"),
}


@pytest.mark.parametrize(("resource", "amount", "want"), QUANTITIES.values(), ids=QUANTITIES.keys())
def test_canonical_quantity(resource: str, amount: int, want: str) -> None:
    assert canonical_quantity(resource, amount) == want


def test_a_pod_is_one_replica_and_its_own_template() -> None:
    pod = obj("Pod", spec=pod_spec(nodeSelector={"a": "b"}))
    assert NATIVE.replicas(pod) == (1, {"nodeClaim": {"nodeSelector": {"a": "b"}}})


def test_the_quota_gate_names_the_priority_class_beside_other_requirements() -> None:
    gated = native_interpreter(KarmadaSettings().with_gates(ResourceQuotaEstimate=True))
    asking = pod_spec(priorityClassName="high", nodeSelector={"a": "b"})
    _, requirements = gated.replicas(obj("Pod", spec=asking))
    assert requirements is not None
    assert requirements["priorityClassName"] == "high"
    assert gated.replicas(obj("Pod", spec=pod_spec(priorityClassName="high"))).requirements is None


BROKEN_REPLICAS = {
    "a text": {"replicas": "2"},
    "a flag": {"replicas": True},
    "no map": {"replicas": 1, "template": []},
    "no quantity": {"template": {"spec": {"containers": [requests(cpu="lots")]}}},
}


@pytest.mark.parametrize("spec", BROKEN_REPLICAS.values(), ids=BROKEN_REPLICAS.keys())
def test_unreadable_replicas(spec: dict[str, Any]) -> None:
    with pytest.raises(InterpretError):
        NATIVE.replicas(obj("Deployment", spec=spec))


def test_revise_refuses_a_field_that_holds_no_number() -> None:
    with pytest.raises(InterpretError, match=r"spec\.replicas"):
        NATIVE.revise(obj("Deployment", spec={"replicas": None}), 3)
    unset = obj("Job", spec={"completions": 3})
    assert NATIVE.revise(unset, 2) is unset


# ── status there and back ──────────────────────────────────────────────────────────────────────

NOTED = {
    "metadata": {"generation": 4, "annotations": {"resourcetemplate.karmada.io/generation": "3"}}
}

REFLECTED: dict[str, tuple[dict[str, Any], Any]] = {
    "deployment: zeros are left out": (
        obj("Deployment", status={"replicas": 2, "readyReplicas": 0, "conditions": [1]}, **NOTED),
        {"generation": 4, "resourceTemplateGeneration": 3, "replicas": 2},
    ),
    "stateful set: no observed generation": (
        obj("StatefulSet", status={"replicas": 1, "observedGeneration": 4}, **NOTED),
        {
            "generation": 4,
            "resourceTemplateGeneration": 3,
            "replicas": 1,
            "availableReplicas": 0,
        },
    ),
    "job: six fields": (
        obj("Job", status={"active": 1, "ready": 1, "startTime": "2026-01-01T00:00:00Z"}),
        {"active": 1, "startTime": "2026-01-01T00:00:00Z"},
    ),
    "service without a type": (obj("Service", spec={}, status={"loadBalancer": {}}), None),
    "budget": (
        obj("PodDisruptionBudget", status={"currentHealthy": 1, "observedGeneration": 2}),
        {"disruptionsAllowed": 0, "expectedPods": 0, "desiredHealthy": 0, "currentHealthy": 1},
    ),
    "a kind of its own": (
        {"apiVersion": "x/v1", "kind": "X", "metadata": {}, "status": {"a": 1}},
        {"a": 1},
    ),
}


@pytest.mark.parametrize(("member", "want"), REFLECTED.values(), ids=REFLECTED.keys())
def test_reflect(member: dict[str, Any], want: Any) -> None:
    assert NATIVE.status(member) == want


@pytest.mark.parametrize("text", ["", "x", " 1", "1.5"])
def test_a_template_generation_that_is_no_number(text: str) -> None:
    notes = {"annotations": {"resourcetemplate.karmada.io/generation": text}}
    with pytest.raises(InterpretError):
        NATIVE.status(obj("DaemonSet", status={}, metadata=notes))


def test_a_status_that_is_no_map() -> None:
    with pytest.raises(InterpretError):
        NATIVE.status(obj("ConfigMap", status="ok"))


AGGREGATED: dict[str, tuple[dict[str, Any], list[Any], Any]] = {
    "other fields of a deployment's status stay": (
        obj("Deployment", status={"replicas": 1, "conditions": ["c"]}, metadata={"generation": 2}),
        items({"replicas": 3}),
        {"replicas": 3, "conditions": ["c"]},
    ),
    "a missing member holds the observed generation back": (
        obj("ReplicaSet", metadata={"generation": 2}),
        items({"replicas": 1, "resourceTemplateGeneration": 2}, None),
        {"replicas": 1},
    ),
    "stateful set: every member against its own generation": (
        obj("StatefulSet", metadata={"generation": 9}),
        items({"generation": 0, "observedGeneration": 0, "resourceTemplateGeneration": 1}),
        {"replicas": 0, "availableReplicas": 0, "observedGeneration": 9},
    ),
    "daemon set writes four zeros": (
        obj("DaemonSet"),
        items({"numberReady": 2, "resourceTemplateGeneration": 1}),
        {
            "currentNumberScheduled": 0,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": 0,
            "numberReady": 2,
        },
    ),
    "cron job: active lists joined, latest times": (
        obj("CronJob"),
        items(
            {"active": [{"name": "a"}], "lastScheduleTime": "2026-01-01T00:00:00Z"},
            {"active": [{"name": "a"}], "lastScheduleTime": "2026-01-01T01:00:00Z"},
            {"lastSuccessfulTime": "2026-01-01T00:30:00Z"},
        ),
        {
            "active": [{"name": "a"}, {"name": "a"}],
            "lastScheduleTime": "2026-01-01T01:00:00Z",
            "lastSuccessfulTime": "2026-01-01T00:30:00Z",
        },
    ),
    "pod: a member that says nothing is pending": (
        obj("Pod"),
        items({"phase": "Running"}, None),
        {"phase": "Pending"},
    ),
    "volume: no members, no phase": (obj("PersistentVolume"), [], {}),
    "volume: failed before all": (
        obj("PersistentVolume"),
        items({"phase": "Available"}, {"phase": "Failed"}),
        {"phase": "Failed"},
    ),
    "claim: lost ends the search": (
        obj("PersistentVolumeClaim"),
        items({"phase": "Lost"}, {"phase": "Pending"}),
        {"phase": "Lost"},
    ),
    "budget: pods carry their cluster's name": (
        obj("PodDisruptionBudget"),
        items({"currentHealthy": 2, "disruptedPods": {"p": "t"}}, {"currentHealthy": 1}),
        {
            "disruptionsAllowed": 0,
            "currentHealthy": 3,
            "desiredHealthy": 0,
            "expectedPods": 0,
            "disruptedPods": {"m0/p": "t"},
        },
    ),
    "ingress: ports of one address are united and sorted": (
        obj("Ingress"),
        items(
            {"loadBalancer": {"ingress": [{"ip": "1", "ports": [{"port": 443}, {"port": 80}]}]}},
            {"loadBalancer": {"ingress": [{"ip": "1", "ports": [{"port": 80}]}]}},
        ),
        {"loadBalancer": {"ingress": [{"ip": "1", "ports": [{"port": 80}, {"port": 443}]}]}},
    ),
    "service: another mode is another address": (
        obj("Service", spec={"type": "LoadBalancer"}),
        items(
            {"loadBalancer": {"ingress": [{"ip": "1", "ipMode": "VIP"}, {"ip": "1"}]}},
            {"loadBalancer": {"ingress": [{"hostname": "h"}]}},
        ),
        {
            "loadBalancer": {
                "ingress": [{"hostname": "h"}, {"ip": "1"}, {"ip": "1", "ipMode": "VIP"}]
            }
        },
    ),
}


@pytest.mark.parametrize(
    ("template", "members", "want"), AGGREGATED.values(), ids=AGGREGATED.keys()
)
def test_aggregate(template: dict[str, Any], members: list[Any], want: Any) -> None:
    result = NATIVE.aggregate(template, members, 0.0)
    assert (result.get("status") or {}) == want
    assert NATIVE.aggregate(result, members, 1.0) is result, "the second time nothing changes"


def test_zeros_over_nothing_are_no_change() -> None:
    fresh = obj("Deployment")
    assert NATIVE.aggregate(fresh, items({"replicas": 0}), 0.0) is fresh


def test_a_finished_job_is_never_touched_again() -> None:
    done = obj("Job", status={"conditions": [{"type": "Failed", "status": "True"}]})
    assert NATIVE.aggregate(done, items({"active": 5}), 0.0) is done


def test_one_failed_member_fails_the_job_and_is_named() -> None:
    failed = {"failed": 1, "conditions": [{"type": "Failed", "status": "True"}]}
    status = NATIVE.aggregate(obj("Job"), items({"active": 1}, failed, failed), 61.0)["status"]
    assert status["conditions"] == [
        {
            "type": "Failed",
            "status": "True",
            "lastProbeTime": "2026-01-01T00:01:01Z",
            "lastTransitionTime": "2026-01-01T00:01:01Z",
            "reason": "JobFailed",
            "message": "Job executed failed in member clusters m1,m2",
        }
    ]
    assert status["failed"] == 2


def test_a_pod_without_members_has_no_status() -> None:
    pod = obj("Pod", status={"phase": "Pending"})
    assert NATIVE.aggregate(pod, [], 0.0)["status"] == {}


# ── health, retain, dependencies, prune ────────────────────────────────────────────────────────

HEALTH: dict[str, tuple[dict[str, Any], str]] = {
    "spec not seen yet": (obj("Deployment", metadata={"generation": 2}), "Unhealthy"),
    "no replicas asked for": (obj("Deployment"), "Healthy"),
    "updated pods not available": (
        obj("StatefulSet", status={"updatedReplicas": 1}),
        "Unhealthy",
    ),
    "daemons not available": (obj("DaemonSet", status={"updatedNumberScheduled": 1}), "Unhealthy"),
    "ingress with a host name": (
        obj("Ingress", status={"loadBalancer": {"ingress": [{"hostname": "h"}]}}),
        "Healthy",
    ),
    "running but no Ready condition": (obj("Pod", status={"phase": "Running"}), "Unhealthy"),
    "claim pending": (obj("PersistentVolumeClaim", status={"phase": "Pending"}), "Unhealthy"),
    "budget short": (obj("PodDisruptionBudget", status={"desiredHealthy": 1}), "Unhealthy"),
    "unreadable": (obj("Deployment", status={"updatedReplicas": "x"}), "Unknown"),
    "the same kind of another group has no rule": (
        {**obj("Deployment", metadata={"generation": 2}), "apiVersion": "x.io/v1"},
        "Healthy",
    ),
}


@pytest.mark.parametrize(("member", "want"), HEALTH.values(), ids=HEALTH.keys())
def test_health(member: dict[str, Any], want: str) -> None:
    assert NATIVE.health_word(member) == want


def test_a_pod_keeps_what_the_member_decided() -> None:
    desired = obj(
        "Pod",
        spec={
            "nodeName": "wished",
            "containers": [{"name": "c", "volumeMounts": [1]}, {"name": "new"}],
            "initContainers": [{"name": "i"}],
        },
    )
    observed = obj(
        "Pod",
        spec={
            "nodeName": "n1",
            "serviceAccountName": "default",
            "volumes": [{"name": "token"}],
            "containers": [{"name": "c"}, {"name": "gone", "volumeMounts": [9]}],
            "initContainers": [{"name": "i", "volumeMounts": [2]}],
        },
    )
    assert NATIVE.retain(desired, observed)["spec"] == {
        "nodeName": "n1",
        "serviceAccountName": "default",
        "volumes": [{"name": "token"}],
        "containers": [{"name": "c"}, {"name": "new"}],
        "initContainers": [{"name": "i", "volumeMounts": [2]}],
    }


def test_a_job_keeps_the_generated_selector() -> None:
    observed = obj(
        "Job",
        spec={
            "selector": {"matchLabels": {"controller-uid": "u"}},
            "template": {"metadata": {"labels": {"controller-uid": "u"}}},
        },
    )
    kept = NATIVE.retain(obj("Job", spec={"parallelism": 1}), observed)
    assert kept["spec"] == {"parallelism": 1, **observed["spec"]}


def test_an_ordinary_secret_keeps_nothing() -> None:
    desired = obj("Secret", type="Opaque")
    assert NATIVE.retain(desired, obj("Secret", data={"a": "b"})) is desired


def names(template: dict[str, Any]) -> list[str]:
    return [f"{ref['kind']}/{ref['name']}" for ref in NATIVE.dependencies(template)]


VOLUMES = [
    {"azureFile": {"secretName": "azure"}},
    {"cephfs": {"secretRef": {"name": "ceph"}}},
    {"csi": {"nodePublishSecretRef": {"name": "csi"}}},
    {"projected": {"sources": [{"secret": {"name": "ps"}}, {"configMap": {"name": "pc"}}]}},
    {"configMap": {"name": ""}},
    {"persistentVolumeClaim": {"claimName": "data"}},
    {"persistentVolumeClaim": {"claimName": "own"}},
    {"emptyDir": {}},
]


def test_every_place_a_pod_refers_from() -> None:
    spec = {
        "initContainers": [{"envFrom": [{"secretRef": {"name": "init"}}]}],
        "containers": [
            {"env": [{"valueFrom": {"secretKeyRef": {"name": "env"}}}, {"name": "plain"}]}
        ],
        "ephemeralContainers": [{"envFrom": [{"configMapRef": {"name": "debug"}}]}],
        "volumes": VOLUMES,
    }
    pod = {"spec": spec}
    want = [
        "ConfigMap/debug",
        "ConfigMap/pc",
        *(f"Secret/{name}" for name in ("azure", "ceph", "csi", "env", "init", "ps")),
        "PersistentVolumeClaim/data",
        "PersistentVolumeClaim/own",
    ]
    assert names(obj("CronJob", spec={"jobTemplate": {"spec": {"template": pod}}})) == want
    claims = [{"metadata": {"name": "own"}}]
    stateful = obj("StatefulSet", spec={"template": pod, "volumeClaimTemplates": claims})
    assert names(stateful) == want[:-1], "claims that the set makes itself are no dependencies"


def test_an_ingress_whose_tls_names_no_secret_is_an_error() -> None:
    with pytest.raises(InterpretError, match="neither"):
        NATIVE.dependencies(obj("Ingress", spec={"tls": [{"hosts": ["a"]}]}))


PRUNED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "what the server filled in": (
        obj("ConfigMap", status={}, metadata={"uid": "u", "generation": 1, "labels": {"a": "b"}}),
        obj("ConfigMap", metadata={"labels": {"a": "b"}}),
    ),
    "a headless service stays headless": (
        obj("Service", spec={"clusterIP": "None", "clusterIPs": ["None"]}),
        obj("Service", spec={"clusterIP": "None", "clusterIPs": ["None"]}),
    ),
    "a service loses its addresses": (
        obj("Service", spec={"clusterIP": "1.2.3.4", "clusterIPs": ["1.2.3.4"], "ports": []}),
        obj("Service", spec={"ports": []}),
    ),
    "the entry after a token secret is not looked at": (
        obj(
            "ServiceAccount",
            secrets=[{"name": "x-token-1"}, {"name": "x-token-2"}, {"name": "own"}],
        ),
        obj("ServiceAccount", secrets=[{"name": "x-token-2"}, {"name": "own"}]),
    ),
    "a job with a selector of its own keeps it": (
        obj(
            "Job", spec={"manualSelector": True, "selector": {"matchLabels": {"controller-uid": 1}}}
        ),
        obj(
            "Job", spec={"manualSelector": True, "selector": {"matchLabels": {"controller-uid": 1}}}
        ),
    ),
    "a deployment's revision": (
        obj("Deployment", metadata={"annotations": {"deployment.kubernetes.io/revision": "2"}}),
        obj("Deployment", metadata={"annotations": {}}),
    ),
    "a claim's node": (
        obj(
            "PersistentVolumeClaim",
            metadata={"annotations": {"volume.kubernetes.io/selected-node": "n", "a": "b"}},
        ),
        obj("PersistentVolumeClaim", metadata={"annotations": {"a": "b"}}),
    ),
    "a token secret": (
        obj(
            "Secret",
            type="kubernetes.io/service-account-token",
            data={"token": "t"},
            metadata={"annotations": {"kubernetes.io/service-account.uid": "u"}},
        ),
        obj(
            "Secret",
            type="kubernetes.io/service-account-token",
            data=None,
            metadata={"annotations": {}},
        ),
    ),
}


@pytest.mark.parametrize(("before", "after"), PRUNED.values(), ids=PRUNED.keys())
def test_prune(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert prune(before) == after


# ── layers ─────────────────────────────────────────────────────────────────────────────────────


class Custom:
    """A customization of one operation of one kind."""

    def find(self, api_version: str, kind: str, operation: Operation) -> Any:
        if (api_version, kind, operation) == ("apps/v1", "Deployment", Operation.HEALTH):
            return lambda observed: False
        return None


def test_a_customization_replaces_one_hook_and_leaves_the_others() -> None:
    custom: Interpreter = native_interpreter(KarmadaSettings(), [Custom()])
    deployment = obj("Deployment", spec={"replicas": 2})
    assert custom.health_word(deployment) == "Unhealthy"
    assert custom.replicas(deployment).replicas == 2


def test_asking_for_a_hook_that_is_not_there() -> None:
    assert not NATIVE.has(obj("ConfigMap"), Operation.REPLICAS)
    assert not NATIVE.has(obj("Deployment"), Operation.COMPONENTS)
    assert NATIVE.has(obj("ConfigMap"), Operation.STATUS)
    with pytest.raises(InterpretError, match="no InterpretReplica hook"):
        NATIVE.replicas(obj("ConfigMap"))
