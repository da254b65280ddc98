"""Finalizers, owners and dependents, namespaces, definitions: what a deletion brings about."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.manifest import is_deleting, set_in
from lab.store.api_store import ApiStore
from tests.store.support import Recorder, config_map, deployment, hub, key, owned_by, work


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def refusal(call: Any, *args: Any, **kwargs: Any) -> ApiError:
    with pytest.raises(ApiError) as raised:
        call(*args, **kwargs)
    return raised.value


# ── finalizers ─────────────────────────────────────────────────────────────────────────────────


def test_without_finalizers_it_is_gone() -> None:
    store = hub()
    store.create(deployment(), 0)
    recorder = Recorder(store)
    assert store.delete(key(deployment()), 1) is None
    assert recorder.words() == ["DELETED web"]
    assert recorder.changes[0].object["metadata"]["resourceVersion"] == str(store.resource_version)
    assert str(refusal(store.delete, key(deployment()), 2)) == 'deployments.apps "web" not found'


def test_finalizers_hold_it_back() -> None:
    store = hub()
    old = store.create(work(finalizers=["a/b", "c/d"]), 0)
    recorder = Recorder(store)
    held = store.delete(key(old), 60)
    assert held is not None
    assert held["metadata"]["deletionTimestamp"] == "2026-01-01T00:01:00Z"
    assert held["metadata"]["deletionGracePeriodSeconds"] == 0
    assert held["metadata"]["generation"] == 2
    store.delete(key(old), 90)
    assert store.get(key(old)) is held
    one_less = set_in(held, ("metadata", "finalizers"), ["c/d"])
    store.update(one_less, 91)
    gone = store.patch(key(old), {"metadata": {"finalizers": None}}, "merge", 92)
    assert is_deleting(gone)
    assert store.find(key(old)) is None
    assert recorder.words() == ["MODIFIED web", "MODIFIED web", "DELETED web"]


def test_no_new_finalizers_while_it_is_deleted() -> None:
    store = hub()
    store.create(work(finalizers=["a/b"]), 0)
    store.delete(key(work()), 1)
    error = refusal(
        store.patch, key(work()), {"metadata": {"finalizers": ["a/b", "x/y"]}}, "merge", 2
    )
    assert str(error) == (
        'Work.work.karmada.io "web" is invalid: metadata.finalizers: Forbidden: no new finalizers '
        'can be added if the object is being deleted, found new finalizers []string{"x/y"}'
    )


def test_status_writes_do_not_finish_a_deletion() -> None:
    store = hub()
    store.create(work(finalizers=["a/b"]), 0)
    store.delete(key(work()), 1)
    store.update({**work(), "status": {"conditions": []}}, 2, subresource="status")
    assert is_deleting(store.get(key(work())))


def test_preconditions() -> None:
    store = hub()
    old = store.create(deployment(), 0)
    uid, version = old["metadata"]["uid"], old["metadata"]["resourceVersion"]
    error = refusal(store.delete, key(old), 1, uid="other")
    assert str(error) == (
        'Operation cannot be fulfilled on Deployment.apps "web": the UID in the precondition '
        f"(other) does not match the UID in record ({uid}). The object might have been deleted "
        "and then recreated"
    )
    error = refusal(store.delete, key(old), 1, resource_version="1")
    assert f"does not match the ResourceVersion in record ({version})" in str(error)
    assert (error.code, error.reason) == (409, "Conflict")
    assert store.delete(key(old), 1, uid=uid, resource_version=version) is None


def test_unknown_propagation() -> None:
    store = hub()
    store.create(deployment(), 0)
    assert refusal(store.delete, key(deployment()), 1, propagation="Sideways").code == 400


# ── owners ─────────────────────────────────────────────────────────────────────────────────────


def family(store: ApiStore, *, block: bool = False, **meta: Any) -> tuple[Any, Any, Any]:
    owner = store.create(deployment(), 0)
    child = store.create(config_map("child", **owned_by(owner, block=block), **meta), 0)
    grandchild = store.create(config_map("grandchild", **owned_by(child, block=block)), 0)
    return owner, child, grandchild


def test_background_takes_dependents_after_the_owner() -> None:
    store = hub()
    owner, _, _ = family(store)
    recorder = Recorder(store)
    store.delete(key(owner), 1)
    assert recorder.words() == ["DELETED web", "DELETED child", "DELETED grandchild"]


def test_foreground_takes_dependents_before_the_owner() -> None:
    store = hub()
    owner, _, _ = family(store, block=True)
    recorder = Recorder(store)
    assert store.delete(key(owner), 1, propagation="Foreground") is None
    assert recorder.words() == [
        "MODIFIED web",
        "MODIFIED child",
        "DELETED grandchild",
        "DELETED child",
        "DELETED web",
    ]


def test_foreground_waits_for_what_blocks() -> None:
    store = hub()
    owner, child, _ = family(store, block=True, finalizers=["a/b"])
    held = store.delete(key(owner), 1, propagation="Foreground")
    assert held is not None
    assert held["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert is_deleting(store.get(key(child)))
    store.patch(key(child), {"metadata": {"finalizers": None}}, "merge", 2)
    assert store.find(key(child)) is None
    assert store.find(key(owner)) is None


def test_foreground_does_not_wait_for_what_does_not_block() -> None:
    store = hub()
    owner, child, _ = family(store, block=False, finalizers=["a/b"])
    assert store.delete(key(owner), 1, propagation="Foreground") is None
    assert is_deleting(store.get(key(child)))


def test_orphans_are_left_alone() -> None:
    store = hub()
    owner, child, grandchild = family(store)
    assert store.delete(key(owner), 1, propagation="Orphan") is None
    assert "ownerReferences" not in store.get(key(child))["metadata"]
    assert store.get(key(grandchild))["metadata"]["ownerReferences"]


def test_a_second_owner_keeps_the_dependent() -> None:
    store = hub()
    first, second = store.create(deployment("one"), 0), store.create(deployment("two"), 0)
    both = owned_by(first)["ownerReferences"] + owned_by(second)["ownerReferences"]
    child = store.create(config_map("child", ownerReferences=both), 0)
    store.delete(key(first), 1)
    owners = store.get(key(child))["metadata"]["ownerReferences"]
    assert [owner["name"] for owner in owners] == ["two"]
    store.delete(key(second), 2)
    assert store.find(key(child)) is None


def test_an_owner_may_be_named_later_and_taken_back() -> None:
    store = hub()
    owner = store.create(deployment(), 0)
    kept, taken = store.create(config_map("kept"), 0), store.create(config_map("taken"), 0)
    for manifest in (kept, taken):
        store.patch(key(manifest), {"metadata": owned_by(owner)}, "merge", 1)
    store.patch(key(kept), {"metadata": {"ownerReferences": None}}, "merge", 2)
    store.delete(key(owner), 3)
    assert store.find(key(kept)) is not None
    assert store.find(key(taken)) is None


def test_long_chains_of_owners() -> None:
    store = hub()
    last = store.create(config_map("c0"), 0)
    for index in range(1, 3000):
        last = store.create(config_map(f"c{index}", **owned_by(last)), 0)
    store.delete(key(config_map("c0")), 1)
    assert store.list("v1", "ConfigMap") == []


def test_owners_in_a_circle() -> None:
    store = hub()
    one = store.create(config_map("one"), 0)
    two = store.create(config_map("two", **owned_by(one)), 0)
    store.patch(key(one), {"metadata": owned_by(two)}, "merge", 1)
    store.delete(key(one), 2)
    assert store.list("v1", "ConfigMap") == []


# ── namespaces ─────────────────────────────────────────────────────────────────────────────────


def test_a_new_namespace() -> None:
    found = hub().create(namespace("team"), 0)
    assert found["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team"}
    assert found["spec"] == {"finalizers": ["kubernetes"]}
    assert found["status"] == {"phase": "Active"}


def test_a_namespace_takes_its_contents_along() -> None:
    store = hub()
    store.create(namespace("team"), 0)
    store.create(config_map("inside", namespace="team"), 0)
    store.create(deployment("app", namespace="team"), 0)
    store.create(config_map("outside"), 0)
    assert store.delete(key(namespace("team")), 1) is None
    assert [m["metadata"]["name"] for m in store.list("v1", "ConfigMap")] == ["outside"]
    assert store.list("apps/v1", "Deployment") == []
    assert store.find(key(namespace("team"))) is None


def test_a_namespace_waits_for_finalizers_and_takes_nothing_new() -> None:
    store = hub()
    store.create(namespace("team"), 0)
    held = store.create(work(namespace="team", finalizers=["a/b"]), 0)
    left = store.delete(key(namespace("team")), 1)
    assert left is not None
    assert left["status"] == {"phase": "Terminating"}
    assert is_deleting(store.get(key(held)))
    error = refusal(store.create, config_map("late", namespace="team"), 2)
    assert (error.code, str(error)) == (
        403,
        'configmaps "late" is forbidden: unable to create new content in namespace team because '
        "it is being terminated",
    )
    store.patch(key(held), {"metadata": {"finalizers": None}}, "merge", 3)
    assert store.find(key(namespace("team"))) is None
    store.create(namespace("team"), 4)
    store.create(config_map("again", namespace="team"), 4)


def test_a_namespace_with_a_finalizer_of_its_own() -> None:
    store = hub()
    team = namespace("team")
    team["metadata"]["finalizers"] = ["a/b"]
    store.create(team, 0)
    store.create(config_map("inside", namespace="team"), 0)
    assert store.delete(key(team), 1) is not None
    assert store.list("v1", "ConfigMap") == []
    store.patch(key(team), {"metadata": {"finalizers": None}}, "merge", 2)
    assert store.find(key(team)) is None


def test_an_update_cannot_let_a_namespace_go() -> None:
    store = hub()
    store.create(namespace("team"), 0)
    store.create(work(namespace="team", finalizers=["a/b"]), 0)
    changed = namespace("team")
    changed["metadata"]["labels"] = {"mine": "yes"}
    found = store.update({**changed, "spec": {}, "status": {"phase": "Terminating"}}, 1)
    assert found["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team", "mine": "yes"}
    assert (found["spec"], found["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
    assert store.delete(key(changed), 2) is not None


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_namespaces_that_stay(name: str) -> None:
    error = refusal(hub().delete, key(namespace(name)), 0)
    assert str(error) == f'namespaces "{name}" is forbidden: this namespace may not be deleted'


# ── definitions ────────────────────────────────────────────────────────────────────────────────

WIDGETS: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {"size": {"type": "integer", "default": 3}},
                            }
                        },
                    }
                },
            },
            {"name": "v1beta1", "served": True, "storage": False},
        ],
    },
}
WIDGET = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "metadata": {"name": "w", "namespace": "default"},
    "spec": {},
}


def test_a_definition_serves_its_kind() -> None:
    store = hub(defaulting=True)
    store.create(WIDGETS, 0)
    conditions = store.get(key(WIDGETS))["status"]["conditions"]
    assert {c["type"]: c["status"] for c in conditions} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert store.kinds.resolve("widget").custom
    assert store.create({**WIDGET, "status": {"x": 1}}, 1)["spec"] == {"size": 3}
    assert "status" not in store.get(key(WIDGET))
    old_version = {**WIDGET, "apiVersion": "example.com/v1beta1"}
    assert store.get(key(old_version))["apiVersion"] == "example.com/v1beta1"
    assert hub().kinds.get("example.com/v1", "Widget") is None


def test_a_definition_must_define_something() -> None:
    error = refusal(hub().create, {**WIDGETS, "spec": {"group": "example.com"}}, 0)
    assert "spec.versions: Required value" in str(error)
    wrong = {**WIDGETS, "metadata": {"name": "gadgets.example.com"}}
    assert str(refusal(hub().create, wrong, 0)).endswith(
        'Invalid value: "gadgets.example.com": must be spec.names.plural+"."+spec.group'
    )


def test_a_definition_corrects_what_was_guessed() -> None:
    store = hub()
    store.create({**WIDGET, "status": {"x": 1}}, 0)
    store.create(WIDGETS, 1)
    changed = store.update({**WIDGET, "status": {"x": 2}, "spec": {"size": 4}}, 2)
    assert (changed["status"], changed["spec"]) == ({"x": 1}, {"size": 4})


def test_a_definition_takes_its_objects_along() -> None:
    store = hub()
    store.create(WIDGETS, 0)
    store.create({**WIDGET, "metadata": {**WIDGET["metadata"], "finalizers": ["a/b"]}}, 0)
    held = store.delete(key(WIDGETS), 1)
    assert held is not None
    assert held["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    store.patch(key(WIDGET), {"metadata": {"finalizers": None}}, "merge", 2)
    assert store.find(key(WIDGETS)) is None
    assert store.kinds.get("example.com/v1", "Widget") is None


def test_a_dependent_made_after_its_owner_has_gone_does_not_stay() -> None:
    store = hub()
    owner = store.create(config_map("owner"), 0)
    there = store.create(config_map("there"), 0)
    store.delete(key(owner), 1)
    both = owned_by(owner)["ownerReferences"] + owned_by(there)["ownerReferences"]
    late = store.create(config_map("late", **owned_by(owner)), 2)
    held = store.create(config_map("held", finalizers=["example.com/x"], **owned_by(owner)), 2)
    kept = store.create(config_map("kept", ownerReferences=both), 2)
    assert store.find(key(late)) is None
    assert store.get(key(held))["metadata"]["deletionTimestamp"]
    assert store.find(key(kept)) is not None, "one of its owners is there"
