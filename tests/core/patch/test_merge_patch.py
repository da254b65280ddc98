"""JSON merge patch and the differences of manifests."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.patch import Difference, changed_paths, merge_patch, merge_patch_between
from lab.core.patch.diff import ABSENT

# The first fifteen are the examples of RFC 7386, appendix A.
CASES: dict[str, tuple[Any, Any, Any]] = {
    "replace": ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    "add": ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    "delete the only one": ({"a": "b"}, {"a": None}, {}),
    "delete one of two": ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    "list becomes text": ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    "text becomes list": ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    "nested": ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    "list is one value": ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    "lists": (["a", "b"], ["c", "d"], ["c", "d"]),
    "map becomes list": ({"a": "b"}, ["c"], ["c"]),
    "all becomes null": ({"a": "foo"}, None, None),
    "all becomes text": ({"a": "foo"}, "bar", "bar"),
    "null stays": ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    "list becomes map": ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    "deep null of nothing": ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    "nulls in a list are values": ({}, {"a": [None, {"b": None}]}, {"a": [None, {"b": None}]}),
    "false replaces 0": ({"a": 0}, {"a": False}, {"a": False}),
}


@pytest.mark.parametrize(("document", "patch", "want"), CASES.values(), ids=CASES.keys())
def test_merge_patch(document: Any, patch: Any, want: Any) -> None:
    before = copy.deepcopy(document)
    found = merge_patch(document, patch)
    assert json.dumps(found, sort_keys=True) == json.dumps(want, sort_keys=True), "False is not 0"
    assert document == before


def test_a_patch_that_changes_nothing_returns_the_same_object() -> None:
    document = {"a": {"b": 1}, "c": [1]}
    assert merge_patch(document, {"a": {"b": 1}, "c": [1], "x": None}) is document


values = st.recursive(
    st.one_of(st.booleans(), st.integers(-2, 2), st.sampled_from(["", "x"])),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
maps = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(maps, maps)
def test_the_patch_between_two_leads_from_one_to_the_other(old: Any, new: Any) -> None:
    patch = merge_patch_between(old, new)
    result = merge_patch(old, patch)
    assert result == new
    assert changed_paths(result, new) == []
    assert merge_patch_between(result, new) == {}


@settings(derandomize=True, max_examples=200, deadline=None)
@given(maps, maps)
def test_applying_twice_is_applying_once(document: Any, patch: Any) -> None:
    once = merge_patch(document, patch)
    assert merge_patch(once, patch) is once


def test_changed_paths_names_each_place() -> None:
    old = {"spec": {"replicas": 1, "gone": 1}, "list": [1, 2], "same": {"x": 1}}
    new = {"spec": {"replicas": 2}, "list": [1, 3], "same": {"x": 1}, "new": True}
    assert changed_paths(old, new) == [
        Difference(("spec", "replicas"), 1, 2),
        Difference(("spec", "gone"), 1, ABSENT),
        Difference(("list", 1), 2, 3),
        Difference(("new",), ABSENT, True),
    ]
