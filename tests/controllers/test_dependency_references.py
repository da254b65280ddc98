"""References of a binding to what its template needs: which objects they mean."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.dependency_references import (
    covers,
    dependency_places,
    recorded_references,
    refers,
    templates_of,
    texts_of,
)
from lab.controllers.namespaces import NamespaceSync
from lab.core.manifest import Manifest, name_of
from lab.core.model import key_of
from tests.controllers.fakes import SETTINGS, obj, queues, view_for

NOTE = "resourcebinding.karmada.io/dependencies"
PLACE = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "default"}
BY_LABEL = {**PLACE, "labelSelector": {"matchLabels": {"app": "web"}}}
A = obj("v1", "ConfigMap", "a", "default", labels={"app": "web"})
B = obj("v1", "ConfigMap", "b", "default", labels={"app": "db"})
FAR = obj("v1", "ConfigMap", "a", "far", labels={"app": "web"})

MEANT: dict[str, tuple[dict[str, Any], list[str]]] = {
    "by name": ({**PLACE, "name": "b"}, ["default/b"]),
    "a name that is not there is waited for": ({**PLACE, "name": "c"}, []),
    "by label, in its namespace": (BY_LABEL, ["default/a"]),
    "an empty selector means all": ({**PLACE, "labelSelector": {}}, ["default/a", "default/b"]),
    "another kind": ({**PLACE, "kind": "Secret", "name": "a"}, []),
}


@pytest.mark.parametrize(("reference", "want"), MEANT.values(), ids=MEANT.keys())
def test_templates_of(reference: dict[str, Any], want: list[str]) -> None:
    view = view_for(NamespaceSync(SETTINGS, queues), A, B, FAR)
    found = [f"{key_of(each).namespace}/{name_of(each)}" for each in templates_of(view, reference)]
    assert sorted(found) == want
    by_hand = [each for each in (A, B, FAR) if refers(reference, key_of(each), each)]
    assert sorted(f"{key_of(each).namespace}/{name_of(each)}" for each in by_hand) == want


def attached(name: str) -> Manifest:
    return obj("work.karmada.io/v1alpha2", "ResourceBinding", f"{name}-configmap", "default",
               spec={"resource": {**PLACE, "name": name}})  # fmt: skip


def test_a_reference_covers_the_binding_of_what_it_means() -> None:
    view = view_for(NamespaceSync(SETTINGS, queues), A, B)
    assert covers(view, {**PLACE, "name": "gone"}, attached("gone")), "named: it need not be there"
    assert covers(view, BY_LABEL, attached("a"))
    assert not covers(view, BY_LABEL, attached("b"))
    assert not covers(view, BY_LABEL, attached("gone")), "by label: it must be there"


@pytest.mark.parametrize("text", ["", "{", "{}", "[1, null]", '"a"'])
def test_a_note_that_cannot_be_read_refers_to_nothing(text: str) -> None:
    binding = obj("work.karmada.io/v1alpha2", "ResourceBinding", "b", "default",
                  annotations={NOTE: text})  # fmt: skip
    assert list(recorded_references(binding)) == []
    assert list(dependency_places(binding)) == []


def test_references_in_short() -> None:
    assert texts_of([{**PLACE, "name": "a"}, BY_LABEL]) == (
        "ConfigMap a, ConfigMap {'matchLabels': {'app': 'web'}}"
    )
