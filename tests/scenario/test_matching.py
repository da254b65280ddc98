"""Partial objects: what is written must be there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.scenario.matching import differences

CASES: dict[str, tuple[Any, Any, list[str]]] = {
    "a part of a map": ({"a": 1}, {"a": 1, "b": 2}, []),
    "another value": ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b is 2, expected 1"]),
    "an absent key": ({"a": 1}, {}, ["a is absent, expected 1"]),
    "a key that must be absent": ({"a": None}, {"a": 1}, ["a is 1, expected none"]),
    "a key that is absent as it must be": ({"a": None}, {}, []),
    "no map": ({"a": {"b": 1}}, {"a": 1}, ["a is 1, expected a map"]),
    "a text is no number": ({"a": "1"}, {"a": 1}, ['a is 1, expected "1"']),
    "true is not 1": ({"a": True}, {"a": 1}, ["a is 1, expected true"]),
    "1 is not true": ({"a": 1}, {"a": True}, ["a is true, expected 1"]),
    "items by name, in any order": (
        [{"name": "b", "x": 1}], [{"name": "a"}, {"name": "b", "x": 1, "y": 2}], [],
    ),
    "conditions by type": (
        {"c": [{"type": "Ready", "status": "True"}]},
        {"c": [{"type": "Other"}, {"type": "Ready", "status": "False"}]},
        ['c[0].status is "False", expected "True"'],
    ),
    "no item of that name": (
        [{"name": "c"}], [{"name": "a"}], ['the object has no item with name "c"'],
    ),
    "plain items one by one": ([1, 2], [1, 3], ["[1] is 3, expected 2"]),
    "plain items, another count": ([1], [1, 2], ["the object has 2 items, expected 1"]),
    "no list": ({"a": [1]}, {"a": "x"}, ['a is "x", expected a list']),
    "an empty list means empty": ({"a": []}, {"a": [1]}, ["a has 1 items, expected 0"]),
}  # fmt: skip


@pytest.mark.parametrize(("expected", "found", "wrong"), CASES.values(), ids=CASES.keys())
def test_differences(expected: Any, found: Any, wrong: list[str]) -> None:
    assert list(differences(expected, found)) == wrong


VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(derandomize=True, max_examples=80, deadline=None)
@given(VALUES)
def test_everything_matches_itself(value: Any) -> None:
    assert list(differences(value, value)) == []
