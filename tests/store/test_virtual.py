"""Collections rendered on demand: nothing is built that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.manifest import Manifest, get_in
from lab.core.model import Key
from lab.core.selectors import Selector, parse_field_selector
from lab.store import refusals
from lab.store.api_store import ApiStore
from lab.store.changes import Change
from lab.store.virtual import FieldTerms, Row
from tests.store.support import hub


class Rows:
    """Pods as rows: name -> (node, version). Counts what it renders."""

    api_version = "v1"
    kind = "Pod"

    def __init__(self, count: int) -> None:
        self.rows_by_name = {f"pod-{index:05}": (f"n{index % 50}", 1) for index in range(count)}
        self.rendered = 0
        self.announcer: Any = None

    def get(self, namespace: str, name: str) -> Manifest | None:
        if namespace != "default" or name not in self.rows_by_name:
            return None
        self.rendered += 1
        node, version = self.rows_by_name[name]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": "default",
                "uid": f"u-{name}",
                "resourceVersion": str(version),
            },
            "spec": {"nodeName": node},
        }

    def rows(
        self, namespace: str | None, after: Row | None, labels: Selector, fields: FieldTerms
    ) -> Iterator[Row]:
        if namespace not in (None, "default"):
            return
        nodes = {value for path, value, equal in fields if path == "spec.nodeName" and equal}
        for name in sorted(self.rows_by_name):
            if after is not None and ("default", name) <= after:
                continue
            if not nodes or self.rows_by_name[name][0] in nodes:
                yield ("default", name)

    def create(self, manifest: Manifest, now_s: float) -> Manifest:
        raise refusals.method_not_allowed()

    def replace(self, old: Manifest, new: Manifest, subresource: str, now_s: float) -> Manifest:
        self.move(new["metadata"]["name"], str(get_in(new, ("spec", "nodeName"))))
        found = self.get("default", new["metadata"]["name"])
        assert found is not None
        return found

    def remove(
        self, namespace: str, name: str, now_s: float, grace_s: float | None
    ) -> Manifest | None:
        last = self.get(namespace, name)
        del self.rows_by_name[name]
        assert last is not None
        version = self.announcer.next_version()
        self.announcer.changed("DELETED", version, lambda: (last, last))
        self.announcer.gone(namespace)
        return None

    def move(self, name: str, node: str) -> None:
        old = self.get("default", name)
        version = self.announcer.next_version()
        self.rows_by_name[name] = (node, version)

        def build() -> tuple[Manifest, Manifest | None]:
            new = self.get("default", name)
            assert new is not None
            return new, old

        self.announcer.changed("MODIFIED", version, build)


def store_with_rows(count: int) -> tuple[ApiStore, Rows]:
    store, rows = hub(), Rows(count)
    rows.announcer = store.register_virtual(rows)
    return store, rows


def test_a_page_builds_only_itself() -> None:
    store, rows = store_with_rows(20_000)
    page = store.list_page("v1", "Pod", limit=500)
    assert len(page.items) == 500
    assert rows.rendered <= 501
    following = store.list_page("v1", "Pod", limit=500, continue_token=page.continue_token)
    assert following.items[0]["metadata"]["name"] == "pod-00500"
    assert rows.rendered <= 1_002


def test_a_selector_reaches_the_rows() -> None:
    store, rows = store_with_rows(2_000)
    terms = parse_field_selector("spec.nodeName=n7")
    found = store.list("v1", "Pod", field_selector=terms)
    assert len(found) == rows.rendered == 40


def test_get() -> None:
    store, _ = store_with_rows(3)
    assert store.get(Key("", "v1", "Pod", "default", "pod-00001"))["spec"] == {"nodeName": "n1"}
    with pytest.raises(ApiError, match='pods "nobody" not found'):
        store.get(Key("", "v1", "Pod", "default", "nobody"))


def test_nothing_is_built_when_nobody_listens() -> None:
    store, rows = store_with_rows(10)
    before = rows.rendered
    version = store.resource_version
    announcer = rows.announcer
    announcer.changed("MODIFIED", announcer.next_version(), lambda: pytest.fail("was built"))
    assert rows.rendered == before
    assert store.resource_version == version + 1


def test_changes_reach_listeners_and_watches() -> None:
    store, rows = store_with_rows(10)
    watch = store.watch("v1", "Pod")
    assert len(watch.poll()) == 10
    heard: list[Change] = []
    store.listen(heard.append)
    rows.move("pod-00003", "n9")
    event = watch.poll()[0]
    assert (event.type, event.object["spec"]) == ("MODIFIED", {"nodeName": "n9"})
    assert heard[0].object is event.object
    watch.close()


def test_an_unseen_change_is_a_gap() -> None:
    store, rows = store_with_rows(10)
    since = store.resource_version
    rows.move("pod-00003", "n9")
    with pytest.raises(ApiError, match="too old resource version"):
        store.watch("v1", "Pod", since)
    assert store.watch("v1", "Pod", store.resource_version).poll() == []


def test_writes_go_to_the_rows() -> None:
    store, rows = store_with_rows(3)
    place = Key("", "v1", "Pod", "default", "pod-00001")
    changed = store.patch(place, {"spec": {"nodeName": "n8"}}, "merge", 1)
    assert changed["spec"] == {"nodeName": "n8"}
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {"nodeName": "n3"}}
    with pytest.raises(ApiError, match="the object has been modified"):
        store.patch(place, stale, "merge", 2)
    assert store.delete(place, 3) is None
    assert "pod-00001" not in rows.rows_by_name
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "default"}}
    with pytest.raises(ApiError) as raised:
        store.create(pod, 4)
    assert raised.value.code == 405


def test_a_namespace_waits_for_its_rows() -> None:
    store = hub()
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}, 0)
    rows = Slow()
    rows.announcer = store.register_virtual(rows)
    place = Key("", "v1", "Namespace", "", "team")
    assert store.delete(place, 1) is not None
    rows.finish()
    assert store.find(place) is None


class Slow(Rows):
    """One pod in namespace `team` that takes its time to go."""

    def __init__(self) -> None:
        super().__init__(0)
        self.there = True

    def get(self, namespace: str, name: str) -> Manifest | None:
        if not self.there:
            return None
        meta = {"name": "p", "namespace": "team", "uid": "u", "resourceVersion": "1"}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta}

    def rows(
        self, namespace: str | None, after: Row | None, labels: Selector, fields: FieldTerms
    ) -> Iterator[Row]:
        if self.there and namespace in (None, "team"):
            yield ("team", "p")

    def remove(
        self, namespace: str, name: str, now_s: float, grace_s: float | None
    ) -> Manifest | None:
        return self.get(namespace, name)

    def finish(self) -> None:
        self.there = False
        self.announcer.gone("team")
