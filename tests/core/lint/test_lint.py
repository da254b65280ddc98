"""Every trap is found where it stands, and not where it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.fleet import ClusterSpec, NodePool
from lab.core.lint import Finding, lint
from lab.core.settings import KarmadaSettings

FLEET = [
    ClusterSpec("east", region="us-east", zones=("a",), labels={"tier": "gold"}),
    ClusterSpec("west", region="us-west", zones=("b",)),
    ClusterSpec("edge", taints=({"key": "edge", "effect": "NoSchedule"},)),
]
FAILOVER = KarmadaSettings(
    enable_no_execute_taint_eviction=True, allow_no_execute_taint_policy=True
).with_gates(Failover=True)
READY = {"conditionType": "Ready", "statusValues": ["True"]}
TAINT_POLICY = {
    "apiVersion": "policy.karmada.io/v1alpha1",
    "kind": "ClusterTaintPolicy",
    "metadata": {"name": "lost"},
    "spec": {
        "addOnConditions": [
            {"conditionType": "Ready", "operator": "NotIn", "statusValues": ["True"]}
        ],
        "removeOnConditions": [
            {"conditionType": "Ready", "operator": "In", "statusValues": ["True"]}
        ],
        "taints": [{"key": "lost", "effect": "NoExecute"}],
    },
}


def deployment(name: str = "web", /, **spec: Any) -> dict[str, Any]:
    pod = spec.pop("pod", {})
    container = {"name": "web", "image": "nginx:1.25", **spec.pop("container", {})}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {**labels, **spec.pop("labels", {})}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], **pod},
            },
            **spec,
        },
    }


def policy(placement: dict[str, Any] | None = None, /, **spec: Any) -> dict[str, Any]:
    name, kind = spec.pop("name", "web"), spec.pop("kind", "PropagationPolicy")
    selectors = spec.pop(
        "selectors", [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}]
    )
    affinity = {"clusterAffinity": {"clusterNames": ["east", "west"]}}
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "resourceSelectors": selectors,
            "placement": affinity if placement is None else placement,
            **spec,
        },
    }


def override(rule: dict[str, Any], /, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "OverridePolicy",
        "metadata": {"name": "differ"},
        "spec": {
            "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
            "overrideRules": [rule],
            **spec,
        },
    }


def service(name: str = "web") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }


def hpa() -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "maxReplicas": 9,
        },
    }


DIVIDED = {"replicaSchedulingType": "Divided"}
STATIC = {**DIVIDED, "replicaDivisionPreference": "Weighted"}
DYNAMIC = {**STATIC, "weightPreference": {"dynamicWeight": "AvailableReplicas"}}
AGGREGATED = {**DIVIDED, "replicaDivisionPreference": "Aggregated"}
BY_CLUSTER = {"spreadByField": "cluster", "minGroups": 2, "maxGroups": 2}
EVERYWHERE: dict[str, Any] = {"clusterAffinity": {"clusterNames": ["east", "west"]}}
BIG = {"resources": {"requests": {"cpu": "1"}}}
HPA_TOO = [
    {"apiVersion": "apps/v1", "kind": "Deployment"},
    {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"},
]


def weights(*names: str) -> dict[str, Any]:
    listed = [{"targetCluster": {"clusterNames": [name]}, "weight": 1} for name in names]
    return {**STATIC, "weightPreference": {"staticWeightList": listed}}


TRAPS: dict[str, tuple[list[dict[str, Any]], str, str, str]] = {
    "constraint without maxGroups": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [{"minGroups": 2}]})],
        "max-groups-unset", "error", "spec.placement.spreadConstraints[0]",
    ),
    "static weights beside a constraint": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [BY_CLUSTER],
                               "replicaScheduling": weights("east", "west")})],
        "spread-ignored", "warning", "spec.placement.spreadConstraints",
    ),
    "no weight preference beside a constraint": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [BY_CLUSTER],
                               "replicaScheduling": DIVIDED})],
        "spread-ignored", "warning", "spec.placement.spreadConstraints",
    ),
    "zone without cluster": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [
            {"spreadByField": "zone", "minGroups": 2, "maxGroups": 2}]})],
        "zone-alone", "error", "spec.placement.spreadConstraints[0]",
    ),
    "provider does not spread": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [
            BY_CLUSTER, {"spreadByField": "provider", "minGroups": 1, "maxGroups": 2}]})],
        "zone-not-spread", "warning", "spec.placement.spreadConstraints[1]",
    ),
    "spreadByLabel": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [
            {"spreadByLabel": "rack", "minGroups": 1, "maxGroups": 2}]})],
        "spread-by-label", "error", "spec.placement.spreadConstraints[0].spreadByLabel",
    ),
    "aggregated with two groups": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [BY_CLUSTER],
                               "replicaScheduling": AGGREGATED})],
        "aggregated-min-groups", "warning", "spec.placement.spreadConstraints[0].minGroups",
    ),
    "three of two clusters": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [
            {"spreadByField": "cluster", "minGroups": 3, "maxGroups": 3}]})],
        "min-groups-too-large", "error", "spec.placement.spreadConstraints[0].minGroups",
    ),
    "groups with duplicated": (
        [deployment(), policy({"clusterAffinities": [
            {"affinityName": "one", "clusterNames": ["east"]},
            {"affinityName": "two", "clusterNames": ["west"]}]})],
        "affinities-never-fall-through", "warning", "spec.placement.clusterAffinities",
    ),
    "a cluster that is not there": (
        [deployment(), policy({"clusterAffinity": {"clusterNames": ["east", "wst"]}})],
        "unknown-cluster", "error", "spec.placement.clusterAffinity.clusterNames[1]",
    ),
    "a weight for a cluster that is not there": (
        [deployment(), policy({**EVERYWHERE, "replicaScheduling": weights("east", "nowhere")})],
        "unknown-cluster", "error",
        "spec.placement.replicaScheduling.weightPreference.staticWeightList[1]"
        ".targetCluster.clusterNames[0]",
    ),
    "labels no cluster has": (
        [deployment(), policy(
            {"clusterAffinity": {"labelSelector": {"matchLabels": {"tier": "silver"}}}})],
        "no-cluster-matches", "error", "spec.placement.clusterAffinity",
    ),
    "a taint nobody tolerates": (
        [deployment(), policy({"clusterAffinity": {"clusterNames": ["edge"]}})],
        "untolerated-taint", "error", "spec.placement",
    ),
    "a selected cluster without a weight": (
        [deployment(), policy({**EVERYWHERE, "replicaScheduling": weights("east")})],
        "weight-missing", "warning",
        "spec.placement.replicaScheduling.weightPreference.staticWeightList",
    ),
    "a weight without a selected cluster": (
        [deployment(), policy({"clusterAffinity": {"clusterNames": ["east"]},
                               "replicaScheduling": weights("east", "west")})],
        "weight-unused", "warning",
        "spec.placement.replicaScheduling.weightPreference.staticWeightList[1]",
    ),
    "more replicas than nodes hold": (
        [deployment(replicas=40, container=BIG),
         policy({**EVERYWHERE, "replicaScheduling": weights("east", "west")})],
        "more-than-fits", "warning", "spec.placement.replicaScheduling",
    ),
    "a count nobody could seat one by one": (
        [deployment(replicas=2_000_000_000, container=BIG),
         policy({**EVERYWHERE, "replicaScheduling": weights("east", "west")})],
        "more-than-fits", "warning", "spec.placement.replicaScheduling",
    ),
    "duplicated more than nodes hold": (
        [deployment(replicas=40, container=BIG), policy()],
        "more-than-fits", "warning", "spec.placement.replicaScheduling",
    ),
    "failover without its switches": (
        [deployment(), policy(failover={"cluster": {"purgeMode": "Gracefully"}})],
        "no-failover", "warning", "spec.failover.cluster",
    ),
    "tolerationSeconds without its switches": (
        [deployment(), policy({**EVERYWHERE, "clusterTolerations": [
            {"key": "x", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]})],
        "no-failover", "warning", "spec.placement.clusterTolerations[0]",
    ),
    "a config map that stays behind": (
        [deployment(container={"envFrom": [{"configMapRef": {"name": "settings"}}]}), policy()],
        "dependencies-not-followed", "warning", "spec",
    ),
    "a service that stays behind": (
        [deployment(), service(), policy(propagateDeps=True)],
        "not-propagated", "warning", "metadata.name",
    ),
    "beaten by priority": (
        [deployment(), policy(name="low"), policy(name="zhigh", priority=5)],
        "never-wins", "warning", "metadata.name",
    ),
    "beaten by a namespaced one": (
        [deployment(), policy(), policy(kind="ClusterPropagationPolicy", name="all", priority=100)],
        "never-wins", "warning", "metadata.name",
    ),
    "selects nothing": (
        [deployment(), policy(), policy(name="typo", selectors=[
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "wbe"}])],
        "selects-nothing", "warning", "spec.resourceSelectors",
    ),
    "another namespace": (
        [deployment(), {**policy(), "metadata": {"name": "web", "namespace": "prod"}}],
        "selects-nothing", "warning", "spec.resourceSelectors",
    ),
    "selector of a foreign namespace": (
        [deployment(), policy(selectors=[
            {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "prod"}])],
        "refused", "error", "spec",
    ),
    "preemption without its gate": (
        [deployment(), policy(preemption="Always")],
        "preemption-off", "warning", "spec.preemption",
    ),
    "lazy": (
        [deployment(), policy(activationPreference="Lazy")],
        "lazy-policy", "warning", "spec.activationPreference",
    ),
    "suspended": (
        [deployment(), policy(suspension={"dispatching": True})],
        "suspended", "note", "spec.suspension.dispatching",
    ),
    "zero replicas with requests": (
        [deployment(replicas=0, container=BIG), policy()],
        "zero-replicas", "warning", "spec.replicas",
    ),
    "two masters": (
        [deployment(), hpa(), policy(selectors=HPA_TOO)],
        "hpa-fights", "warning", "metadata.labels",
    ),
    "workload affinity without its gate": (
        [deployment(), policy({**EVERYWHERE, "workloadAffinity": {
            "affinity": {"groupByLabelKey": "app"}}})],
        "workload-affinity-off", "warning", "spec.placement.workloadAffinity",
    ),
    "a path without a slash": (
        [deployment(), policy(), override({"overriders": {"plaintext": [
            {"path": "spec/replicas", "operator": "replace", "value": 1}]}})],
        "override-path", "error", "spec.overrideRules[0].overriders.plaintext[0].path",
    ),
    "replace of what is not there": (
        [deployment(), policy(), override({"overriders": {"plaintext": [
            {"path": "/spec/replicas", "operator": "replace", "value": 1},
            {"path": "/spec/template/spec/nodeName", "operator": "replace", "value": "x"}]}})],
        "override-fails", "error", "spec.overrideRules[0].overriders.plaintext[1]",
    ),
    "a label that is not there, beside a failure": (
        [deployment(), policy(), override({"overriders": {
            "labelsOverrider": [{"operator": "remove", "value": {"gone": "x"}}],
            "plaintext": [{"path": "/nope/x", "operator": "replace", "value": 1}]}})],
        "override-no-effect", "warning", "spec.overrideRules[0].overriders.labelsOverrider[0]",
    ),
    "replace of a label that is not there": (
        [deployment(), policy(), override({"overriders": {"labelsOverrider": [
            {"operator": "replace", "value": {"bar": "test"}}]}})],
        "override-no-effect", "warning", "spec.overrideRules[0].overriders.labelsOverrider[0]",
    ),
    "an image of a kind without containers": (
        [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}},
         policy(selectors=[{"apiVersion": "v1", "kind": "ConfigMap"}]),
         override({"overriders": {"imageOverrider": [
             {"component": "Tag", "operator": "replace", "value": "2"}]}},
             resourceSelectors=[{"apiVersion": "v1", "kind": "ConfigMap"}])],
        "override-no-effect", "warning", "spec.overrideRules[0].overriders.imageOverrider[0]",
    ),
    "args of a container that is not there": (
        [deployment(), policy(), override({"overriders": {"argsOverrider": [
            {"containerName": "wbe", "operator": "add", "value": ["-v"]}]}})],
        "override-no-effect", "warning", "spec.overrideRules[0].overriders.argsOverrider[0]",
    ),
    "a rule for a cluster where it never goes": (
        [deployment(), policy({"clusterAffinity": {"clusterNames": ["east"]}}), override(
            {"targetCluster": {"clusterNames": ["west"]},
             "overriders": {"labelsOverrider": [{"operator": "add", "value": {"a": "b"}}]}})],
        "override-target", "warning", "spec.overrideRules[0].targetCluster",
    ),
}  # fmt: skip


def found(objects: list[dict[str, Any]], code: str, **given: Any) -> list[Finding]:
    return [each for each in lint(objects, FLEET, **given) if each.code == code]


@pytest.mark.parametrize(("objects", "code", "severity", "field"), TRAPS.values(), ids=TRAPS.keys())
def test_trap_is_found(objects: list[dict[str, Any]], code: str, severity: str, field: str) -> None:
    findings = found(objects, code)
    assert [(each.severity, each.field) for each in findings][:1] == [(severity, field)]
    assert all(each.message and each.why and each.instead for each in findings)


FREE: dict[str, tuple[list[dict[str, Any]], str]] = {
    "maxGroups given": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [BY_CLUSTER]})],
        "max-groups-unset",
    ),
    "constraint with dynamic weight": (
        [deployment(), policy({**EVERYWHERE, "spreadConstraints": [BY_CLUSTER],
                               "replicaScheduling": DYNAMIC})], "spread-ignored",
    ),
    "groups with aggregated": (
        [deployment(), policy({"replicaScheduling": AGGREGATED, "clusterAffinities": [
            {"affinityName": "one", "clusterNames": ["east"]},
            {"affinityName": "two", "clusterNames": ["west"]}]})], "affinities-never-fall-through",
    ),
    "taint tolerated": (
        [deployment(), policy({"clusterAffinity": {"clusterNames": ["edge"]},
                               "clusterTolerations": [{"key": "edge", "operator": "Exists"}]})],
        "untolerated-taint",
    ),
    "dependencies followed": (
        [deployment(container={"envFrom": [{"configMapRef": {"name": "settings"}}]}),
         policy(propagateDeps=True)], "dependencies-not-followed",
    ),
    "dependency with a policy of its own": (
        [deployment(container={"envFrom": [{"configMapRef": {"name": "settings"}}]}),
         policy(selectors=[{"apiVersion": "apps/v1", "kind": "Deployment"},
                           {"apiVersion": "v1", "kind": "ConfigMap"}])],
        "dependencies-not-followed",
    ),
    "zero replicas without requests": ([deployment(replicas=0), policy()], "zero-replicas"),
    "replicas retained": (
        [deployment(labels={"resourcetemplate.karmada.io/retain-replicas": "true"}), hpa(),
         policy(selectors=HPA_TOO)], "hpa-fights",
    ),
    "a label that another rule adds first": (
        [deployment(), policy(), override(
            {"overriders": {"labelsOverrider": [{"operator": "add", "value": {"a": "1"}},
                                                {"operator": "replace", "value": {"a": "2"}}]}})],
        "override-no-effect",
    ),
    "static weights that fit": (
        [deployment(replicas=4, container=BIG),
         policy({**EVERYWHERE, "replicaScheduling": weights("east", "west")})], "more-than-fits",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("objects", "code"), FREE.values(), ids=FREE.keys())
def test_no_false_alarm(objects: list[dict[str, Any]], code: str) -> None:
    assert found(objects, code) == []


def test_a_sound_set_has_no_finding() -> None:
    objects = [deployment(), policy({**EVERYWHERE, "replicaScheduling": DYNAMIC}), TAINT_POLICY]
    assert lint(objects, FLEET, FAILOVER) == []


def test_failover_in_order_is_silent() -> None:
    lost = policy(failover={"cluster": {"purgeMode": "Gracefully"}})
    assert found([deployment(), lost, TAINT_POLICY], "no-failover", settings=FAILOVER) == []


def test_without_the_taint_manager_nothing_fails_over() -> None:
    off = replace(FAILOVER, enable_taint_manager=False)
    (finding,) = found([deployment(), policy(), TAINT_POLICY], "no-failover", settings=off)
    assert finding.why.endswith("Missing: --enable-taint-manager is off")


def test_without_intent_failover_is_one_note() -> None:
    findings = found([deployment(), policy(), policy(name="b", priority=1)], "no-failover")
    assert [each.severity for each in findings] == ["note"]


def test_settings_switch_traps_off() -> None:
    empty = KarmadaSettings(enable_empty_workload_propagation=True)
    assert (
        found([deployment(replicas=0, container=BIG), policy()], "zero-replicas", settings=empty)
        == []
    )
    gates = KarmadaSettings().with_gates(PropagationPolicyPreemption=True)
    assert (
        found([deployment(), policy(preemption="Always")], "preemption-off", settings=gates) == []
    )


def test_without_a_fleet_traps_that_need_one_are_silent() -> None:
    objects = [deployment(), policy({"clusterAffinity": {"clusterNames": ["anything"]}})]
    codes = {each.code for each in lint(objects)}
    assert not codes & {"unknown-cluster", "no-cluster-matches", "untolerated-taint"}


def test_cluster_objects_count_as_the_fleet() -> None:
    cluster = {
        "apiVersion": "cluster.karmada.io/v1alpha1",
        "kind": "Cluster",
        "metadata": {"name": "north"},
        "spec": {"syncMode": "Push"},
    }
    lost = policy({"clusterAffinity": {"clusterNames": ["nroth"]}})
    (finding,) = [e for e in lint([deployment(), lost, cluster]) if e.code == "unknown-cluster"]
    assert 'did you mean "north"' in finding.message


def test_unused_namespace_hint() -> None:
    objects = TRAPS["another namespace"][0]
    (finding,) = found(objects, "selects-nothing")
    assert "namespace prod" in finding.why


def test_room_counts_the_scarcest_resource() -> None:
    small = [ClusterSpec("east", node_pools=(NodePool("p", 2, cpu="64", memory="1Gi", pods=110),))]
    eats_memory = {"resources": {"requests": {"cpu": "10m", "memory": "512Mi"}}}
    objects = [deployment(replicas=5, container=eats_memory), policy({"clusterAffinity": {}})]
    messages = [each.message for each in lint(objects, small) if each.code == "more-than-fits"]
    assert messages == ["Deployment web gives east 5 replicas, but its nodes hold 4"]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([case[0] for case in TRAPS.values()]), max_size=3))
def test_any_mixture_is_judged_and_ordered(groups: list[list[dict[str, Any]]]) -> None:
    objects = [each for group in groups for each in group]
    findings = lint(objects, FLEET)
    assert findings == lint(objects, FLEET)
    assert [each.index for each in findings] == sorted(each.index for each in findings)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "cluster", "In"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["clusterAffinity", "minGroups", "path"]), inner)
    ),
    max_leaves=10,
)
FIELDS = st.sampled_from(["placement", "failover", "overrideRules", "taints", "resourceSelectors"])


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.sampled_from(["PropagationPolicy", "OverridePolicy", "ClusterTaintPolicy"]),
    st.dictionaries(FIELDS, JSON, max_size=4),
)
def test_hostile_policies_are_judged_too(kind: str, spec: dict[str, Any]) -> None:
    hostile = {**policy(kind=kind), "spec": spec}
    assert isinstance(lint([deployment(), policy(), hostile], FLEET), list)
