"""Server-side apply: merging, ownership, conflicts, and fields a manager gives up.

Cases follow the Kubernetes documentation of server-side apply and structured-merge-diff's tests.
"""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.manifest import set_in
from lab.store.api_store import ApiStore
from tests.store.support import Recorder, config_map, deployment, hub, key, work


def refusal(call: Any, *args: Any, **kwargs: Any) -> ApiError:
    with pytest.raises(ApiError) as raised:
        call(*args, **kwargs)
    return raised.value


def managers(store: ApiStore, manifest: Any) -> dict[str, Any]:
    entries = store.get(key(manifest))["metadata"].get("managedFields", [])
    return {f"{entry['manager']} {entry['operation']}": entry["fieldsV1"] for entry in entries}


def pod(**spec: Any) -> dict[str, Any]:
    meta = {"name": "p", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def test_apply_creates_and_notes_the_manager() -> None:
    store = hub()
    created = store.apply(config_map(data={"a": "1"}, labels={"x": "y"}), "me", 61)
    assert created["metadata"]["managedFields"] == [
        {
            "manager": "me",
            "operation": "Apply",
            "apiVersion": "v1",
            "time": "2026-01-01T00:01:01Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {"f:x": {}}}},
        }
    ]


def test_the_same_again_changes_nothing() -> None:
    store = hub()
    store.apply(deployment(), "me", 0)
    recorder = Recorder(store)
    before = store.get(key(deployment()))
    assert store.apply(deployment(), "me", 100) is before
    assert recorder.changes == []


def test_lists_by_key_are_owned_by_element() -> None:
    store = hub()
    ports = [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]
    store.apply(pod(containers=[{"name": "a", "image": "x", "ports": ports}]), "me", 0)
    element = {".": {}, "f:containerPort": {}}
    assert managers(store, pod())["me Apply"]["f:spec"]["f:containers"] == {
        'k:{"name":"a"}': {
            ".": {},
            "f:name": {},
            "f:image": {},
            "f:ports": {
                'k:{"containerPort":80,"protocol":"TCP"}': element,
                'k:{"containerPort":80,"protocol":"UDP"}': {**element, "f:protocol": {}},
            },
        }
    }


# ── what two manifests of two managers make together ───────────────────────────────────────────

A, B, C = ({"name": name, "image": "1"} for name in "abc")
TOGETHER: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "elements of a keyed list add up": (
        {"containers": [A, B]},
        {"containers": [C]},
        {"containers": [A, B, C]},
    ),
    "the applied order rules": (
        {"containers": [A, B]},
        {"containers": [{"name": "b"}, {"name": "a"}]},
        {"containers": [B, A]},
    ),
    "a new element before a shared one": (
        {"containers": [A, B]},
        {"containers": [C, {"name": "b"}]},
        {"containers": [A, C, B]},
    ),
    "an atomic map is one value": (
        {"containers": [A], "nodeSelector": {"a": "1"}},
        {"nodeSelector": {"a": "1"}},
        {"containers": [A], "nodeSelector": {"a": "1"}},
    ),
    "fields of a struct add up": (
        {"containers": [A], "securityContext": {"runAsUser": 1}},
        {"securityContext": {"runAsGroup": 2}},
        {"containers": [A], "securityContext": {"runAsUser": 1, "runAsGroup": 2}},
    ),
}


@pytest.mark.parametrize(("first", "second", "want"), TOGETHER.values(), ids=TOGETHER.keys())
def test_together(first: dict[str, Any], second: dict[str, Any], want: dict[str, Any]) -> None:
    store = hub()
    store.apply(pod(**first), "one", 0)
    assert store.apply(pod(**second), "two", 1)["spec"] == want


def test_finalizers_are_a_set() -> None:
    store = hub()
    store.apply(config_map(finalizers=["a/b"]), "one", 0)
    found = store.apply(config_map(finalizers=["c/d"]), "two", 1)
    assert found["metadata"]["finalizers"] == ["a/b", "c/d"]
    assert managers(store, config_map())["two Apply"]["f:metadata"] == {
        "f:finalizers": {'v:"c/d"': {}}
    }


# ── conflicts ──────────────────────────────────────────────────────────────────────────────────


def test_one_conflict() -> None:
    store = hub()
    store.apply(deployment(replicas=1), "one", 0)
    error = refusal(store.apply, deployment(replicas=2), "two", 1)
    assert (error.code, error.reason) == (409, "Conflict")
    assert str(error) == 'Apply failed with 1 conflict: conflict with "one": .spec.replicas'
    assert [(cause.field, cause.reason) for cause in error.causes] == [
        (".spec.replicas", "FieldManagerConflict")
    ]
    assert store.get(key(deployment()))["spec"]["replicas"] == 1


