"""Listeners and watches: every change once, in order, and 410 when the history was cut."""

from __future__ import annotations

import pytest

from lab.core.errors import ApiError
from lab.core.selectors import parse_field_selector, parse_selector_text
from lab.store.changes import Change
from lab.store.watch import Watch
from tests.store.support import Recorder, config_map, deployment, hub, key


def words(watch: Watch) -> list[str]:
    return [
        f"{event.type} {event.object['metadata'].get('name', '')}".strip() for event in watch.poll()
    ]


def test_a_listener_hears_every_change_in_order() -> None:
    store = hub()
    recorder = Recorder(store)
    store.create(config_map("a"), 0)
    store.create(deployment("b"), 0)
    store.patch(key(config_map("a")), {"data": {"x": "1"}}, "merge", 1)
    store.delete(key(deployment("b")), 2)
    recorder.stop()
    store.create(config_map("late"), 3)
    assert recorder.words() == ["ADDED a", "ADDED b", "MODIFIED a", "DELETED b"]
    versions = [change.resource_version for change in recorder.changes]
    assert versions == sorted(set(versions))
    assert recorder.changes[2].old == recorder.changes[0].object


def test_a_listener_for_one_kind() -> None:
    store = hub()
    heard: list[Change] = []
    stop = store.listen(heard.append, "v1", "ConfigMap")
    store.create(config_map("a"), 0)
    store.create(deployment("b"), 0)
    stop()
    store.create(config_map("c"), 0)
    assert [change.object["metadata"]["name"] for change in heard] == ["a"]


def test_a_listener_that_writes_does_not_disturb_the_order() -> None:
    store = hub()

    def react(change: Change) -> None:
        if change.type == "ADDED" and change.object["metadata"]["name"] == "first":
            store.create(config_map("second"), 1)
            assert store.find(key(config_map("second"))) is not None

    store.listen(react)
    recorder = Recorder(store)
    store.create(config_map("first"), 0)
    assert recorder.words() == ["ADDED first", "ADDED second"]


def test_a_watch_begins_with_what_is_there() -> None:
    store = hub()
    store.create(config_map("a"), 0)
    watch = store.watch("v1", "ConfigMap")
    store.create(config_map("b"), 1)
    assert words(watch) == ["ADDED a", "ADDED b"]
    assert words(watch) == []
    store.delete(key(config_map("a")), 2)
    assert words(watch) == ["DELETED a"]


def test_a_watch_from_a_version_on() -> None:
    store = hub()
    store.create(config_map("a"), 0)
    since = store.resource_version
    store.create(config_map("b"), 1)
    store.create(deployment("other"), 1)
    assert words(store.watch("v1", "ConfigMap", since)) == ["ADDED b"]
    assert words(store.watch("v1", "ConfigMap", str(since))) == ["ADDED b"]


def test_a_watch_is_read_in_pieces() -> None:
    store = hub()
    for index in range(5):
        store.create(config_map(f"c{index}"), 0)
    watch = store.watch("v1", "ConfigMap")
    store.create(config_map("x"), 1)
    pieces = [[e.object["metadata"]["name"] for e in watch.poll(limit=2)] for _ in range(4)]
    assert pieces == [["c0", "c1"], ["c2", "c3"], ["c4", "x"], []]


def test_a_selection_changes_the_kind_of_event() -> None:
    store = hub()
    watch = store.watch("v1", "ConfigMap", label_selector=parse_selector_text("app=web"))
    place = key(config_map("a"))
    store.create(config_map("a"), 0)
    assert words(watch) == []
    store.patch(place, {"metadata": {"labels": {"app": "web"}}}, "merge", 1)
    assert words(watch) == ["ADDED a"]
    store.patch(place, {"data": {"x": "1"}}, "merge", 2)
    assert words(watch) == ["MODIFIED a"]
    store.patch(place, {"metadata": {"labels": {"app": None}}}, "merge", 3)
    assert words(watch) == ["DELETED a"]
    store.delete(place, 4)
    assert words(watch) == []


