"""The store against a simple model, by hypothesis: versions grow, conflicts hold, finalizers hold,
and every watcher sees every change once and in order (invariant S7).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lab.core.errors import ApiError
from lab.store.changes import Change
from tests.store.support import config_map, hub, key, owned_by

ALL_NAMES = ("a", "b", "c", "d", "e")
NAMES = st.sampled_from(ALL_NAMES)
VALUES = st.sampled_from(["1", "2", "3"])


class StoreMachine(RuleBasedStateMachine):
    """The model: name -> (data value, version, finalizers, deleting, owner)."""

    def __init__(self) -> None:
        super().__init__()
        self.store = hub()
        self.model: dict[str, dict[str, Any]] = {}
        self.stale: dict[str, Any] = {}
        self.heard: list[Change] = []
        self.store.listen(self.heard.append, "v1", "ConfigMap")
        self.watch = self.store.watch("v1", "ConfigMap")
        self.mirror: dict[str, Any] = {}
        self.now_s = 0.0

    def _note(self, found: Any) -> None:
        name = found["metadata"]["name"]
        self.model[name] = {
            **self.model.get(name, {}),
            "value": found["data"]["x"],
            "version": int(found["metadata"]["resourceVersion"]),
        }

    @rule(name=NAMES, value=VALUES, held=st.booleans())
    def create(self, name: str, value: str, held: bool) -> None:
        if name in self.model:
            with pytest.raises(ApiError, match="already exists"):
                self.store.create(config_map(name, {"x": value}), self.now_s)
            return
        self._create(name, value, held, None)

    @precondition(lambda self: 0 < len(self.model) < len(ALL_NAMES))
    @rule(data=st.data(), value=VALUES, held=st.booleans())
    def create_dependent(self, data: Any, value: str, held: bool) -> None:
        owner = data.draw(st.sampled_from(sorted(self.model)))
        name = data.draw(st.sampled_from(sorted(set(ALL_NAMES) - set(self.model))))
        self._create(name, value, held, owner)

    def _create(self, name: str, value: str, held: bool, owner: str | None) -> None:
        meta: dict[str, Any] = {"finalizers": ["t/f"]} if held else {}
        if owner is not None:
            meta.update(owned_by(self.store.get(key(config_map(owner)))))
        before = self.store.resource_version
        found = self.store.create(config_map(name, {"x": value}, **meta), self.now_s)
        assert int(found["metadata"]["resourceVersion"]) > before
        self.model[name] = {"held": held, "deleting": False, "owner": owner}
        self._note(found)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), value=VALUES)
    def update(self, data: Any, value: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        old = self.store.get(key(config_map(name)))
        before = self.store.resource_version
        found = self.store.update({**old, "data": {"x": value}}, self.now_s)
        if value == self.model[name]["value"]:
            assert found is old
            assert self.store.resource_version == before
        else:
            self.stale[name] = old
            assert self.store.resource_version == before + 1
        self._note(found)

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def update_from_a_stale_copy(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(self.stale)))
        stale = self.stale[name]
        before = self.store.resource_version
        with pytest.raises(ApiError) as raised:
            self.store.update({**stale, "data": {"x": "stale"}}, self.now_s)
        assert raised.value.reason in {"Conflict", "NotFound"}
        assert (raised.value.reason == "NotFound") == (name not in self.model)
        assert self.store.resource_version == before

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        left = self.store.delete(key(config_map(name)), self.now_s)
        assert (left is not None) == self.model[name]["held"]
        self._deleted(name)

    def _deleted(self, name: str) -> None:
        if self.model[name]["held"]:
            self.model[name]["deleting"] = True
            found = self.store.get(key(config_map(name)))
            assert found["metadata"]["deletionTimestamp"]
            self._note(found)
            return
        del self.model[name]
        for child in sorted(self.model):
            if child in self.model and self.model[child]["owner"] == name:
                self._deleted(child)

    @precondition(lambda self: any(each["held"] for each in self.model.values()))
    @rule(data=st.data())
    def drop_finalizer(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(n for n, e in self.model.items() if e["held"])))
        body = {"metadata": {"finalizers": None}}
        found = self.store.patch(key(config_map(name)), body, "merge", self.now_s)
        self.model[name]["held"] = False
        if self.model[name]["deleting"]:
            self._deleted(name)
        else:
            self._note(found)

    @rule(limit=st.none() | st.integers(1, 3))
    def read_the_watch(self, limit: int | None) -> None:
        for event in self.watch.poll(limit):
            name = event.object["metadata"]["name"]
            version = int(event.object["metadata"]["resourceVersion"])
            if event.type == "DELETED":
                assert name in self.mirror
                del self.mirror[name]
            else:
                assert (name in self.mirror) == (event.type == "MODIFIED")
                assert version > int(
                    self.mirror.get(name, {"metadata": {"resourceVersion": "0"}})["metadata"][
                        "resourceVersion"
                    ]
                )
                self.mirror[name] = event.object

    @rule()
    def time_passes(self) -> None:
        self.now_s += 1.0

    @invariant()
    def the_store_has_what_the_model_has(self) -> None:
        found = {m["metadata"]["name"]: m for m in self.store.list("v1", "ConfigMap")}
        assert list(found) == sorted(self.model)
        for name, manifest in found.items():
            assert manifest["data"]["x"] == self.model[name]["value"]
            assert int(manifest["metadata"]["resourceVersion"]) == self.model[name]["version"]
            assert bool(manifest["metadata"].get("finalizers")) == self.model[name]["held"]

    @invariant()
    def versions_grow(self) -> None:
        versions = [change.resource_version for change in self.heard]
        assert versions == sorted(set(versions))

    @invariant()
    def listeners_can_rebuild_the_store(self) -> None:
        rebuilt: dict[str, Any] = {}
        for change in self.heard:
            name = change.object["metadata"]["name"]
            if change.type == "DELETED":
                rebuilt.pop(name)
            else:
                assert (change.old is None) == (change.type == "ADDED")
                assert change.old is rebuilt.get(name)
                rebuilt[name] = change.object
        found = {m["metadata"]["name"]: m for m in self.store.list("v1", "ConfigMap")}
        assert rebuilt == found

    def teardown(self) -> None:
        while self.watch.poll(2):
            pass
        late = self.store.watch("v1", "ConfigMap")
        assert {e.object["metadata"]["name"] for e in late.poll()} == set(self.model)


StoreMachine.TestCase.settings = settings(
    derandomize=True, max_examples=80, stateful_step_count=30, deadline=None
)
TestStoreMachine = StoreMachine.TestCase
