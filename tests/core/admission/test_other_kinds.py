"""Kinds beside policies: each rule of their webhooks refuses what it is for, and nothing else."""

# ruff: noqa: E501 — one row of a table is one case
from __future__ import annotations

from typing import Any

import pytest

from lab.core.admission import admit
from lab.core.errors import ApiError
from lab.core.labels import BINDING_ID, CLUSTER_BINDING_ID, DEPENDENCIES
from lab.core.manifest import Manifest, labels_of, set_in
from lab.core.settings import KarmadaSettings

Json = dict[str, Any]
SETTINGS = KarmadaSettings()


def create(manifest: Manifest) -> Manifest:
    result = admit("CREATE", manifest, None, 0.0, SETTINGS)
    assert result is not None
    return result


def refused(manifest: Manifest, old: Manifest | None = None) -> str:
    """The text of the refusal; empty if there is none."""
    try:
        admit("CREATE" if old is None else "UPDATE", manifest, old, 0.0, SETTINGS)
    except ApiError as error:
        return error.message
    return ""


def thing(api_version: str, kind: str, name: str = "x", /, **body: Any) -> Json:
    metadata: Json = {"name": name}
    if kind not in {"Cluster", "ResourceInterpreterWebhookConfiguration"}:
        metadata["namespace"] = "default"
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


# ── FederatedHPA ───────────────────────────────────────────────────────────────────────────────

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
POLICY = {"type": "Pods", "value": 4, "periodSeconds": 15}


def hpa(**spec: Any) -> Json:
    body = {"scaleTargetRef": TARGET, "minReplicas": 1, "maxReplicas": 5, **spec}
    return thing("autoscaling.karmada.io/v1alpha1", "FederatedHPA", spec=body)


def metric(kind: str, **sources: Any) -> Json:
    return hpa(metrics=[{"type": kind, **sources}])


def scaling(**rules: Any) -> Json:
    return hpa(behavior={"scaleUp": {"policies": [POLICY], **rules}})


def target(**values: Any) -> Json:
    return {"type": "AverageValue", **values}


HPAS: dict[str, tuple[Json, str]] = {
    "cpu": (metric("Resource", resource=CPU), ""),
    "no minimum": (hpa(minReplicas=0), "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"),
    "no maximum": (hpa(maxReplicas=0), "spec.maxReplicas: Invalid value: 0: must be greater than 0"),
    "a maximum below the minimum": (hpa(minReplicas=6), "must be greater than or equal to `minReplicas`"),
    "a target without a name": (hpa(scaleTargetRef={**TARGET, "name": ""}), "spec.scaleTargetRef.name: Required value"),
    "a target's name with a slash": (hpa(scaleTargetRef={**TARGET, "name": "a/b"}), "may not contain '/'"),
    "an unknown source": (metric("Cpu", resource=CPU), 'spec.metrics[0].type: Unsupported value: "Cpu"'),
    "a source that is not there": (metric("Resource"), "must populate information for the given metric source"),
    "two sources": (metric("Resource", resource=CPU, pods={"metric": {"name": "rps"}, "target": target(averageValue="5")}), "spec.metrics[0].pods: Forbidden: must populate the given metric source only"),
    "a resource without a name": (metric("Resource", resource={**CPU, "name": ""}), "must specify a resource name"),
    "a container without a name": (metric("ContainerResource", containerResource=CPU), "spec.metrics[0].containerResource.container is missing"),
    "a container": (metric("ContainerResource", containerResource={**CPU, "container": "c"}), ""),
    "no target at all": (metric("Resource", resource={"name": "cpu", "target": target()}), "must set either a target raw value or a target utilization"),
    "two targets": (metric("Resource", resource={"name": "cpu", "target": target(averageValue="1", averageUtilization=5)}), "may not set both a target raw value and a target utilization"),
    "a utilization of 0": (metric("Resource", resource={"name": "cpu", "target": target(averageUtilization=0)}), "must be greater than 0"),
    "pods without an average": (metric("Pods", pods={"metric": {"name": "rps"}, "target": target(value="5")}), "must specify a positive target averageValue"),
    "pods without a metric": (metric("Pods", pods={"metric": {"name": ""}, "target": target(averageValue="5")}), "must specify a metric name"),
    "an object": (metric("Object", object={"metric": {"name": "rps"}, "describedObject": TARGET, "target": target(value="5")}), ""),
    "an object without a value": (metric("Object", object={"metric": {"name": "rps"}, "describedObject": TARGET, "target": target()}), "must set either a target value or averageValue"),
    "scaling rules": (scaling(selectPolicy="Min", stabilizationWindowSeconds=3600), ""),
    "a window below 0": (scaling(stabilizationWindowSeconds=-1), "must be greater than or equal to zero"),
    "a window over an hour": (scaling(stabilizationWindowSeconds=3601), "must be less than or equal to 3600"),
    "an unknown choice of policies": (scaling(selectPolicy="Most"), 'selectPolicy: Unsupported value: "Most"'),
    "no policy": (scaling(policies=[]), "must specify at least one Policy"),
    "an unknown policy": (scaling(policies=[{**POLICY, "type": "Nodes"}]), 'policies[0].type: Unsupported value: "Nodes"'),
    "a policy of nothing": (scaling(policies=[{**POLICY, "value": 0}]), "policies[0].value: Invalid value: 0: must be greater than zero"),
    "a period over half an hour": (scaling(policies=[{**POLICY, "periodSeconds": 1801}]), "must be less than or equal to 1800"),
}  # fmt: skip