def test_conflicts_with_an_updater_name_its_version() -> None:
    store = hub()
    store.apply(deployment(), "one", 0)
    image = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "2"}]}}}}
    store.patch(key(deployment()), image, "strategic", 1, field_manager="kubectl-set")
    store.patch(
        key(deployment()), {"spec": {"replicas": 9}}, "merge", 2, field_manager="kubectl-set"
    )
    error = refusal(store.apply, deployment(), "one", 3)
    assert str(error) == (
        'Apply failed with 2 conflicts: conflicts with "kubectl-set" using apps/v1:\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="main"].image'
    )


def test_the_same_value_is_shared() -> None:
    store = hub()
    store.apply(deployment(replicas=3), "one", 0)
    store.apply(deployment(replicas=3), "two", 1)
    for name in ("one Apply", "two Apply"):
        assert managers(store, deployment())[name]["f:spec"]["f:replicas"] == {}
    error = refusal(store.apply, deployment(replicas=4), "one", 2)
    assert 'conflict with "two": .spec.replicas' in str(error)


def test_force_takes_the_field() -> None:
    store = hub()
    store.apply(deployment(replicas=1), "one", 0)
    found = store.apply(deployment(replicas=2), "two", 1, force=True)
    assert found["spec"]["replicas"] == 2
    assert "f:replicas" not in managers(store, deployment())["one Apply"]["f:spec"]
    assert managers(store, deployment())["two Apply"]["f:spec"]["f:replicas"] == {}


def test_an_update_takes_the_fields_it_changes() -> None:
    store = hub()
    old = store.apply(deployment(replicas=1), "one", 0)
    store.update(set_in(old, ("spec", "replicas"), 5), 61, field_manager="hpa")
    found = managers(store, deployment())
    assert found["hpa Update"] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in found["one Apply"]["f:spec"]


def test_an_object_made_otherwise() -> None:
    store = hub()
    store.create(deployment(replicas=1), 0)
    assert "managedFields" not in store.get(key(deployment()))["metadata"]
    store.apply(deployment(replicas=1), "me", 1)
    error = refusal(store.apply, deployment(replicas=2), "me", 2)
    assert str(error) == (
        'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: '
        ".spec.replicas"
    )


def test_status_is_no_business_of_an_applier() -> None:
    store = hub()
    store.apply({**deployment(), "status": {"replicas": 1}}, "me", 0)
    store.update(
        {**deployment(), "status": {"replicas": 2}},
        1,
        subresource="status",
        field_manager="controller",
    )
    found = store.apply({**deployment(replicas=4), "status": {"replicas": 9}}, "me", 2)
    assert (found["spec"]["replicas"], found["status"]) == (4, {"replicas": 2})
    entries = found["metadata"]["managedFields"]
    assert [entry.get("subresource") for entry in entries] == [None, "status"]
    assert entries[1]["fieldsV1"] == {"f:status": {"f:replicas": {}}}


def test_apply_of_the_status() -> None:
    store = hub()
    store.create(deployment(), 0)
    body = {**deployment(replicas=77), "status": {"replicas": 3}}
    found = store.apply(body, "controller", 1, subresource="status")
    assert (found["spec"]["replicas"], found["status"]) == (1, {"replicas": 3})


# ── giving up fields ───────────────────────────────────────────────────────────────────────────

GIVEN_UP: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "a field": (
        {"containers": [A], "hostname": "h"},
        {"containers": [A]},
        {"containers": [A]},
    ),
    "an element of a list": (
        {"containers": [A, B]},
        {"containers": [B]},
        {"containers": [B]},
    ),
    "a whole struct": (
        {"containers": [A], "securityContext": {"runAsUser": 1}},
        {"containers": [A]},
        {"containers": [A]},
    ),
    "everything": ({"containers": [A]}, {}, {}),
}


@pytest.mark.parametrize(("first", "second", "want"), GIVEN_UP.values(), ids=GIVEN_UP.keys())
def test_what_is_given_up_goes(
    first: dict[str, Any], second: dict[str, Any], want: dict[str, Any]
) -> None:
    store = hub()
    store.apply(pod(**first), "me", 0)
    found = store.apply(pod(**second), "me", 1)
    spec = found.get("spec") or {}
    assert spec == want


def test_what_another_has_stays() -> None:
    store = hub()
    store.apply(config_map(data={"a": "1", "b": "1"}), "one", 0)
    store.apply(config_map(data={"b": "1"}), "two", 1)
    nothing = config_map()
    del nothing["data"]
    found = store.apply(nothing, "one", 2)
    assert found["data"] == {"b": "1"}
    assert list(managers(store, config_map())) == ["two Apply"]


