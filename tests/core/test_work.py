"""Bindings become Works: targets, replicas, completions, marks, errors of one cluster."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.interpreter import native_interpreter
from lab.core.manifest import Manifest
from lab.core.overrides import OverridePolicies
from lab.core.settings import KarmadaSettings
from lab.core.work import (
    RenderedWorks,
    WorkError,
    directly_purged_clusters,
    existing_clusters,
    injected_labels,
    merge_work,
    namespace_work,
    render_works,
    suspends_dispatching,
    target_clusters,
    with_permanent_id,
    work_name,
)

SETTINGS = KarmadaSettings()
CLUSTERS = {name: {"kind": "Cluster", "metadata": {"name": name}} for name in ("m1", "m2", "m3")}


def template(kind: str = "Deployment", api: str = "apps/v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "u1",
            "generation": 4,
            "labels": {"app": "web"},
        },
        "spec": spec,
    }


def binding(*clusters: tuple[str, int], **spec: Any) -> dict[str, Any]:
    targets = [{"name": name, "replicas": replicas} for name, replicas in clusters]
    labels = {"resourcebinding.karmada.io/permanent-id": "b-id"}
    return {
        "kind": "ResourceBinding",
        "metadata": {"name": "web-deployment", "namespace": "shop", "labels": labels},
        "spec": {"clusters": targets, **spec},
    }


def render(
    obj: Manifest,
    owner: Manifest,
    *policies: Manifest,
    settings: KarmadaSettings = SETTINGS,
) -> RenderedWorks:
    interpreter = native_interpreter(settings)
    overrides = OverridePolicies.of(policies)
    return render_works(obj, owner, CLUSTERS, overrides, interpreter, settings)


def manifests(rendered: RenderedWorks) -> dict[str, Any]:
    return {each.cluster: each.work["spec"]["workload"]["manifests"][0] for each in rendered.works}


NAMES = {
    "the check value": (("Deployment", "nginx", "default"), "nginx-687f7fb96f"),
    "a config map": (("ConfigMap", "app-config", "default"), "app-config-8f8879f6d"),
    "a secret": (("Secret", "app-secret", "default"), "app-secret-67b694bdc4"),
}


@pytest.mark.parametrize(("parts", "want"), NAMES.values(), ids=NAMES.keys())
def test_work_names_as_seen_in_a_real_control_plane(parts: tuple[str, str, str], want: str) -> None:
    assert work_name(*parts) == want


def test_names_with_colons_and_capitals() -> None:
    assert work_name("ClusterRole", "system:Node", "").startswith("system.node-")


def test_targets_and_places_where_works_may_be() -> None:
    spec = {
        "clusters": [{"name": "m1", "replicas": 1}],
        "requiredBy": [{"clusters": [{"name": "m1", "replicas": 9}, {"name": "m2"}]}, {}],
        "gracefulEvictionTasks": [
            {"fromCluster": "m3", "purgeMode": "Gracefully"},
            {"fromCluster": "m4", "purgeMode": "Directly"},
        ],
    }
    assert target_clusters(spec) == [{"name": "m1", "replicas": 1}, {"name": "m2"}]
    assert existing_clusters(spec) == ["m1", "m2", "m3"]
    assert directly_purged_clusters(spec) == ["m4"]


def test_a_whole_work() -> None:
    [rendered] = render(template(replicas=9), binding(("m1", 2), replicas=9)).works
    work = with_permanent_id(rendered.work, "w-id")
    name, space = work_name("Deployment", "web", "shop"), "karmada-es-m1"
    notes = {
        "resourcebinding.karmada.io/namespace": "shop",
        "resourcebinding.karmada.io/name": "web-deployment",
        "work.karmada.io/conflict-resolution": "abort",
    }
    member_notes = {
        **notes,
        "resourcetemplate.karmada.io/generation": "4",
        "resourcetemplate.karmada.io/uid": "u1",
        "work.karmada.io/name": name,
        "work.karmada.io/namespace": space,
    }
    keys = ["resourcetemplate.karmada.io/managed-annotations"]
    keys += ["resourcetemplate.karmada.io/managed-labels", *member_notes]
    labels = {
        "app": "web",
        "resourcebinding.karmada.io/permanent-id": "b-id",
        "karmada.io/managed": "true",
        "work.karmada.io/permanent-id": "w-id",
    }
    assert work == {
        "apiVersion": "work.karmada.io/v1alpha1",
        "kind": "Work",
        "metadata": {
            "name": name,
            "namespace": space,
            "labels": {
                "resourcebinding.karmada.io/permanent-id": "b-id",
                "work.karmada.io/permanent-id": "w-id",
            },
            "annotations": notes,
            "finalizers": ["karmada.io/execution-controller"],
        },
        "spec": {
            "suspendDispatching": False,
            "preserveResourcesOnDeletion": False,
            "workload": {
                "manifests": [
                    {
                        "apiVersion": "apps/v1",
                        "kind": "Deployment",
                        "metadata": {
                            "name": "web",
                            "namespace": "shop",
                            "labels": labels,
                            "annotations": {
                                **member_notes,
                                keys[0]: ",".join(sorted(keys)),
                                keys[1]: ",".join(sorted(labels)),
                            },
                        },
                        "spec": {"replicas": 2},
                    }
                ]
            },
        },
    }


REPLICAS: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "the schedule's number, also when duplicated": (template(replicas=9), {"replicas": 9}, 2),
    "no workload keeps its own": (template(replicas=9), {}, 9),
    "a field that is not there is not made": (template(), {"replicas": 9}, None),
}


@pytest.mark.parametrize(("obj", "spec", "want"), REPLICAS.values(), ids=REPLICAS.keys())
def test_replicas(obj: dict[str, Any], spec: dict[str, Any], want: Any) -> None:
    rendered = render(obj, binding(("m1", 2), **spec))
    assert manifests(rendered)["m1"]["spec"].get("replicas") == want


DIVIDED = {"replicaScheduling": {"replicaSchedulingType": "Divided"}}
DUPLICATED = {"replicaScheduling": {"replicaSchedulingType": "Duplicated"}}
COMPLETIONS: dict[str, tuple[dict[str, Any], dict[str, Any], list[Any]]] = {
    "in proportion to the replicas": (
        {"parallelism": 3, "completions": 10},
        {"replicas": 3, "placement": DIVIDED},
        [7, 3],
    ),
    "duplicated: all of them everywhere": (
        {"parallelism": 3, "completions": 10},
        {"replicas": 3, "placement": DUPLICATED},
        [10, 10],
    ),
    "no placement, no division": (
        {"parallelism": 3, "completions": 10},
        {"replicas": 3},
        [10, 10],
    ),
    "a work queue has none": (
        {"parallelism": 3},
        {"replicas": 3, "placement": DIVIDED},
        [None, None],
    ),
}


@pytest.mark.parametrize("case", COMPLETIONS.values(), ids=COMPLETIONS.keys())
def test_completions(case: tuple[dict[str, Any], dict[str, Any], list[Any]]) -> None:
    spec, bound, want = case
    job = template("Job", "batch/v1", **spec)
    found = manifests(render(job, binding(("m1", 2), ("m2", 1), **bound)))
    assert [found[name]["spec"].get("completions") for name in ("m1", "m2")] == want
    assert [found[name]["spec"]["parallelism"] for name in ("m1", "m2")] == [2, 1]


def test_completions_that_are_no_number_stop_all_clusters() -> None:
    job = template("Job", "batch/v1", parallelism=1, completions="x")
    with pytest.raises(WorkError, match="completions"):
        render(job, binding(("m1", 1), replicas=1, placement=DIVIDED))


def override(cluster: str, *plaintext: dict[str, Any]) -> dict[str, Any]:
    rule = {
        "targetCluster": {"clusterNames": [cluster]},
        "overriders": {"plaintext": list(plaintext)},
    }
    return {
        "kind": "OverridePolicy",
        "metadata": {"name": "op", "namespace": "shop"},
        "spec": {"overrideRules": [rule]},
    }


def test_an_override_comes_after_the_replicas_and_is_noted() -> None:
    change = {"operator": "replace", "path": "/spec/replicas", "value": 7}
    rendered = render(
        template(replicas=1), binding(("m1", 2), ("m2", 2), replicas=4), override("m1", change)
    )
    found = manifests(rendered)
    assert [found[name]["spec"]["replicas"] for name in ("m1", "m2")] == [7, 2]
    notes = [each.work["metadata"]["annotations"] for each in rendered.works]
    assert "op" in notes[0]["policy.karmada.io/applied-overrides"]
    assert "policy.karmada.io/applied-overrides" not in notes[1]


def test_an_error_stops_its_own_cluster_only() -> None:
    change = {"operator": "remove", "path": "/spec/nope"}
    owner = binding(("m1", 1), ("m2", 1), ("gone", 1), replicas=3)
    rendered = render(template(replicas=1), owner, override("m1", change))
    assert [each.cluster for each in rendered.works] == ["m2"]
    assert set(rendered.errors) == {"m1", "gone"}
    assert '"gone" not found' in str(rendered.errors["gone"])


CONFLICTS: dict[str, tuple[str | None, str | None, str]] = {
    "nothing said": (None, None, "abort"),
    "the policy says": (None, "Overwrite", "overwrite"),
    "the template's word counts more": ("abort", "Overwrite", "abort"),
    "a word that is none": ("sometimes", "Overwrite", "overwrite"),
}


@pytest.mark.parametrize(("own", "bound", "want"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_conflict_resolution(own: str | None, bound: str | None, want: str) -> None:
    obj = template()
    if own is not None:
        obj["metadata"]["annotations"] = {"work.karmada.io/conflict-resolution": own}
    spec = {} if bound is None else {"conflictResolution": bound}
    rendered = render(obj, binding(("m1", 1), **spec))
    key = "work.karmada.io/conflict-resolution"
    assert manifests(rendered)["m1"]["metadata"]["annotations"][key] == want
    assert rendered.works[0].work["metadata"]["annotations"][key] == want


SUSPENDED: dict[str, tuple[Any, bool]] = {
    "not at all": (None, False),
    "all": ({"dispatching": True}, True),
    "this one": ({"dispatchingOnClusters": {"clusterNames": ["m1"]}}, True),
    "another": ({"dispatchingOnClusters": {"clusterNames": ["m2"]}}, False),
}


@pytest.mark.parametrize(("suspension", "want"), SUSPENDED.values(), ids=SUSPENDED.keys())
def test_suspension(suspension: Any, want: bool) -> None:
    assert suspends_dispatching({"suspension": suspension}, "m1") is want


TASK = {
    "purgeMode": "Directly",
    "preservedLabelState": {"s": "1"},
    "clustersBeforeFailover": ["m9"],
}
INJECTED: dict[str, tuple[list[Any], str, int, dict[str, str]]] = {
    "moved": ([TASK], "m1", 1, {"s": "1"}),
    "it was there before": ([TASK], "m9", 1, {}),
    "two targets": ([TASK], "m1", 2, {}),
    "the last task was not direct": ([TASK, {"purgeMode": "Gracefully"}], "m1", 1, {}),
    "no task": ([], "m1", 1, {}),
}


@pytest.mark.parametrize("case", INJECTED.values(), ids=INJECTED.keys())
def test_injected_labels(case: tuple[list[Any], str, int, dict[str, str]]) -> None:
    tasks, cluster, count, want = case
    assert injected_labels({"gracefulEvictionTasks": tasks}, cluster, count) == want


def test_injection_needs_its_gate() -> None:
    owner = binding(("m1", 1), gracefulEvictionTasks=[TASK])
    gated = SETTINGS.with_gates(StatefulFailoverInjection=True)
    with_gate = manifests(render(template(), owner, settings=gated))["m1"]
    assert with_gate["metadata"]["labels"]["s"] == "1"
    assert "s" in with_gate["metadata"]["annotations"]["resourcetemplate.karmada.io/managed-labels"]
    assert "s" not in manifests(render(template(), owner))["m1"]["metadata"]["labels"]


def test_a_work_brought_up_to_date_keeps_its_identity_and_then_rests() -> None:
    [first] = render(template(replicas=1), binding(("m1", 1), replicas=1)).works
    standing = with_permanent_id(first.work, "w-id")
    [second] = render(template(replicas=1), binding(("m1", 5), replicas=5)).works
    merged = merge_work(standing, second.work)
    manifest = merged["spec"]["workload"]["manifests"][0]
    assert manifest["spec"]["replicas"] == 5
    assert manifest["metadata"]["labels"]["work.karmada.io/permanent-id"] == "w-id"
    assert merge_work(merged, second.work) is merged
    going = {**merged, "metadata": {**merged["metadata"], "deletionTimestamp": "x"}}
    with pytest.raises(WorkError, match="being deleted"):
        merge_work(going, second.work)


def test_a_namespace_is_copied_with_cluster_wide_overrides() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "uid": "n"}}
    wide = {
        "kind": "ClusterOverridePolicy",
        "metadata": {"name": "cop"},
        "spec": {
            "overrideRules": [
                {"overriders": {"labelsOverrider": [{"operator": "add", "value": {"a": "b"}}]}}
            ]
        },
    }
    work = namespace_work(namespace, CLUSTERS["m1"], OverridePolicies.of([wide])).work
    [manifest] = work["spec"]["workload"]["manifests"]
    assert manifest["metadata"]["labels"] == {"a": "b", "karmada.io/managed": "true"}
    assert work["metadata"]["ownerReferences"][0]["uid"] == "n"
    assert "suspendDispatching" not in work["spec"]
    assert "labels" not in work["metadata"]
