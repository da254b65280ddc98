"""Defaulting and refusals of the hub, with the texts of the real webhooks."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.admission import admit
from lab.core.admission.cluster import default_resource_models
from lab.core.admission.cron import is_cron
from lab.core.errors import ApiError
from lab.core.labels import BINDING_ID, DELETION_PROTECTED, POLICY_ID, WORK_ID
from lab.core.manifest import Manifest, get_in, labels_of, set_in
from lab.core.settings import KarmadaSettings

SETTINGS = KarmadaSettings()
DEPLOYMENTS = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}]
SELECTORS = [{**DEPLOYMENTS[0], "namespace": "default"}]
WEBHOOK = 'admission webhook "{}.karmada.io" denied the request: '


def policy(kind: str = "PropagationPolicy", /, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "web"}
    if not kind.startswith("Cluster"):
        metadata["namespace"] = "default"
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": {"resourceSelectors": DEPLOYMENTS, **spec},
    }


def created(manifest: Manifest, now_s: float = 0.0) -> Manifest:
    result = admit("CREATE", manifest, None, now_s, SETTINGS)
    assert result is not None
    return result


def refusal(manifest: Manifest, settings: KarmadaSettings = SETTINGS) -> ApiError:
    with pytest.raises(ApiError) as caught:
        admit("CREATE", manifest, None, 0.0, settings)
    return caught.value


# ── defaults ───────────────────────────────────────────────────────────────────────────────────

DEFAULTS: dict[str, tuple[Manifest, tuple[str | int, ...], Any]] = {
    "selector gets the namespace": (
        policy(), ("spec", "resourceSelectors", 0, "namespace"), "default",
    ),
    "cluster-wide selector does not": (
        policy("ClusterPropagationPolicy"), ("spec", "resourceSelectors", 0, "namespace"), None,
    ),
    "priority": (policy(), ("spec", "priority"), 0),
    "preemption": (policy(), ("spec", "preemption"), "Never"),
    "conflict resolution": (policy(), ("spec", "conflictResolution"), "Abort"),
    "scheduler": (policy(), ("spec", "schedulerName"), "default-scheduler"),
    "no tolerations": (policy(placement={}), ("spec", "placement", "clusterTolerations"), None),
    "minGroups": (
        policy(placement={"spreadConstraints": [{"maxGroups": 2}]}),
        ("spec", "placement", "spreadConstraints", 0),
        {"spreadByField": "cluster", "minGroups": 1, "maxGroups": 2},
    ),
    "maxGroups is not defaulted": (
        policy(placement={"spreadConstraints": [{"spreadByField": "cluster"}]}),
        ("spec", "placement", "spreadConstraints", 0, "maxGroups"), None,
    ),
    "a block without a type is Divided by weight": (
        policy(placement={"replicaScheduling": {}}),
        ("spec", "placement", "replicaScheduling"),
        {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"},
    ),
    "no block stays absent": (
        policy(placement={}), ("spec", "placement", "replicaScheduling"), None,
    ),
    "application failover": (
        policy(propagateDeps=True, failover={"application": {"decisionConditions": {}}}),
        ("spec", "failover", "application"),
        {"decisionConditions": {"tolerationSeconds": 300}, "purgeMode": "Gracefully",
         "gracePeriodSeconds": 600},
    ),
    "no grace period with Directly": (
        policy(propagateDeps=True, failover={
            "application": {"decisionConditions": {}, "purgeMode": "Directly"}}),
        ("spec", "failover", "application", "gracePeriodSeconds"), None,
    ),
    "cluster failover": (
        policy(failover={"cluster": {}}),
        ("spec", "failover", "cluster", "purgeMode"), "Gracefully",
    ),
    "a service import takes its dependencies along": (
        policy(resourceSelectors=[
            {"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport"}]),
        ("spec", "propagateDeps"), True,
    ),
    "finalizer": (
        policy(), ("metadata", "finalizers"), ["karmada.io/propagation-policy-controller"],
    ),
    "override policy selectors": (
        policy("OverridePolicy", overrideRules=[]),
        ("spec", "resourceSelectors", 0, "namespace"), "default",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("manifest", "path", "value"), DEFAULTS.values(), ids=DEFAULTS.keys())
def test_default(manifest: Manifest, path: tuple[str | int, ...], value: Any) -> None:
    before = json.dumps(manifest)
    assert get_in(created(manifest), path) == value
    assert json.dumps(manifest) == before


def test_permanent_ids_are_deterministic_and_new_each_time() -> None:
    first, again, later = created(policy()), created(policy()), created(policy(), 60.0)
    assert labels_of(first)[POLICY_ID] == labels_of(again)[POLICY_ID]
    assert labels_of(first)[POLICY_ID] != labels_of(later)[POLICY_ID]


def test_an_id_somebody_wrote_is_replaced_in_a_policy_and_kept_in_a_binding() -> None:
    own = set_in(policy(), ("metadata", "labels"), {POLICY_ID: "mine"})
    assert labels_of(created(own))[POLICY_ID] != "mine"
    binding = {
        "apiVersion": "work.karmada.io/v1alpha2",
        "kind": "ResourceBinding",
        "metadata": {"name": "web-deployment", "namespace": "default"},
    }
    assert labels_of(created(binding))[BINDING_ID]
    kept = set_in(binding, ("metadata", "labels"), {BINDING_ID: "mine"})
    assert labels_of(created(kept))[BINDING_ID] == "mine"


def test_a_work_is_pruned_and_marked() -> None:
    inner = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "uid": "x", "labels": {"b": "c"}, "annotations": {"d": "e"}},
        "status": {},
    }
    work = {
        "apiVersion": "work.karmada.io/v1alpha1",
        "kind": "Work",
        "metadata": {"name": "a-1", "namespace": "karmada-es-member1"},
        "spec": {"workload": {"manifests": [inner]}},
    }
    marked = created(work)
    identity = labels_of(marked)[WORK_ID]
    assert get_in(marked, ("spec", "workload", "manifests", 0)) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "a",
            "labels": {"b": "c", WORK_ID: identity},
            "annotations": {
                "d": "e",
                "resourcetemplate.karmada.io/managed-annotations": (
                    "d,resourcetemplate.karmada.io/managed-annotations,"
                    "resourcetemplate.karmada.io/managed-labels"
                ),
                "resourcetemplate.karmada.io/managed-labels": f"b,{WORK_ID}",
            },
        },
    }
    assert admit("UPDATE", marked, marked, 1.0, SETTINGS) is marked


def cluster(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "cluster.karmada.io/v1alpha1",
        "kind": "Cluster",
        "metadata": {"name": "member1"},
        "spec": {"syncMode": "Push", **spec},
    }


def test_a_cluster_gets_nine_grades() -> None:
    models = get_in(created(cluster()), ("spec", "resourceModels"))
    assert len(models) == 9
    assert models[1]["ranges"] == [
        {"name": "cpu", "min": "1", "max": "2"},
        {"name": "memory", "min": "4Gi", "max": "16Gi"},
    ]
    assert models[8]["ranges"][1] == {"name": "memory", "min": "1Ti", "max": str(2**63 - 1)}
    off = SETTINGS.with_gates(CustomizedClusterResourceModeling=False)
    plain = admit("CREATE", cluster(), None, 0.0, off)
    assert get_in(plain, ("spec", "resourceModels")) is None


def test_own_grades_are_sorted_and_bounded() -> None:
    one = {"grade": 1, "ranges": [{"name": "cpu", "min": "2", "max": "4"}]}
    zero = {"grade": 0, "ranges": [{"name": "cpu", "min": "1", "max": "2"}]}
    models = get_in(created(cluster(resourceModels=[one, zero])), ("spec", "resourceModels"))
    assert [model["grade"] for model in models] == [0, 1]
    assert models[0]["ranges"][0]["min"] == "0"
    assert models[1]["ranges"][0]["max"] == str(2**63 - 1)


def test_taints_and_zone_of_a_cluster() -> None:
    taints = [{"key": "a", "effect": "NoExecute"}, {"key": "b", "effect": "NoSchedule"}]
    spec = created(cluster(taints=taints, zone="z1"), 61.0)["spec"]
    assert spec["taints"][0]["timeAdded"] == "2026-01-01T00:01:01Z"
    assert "timeAdded" not in spec["taints"][1]
    assert (spec["zones"], "zone" in spec) == (["z1"], False)


def test_defaulting_twice_changes_nothing() -> None:
    for manifest, _, _ in DEFAULTS.values():
        once = created(manifest)
        assert admit("UPDATE", once, once, 5.0, SETTINGS) == once


# ── refusals ───────────────────────────────────────────────────────────────────────────────────

PLACEMENT = "spec.placement"
TERMS = [{"affinityName": "a"}, {"affinityName": "a"}]
TAINTING = {
    **policy("ClusterTaintPolicy"),
    "spec": {"taints": [{"key": "a", "effect": "NoExecute"}]},
}
RIGHT_JSON = {"subPath": "/a", "operator": "remove"}
REFUSALS: dict[str, tuple[Manifest, str]] = {
    "both affinities": (
        policy(placement={"clusterAffinity": {}, "clusterAffinities": [{"affinityName": "a"}]}),
        "clusterAffinities cannot co-exist with clusterAffinity",
    ),
    "two terms of a name": (
        policy(placement={"clusterAffinities": TERMS}),
        WEBHOOK.format("propagationpolicy") + 'spec.placement.clusterAffinities: Invalid value: '
        '[{"affinityName":"a"},{"affinityName":"a"}]: each affinity term in a policy must have a '
        "unique name",
    ),
    "overflow of a duplicated placement": (
        policy(placement={"clusterAffinities": [
            {"affinityName": "a", "clusterNames": ["x"], "overflowAffinities": [
                {"affinityName": "b"}]}]}),
        "spec.placement.clusterAffinities[0].overflowAffinities: Invalid value: "
        '[{"affinityName":"b"}]: overflowAffinities can only be used together with dynamic weight '
        "or aggregated scheduling",
    ),
    "overflow of an empty group": (
        policy(placement={
            "replicaScheduling": {"replicaDivisionPreference": "Aggregated"},
            "clusterAffinities": [
                {"affinityName": "a", "overflowAffinities": [{"affinityName": "b"}]}]}),
        "overflowAffinities can only be used together with the inline ClusterAffinity",
    ),
    "an unknown field of a cluster": (
        policy(placement={"clusterAffinity": {"fieldSelector": {"matchExpressions": [
            {"key": "name", "operator": "In", "values": ["x"]}]}}}),
        'unsupported key "name", must be provider, region, or zone',
    ),
    "an operator of a field selector": (
        policy(placement={"clusterAffinity": {"fieldSelector": {"matchExpressions": [
            {"key": "zone", "operator": "Exists"}]}}}),
        'unsupported operator "Exists", must be In or NotIn',
    ),
    "a region without a cluster": (
        policy(placement={"spreadConstraints": [{"spreadByField": "region", "maxGroups": 2}]}),
        "the cluster spread constraint must be enabled in one of the constraints in case of "
        "SpreadByField is enabled",
    ),
    "max below min": (
        policy(placement={"spreadConstraints": [{"minGroups": 3, "maxGroups": 2}]}),
        "maxGroups lower than minGroups is not allowed",
    ),
    "a field twice": (
        policy(placement={"spreadConstraints": [{"maxGroups": 2}, {"maxGroups": 2}]}),
        "multiple cluster spread constraints are not allowed",
    ),
    "field and label": (
        policy(placement={"spreadConstraints": [
            {"spreadByField": "cluster", "spreadByLabel": "x", "maxGroups": 2}]}),
        "spreadByLabel should not co-exist with spreadByField",
    ),
    "a comparing toleration": (
        policy(placement={"clusterTolerations": [{"key": "a", "operator": "Gt", "value": "1"}]}),
        'spec.placement.clusterTolerations[0].operator: Unsupported value: "Gt": supported values: '
        '"", "Exists", "Equal"',
    ),
    "one key for both affinities": (
        policy(placement={"workloadAffinity": {
            "affinity": {"groupByLabelKey": "a"}, "antiAffinity": {"groupByLabelKey": "a"}}}),
        "affinity and antiAffinity must not use the same groupByLabelKey",
    ),
    "application failover without dependencies": (
        policy(failover={"application": {"decisionConditions": {}}}),
        WEBHOOK.format("propagationpolicy") + "spec.propagateDeps: Invalid value: false: "
        "application failover is set, propagateDeps must be true",
    ),
    "grace period with Directly": (
        policy(propagateDeps=True, failover={"application": {
            "decisionConditions": {}, "purgeMode": "Directly", "gracePeriodSeconds": 5}}),
        "only takes effect when purgeMode is gracefully",
    ),
    "another namespace": (
        policy(resourceSelectors=[{**DEPLOYMENTS[0], "namespace": "prod"}]),
        WEBHOOK.format("propagationpolicy") + "spec.resourceSelectors[0].namespace: Invalid value: "
        '"prod": namespace of resource selector must be the same as the namespace of the policy',
    ),
    "preemption without a name": (
        policy(preemption="Always", resourceSelectors=[
            {"apiVersion": "apps/v1", "kind": "Deployment"}]),
        "name cannot be empty if preemption is Always",
    ),
    "two ways to suspend": (
        policy(suspension={"dispatching": True, "dispatchingOnClusters": {"clusterNames": ["a"]}}),
        "suspension dispatching cannot co-exist with dispatchingOnClusters.clusterNames",
    ),
    "several at once": (
        policy(placement={"spreadConstraints": [{"minGroups": 3, "maxGroups": 2}]},
               preemption="Always", resourceSelectors=[
                   {"apiVersion": "apps/v1", "kind": "Deployment"}]),
        WEBHOOK.format("propagationpolicy") + "[spec.placement.spreadConstraints[0]: ",
    ),
    "a cluster-wide policy has its own webhook": (
        policy("ClusterPropagationPolicy", placement={"spreadConstraints": [
            {"minGroups": 3, "maxGroups": 2}]}),
        WEBHOOK.format("clusterpropagationpolicy"),
    ),
    "rules and overriders": (
        policy("OverridePolicy", overrideRules=[{"overriders": {}}],
               overriders={"plaintext": [{"path": "/a", "operator": "remove"}]}),
        "overrideRules and overriders can't co-exist",
    ),
    "a label that is none": (
        policy("OverridePolicy", overrideRules=[{"overriders": {"labelsOverrider": [
            {"operator": "add", "value": {"a b": "c"}}]}}]),
        WEBHOOK.format("overridepolicy") + "spec.overrideRules[0].overriders.labelsOverrider[0]."
        'value: Invalid value: "a b": name part must consist of alphanumeric characters',
    ),
    "a field overrider with nothing to do": (
        policy("OverridePolicy", overrideRules=[{"overriders": {"fieldOverrider": [
            {"fieldPath": "/data/a"}]}}]),
        "fieldOverrider[0]: Required value: FieldOverrider must have either JSON or YAML set",
    ),
    "a field overrider with both": (
        policy("OverridePolicy", overrideRules=[{"overriders": {"fieldOverrider": [
            {"fieldPath": "/data/a", "json": [RIGHT_JSON], "yaml": [RIGHT_JSON]}]}}]),
        "FieldOverrider has both YAML and JSON set. Only one is allowed",
    ),
    "a field path without a slash": (
        policy("OverridePolicy", overrideRules=[{"overriders": {"fieldOverrider": [
            {"fieldPath": "data/a", "json": [RIGHT_JSON]}]}}]),
        'fieldPath: Invalid value: "data/a": JSON pointer must be empty or start with a "/"',
    ),
    "remove with a value": (
        policy("OverridePolicy", overrideRules=[{"overriders": {"fieldOverrider": [
            {"fieldPath": "/data/a", "json": [{**RIGHT_JSON, "value": 1}]}]}}]),
        "json[0].value: Invalid value: 1: value is not allowed for remove operation",
    ),
    "NoExecute without leave": (
        TAINTING,
        WEBHOOK.format("clustertaintpolicy") + "spec.taints[0]: Forbidden: Configuring taint with "
        "NoExecute effect is not allowed",
    ),
    "an unknown field": (
        policy(priorty=5),
        'PropagationPolicy in version "v1alpha1" cannot be handled as a PropagationPolicy: strict '
        'decoding error: unknown field "spec.priorty"',
    ),
    "an enum of the CRD": (
        policy(conflictResolution="abort"),
        'PropagationPolicy.policy.karmada.io "web" is invalid: spec.conflictResolution: Invalid '
        'value: is "abort", needs one of Abort, Overwrite',
    ),
    "a weight of 0": (
        policy(placement={"replicaScheduling": {"weightPreference": {"staticWeightList": [
            {"targetCluster": {}, "weight": 0}]}}}),
        "staticWeightList[0].weight: Invalid value: is 0, needs 1 or more",
    ),
    "a cluster without a mode": (
        {**cluster(), "spec": {}},
        'Cluster.cluster.karmada.io "member1" is invalid: [spec.syncMode: Required value, '
        'spec.syncMode: Unsupported value: "": supported values: "Pull", "Push"]',
    ),
    "a cluster name that is too long": (
        set_in(cluster(), ("metadata", "name"), "a" * 49), "must be no more than 48 characters",
    ),
    "a soft taint": (
        cluster(taints=[{"key": "a", "effect": "PreferNoSchedule"}]),
        'Unsupported value: "PreferNoSchedule": supported values: "NoSchedule", "NoExecute"',
    ),
    "a taint twice": (
        cluster(taints=[{"key": "a", "effect": "NoSchedule"}] * 2),
        "taints must be unique by key and effect pair",
    ),
    "zone and zones": (cluster(zone="a", zones=["b"]), "Zone and Zones cannot co-exist"),
    "grades with a gap": (
        cluster(resourceModels=[
            {"grade": 0, "ranges": [{"name": "cpu", "min": "0", "max": "1"}]},
            {"grade": 1, "ranges": [{"name": "cpu", "min": "2", "max": "4"}]}]),
        "Model intervals for resources must be contiguous and non-overlapping",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("manifest", "text"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusal(manifest: Manifest, text: str) -> None:
    assert text in refusal(manifest).message


def test_codes() -> None:
    assert (refusal(REFUSALS["two terms of a name"][0]).code, 403) == (403, 403)
    assert refusal(REFUSALS["an unknown field"][0]).code == 400
    error = refusal(REFUSALS["a soft taint"][0])
    assert (error.code, error.reason, error.causes[0].field) == (
        422, "Invalid", "spec.taints[0].effect",
    )  # fmt: skip


def test_no_execute_with_leave() -> None:
    allowed = KarmadaSettings(allow_no_execute_taint_policy=True)
    assert admit("CREATE", TAINTING, None, 0.0, allowed) == TAINTING


def test_what_must_not_change() -> None:
    before = created(policy())
    other = set_in(before, ("spec", "schedulerName"), "mine")
    with pytest.raises(ApiError, match="the schedulerName should not be updated"):
        admit("UPDATE", other, before, 1.0, SETTINGS)
    renamed = set_in(before, ("metadata", "labels"), {POLICY_ID: "x"})
    with pytest.raises(ApiError, match=r"label .* is immutable"):
        admit("UPDATE", renamed, before, 1.0, SETTINGS)


def test_status_writes_see_no_webhook() -> None:
    stored = policy(placement={"spreadConstraints": [{"minGroups": 3, "maxGroups": 2}]})
    after = {**stored, "status": {"x": 1}}
    assert admit("UPDATE", after, stored, 1.0, SETTINGS) is after


def test_deletion_protection() -> None:
    protected = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "prod", "labels": {DELETION_PROTECTED: "Always"}},
    }
    with pytest.raises(ApiError, match="This resource is protected, please make sure to remove"):
        admit("DELETE", None, protected, 0.0, SETTINGS)
    free = set_in(protected, ("metadata", "labels"), {DELETION_PROTECTED: "Never"})
    assert admit("DELETE", None, free, 0.0, SETTINGS) is free


OTHERS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "quota below its parts": (
        "policy.karmada.io/v1alpha1", "FederatedResourceQuota",
        {"overall": {"cpu": "1"}, "staticAssignments": [
            {"clusterName": "a", "hard": {"cpu": "700m"}},
            {"clusterName": "b", "hard": {"cpu": "700m"}}]},
        WEBHOOK.format("federatedresourcequota")
        + 'spec.overall[cpu]: Invalid value: "1": overall is less than assignments',
    ),
    "quota for a resource that is none": (
        "policy.karmada.io/v1alpha1", "FederatedResourceQuota", {"overall": {"coffee": "1"}},
        "must be a standard resource type or fully qualified",
    ),
    "autoscaler without a maximum": (
        "autoscaling.karmada.io/v1alpha1", "FederatedHPA",
        {"maxReplicas": 0, "scaleTargetRef": {"kind": "Deployment", "name": "web"}},
        WEBHOOK.format("federatedhpa") + "[spec.maxReplicas: Invalid value: 0: must be greater",
    ),
    "two metrics in one": (
        "autoscaling.karmada.io/v1alpha1", "FederatedHPA",
        {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web"}, "metrics": [
            {"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
             "pods": {"metric": {"name": "x"}, "target": {"type": "AverageValue"}}}]},
        "spec.metrics[0].pods: Forbidden: must populate the given metric source only",
    ),
    "no schedule": (
        "autoscaling.karmada.io/v1alpha1", "CronFederatedHPA",
        {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "rules": [
            {"name": "a", "schedule": "every day", "targetReplicas": 1}]},
        'spec.rules[0].schedule: Invalid value: "every day": invalid cron format',
    ),
    "nothing to scale to": (
        "autoscaling.karmada.io/v1alpha1", "CronFederatedHPA",
        {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "rules": [
            {"name": "a", "schedule": "0 8 * * *"}]},
        "targetReplicas cannot be nil if you want to scale Deployment",
    ),
    "a port out of range": (
        "networking.karmada.io/v1alpha1", "MultiClusterService",
        {"types": ["CrossCluster"], "ports": [{"port": 70000}]},
        "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("api", "kind", "spec", "text"), OTHERS.values(), ids=OTHERS.keys())
def test_other_kinds(api: str, kind: str, spec: dict[str, Any], text: str) -> None:
    manifest = {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": "web", "namespace": "default"},
        "spec": spec,
    }
    assert text in refusal(manifest).message


CRONS = {
    "*/5 * * * *": True,
    "0 8 * * MON-FRI": True,
    "0 0 1 JAN *": True,
    "@hourly": True,
    "0 0 L * *": True,
    "30 0 8 * * *": True,
    "60 * * * *": False,
    "* * *": False,
    "5-1 * * * *": False,
    "*/0 * * * *": False,
    "": False,
}


@pytest.mark.parametrize(("text", "right"), CRONS.items(), ids=list(CRONS))
def test_cron(text: str, right: bool) -> None:
    assert is_cron(text) is right


def test_what_a_real_control_plane_accepted_is_accepted() -> None:
    cases = Path(__file__).parents[2] / "conformance" / "karmada-live-scenarios.jsonl"
    live = KarmadaSettings(allow_no_execute_taint_policy=True)
    count = 0
    for line in cases.read_text().splitlines():
        for step in json.loads(line)["steps"]:
            for manifest in step.get("objects") or ():
                admit("CREATE", manifest, None, 0.0, live)
                count += 1
    assert count >= 30


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "cluster", "In"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["clusterAffinity", "spreadConstraints", "minGroups", "operator"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    st.sampled_from(["PropagationPolicy", "OverridePolicy", "ClusterTaintPolicy"]),
    st.dictionaries(
        st.sampled_from(["placement", "failover", "overrideRules", "taints", "resourceSelectors"]),
        JSON,
        max_size=4,
    ),
)
def test_hostile_specs_are_admitted_or_refused(kind: str, spec: dict[str, Any]) -> None:
    manifest = {**policy(kind), "spec": spec}
    with contextlib.suppress(ApiError):
        assert admit("CREATE", manifest, None, 0.0, SETTINGS) is not None


def test_default_grades_are_fresh() -> None:
    assert default_resource_models() == default_resource_models()
