"""`lab.plan`: whole plans of small federations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import lab
from lab.core.errors import ApiError, InputError
from lab.core.settings import KarmadaSettings
from lab.planning import Plan, plan

CONFORMANCE = Path(__file__).parent.parent / "conformance"
APIS = [
    {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]},
    {"groupVersion": "batch/v1", "resources": [{"name": "jobs", "kind": "Job"}]},
    {
        "groupVersion": "v1",
        "resources": [
            {"name": "configmaps", "kind": "ConfigMap"},
            {"name": "secrets", "kind": "Secret"},
        ],
    },
    {
        "groupVersion": "rbac.authorization.k8s.io/v1",
        "resources": [{"name": "clusterroles", "kind": "ClusterRole"}],
    },
]


def cluster(name: str, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "cluster.karmada.io/v1alpha1",
        "kind": "Cluster",
        "metadata": {"name": name, "labels": labels},
        "spec": {"syncMode": "Push"},
        "status": {"apiEnablements": APIS},
    }


def obj(kind: str, name: str, api: str = "v1", **parts: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **parts}


def deployment(name: str = "web", replicas: int | None = 2, **pod: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "nginx"}]
    spec: dict[str, Any] = {"template": {"spec": {"containers": containers, **pod}}}
    if replicas is not None:
        spec["replicas"] = replicas
    return obj("Deployment", name, "apps/v1", spec=spec)


def policy(
    name: str = "pp",
    *names: str,
    kind: str = "PropagationPolicy",
    target: tuple[str, str] = ("apps/v1", "Deployment"),
    clusters: tuple[str, ...] = (),
    **spec: Any,
) -> dict[str, Any]:
    api_version, selected = target
    selectors = [{"apiVersion": api_version, "kind": selected, "name": each} for each in names]
    affinity = {"clusterAffinity": {"clusterNames": list(clusters)}} if clusters else {}
    spec = {
        "resourceSelectors": selectors or [{"apiVersion": api_version, "kind": selected}],
        **spec,
    }
    spec["placement"] = {**affinity, **spec.get("placement", {})}
    return obj(kind, name, "policy.karmada.io/v1alpha1", spec=spec)


DIVIDED = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
    }
}
TWO = [cluster("member1"), cluster("member2")]


def where(found: Plan, name: str) -> dict[str, int | None]:
    planned = found.binding(name)
    assert planned is not None
    return {target["name"]: target.get("replicas") for target in planned.clusters}


def held(found: Plan, cluster_name: str) -> list[str]:
    return [
        f"{manifest['kind']}/{manifest['metadata']['name']}"
        for manifest in found.manifests[cluster_name]
    ]


# ── the article's example ──────────────────────────────────────────────────────────────────────

NGINX = obj(
    "Deployment",
    "nginx",
    "apps/v1",
    spec={
        "replicas": 2,
        "selector": {"matchLabels": {"app": "nginx"}},
        "template": {
            "metadata": {"labels": {"app": "nginx"}},
            "spec": {"containers": [{"image": "nginx", "name": "nginx"}]},
        },
    },
)
NGINX["metadata"]["labels"] = {"app": "nginx"}
WEIGHTS = [
    {"targetCluster": {"clusterNames": [name]}, "weight": 1} for name in ("member1", "member2")
]
ARTICLE_POLICY = policy(
    "nginx-propagation",
    "nginx",
    clusters=("member1", "member2"),
    placement={
        "replicaScheduling": {
            **DIVIDED["replicaScheduling"],
            "weightPreference": {"staticWeightList": WEIGHTS},
        }
    },
)
ARTICLE_OVERRIDES = obj(
    "OverridePolicy",
    "nginx-op",
    "policy.karmada.io/v1alpha1",
    spec={
        "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "nginx"}],
        "overrideRules": [
            {
                "targetCluster": {"clusterNames": ["member2"]},
                "overriders": {
                    "labelsOverrider": [
                        {"operator": "add", "value": {"env": "skoala-dev"}},
                        {"operator": "add", "value": {"env-stat": "skoala-stage"}},
                        {"operator": "remove", "value": {"for": "for"}},
                        {"operator": "replace", "value": {"bar": "test"}},
                    ]
                },
            },
            {
                "targetCluster": {"clusterNames": ["member1"]},
                "overriders": {
                    "annotationsOverrider": [
                        {"operator": "add", "value": {"env": "skoala-stage"}},
                        {"operator": "remove", "value": {"bom": "bom"}},
                        {"operator": "replace", "value": {"emma": "sophia"}},
                    ]
                },
            },
        ],
    },
)


def own(marks: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in marks.items() if "karmada.io/" not in key}


def test_the_article_s_nginx_as_seen_on_a_real_control_plane() -> None:
    found = plan([*TWO, NGINX, ARTICLE_POLICY, ARTICLE_OVERRIDES])
    assert where(found, "nginx-deployment") == {"member1": 1, "member2": 1}
    [first], [second] = found.manifests["member1"], found.manifests["member2"]
    assert own(first["metadata"]["labels"]) == {"app": "nginx"}
    assert own(first["metadata"]["annotations"]) == {"env": "skoala-stage"}
    assert own(second["metadata"]["labels"]) == {
        "app": "nginx",
        "env": "skoala-dev",
        "env-stat": "skoala-stage",
    }
    assert own(second["metadata"]["annotations"]) == {}
    for manifest in (first, second):
        assert manifest["spec"] == {**NGINX["spec"], "replicas": 1}
        labels, notes = manifest["metadata"]["labels"], manifest["metadata"]["annotations"]
        assert labels["karmada.io/managed"] == "true"
        for mark in ("propagationpolicy", "resourcebinding", "work"):
            assert len(labels[f"{mark}.karmada.io/permanent-id"]) == 36
        assert notes["work.karmada.io/name"] == "nginx-687f7fb96f"
        assert notes["work.karmada.io/conflict-resolution"] == "abort"
        assert notes["resourcebinding.karmada.io/name"] == "nginx-deployment"
        # Claiming writes annotations, and a Deployment's generation counts those.
        assert notes["resourcetemplate.karmada.io/generation"] == "2"
        listed = notes["resourcetemplate.karmada.io/managed-labels"].split(",")
        assert listed == sorted(labels)


def test_the_plan_as_data() -> None:
    result = plan([*TWO, NGINX, ARTICLE_POLICY]).to_dict()
    [binding] = result["bindings"]
    assert json.loads(json.dumps(result)) == result
    assert binding["template"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "default",
        "name": "nginx",
    }
    assert binding["policy"] == {
        "kind": "PropagationPolicy",
        "namespace": "default",
        "name": "nginx-propagation",
    }
    assert {key: binding[key] for key in ("kind", "namespace", "name", "reason", "error")} == {
        "kind": "ResourceBinding",
        "namespace": "default",
        "name": "nginx-deployment",
        "reason": "Success",
        "error": None,
    }
    assert (binding["noop"], binding["retried"], binding["observedAffinity"]) == (
        False,
        False,
        None,
    )
    assert binding["explain"]["claim"]["candidates"][0]["selectedBy"] == "name"


def test_the_same_plan_twice_and_the_objects_stay_as_they_were() -> None:
    objects = [*TWO, NGINX, ARTICLE_POLICY, ARTICLE_OVERRIDES]
    before = json.dumps(objects)
    assert plan(objects).to_dict() == plan(objects).to_dict()
    assert json.dumps(objects) == before


# ── bindings that are given ────────────────────────────────────────────────────────────────────

SCHEDULE_CASES = [
    json.loads(line)
    for line in (CONFORMANCE / "karmada-schedule-cases.jsonl").read_text().splitlines()
]


def targets(clusters: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["name"]: (each.get("replicas", 0), each.get("components")) for each in clusters}


@pytest.mark.parametrize("case", SCHEDULE_CASES, ids=lambda case: case["id"])
def test_a_given_binding_takes_one_turn(case: dict[str, Any]) -> None:
    flag = case.get("enableEmptyWorkloadPropagation")
    flags = {} if flag is None else {"enable_empty_workload_propagation": flag}
    [binding] = plan([*case["clusters"], case["binding"]], **flags).to_dict()["bindings"]
    assert any(
        (binding["reason"], binding["error"], targets(binding["clusters"]))
        == (
            expect["reason"],
            expect.get("error"),
            targets(expect["clusters"] if "clusters" in expect else expect["after"]),
        )
        and binding["retried"] == expect.get("retried", False)
        and binding["noop"] == expect.get("noop", binding["noop"])
        for expect in case["expect"]
    )


def test_a_given_binding_stands_for_its_template() -> None:
    first = plan([*TWO, deployment(), policy(placement=DIVIDED)])
    standing = first.bindings[0].manifest
    again = plan([*TWO, deployment(replicas=50), policy(), standing])
    [planned] = again.bindings
    assert planned.outcome is not None
    assert planned.outcome.noop, "nothing changed since its last turn"
    replicas = [again.manifests[name][0]["spec"]["replicas"] for name in ("member1", "member2")]
    assert replicas == [1, 1]


def test_what_a_plan_leaves_out_is_said() -> None:
    binding = obj("ResourceBinding", "b", "work.karmada.io/v1alpha2", spec={"placement": {}})
    bare = {**cluster("bare"), "status": {}}
    rebalancer = obj("WorkloadRebalancer", "r", "apps.karmada.io/v1alpha1", spec={"workloads": []})
    assert plan([*TWO, bare, binding, rebalancer]).notes == [
        "Cluster bare lists no APIs (status.apiEnablements), so the scheduler puts nothing new "
        "there",
        "ResourceBinding default/b: its template is not among the objects, so nothing of it is "
        "rendered",
        "WorkloadRebalancer (1) has no part in a plan",
    ]


def test_a_setting_without_effect_is_said() -> None:
    gates = {"MultiClusterService": True}
    assert plan(TWO, feature_gates=gates, resource_eviction_rate=2.0).notes == [
        "feature gate MultiClusterService has no effect: a MultiClusterService is stored, and "
        "nothing acts on it",
        "resourceEvictionRate has no effect: feature gate Failover is off",
    ]


def test_a_plan_has_no_estimators_to_ask() -> None:
    assert plan(TWO, enable_scheduler_estimator=True).notes == [
        "enableSchedulerEstimator: a plan knows no nodes, so room is what the clusters report"
    ]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"schedulerName": "mine"}, 'it asks for scheduler "mine"'),
        ({"suspension": {"scheduling": True}}, "its scheduling is suspended"),
    ],
)
def test_a_binding_that_the_scheduler_does_not_look_at(spec: dict[str, Any], reason: str) -> None:
    binding = obj(
        "ResourceBinding",
        "b",
        "work.karmada.io/v1alpha2",
        spec={"placement": {}, "clusters": [{"name": "member1"}], **spec},
    )
    [result] = plan([*TWO, binding]).to_dict()["bindings"]
    assert result["clusters"] == [{"name": "member1"}]
    assert result["noop"]
    assert result["explain"]["skipped"] == reason


# ── claims ─────────────────────────────────────────────────────────────────────────────────────


def test_templates_without_a_policy_are_listed() -> None:
    other = deployment("other")
    other["metadata"]["namespace"] = "kube-system"
    found = plan([*TWO, deployment(), other, policy("pp", "else")])
    assert found.bindings == []
    assert {entry["name"]: entry["reason"] for entry in found.unmatched} == {
        "web": "no policy selects it",
        "other": "Karmada never propagates it (reserved or skipped namespace)",
    }


def test_a_claim_sticks_unless_preempted() -> None:
    mine = policy("mine", clusters=("member1",))
    better = policy("better", "web", clusters=("member2",), priority=5, preemption="Always")
    claimed = plan([*TWO, deployment(), mine]).bindings[0]
    template = deployment()
    labels, notes = claimed.manifest["metadata"]["labels"], claimed.manifest["metadata"]
    template["metadata"]["labels"] = {
        key: value for key, value in labels.items() if key.startswith("propagationpolicy")
    }
    template["metadata"]["annotations"] = notes["annotations"]
    assert set(where(plan([*TWO, template, mine, better]), "web-deployment")) == {"member1"}
    gates = {"PropagationPolicyPreemption": True}
    found = plan([*TWO, template, mine, better], feature_gates=gates)
    assert set(where(found, "web-deployment")) == {"member2"}
    assert found.bindings[0].claim["preempted"] is True
    alone = plan([*TWO, template, better])
    assert set(where(alone, "web-deployment")) == {"member2"}, "its policy is gone: a new claim"


def test_a_cluster_scoped_template_has_a_binding_of_its_own_kind() -> None:
    role = obj("ClusterRole", "system:Reader", "rbac.authorization.k8s.io/v1", rules=[])
    wide = policy(
        "cpp",
        kind="ClusterPropagationPolicy",
        target=("rbac.authorization.k8s.io/v1", "ClusterRole"),
    )
    found = plan([*TWO, role, wide])
    [binding] = found.bindings
    assert binding.manifest["kind"] == "ClusterResourceBinding"
    assert binding.manifest["metadata"]["name"] == "system.reader-clusterrole"
    assert held(found, "member2") == ["ClusterRole/system:Reader"]
    labels = found.manifests["member2"][0]["metadata"]["labels"]
    assert "clusterresourcebinding.karmada.io/permanent-id" in labels


# ── what the API server fills in ───────────────────────────────────────────────────────────────


def test_replicas_that_are_not_given_are_one() -> None:
    assert where(plan([*TWO, deployment(replicas=None), policy()]), "web-deployment") == {
        "member1": 1,
        "member2": 1,
    }


def test_a_divided_job_divides_its_completions_too() -> None:
    job = obj("Job", "pi", "batch/v1", spec={"parallelism": 2, "completions": 4, "template": {}})
    found = plan([*TWO, job, policy(target=("batch/v1", "Job"), placement=DIVIDED)])
    specs = [found.manifests[name][0]["spec"] for name in ("member1", "member2")]
    assert [(spec["parallelism"], spec["completions"]) for spec in specs] == [(1, 2), (1, 2)]


# ── failures, dependencies, namespaces, suspension ─────────────────────────────────────────────


def test_nowhere_to_go() -> None:
    found = plan([*TWO, deployment(), policy(clusters=("elsewhere",))])
    [binding] = found.to_dict()["bindings"]
    assert binding["reason"] == "NoClusterFit"
    assert binding["error"].startswith("0/2 clusters are available")
    assert found.manifests == {"member1": [], "member2": []}


def test_an_override_that_fails_stops_its_cluster_only() -> None:
    rule = {
        "targetCluster": {"clusterNames": ["member1"]},
        "overriders": {"plaintext": [{"path": "/spec/nope", "operator": "remove"}]},
    }
    broken = obj(
        "OverridePolicy", "op", "policy.karmada.io/v1alpha1", spec={"overrideRules": [rule]}
    )
    found = plan([*TWO, deployment(), policy(), broken])
    [binding] = found.to_dict()["bindings"]
    assert binding["reason"] == "Success"
    assert list(binding["errors"]) == ["member1"]
    assert "OverridePolicy default/op, plaintext" in binding["errors"]["member1"]
    assert held(found, "member1") == []
    assert held(found, "member2") == ["Deployment/web"]


def test_dependencies_follow_their_workload() -> None:
    web = deployment(volumes=[{"configMap": {"name": "cfg"}}, {"secret": {"secretName": "gone"}}])
    objects = [*TWO, web, obj("ConfigMap", "cfg", data={"a": "b"})]
    found = plan([*objects, policy(propagateDeps=True, clusters=("member2",))])
    assert held(found, "member1") == []
    assert held(found, "member2") == ["Deployment/web", "ConfigMap/cfg"]
    first, second = found.to_dict()["bindings"]
    assert [(entry["name"], entry["found"]) for entry in first["dependencies"]] == [
        ("cfg", True),
        ("gone", False),
    ]
    assert second["policy"] is None
    assert second["clusters"] == []
    assert second["requiredBy"][0]["name"] == "web-deployment"
    assert found.unmatched == []
    assert plan([*objects, policy(clusters=("member2",))]).unmatched[0]["name"] == "cfg"
    off = plan([*objects, policy(propagateDeps=True)], feature_gates={"PropagateDeps": False})
    assert len(off.bindings) == 1


def test_a_dependency_with_a_policy_of_its_own_goes_to_both() -> None:
    web = deployment(volumes=[{"configMap": {"name": "cfg"}}])
    own_policy = policy("cfg", target=("v1", "ConfigMap"), clusters=("member1",))
    needed = policy("web", propagateDeps=True, clusters=("member2",))
    found = plan([*TWO, obj("ConfigMap", "cfg"), web, own_policy, needed])
    assert held(found, "member1") == ["ConfigMap/cfg"]
    assert sorted(held(found, "member2")) == ["ConfigMap/cfg", "Deployment/web"]


def test_namespaces_go_everywhere_by_themselves() -> None:
    found = plan([*TWO, obj("Namespace", "shop"), obj("Namespace", "default")])
    assert held(found, "member1") == held(found, "member2") == ["Namespace/shop"]
    assert found.unmatched == []


def test_a_namespace_whose_override_fails_is_told() -> None:
    rule = {"overriders": {"plaintext": [{"path": "/spec/nope", "operator": "remove"}]}}
    broken = obj(
        "ClusterOverridePolicy",
        "cop",
        "policy.karmada.io/v1alpha1",
        spec={"overrideRules": [rule]},
    )
    found = plan([cluster("member1"), obj("Namespace", "shop"), broken])
    assert held(found, "member1") == []
    assert found.notes[0].startswith("Namespace shop, cluster member1: ClusterOverridePolicy cop")


def test_a_suspended_cluster_has_a_work_and_no_object() -> None:
    paused = policy(suspension={"dispatchingOnClusters": {"clusterNames": ["member1"]}})
    found = plan([*TWO, deployment(), paused])
    assert held(found, "member1") == []
    assert len(found.works["member1"]) == 1
    assert found.to_dict()["bindings"][0]["suspended"] == ["member1"]


def test_priority_classes_are_looked_up() -> None:
    asking = {"priorityClassSource": "KubePriorityClass", "priorityClassName": "high"}
    objects = [*TWO, deployment(), policy(schedulePriority=asking)]
    high = obj("PriorityClass", "high", "scheduling.k8s.io/v1", value=1000)
    spec = plan([*objects, high]).bindings[0].manifest["spec"]
    assert spec["schedulePriority"] == {"priority": 1000}
    assert '"high" not found' in plan(objects).unmatched[0]["reason"]


# ── bad input ──────────────────────────────────────────────────────────────────────────────────

BAD: dict[str, tuple[Any, str]] = {
    "no cluster": ([deployment()], "no Cluster among the objects"),
    "nothing": ([], "no Cluster among the objects"),
    "one object instead of a list": (deployment(), "needs a list of objects"),
    "a text among them": ([*TWO, "web"], "object 2 is str"),
    "no kind": ([{"metadata": {"name": "x"}}], "object 0: kind is missing"),
    "no name": ([{"apiVersion": "v1", "kind": "Pod"}], r"object 0 \(Pod\): metadata.name"),
    "a null in a list": (
        [{"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "x"}, "spec": {"a": [1, None]}}],
        r"X x: spec\.a\[1\] is null",
    ),
    "a key that is a number": (
        [{"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "x"}, "spec": {1: 2}}],
        "X x: spec has the key 1",
    ),
    "labels that are a list": (
        [{"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "x", "labels": ["a"]}}],
        "metadata.labels is .*, needs a map",
    ),
    "a label that is a number": (
        [{"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "x", "labels": {"a": 1}}}],
        "metadata.labels.a is 1, needs a text",
    ),
    "a spec that is a text": (
        [{"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "x"}, "spec": "x"}],
        "spec is .*, needs a map",
    ),
    "replicas that are a text": (
        [{**deployment(), "spec": {"replicas": "3"}}],
        r"Deployment web: spec\.replicas is .*3.*, needs a whole number",
    ),
    "zones that are a text": (
        [{**cluster("m"), "spec": {"zones": "a"}}],
        r"Cluster m: spec\.zones is .*, needs a list",
    ),
    "a number for a name": (
        [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 5}}],
        "5, needs a text",
    ),
}


@pytest.mark.parametrize(("objects", "message"), BAD.values(), ids=BAD.keys())
def test_bad_objects(objects: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan(objects)


def test_bad_settings_name_the_nearest_right_word() -> None:
    with pytest.raises(InputError, match="enable_empty_workload_propagation"):
        plan(TWO, enable_empty_workload_propogation=True)
    with pytest.raises(InputError, match="PropagateDeps"):
        plan(TWO, feature_gates={"PropagateDep": True})
    with pytest.raises(InputError, match="true or false"):
        plan(TWO, enable_empty_workload_propagation="yes")


def test_a_policy_that_admission_refuses() -> None:
    both = {"clusterAffinities": [{"affinityName": "a"}], "clusterAffinity": {}}
    with pytest.raises((ApiError, InputError), match="clusterAffinit"):
        plan([*TWO, policy(placement=both)])


def test_settings_come_whole_or_one_by_one() -> None:
    base = KarmadaSettings(scheduler_name="mine").with_gates(Failover=True)
    asking = policy(schedulerName="mine")
    assert where(plan([*TWO, deployment(), asking], settings=base), "web-deployment")
    gates = {"PropagateDeps": False}
    both = plan([*TWO, deployment(), asking], settings=base, feature_gates=gates)
    assert where(both, "web-deployment")


def test_lists_are_opened_and_later_objects_replace_earlier_ones() -> None:
    many = {"apiVersion": "v1", "kind": "List", "items": [deployment(replicas=5), policy()]}
    found = plan([*TWO, many, deployment(replicas=1)])
    assert where(found, "web-deployment") == {"member1": 1, "member2": 1}


def test_the_front_door_loads_on_first_use() -> None:
    assert lab.plan is plan
    assert lab.Plan is Plan
    assert "plan" in dir(lab)
    with pytest.raises(AttributeError):
        _ = lab.nothing
