"""What an event means: the predicates in front of the queues; and what counts as equal."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.adoption import same, with_member_fields
from lab.controllers.watching import (
    changed_by_karmada,
    generation_changed,
    only_status_changed,
    specification_changed,
)
from lab.core.manifest import Manifest, set_in, with_annotations, with_labels
from lab.core.model import Observed, key_of
from tests.controllers.fakes import deployment

OLD = deployment()
CLAIM = "propagationpolicy.karmada.io/permanent-id"
SKIP = "namespace.karmada.io/skip-auto-propagation"


def _meta(field: str, value: Any) -> Manifest:
    return set_in(OLD, ("metadata", field), value)


# name: (new, the specification changed, by Karmada alone, only the status changed)
CHANGES: dict[str, tuple[Manifest, bool, bool, bool]] = {
    "nothing": (OLD, False, True, True),
    "status": ({**OLD, "status": {"replicas": 1}}, False, True, True),
    "resourceVersion": (_meta("resourceVersion", "11"), False, True, True),
    "managedFields": (_meta("managedFields", [{}]), False, True, True),
    "generation": (_meta("generation", 2), True, True, True),
    "spec": (set_in(OLD, ("spec", "replicas"), 9), True, False, False),
    "a claim": (with_labels(OLD, {CLAIM: "x"}), True, True, False),
    "a user's label": (with_labels(OLD, {"a": "b"}), True, False, False),
    "a user's label with a Karmada key": (with_labels(OLD, {SKIP: "true"}), True, False, False),
    "a Karmada annotation": (with_annotations(OLD, {"x.karmada.io/y": "z"}), True, True, False),
    "a new part": ({**OLD, "data": {}}, True, False, False),
}


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES.keys())
def test_changes(case: tuple[Manifest, bool, bool, bool]) -> None:
    new, specification, karmada, status = case
    assert specification_changed(OLD, new) is specification
    assert changed_by_karmada(OLD, new) is karmada
    assert only_status_changed(OLD, new) is status


GENERATIONS: dict[str, Any] = {
    "created": (None, OLD, True),
    "gone": (OLD, None, True),
    "a new generation": (OLD, deployment(generation=2), True),
    "deletion begins": (OLD, deployment(deletionTimestamp="t"), True),
    "status": (OLD, {**OLD, "status": {}}, False),
}


@pytest.mark.parametrize(("old", "new", "want"), GENERATIONS.values(), ids=GENERATIONS.keys())
def test_generation_changed(old: Any, new: Any, want: bool) -> None:
    assert generation_changed(Observed(key_of(OLD), new, old)) is want


EQUAL: dict[str, Any] = {
    "absent and empty": ({"a": 1}, {"a": 1, "b": {}}, True),
    "null and empty list": ({"a": None}, {"a": []}, True),
    "absent and zero": ({}, {"a": 0}, False),
    "absent and false": ({}, {"a": False}, False),
    "deep in a list": ({"a": [{"b": {}}]}, {"a": [{}]}, True),
    "a longer list": ({"a": [1]}, {"a": [1, 2]}, False),
    "other values": ({"a": "1"}, {"a": 1}, False),
}


@pytest.mark.parametrize(("left", "right", "want"), EQUAL.values(), ids=EQUAL.keys())
def test_same(left: Any, right: Any, want: bool) -> None:
    assert same(left, right) is want
    assert same(right, left) is want


def test_what_the_hub_no_longer_says_is_dropped_but_finalizers_are_the_members() -> None:
    desired = deployment(finalizers=["hub"], ownerReferences=[{"uid": "hub"}])
    observed = deployment(resourceVersion="5", ownerReferences=[{"uid": "member"}])
    metadata = with_member_fields(desired, observed)["metadata"]
    assert "finalizers" not in metadata
    assert metadata["ownerReferences"] == [{"uid": "member"}]
    assert metadata["resourceVersion"] == "5"