def test_an_autoscaler_gets_its_defaults() -> None:
    given = hpa(behavior={"scaleUp": {"policies": [POLICY]}})
    del given["spec"]["minReplicas"]
    spec = create(given)["spec"]
    assert spec["minReplicas"] == 1
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == 80
    assert spec["behavior"]["scaleUp"]["policies"] == [POLICY], "what is given stays"
    assert spec["behavior"]["scaleDown"]["policies"][0]["type"] == "Percent"


# ── CronFederatedHPA ───────────────────────────────────────────────────────────────────────────

RULE = {"name": "morning", "schedule": "0 8 * * *"}
SCALER = {"apiVersion": "autoscaling.karmada.io/v1alpha1", "kind": "FederatedHPA", "name": "web"}


def cron(*rules: Json, target: Json = TARGET) -> Json:
    spec = {"scaleTargetRef": target, "rules": list(rules)}
    return thing("autoscaling.karmada.io/v1alpha1", "CronFederatedHPA", spec=spec)


CRONS: dict[str, tuple[Json, str]] = {
    "replicas at eight": (cron({**RULE, "targetReplicas": 5}), ""),
    "another scaler of the group": (cron(RULE, target={**SCALER, "kind": "CronFederatedHPA"}), "only support FederatedHPA"),
    "two rules of a name": (cron({**RULE, "targetReplicas": 1}, {**RULE, "targetReplicas": 2}), 'spec.rules[1].name: Duplicate value: "morning"'),
    "no cron": (cron({**RULE, "schedule": "at eight", "targetReplicas": 1}), "invalid cron format"),
    "no replicas": (cron(RULE), "targetReplicas cannot be nil if you want to scale Deployment"),
    "replicas below 0": (cron({**RULE, "targetReplicas": -1}), "targetReplicas should be larger than or equal to 0"),
    "bounds of an autoscaler": (cron({**RULE, "targetMinReplicas": 2, "targetMaxReplicas": 4}, target=SCALER), ""),
    "no bounds": (cron(RULE, target=SCALER), "cannot be nil at the same time if you want to scale FederatedHPA"),
    "a lower bound of 0": (cron({**RULE, "targetMinReplicas": 0}, target=SCALER), "targetMinReplicas should be larger than 0"),
    "an upper bound of 0": (cron({**RULE, "targetMaxReplicas": 0}, target=SCALER), "targetMaxReplicas should be larger than 0"),
    "bounds the wrong way round": (cron({**RULE, "targetMinReplicas": 3, "targetMaxReplicas": 2}, target=SCALER), "should be larger than or equal to targetMinReplicas"),
}  # fmt: skip


