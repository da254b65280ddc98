"""The verbs of the API server in memory, with the texts of the real one."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.kinds import MEMBER_KINDS
from lab.core.manifest import set_in
from lab.core.model import Apply, Create, Delete, Key, Patch, Probe, Update
from lab.store.api_store import ApiStore
from tests.store.support import Recorder, config_map, deployment, hub, key, work


def refusal(call: Any, *args: Any, **kwargs: Any) -> ApiError:
    with pytest.raises(ApiError) as raised:
        call(*args, **kwargs)
    return raised.value


# ── create ─────────────────────────────────────────────────────────────────────────────────────


def test_create_stamps_metadata() -> None:
    store = hub()
    meta = store.create(deployment(), 61.9)["metadata"]
    assert meta["creationTimestamp"] == "2026-01-01T00:01:01Z"
    assert meta["generation"] == 1
    assert meta["resourceVersion"] == str(store.resource_version)
    assert len(meta["uid"]) == 36
    assert store.get(key(deployment())) is not None


def test_uids_depend_on_the_seed_and_on_nothing_else() -> None:
    one = hub(uid_seed="1").create(deployment(), 0)["metadata"]["uid"]
    same = hub(uid_seed="1").create(deployment(), 99)["metadata"]["uid"]
    other = hub(uid_seed="2").create(deployment(), 0)["metadata"]["uid"]
    assert one == same != other


def test_a_name_used_again_gets_another_uid() -> None:
    store = hub()
    first = store.create(deployment(), 0)["metadata"]["uid"]
    store.delete(key(deployment()), 1)
    assert store.create(deployment(), 2)["metadata"]["uid"] != first


def test_a_uid_of_its_own_is_kept() -> None:
    assert hub().create(deployment(uid="u-1"), 0)["metadata"]["uid"] == "u-1"


def test_generate_name() -> None:
    store = hub()
    manifest = config_map(generateName="conf-")
    del manifest["metadata"]["name"]
    names = [store.create(manifest, 0)["metadata"]["name"] for _ in range(20)]
    assert len(set(names)) == 20
    assert all(name.startswith("conf-") and len(name) == 10 for name in names)
    assert hub().create(manifest, 5)["metadata"]["name"] == names[0]


def _named(manifest: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], **meta}}


CREATE_REFUSALS: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "the name is taken": (
        deployment("taken"),
        409,
        "AlreadyExists",
        'deployments.apps "taken" already exists',
    ),
    "the namespace is missing": (
        deployment(namespace="nowhere"),
        404,
        "NotFound",
        'namespaces "nowhere" not found',
    ),
    "no namespace at all": (
        deployment(namespace=""),
        400,
        "BadRequest",
        "an empty namespace may not be set during creation",
    ),
    "no name": (
        deployment(""),
        422,
        "Invalid",
        'Deployment.apps "" is invalid: metadata.name: Required value: '
        "name or generateName is required",
    ),
    "a resourceVersion": (
        deployment(resourceVersion="3"),
        400,
        "BadRequest",
        "resourceVersion should not be set on objects to be created",
    ),
    "no such API": (
        {"apiVersion": "", "kind": "", "metadata": {"name": "x"}},
        404,
        "NotFound",
        "the server could not find the requested resource",
    ),
}


@pytest.mark.parametrize(
    ("manifest", "code", "reason", "text"), CREATE_REFUSALS.values(), ids=CREATE_REFUSALS.keys()
)
def test_create_refused(manifest: dict[str, Any], code: int, reason: str, text: str) -> None:
    store = hub()
    store.create(deployment("taken"), 0)
    before = store.resource_version
    error = refusal(store.create, manifest, 1)
    assert (error.code, error.reason, str(error)) == (code, reason, text)
    assert store.resource_version == before


NAMES = {
    "capital letters": (deployment("Web"), "a lowercase RFC 1123 subdomain must consist of"),
    "an escape": (config_map("a\x1b[31m"), "a lowercase RFC 1123 subdomain"),
    "a path": (config_map("../x"), "a lowercase RFC 1123 subdomain"),
    "too long": (config_map("x" * 254), "must be no more than 253 characters"),
    "a service needs a letter first": (
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "1a", "namespace": "default"}},
        "a DNS-1035 label must consist of",
    ),
    "a namespace is a label": (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a.b"}},
        "a lowercase RFC 1123 label must consist of",
    ),
    "a label value": (config_map(labels={"a": "b c"}), "a valid label must be an empty string or"),
    "a label key": (config_map(labels={"a b": "c"}), "name part must consist of"),
}


@pytest.mark.parametrize(("manifest", "text"), NAMES.values(), ids=NAMES.keys())
def test_names_and_labels(manifest: dict[str, Any], text: str) -> None:
    error = refusal(hub().create, manifest, 0)
    assert (error.code, error.reason) == (422, "Invalid")
    assert text in str(error)
    assert error.causes


def test_a_role_may_have_a_colon() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    hub().create({**role, "metadata": {"name": "system:node"}}, 0)
    assert "may not contain '/'" in str(
        refusal(hub().create, {**role, "metadata": {"name": "a/b"}}, 0)
    )


def test_label_values_must_be_texts() -> None:
    error = refusal(hub().create, config_map(labels={"a": 1}), 0)
    assert error.code == 400


def test_metadata_must_be_a_map() -> None:
    for metadata in (None, [], "x"):
        broken = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        assert refusal(hub().create, broken, 0).code == 400


def test_status_is_dropped_on_create_but_not_on_restore() -> None:
    manifest = {**deployment(), "status": {"replicas": 3}}
    assert "status" not in hub().create(manifest, 0)
    assert hub().create(manifest, 0, restore=True)["status"] == {"replicas": 3}


def test_dry_run_changes_nothing() -> None:
    store = hub()
    recorder = Recorder(store)
    version = store.resource_version
    shown = store.create(deployment(), 0, dry_run=True)
    assert shown["metadata"]["uid"]
    assert store.find(key(deployment())) is None
    store.create(deployment(), 0)
    assert store.update(deployment(replicas=5), 1, dry_run=True)["spec"]["replicas"] == 5
    assert store.apply(deployment(replicas=5), "me", 1, dry_run=True, force=True) is not None
    store.delete(key(deployment()), 1, dry_run=True)
    assert store.get(key(deployment()))["spec"]["replicas"] == 1
    assert (store.resource_version, recorder.words()) == (version + 1, ["ADDED web"])


# ── update ─────────────────────────────────────────────────────────────────────────────────────


def test_stale_version_conflicts() -> None:
    store = hub()
    old = store.create(deployment(), 0)
    store.update(set_in(old, ("spec", "replicas"), 2), 1)
    error = refusal(store.update, set_in(old, ("spec", "replicas"), 3), 2)
    assert (error.code, error.reason) == (409, "Conflict")
    assert str(error) == (
        'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert store.get(key(old))["spec"]["replicas"] == 2


def test_without_a_version_the_last_writer_wins() -> None:
    store = hub()
    store.create(deployment(), 0)
    assert store.update(deployment(replicas=7), 1)["spec"]["replicas"] == 7


def test_another_uid_conflicts() -> None:
    store = hub()
    store.create(deployment(), 0)
    error = refusal(store.update, deployment(uid="other"), 1)
    assert error.reason == "Conflict"
    assert "Precondition failed: UID in precondition: other, UID in object meta: " in str(error)


def test_update_of_nothing() -> None:
    error = refusal(hub().update, deployment(), 0)
    assert str(error) == 'deployments.apps "web" not found'


def test_a_write_that_changes_nothing_is_dropped() -> None:
    store = hub()
    old = store.create(deployment(), 0)
    recorder = Recorder(store)
    version = store.resource_version
    assert store.update(old, 5) is old
    assert store.update(deployment(), 5) is old
    assert store.patch(key(old), {"spec": {"replicas": 1}}, "merge", 5) is old
    assert (store.resource_version, recorder.changes) == (version, [])


def test_true_is_not_1() -> None:
    store = hub()
    old = store.create({**config_map(), "immutable": True}, 0)
    assert (
        store.update({**old, "immutable": 1}, 1)["metadata"]["resourceVersion"]
        != (old["metadata"]["resourceVersion"])
    )


def test_the_server_keeps_its_own_metadata() -> None:
    store = hub()
    old = store.create(deployment(), 0)
    changed = deployment(
        replicas=2,
        creationTimestamp="1999-01-01T00:00:00Z",
        generation=77,
        deletionTimestamp="1999-01-01T00:00:00Z",
        selfLink="/x",
    )
    meta = store.update(changed, 9)["metadata"]
    assert meta["creationTimestamp"] == old["metadata"]["creationTimestamp"]
    assert meta["generation"] == 2
    assert "deletionTimestamp" not in meta
    assert "selfLink" not in meta


def test_status_and_spec_have_doors_of_their_own() -> None:
    store = hub()
    old = store.create(deployment(), 0)
    with_both = {**set_in(old, ("spec", "replicas"), 4), "status": {"replicas": 9}}
    main = store.update(with_both, 1)
    assert main["spec"]["replicas"] == 4
    assert "status" not in main
    status = store.update(
        {**deployment(replicas=99), "status": {"replicas": 9}}, 2, subresource="status"
    )
    assert status["spec"]["replicas"] == 4
    assert status["status"] == {"replicas": 9}
    assert status["metadata"]["generation"] == main["metadata"]["generation"]


STATUS_ANNOTATIONS = {
    "a Deployment's annotations come along, without a new generation": (deployment(), {"a": "1"}),
    "a Work's stay as they were": (work(), {}),
}


@pytest.mark.parametrize(
    ("manifest", "annotations"), STATUS_ANNOTATIONS.values(), ids=STATUS_ANNOTATIONS.keys()
)
def test_annotations_in_a_status_update(manifest: Any, annotations: dict[str, str]) -> None:
    store = hub()
    created = store.create(manifest, 0)
    noted = set_in(created, ("metadata", "annotations"), {"a": "1"})
    meta = store.update(noted, 1, subresource="status")["metadata"]
    assert meta.get("annotations", {}) == annotations
    assert meta["generation"] == 1


def test_kinds_without_a_status_door() -> None:
    store = hub()
    store.create(config_map(), 0)
    error = refusal(store.update, config_map(), 1, subresource="status")
    assert (error.code, str(error)) == (404, "the server could not find the requested resource")


def test_scale() -> None:
    store = hub()
    store.create(deployment(), 0)
    place = key(deployment())
    assert store.get_scale(place)["spec"] == {"replicas": 1}
    assert store.get_scale(place)["status"]["selector"] == "app=web"
    store.patch(place, {"spec": {"replicas": 4}}, "merge", 1, subresource="scale")
    store.update(deployment(replicas=5, labels={"ignored": "yes"}), 2, subresource="scale")
    found = store.get(place)
    assert (found["spec"]["replicas"], found["metadata"]["generation"]) == (5, 3)
    assert "labels" not in found["metadata"]
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 9}}
    error = refusal(store.patch, place, stale, "merge", 3, subresource="scale")
    assert error.reason == "Conflict"
    store.create(config_map(), 4)
    assert refusal(store.get_scale, key(config_map())).code == 404


GENERATIONS: dict[str, tuple[dict[str, Any], dict[str, Any], int | None]] = {
    "spec of a deployment": (deployment(), {"spec": {"replicas": 2}}, 2),
    "annotations of a deployment": (deployment(), {"metadata": {"annotations": {"a": "b"}}}, 2),
    "labels of a deployment": (deployment(), {"metadata": {"labels": {"a": "b"}}}, 1),
    "a config map has none": (config_map(), {"data": {"a": "b"}}, None),
    "spec of a custom resource": (work(), {"spec": {"suspendDispatching": True}}, 2),
    "a further field of a custom resource": (work(), {"more": 1}, 2),
    "annotations of a custom resource": (work(), {"metadata": {"annotations": {"a": "b"}}}, 1),
    "annotations of a stateful set": (
        {**deployment(), "kind": "StatefulSet"},
        {"metadata": {"annotations": {"a": "b"}}},
        1,
    ),
}


@pytest.mark.parametrize(
    ("manifest", "patch", "generation"), GENERATIONS.values(), ids=GENERATIONS.keys()
)
def test_generation(manifest: dict[str, Any], patch: Any, generation: int | None) -> None:
    store = hub()
    store.create(manifest, 0)
    found = store.patch(key(manifest), patch, "merge", 1)
    assert found["metadata"].get("generation") == generation


# ── patch ──────────────────────────────────────────────────────────────────────────────────────


def test_three_kinds_of_patch() -> None:
    store = hub()
    store.create(deployment(), 0)
    place = key(deployment())
    store.patch(place, [{"op": "replace", "path": "/spec/replicas", "value": 2}], "json", 1)
    store.patch(place, {"metadata": {"labels": {"a": "b"}}}, "merge", 2)
    image = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nginx:2"}]}}}}
    found = store.patch(place, image, "strategic", 3)
    assert found["spec"]["replicas"] == 2
    assert found["metadata"]["labels"] == {"a": "b"}
    assert found["spec"]["template"]["spec"]["containers"] == [{"name": "main", "image": "nginx:2"}]


PATCH_REFUSALS: dict[str, tuple[dict[str, Any], Any, Any, int, str]] = {
    "strategic on a custom resource": (
        work(),
        {},
        "strategic",
        415,
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    ),
    "a JSON patch that does not fit": (
        deployment(),
        [{"op": "remove", "path": "/spec/nothing"}],
        "json",
        422,
        "the server rejected our request due to an error in our request",
    ),
    "another name": (
        deployment(),
        {"metadata": {"name": "other"}},
        "merge",
        400,
        "the name of the object (other) does not match the name on the URL (web)",
    ),
    "a stale version": (
        deployment(),
        {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 3}},
        "merge",
        409,
        'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; '
        "please apply your changes to the latest version and try again",
    ),
}


@pytest.mark.parametrize(
    ("manifest", "body", "patch_type", "code", "text"),
    PATCH_REFUSALS.values(),
    ids=PATCH_REFUSALS.keys(),
)
def test_patch_refused(
    manifest: dict[str, Any], body: Any, patch_type: Any, code: int, text: str
) -> None:
    store = hub()
    store.create(manifest, 0)
    error = refusal(store.patch, key(manifest), body, patch_type, 1)
    assert (error.code, str(error)) == (code, text)


def test_a_patch_cannot_make_a_text_of_an_object() -> None:
    store = hub()
    store.create(deployment(), 0)
    replace_all = [{"op": "replace", "path": "", "value": "x"}]
    assert refusal(store.patch, key(deployment()), replace_all, "json", 1).code == 422
    no_metadata = [{"op": "remove", "path": "/metadata"}]
    assert refusal(store.patch, key(deployment()), no_metadata, "json", 1).code == 422


def test_status_patch_leaves_the_spec() -> None:
    store = hub()
    store.create(deployment(), 0)
    body = {"status": {"replicas": 2}, "spec": {"replicas": 9}}
    found = store.patch(key(deployment()), body, "merge", 1, subresource="status")
    assert (found["spec"]["replicas"], found["status"]) == (1, {"replicas": 2})


# ── reading ────────────────────────────────────────────────────────────────────────────────────


def test_get_and_find() -> None:
    store = hub()
    error = refusal(store.get, key(deployment()))
    assert (error.code, error.reason, str(error)) == (
        404,
        "NotFound",
        'deployments.apps "web" not found',
    )
    assert store.find(key(deployment())) is None
    assert store.find(Key("", "example.com/v1", "Widget", "default", "x")) is None


def test_list_is_sorted_by_namespace_and_name() -> None:
    store = hub()
    for name in ("b", "a", "c"):
        store.create(config_map(name), 0)
    store.create(config_map("z", namespace="kube-system"), 0)
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "aaa"}}, 0)
    store.create(config_map("m", namespace="aaa"), 0)
    store.delete(key(config_map("b")), 1)
    names = [m["metadata"]["name"] for m in store.list("v1", "ConfigMap")]
    assert names == ["m", "a", "c", "z"]
    assert [m["metadata"]["name"] for m in store.list("v1", "ConfigMap", "default")] == ["a", "c"]
    assert store.list("v1", "ConfigMap", "nowhere") == []


def test_pages() -> None:
    store = hub()
    for index in range(25):
        store.create(config_map(f"c{index:02}"), 0)
    found, token, pages = [], "", 0
    while True:
        page = store.list_page("v1", "ConfigMap", limit=10, continue_token=token)
        found += [m["metadata"]["name"] for m in page.items]
        token, pages = page.continue_token, pages + 1
        if not token:
            break
    assert (found, pages) == ([f"c{index:02}" for index in range(25)], 3)
    assert refusal(store.list_page, "v1", "ConfigMap", continue_token="garbage").code == 400


def test_versions_of_one_kind_share_objects() -> None:
    store = hub()
    scaler = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"maxReplicas": 5, "targetCPUUtilizationPercentage": 80},
    }
    assert store.create(scaler, 0)["spec"]["targetCPUUtilizationPercentage"] == 80
    new = store.list("autoscaling/v2", "HorizontalPodAutoscaler")[0]
    assert new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 80
    old = store.get(key(scaler))
    assert (old["apiVersion"], old["spec"]) == ("autoscaling/v1", scaler["spec"])


def test_missing_apis_are_not_guessed() -> None:
    store = ApiStore("member1", MEMBER_KINDS().without(["apps/v1/Deployment"]))
    error = refusal(store.create, deployment(), 0)
    assert (error.code, str(error)) == (404, "the server could not find the requested resource")


def test_unknown_kinds_pass_through() -> None:
    store = hub()
    widget = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "default"},
        "spec": {"size": 1},
        "status": {"ready": True},
    }
    store.create(widget, 0)
    assert store.get(key(widget))["status"] == {"ready": True}
    store.patch(key(widget), {"status": {"ready": False}}, "merge", 1, subresource="status")
    assert store.get(key(widget))["metadata"]["generation"] == 1
    assert str(refusal(store.get, key(widget, "x"))) == 'widgets.example.com "x" not found'


# ── actions ────────────────────────────────────────────────────────────────────────────────────


def test_execute() -> None:
    store = hub()
    place = key(deployment())
    assert store.execute(Create("", deployment()), 0) is not None
    store.execute(Update("", deployment(replicas=2)), 1)
    store.execute(Update("", {**deployment(), "status": {"replicas": 2}}, "status"), 2)
    store.execute(Patch(place, {"metadata": {"labels": {"a": "b"}}}), 3)
    store.execute(Apply("", config_map("applied", {"a": "b"}), "me"), 4)
    found = store.get(place)
    assert (found["spec"]["replicas"], found["status"]) == (2, {"replicas": 2})
    assert store.get(key(config_map("applied")))["data"] == {"a": "b"}
    assert store.execute(Delete(place), 5) is None
    with pytest.raises(TypeError):
        store.execute(Probe("member1"), 6)


def test_admission_may_change_and_refuse() -> None:
    def admit(operation: str, new: Any, old: Any, now_s: float) -> Any:
        if operation == "DELETE":
            raise ApiError(403, "Forbidden", "not today")
        return set_in(new, ("metadata", "labels"), {"seen": operation.lower()})

    store = hub(admit=admit, namespaces=(), check_namespaces=False)
    assert store.create(deployment(), 0)["metadata"]["labels"] == {"seen": "create"}
    assert store.update(deployment(replicas=2), 1)["metadata"]["labels"] == {"seen": "update"}
    assert str(refusal(store.delete, key(deployment()), 2)) == "not today"


def test_defaults_are_filled_in_and_do_not_make_changes() -> None:
    store = hub(defaulting=True)
    manifest = deployment()
    del manifest["spec"]["replicas"]
    first = store.create(manifest, 0)
    assert first["spec"]["replicas"] == 1
    assert first["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == "25%"
    assert store.update(manifest, 1) is first
    assert store.apply(manifest, "me", 2)["spec"] == first["spec"]