def test_what_an_updater_added_inside_stays() -> None:
    store = hub()
    store.apply(deployment(), "me", 0)
    limits = {"containers": [{"name": "main", "resources": {"limits": {"cpu": "1"}}}]}
    body = {"spec": {"template": {"spec": limits}}}
    store.patch(key(deployment()), body, "strategic", 1, field_manager="vpa")
    found = store.apply(deployment(replicas=2), "me", 2)
    container = found["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"] == {"limits": {"cpu": "1"}}


def test_handing_replicas_over_to_an_autoscaler() -> None:
    """The way the documentation shows: the user leaves the field out once somebody else has it."""
    store = hub()
    store.apply(deployment(replicas=3), "user", 0)
    replicas = {**deployment(), "spec": {"replicas": 3}}
    store.apply(replicas, "hpa", 1)
    without = deployment()
    del without["spec"]["replicas"]
    assert store.apply(without, "user", 2)["spec"]["replicas"] == 3
    replicas = {**deployment(), "spec": {"replicas": 8}}
    assert store.apply(replicas, "hpa", 3)["spec"]["replicas"] == 8


def test_lists_of_a_custom_resource_are_one_value() -> None:
    store = hub()
    one = set_in(work(), ("spec", "workload", "manifests"), [config_map("a")])
    store.apply(one, "karmada", 0)
    two = set_in(work(), ("spec", "workload", "manifests"), [config_map("b")])
    found = store.apply(two, "karmada", 1)
    assert found["spec"]["workload"]["manifests"] == [config_map("b")]
    assert found["metadata"]["generation"] == 2
    assert managers(store, work())["karmada Apply"] == {
        "f:spec": {"f:workload": {"f:manifests": {}}}
    }


def test_an_unknown_kind_is_merged_by_its_shape() -> None:
    store = hub()
    meta = {"name": "w", "namespace": "default"}
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": meta}
    store.apply({**widget, "spec": {"a": {"x": 1}, "list": [1]}}, "one", 0)
    found = store.apply({**widget, "spec": {"a": {"y": 2}}}, "two", 1)
    assert found["spec"] == {"a": {"x": 1, "y": 2}, "list": [1]}


REFUSALS: dict[str, tuple[dict[str, Any], str, int, str]] = {
    "managed fields": (
        config_map(managedFields=[]),
        "me",
        400,
        "metadata.managedFields must be nil",
    ),
    "no manager": (config_map(), "", 400, "fieldManager: Required value: is required"),
    "no name": (config_map(""), "me", 400, "name is required"),
    "a key is left out": (
        pod(containers=[{"image": "x"}]),
        "me",
        400,
        'associative list with keys has an element that omits key field "name"',
    ),
    "a uid of what is not there": (config_map(uid="u"), "me", 409, "uid mismatch"),
    "a missing namespace": (
        config_map(namespace="nowhere"),
        "me",
        404,
        'namespaces "nowhere" not found',
    ),
}


@pytest.mark.parametrize(
    ("manifest", "manager", "code", "text"), REFUSALS.values(), ids=REFUSALS.keys()
)
def test_refused(manifest: dict[str, Any], manager: str, code: int, text: str) -> None:
    error = refusal(hub().apply, manifest, manager, 0)
    assert error.code == code
    assert text in str(error)


def test_duplicate_elements_are_refused() -> None:
    store = hub()
    store.apply(pod(containers=[A]), "me", 0)
    assert refusal(store.apply, pod(containers=[A, A]), "me", 1).code == 400


def test_a_stale_version_conflicts() -> None:
    store = hub()
    store.apply(config_map(data={"a": "1"}), "me", 0)
    error = refusal(store.apply, config_map(data={"a": "2"}, resourceVersion="1"), "me", 1)
    assert "the object has been modified" in str(error)


def test_null_is_owned_and_absent() -> None:
    store = hub()
    store.apply(deployment(replicas=3), "me", 0)
    nothing = deployment()
    nothing["spec"]["replicas"] = None  # type: ignore[index]
    assert "replicas" not in store.apply(nothing, "me", 1)["spec"]


def test_tracking_all_writers() -> None:
    store = hub(track_managers=True)
    store.create(config_map(data={"a": "1"}), 0, field_manager="one")
    store.patch(key(config_map()), {"data": {"b": "2"}}, "merge", 1, field_manager="two")
    store.patch(key(config_map()), {"data": {"a": None}}, "merge", 2, field_manager="two")
    found = managers(store, config_map())
    assert found == {"one Update": {"f:data": {}}, "two Update": {"f:data": {"f:b": {}}}}