# ── MultiClusterService ────────────────────────────────────────────────────────────────────────


def service(name: str = "web", **spec: Any) -> Json:
    body = {"types": ["CrossCluster"], **spec}
    return thing("networking.karmada.io/v1alpha1", "MultiClusterService", name, spec=body)


SERVICES: dict[str, tuple[Json, str]] = {
    "across clusters": (service(ports=[{"name": "http", "port": 80}]), ""),
    "a name a Service cannot have": (service("1web"), "a DNS-1035 label must consist of"),
    "two ports of a name": (service(ports=[{"name": "a", "port": 1}, {"name": "a", "port": 2}]), 'spec.ports[1].name: Duplicate value: "a"'),
    "a port's name": (service(ports=[{"name": "A b", "port": 1}]), "a lowercase RFC 1123 label must consist of"),
    "port 0": (service(ports=[{"port": 0}]), "must be between 1 and 65535, inclusive"),
    "an unknown exposure": (service(types=["Somehow"]), "ExposureType Error"),
    "two exposures": (service(types=["CrossCluster", "LoadBalancer"]), "types should not contain more than one type"),
    "a cluster's name": (service(providerClusters=[{"name": "A"}]), "spec.range.providerClusters[0]"),
}  # fmt: skip


def test_the_exposure_of_a_service_never_changes() -> None:
    old = create(service())
    new = set_in(old, ("spec", "types"), ["LoadBalancer"])
    assert "MultiClusterService types are immutable" in refused(new, old)


# ── ResourceInterpreterWebhookConfiguration ────────────────────────────────────────────────────

HOOK: Json = {
    "name": "workloads.example.com",
    "rules": [{"operations": ["InterpretReplica"], "apiGroups": ["example.com"], "apiVersions": ["v1"], "kinds": ["Workload"]}],
    "clientConfig": {"url": "https://hooks.example.com"},
    "interpreterContextVersions": ["v1alpha1"],
}  # fmt: skip


def hooks(*given: Json) -> Json:
    kind = "ResourceInterpreterWebhookConfiguration"
    return thing("config.karmada.io/v1alpha1", kind, webhooks=list(given))


def ruled(**rule: Any) -> Json:
    return hooks({**HOOK, "rules": [{**HOOK["rules"][0], **rule}]})


HOOKS: dict[str, tuple[Json, str]] = {
    "a hook": (hooks(HOOK), ""),
    "a hook without a name": (hooks({**HOOK, "name": ""}), "webhooks[0].name: Required value"),
    "a name of two parts": (hooks({**HOOK, "name": "example.com"}), "at least three segments separated by dots"),
    "two hooks of a name": (hooks(HOOK, HOOK), 'webhooks[1].name: Duplicate value: "workloads.example.com"'),
    "no operation": (ruled(operations=[]), "webhooks[0].rules[0].operations: Required value"),
    "everything and more": (ruled(operations=["*", "Retain"]), "if '*' is present, must not specify other operations"),
    "an unknown operation": (ruled(operations=["Guess"]), 'operations[0]: Unsupported value: "Guess"'),
    "an empty kind": (ruled(kinds=[""]), "webhooks[0].rules[0].kinds[0]: Required value"),
    "a timeout over 30 s": (hooks({**HOOK, "timeoutSeconds": 31}), "the timeout value must be between 1 and 30 seconds"),
    "nowhere to call": (hooks({**HOOK, "clientConfig": {}}), "exactly one of url or service is required"),
    "no version": (hooks({**HOOK, "interpreterContextVersions": []}), "must specify one of v1alpha1"),
    "only versions nobody speaks": (hooks({**HOOK, "interpreterContextVersions": ["v9"]}), "must include at least one of v1alpha1"),
}  # fmt: skip