def test_one_object_by_field() -> None:
    store = hub()
    terms = parse_field_selector("metadata.name=b")
    watch = store.watch("v1", "ConfigMap", field_selector=terms, namespace="default")
    for name in ("a", "b"):
        store.create(config_map(name), 0)
        store.create(config_map(name, namespace="kube-system"), 0)
    assert words(watch) == ["ADDED b"]


def test_too_old() -> None:
    store = hub(history_limit=10)
    store.create(config_map("a"), 0)
    sleeping = store.watch("v1", "ConfigMap")
    sleeping.poll()
    for index in range(40):
        store.patch(key(config_map("a")), {"data": {"x": str(index)}}, "merge", 1)
    with pytest.raises(ApiError) as raised:
        store.watch("v1", "ConfigMap", 3)
    assert (raised.value.code, raised.value.reason) == (410, "Expired")
    assert str(raised.value).startswith("too old resource version: 3 (")
    with pytest.raises(ApiError, match="too old resource version"):
        sleeping.poll()
    recent = store.watch("v1", "ConfigMap", store.resource_version - 5)
    assert len(recent.poll()) == 5


def test_a_quiet_kind_does_not_grow_old() -> None:
    """Each kind has its own history: what other kinds did is no gap in it."""
    store = hub(history_limit=10)
    store.create(deployment(), 0)
    since = store.resource_version
    store.create(config_map("a"), 0)
    for index in range(50):
        store.patch(key(config_map("a")), {"data": {"x": str(index)}}, "merge", 1)
    quiet = store.watch("apps/v1", "Deployment", since)
    assert quiet.poll() == []
    store.delete(key(deployment()), 2)
    assert words(quiet) == ["DELETED web"]


def test_a_version_of_the_future() -> None:
    with pytest.raises(ApiError) as raised:
        hub().watch("v1", "ConfigMap", 10_000)
    assert (raised.value.code, raised.value.reason) == (504, "Timeout")
    with pytest.raises(ApiError) as raised:
        hub().watch("v1", "ConfigMap", "abc")
    assert raised.value.code == 400


def test_bookmarks() -> None:
    store = hub()
    store.create(config_map("a"), 0)
    watch = store.watch("v1", "ConfigMap", initial_bookmark=True)
    added, bookmark = watch.poll()
    assert added.type == "ADDED"
    assert bookmark.type == "BOOKMARK"
    assert bookmark.object["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    store.create(deployment(), 1)
    watch.poll()
    later = watch.bookmark().object
    assert later["metadata"] == {"resourceVersion": str(store.resource_version)}
    assert (later["apiVersion"], later["kind"]) == ("v1", "ConfigMap")
    resumed = store.watch("v1", "ConfigMap", later["metadata"]["resourceVersion"])
    assert resumed.poll() == []


def test_a_watch_in_another_version() -> None:
    store = hub()
    watch = store.watch("autoscaling/v1", "HorizontalPodAutoscaler")
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"maxReplicas": 5},
    }
    store.create(scaler, 0)
    assert watch.poll()[0].object["apiVersion"] == "autoscaling/v1"


def test_a_pinned_watch_keeps_the_history_until_it_is_closed() -> None:
    store = hub(history_limit=10)
    pinned = store.watch("v1", "ConfigMap", since=store.resource_version, pin=True)
    store.create(config_map("a"), 0)
    for turn in range(50):
        store.patch(key(config_map("a")), {"data": {"x": str(turn)}}, "merge", 1)
    found = pinned.changes()
    assert [change.type for change in found] == ["ADDED"] + ["MODIFIED"] * 50
    assert pinned.changes() == found  # reading them does not move the watch
    assert len(pinned.poll()) == 51
    assert pinned.changes() == []
    other = store.watch("v1", "ConfigMap", since=store.resource_version)
    pinned.close()
    for turn in range(50):
        store.patch(key(config_map("a")), {"data": {"x": f"again {turn}"}}, "merge", 1)
    with pytest.raises(ApiError, match="too old resource version"):
        other.changes()
