from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.kinds import MEMBER_KINDS
from lab.core.model import Key
from lab.store.api_store import ApiStore


def config(name: str, value: int, namespace: str = "default") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"key": str(value)},
    }


def new_store() -> ApiStore:
    return ApiStore("m", MEMBER_KINDS())


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def key(kind: str, name: str, where: str = "default") -> Key:
    return Key("m", "v1", kind, "" if kind == "Namespace" else where, name)


def contents(store: ApiStore) -> dict[Key, Any]:
    """Everything but versions, which a rewind makes anew."""
    found: dict[Key, Any] = {}
    for kind in ("Namespace", "ConfigMap"):
        for each in store.list("v1", kind):
            meta = {k: v for k, v in each["metadata"].items() if k != "resourceVersion"}
            place = key(kind, meta["name"], meta.get("namespace", ""))
            found[place] = {**each, "metadata": meta}
    return found


def test_objects_become_what_they_were_under_new_versions() -> None:
    store = new_store()
    store.create(config("changed", 1), 0.0)
    store.create(config("deleted", 1), 0.0)
    before, version = contents(store), store.resource_version
    told = []
    store.listen(lambda change: told.append((change.type, change.object["metadata"]["name"])))
    store.patch(key("ConfigMap", "changed"), {"data": {"key": "2"}}, "merge", 1.0)
    store.delete(key("ConfigMap", "deleted"), 1.0)
    store.create(config("new", 1), 1.0)
    after = store.resource_version
    told.clear()
    assert store.rewind(version) == 3
    assert contents(store) == before
    assert told == [("MODIFIED", "changed"), ("ADDED", "deleted"), ("DELETED", "new")]
    assert store.resource_version == after + 3
    found = store.get(key("ConfigMap", "changed"))["metadata"]["resourceVersion"]
    assert int(found) > after
    assert store.rewind(store.resource_version) == 0


def test_an_object_made_anew_is_the_old_one_again() -> None:
    store = new_store()
    uid = store.create(config("c", 1), 0.0)["metadata"]["uid"]
    version = store.resource_version
    store.delete(key("ConfigMap", "c"), 1.0)
    store.create(config("c", 1), 1.0)
    store.rewind(version)
    assert store.get(key("ConfigMap", "c"))["metadata"]["uid"] == uid


def test_a_namespace_whose_deletion_was_lost_can_be_used_again() -> None:
    store = new_store()
    store.create(namespace("team"), 0.0)
    held = config("c", 1, "team")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    store.create(held, 0.0)
    version = store.resource_version
    store.delete(key("Namespace", "team"), 1.0)
    store.rewind(version)
    store.create(config("d", 1, "team"), 2.0)
    assert len(store.list("v1", "ConfigMap", "team")) == 2


def test_owners_and_dependents_are_known_again() -> None:
    store = new_store()
    owner = store.create(config("owner", 1), 0.0)
    child = config("child", 1)
    child["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    ]
    store.create(child, 0.0)
    version = store.resource_version
    store.delete(key("ConfigMap", "owner"), 1.0)
    assert store.find(key("ConfigMap", "child")) is None
    store.rewind(version)
    assert store.find(key("ConfigMap", "child")) is not None
    store.delete(key("ConfigMap", "owner"), 2.0)
    assert store.find(key("ConfigMap", "child")) is None


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["create", "patch", "delete"]), st.sampled_from("abc"), st.integers()
    ),
    max_size=15,
)


def write(store: ApiStore, writes: list[tuple[str, str, int]]) -> None:
    for what, name, value in writes:
        there = store.find(key("ConfigMap", name)) is not None
        if what == "create" and not there:
            store.create(config(name, value), 0.0)
        elif what == "patch" and there:
            body = {"data": {"key": str(value)}}
            store.patch(key("ConfigMap", name), body, "merge", 0.0)
        elif what == "delete" and there:
            store.delete(key("ConfigMap", name), 0.0)


@settings(derandomize=True, max_examples=100)
@given(WRITES, WRITES)
def test_whatever_was_written_is_undone(
    first: list[tuple[str, str, int]], lost: list[tuple[str, str, int]]
) -> None:
    store = new_store()
    write(store, first)
    before, version = contents(store), store.resource_version
    write(store, lost)
    store.rewind(version)
    assert contents(store) == before
    write(store, lost)  # and it can be written to as before