# ── Cluster ────────────────────────────────────────────────────────────────────────────────────


def cluster(**spec: Any) -> Json:
    return thing("cluster.karmada.io/v1alpha1", "Cluster", spec={"syncMode": "Push", **spec})


def grades(*bounds: tuple[str, str], grade: int | None = None) -> Json:
    models = [
        {"grade": index if grade is None else grade, "ranges": [{"name": "cpu", "min": least, "max": most}]}
        for index, (least, most) in enumerate(bounds)
    ]  # fmt: skip
    return cluster(resourceModels=models)


END = "9223372036854775807"
CLUSTERS: dict[str, tuple[Json, str]] = {
    "an endpoint": (cluster(apiEndpoint="https://10.0.0.1:6443"), ""),
    "an endpoint without a host": (cluster(apiEndpoint="10.0.0.1"), "host must be provided"),
    "an endpoint with a user": (cluster(apiEndpoint="https://me:pw@a"), "user information is not permitted in the URL"),
    "an endpoint with a fragment": (cluster(apiEndpoint="https://a#b"), "fragments are not permitted in the URL"),
    "an endpoint with a query": (cluster(apiEndpoint="https://a?b"), "query parameters are not permitted in the URL"),
    "a broken endpoint": (cluster(apiEndpoint="https://[a"), "apiEndpoint must be a valid URL"),
    "a secret without a name": (cluster(secretRef={"namespace": "a", "name": ""}), "spec.secretRef.name: Required value"),
    "a proxy": (cluster(proxyURL="socks5://a"), ""),
    "a proxy of another sort": (cluster(proxyURL="ftp://a"), 'unsupported scheme "ftp", must be http, https, or socks5'),
    "a provider that is no label": (cluster(provider="a b"), "spec.provider: Invalid value"),
    "a zone that is no label": (cluster(zones=["a b"]), "spec.Zones: Invalid value"),
    "two grades": (grades(("0", "1"), ("1", END)), ""),
    "grades of a number": (grades(("0", "1"), ("1", END), grade=1), "The grade of each models should not be the same"),
    "a first grade above 0 is begun at 0": (grades(("1", "2"), ("2", "3")), ""),
    "an empty grade": (grades(("0", "0"), ("0", END)), "The max value of each resource must be greater than the min value"),
}  # fmt: skip


# ── all of them ────────────────────────────────────────────────────────────────────────────────

TABLES = {"hpa": HPAS, "cron": CRONS, "service": SERVICES, "hook": HOOKS, "cluster": CLUSTERS}
ALL = {f"{kind}: {name}": row for kind, table in TABLES.items() for name, row in table.items()}


@pytest.mark.parametrize(("manifest", "text"), ALL.values(), ids=ALL.keys())
def test_rule(manifest: Json, text: str) -> None:
    found = refused(manifest)
    assert text in found
    assert bool(found) is bool(text)


# ── bindings ───────────────────────────────────────────────────────────────────────────────────


def bound(kind: str, **annotations: str) -> Json:
    found = thing("work.karmada.io/v1alpha2", kind, spec={"resource": TARGET})
    return set_in(found, ("metadata", "annotations"), annotations)


def test_bindings_get_ids_under_their_own_labels() -> None:
    assert set(labels_of(create(bound("ResourceBinding")))) == {BINDING_ID}
    assert set(labels_of(create(bound("ClusterResourceBinding")))) == {CLUSTER_BINDING_ID}


@pytest.mark.parametrize("text", ["", "{}", "no json", "[" * 100_000])
def test_a_dependencies_note_that_is_no_list_is_refused(text: str) -> None:
    found = refused(bound("ResourceBinding", **{DEPENDENCIES: text}))
    assert "annotation value must be a valid JSON" in found
    assert refused(bound("ClusterResourceBinding", **{DEPENDENCIES: text})) == ""
