"""Field types: the table of built-ins, CRD schemas, and the options merges go by."""

from __future__ import annotations

import pytest

from lab.core.fields import ANY, FieldType, fields_of, schema_type, type_of


def at(api_version: str, kind: str, *path: str) -> FieldType:
    node = type_of(api_version, kind)
    assert node is not None
    for step in path:
        node = node.item or ANY if step == "[]" else node.at(step)
    return node


POD = ("spec", "containers", "[]")
LISTS = {
    "containers by name": (("v1", "Pod", "spec", "containers"), "map", ("name",), "name"),
    "ports by two keys": (
        ("v1", "Pod", *POD, "ports"),
        "map",
        ("containerPort", "protocol"),
        "containerPort",
    ),
    "args are one value": (("v1", "Pod", *POD, "args"), "atomic", (), ""),
    "finalizers are a set": (("v1", "Pod", "metadata", "finalizers"), "set", (), ""),
    "a list without words is atomic": (
        ("policy.karmada.io/v1alpha1", "PropagationPolicy", "spec", "resourceSelectors"),
        "atomic",
        (),
        "",
    ),
    "keys from a CRD schema": (
        ("multicluster.x-k8s.io/v1alpha1", "ServiceExport", "status", "conditions"),
        "map",
        ("type",),
        "",
    ),
}


@pytest.mark.parametrize(
    ("place", "list_type", "keys", "merge_key"), LISTS.values(), ids=LISTS.keys()
)
def test_lists(
    place: tuple[str, ...], list_type: str, keys: tuple[str, ...], merge_key: str
) -> None:
    found = at(*place)
    assert (found.list_type, found.list_keys, found.merge_key) == (list_type, keys, merge_key)


def test_default_of_a_list_key() -> None:
    assert at("v1", "Pod", *POD, "ports", "[]", "protocol").default == "TCP"


ATOMIC = {
    "node selector": ("v1", "Pod", "spec", "nodeSelector"),
    "label selector": ("apps/v1", "Deployment", "spec", "selector"),
    "service selector": ("v1", "Service", "spec", "selector"),
    "selector in a CRD": (
        "policy.karmada.io/v1alpha1",
        "PropagationPolicy",
        "spec",
        "placement",
        "clusterAffinity",
        "labelSelector",
    ),
}


@pytest.mark.parametrize("place", ATOMIC.values(), ids=ATOMIC.keys())
def test_atomic_maps(place: tuple[str, ...]) -> None:
    assert at(*place).atomic


def test_enum_and_required() -> None:
    assert at("v1", "Pod", "spec", "restartPolicy").enum == ("Always", "Never", "OnFailure")
    assert type_of("v1", "Pod").at("spec").required == ("containers",)  # type: ignore[union-attr]


def test_unknown_places_are_any() -> None:
    assert at("v1", "Pod", "spec", "nosuch", "deeper") is ANY
    assert type_of("example.com/v1", "Widget") is None


def test_no_reference_leads_nowhere() -> None:
    """Every type a kind can reach loads (a self-reference must not loop)."""
    seen: set[str] = set()
    open_ = [fields_of("core.v1.Pod"), fields_of("apiextensions.v1.CustomResourceDefinition")]
    while open_:
        node = open_.pop()
        if node.form == "struct" and node.name:
            if node.name in seen:
                continue
            seen.add(node.name)
        open_ += [*node.fields.values(), *([node.item] if node.item else [])]
    assert "core.v1.Container" in seen


def test_manifests_of_a_work_are_free() -> None:
    manifests = at("work.karmada.io/v1alpha1", "Work", "spec", "workload", "manifests")
    assert manifests.item is not None
    assert manifests.item.form == "any"


def test_schema_of_ones_own() -> None:
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer", "format": "int32", "default": 1},
                    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                    "port": {"x-kubernetes-int-or-string": True},
                },
            }
        },
    }
    spec = schema_type(schema).at("spec")
    assert spec.required == ("size",)
    assert (spec.at("size").name, spec.at("size").default) == ("integer:int32", 1)
    assert spec.at("tags").form == "map"
    assert spec.at("port").name == "int-or-string"
    assert schema_type(schema).at("metadata").at("labels").form == "map"
