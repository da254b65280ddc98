"""The overriders one by one: what an entry does to an object, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.core.errors import LabError
from lab.core.overrides import (
    OverrideError,
    OverridePolicies,
    applied_text,
    apply_overrides,
)

CLUSTER = {"kind": "Cluster", "metadata": {"name": "member1"}}


def deployment(**container: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}},
        "spec": {
            "replicas": 2,
            "template": {
                "spec": {
                    "initContainers": [{"name": "i", "image": "busybox:1"}],
                    "containers": [{"name": "c", "image": "r.io/web:v1", **container}],
                }
            },
        },
    }


def policy(name: str = "op", **overriders: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "OverridePolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"overrideRules": [{"overriders": overriders}]},
    }


def overridden(manifest: dict[str, Any], *policies: dict[str, Any]) -> Any:
    return apply_overrides(manifest, CLUSTER, OverridePolicies.of(policies)).manifest


def first_container(manifest: Any) -> Any:
    return manifest["spec"]["template"]["spec"]["containers"][0]


IMAGES = {
    "registry add on none sets it": ("web:v1", "Registry", "add", "r.io", "r.io/web:v1"),
    "registry remove": ("r.io/web:v1", "Registry", "remove", "x", "web:v1"),
    "repository add": ("r.io/web", "Repository", "add", "/x", "r.io/web/x"),
    "repository remove": ("r.io/web:v1", "Repository", "remove", None, "r.io/:v1"),
    "tag add": ("web:v1", "Tag", "add", "-alpine", "web:v1-alpine"),
    "tag add where there is none": ("web", "Tag", "add", "v2", "web:v2"),
    "tag add that is no tag": ("web:v1", "Tag", "add", "/x", "web:v1"),
    "tag remove": ("web:v1", "Tag", "remove", None, "web"),
}


@pytest.mark.parametrize("case", IMAGES.values(), ids=IMAGES.keys())
def test_image(case: tuple[str, str, str, str | None, str]) -> None:
    image, component, operator, value, want = case
    entry = {"component": component, "operator": operator}
    if value is not None:
        entry["value"] = value
    result = overridden(deployment(image=image), policy(imageOverrider=[entry]))
    assert first_container(result)["image"] == want
    inits = result["spec"]["template"]["spec"]["initContainers"]
    assert inits[0]["image"] == "busybox:1", "init containers are touched by a predicate only"


def test_image_by_predicate_reaches_any_field_of_any_kind() -> None:
    custom = {
        "apiVersion": "x.io/v1",
        "kind": "Custom",
        "metadata": {"name": "a", "namespace": "default"},
        "spec": {"parts": [{"picture": "a:v1"}]},
    }
    entry = {
        "predicate": {"path": "/spec/parts/0/picture"},
        "component": "Tag",
        "operator": "replace",
        "value": "v2",
    }
    assert overridden(custom, policy(imageOverrider=[entry]))["spec"]["parts"] == [
        {"picture": "a:v2"}
    ]


IMAGE_ERRORS = {
    "predicate without a leading slash": {"predicate": {"path": "spec/replicas"}},
    "predicate to a number": {"predicate": {"path": "/spec/replicas"}},
    "predicate to nothing": {"predicate": {"path": "/spec/nope/image"}},
    "index out of range": {"predicate": {"path": "/spec/template/spec/containers/7/image"}},
    "unknown component": {"component": "Colour"},
}


@pytest.mark.parametrize("changes", IMAGE_ERRORS.values(), ids=IMAGE_ERRORS.keys())
def test_image_errors(changes: dict[str, Any]) -> None:
    entry = {"component": "Tag", "operator": "replace", "value": "v2", **changes}
    with pytest.raises(OverrideError):
        overridden(deployment(), policy(imageOverrider=[entry]))


WORDS = {
    "add to nothing": (None, "add", ["-v"], ["-v"]),
    "add to some": (["a"], "add", ["b", "a"], ["a", "b", "a"]),
    "remove all equal ones": (["a", "b", "a"], "remove", ["a"], ["b"]),
    "remove from nothing makes an empty list": (None, "remove", ["a"], []),
    "unknown operator keeps": (["a"], "replace", ["b"], ["a"]),
}


@pytest.mark.parametrize("field", ["command", "args"])
@pytest.mark.parametrize("case", WORDS.values(), ids=WORDS.keys())
def test_command_and_args(field: str, case: tuple[Any, str, list[str], list[str]]) -> None:
    present, operator, value, want = case
    manifest = deployment(**({} if present is None else {field: present}))
    entry = {"containerName": "c", "operator": operator, "value": value}
    result = overridden(manifest, policy(**{f"{field}Overrider": [entry]}))
    assert first_container(result)[field] == want


def test_another_container_is_left_alone() -> None:
    entry = {"containerName": "other", "operator": "add", "value": ["x"]}
    manifest = deployment()
    assert overridden(manifest, policy(argsOverrider=[entry])) == manifest


def test_annotations_are_created_and_keys_with_a_slash_work() -> None:
    entries = [
        {"operator": "add", "value": {"a.io/b": "1", "c": "2"}},
        {"operator": "replace", "value": {"a.io/b": "3", "nope": "x"}},
        {"operator": "remove", "value": {"c": "whatever", "nope": "x"}},
    ]
    result = overridden(deployment(), policy(annotationsOverrider=entries))
    assert result["metadata"]["annotations"] == {"a.io/b": "3"}


def test_replace_creates_no_map() -> None:
    manifest = deployment()
    entry = {"operator": "replace", "value": {"a": "b"}}
    assert overridden(manifest, policy(annotationsOverrider=[entry])) == manifest


PLAINTEXT = {
    "append": ([("add", "/spec/list/-", 4)], [1, 2, 3, 4]),
    "insert at negative index": ([("add", "/spec/list/-1", 4)], [1, 2, 3, 4]),
    "remove the last": ([("remove", "/spec/list/-1", None)], [1, 2]),
    "replace by index": ([("replace", "/spec/list/0", "x")], ["x", 2, 3]),
    "a path without slash loses its first part": ([("add", "nope/spec/list/0", 0)], [0, 1, 2, 3]),
}


@pytest.mark.parametrize("case", PLAINTEXT.values(), ids=PLAINTEXT.keys())
def test_plaintext(case: tuple[list[tuple[str, str, Any]], list[Any]]) -> None:
    operations, want = case
    manifest = deployment()
    manifest["spec"]["list"] = [1, 2, 3]
    entries = [{"operator": op, "path": path, "value": value} for op, path, value in operations]
    assert overridden(manifest, policy(plaintext=entries))["spec"]["list"] == want


PLAINTEXT_ERRORS = {
    "replace of nothing": ("replace", "/spec/nope"),
    "remove of nothing": ("remove", "/spec/nope"),
    "add under nothing": ("add", "/spec/nope/a"),
    "remove the whole": ("remove", ""),
    "index too large": ("add", "/spec/template/spec/containers/9"),
    "index too negative": ("remove", "/spec/template/spec/containers/-2"),
    "through a number": ("add", "/spec/replicas/a"),
    "one step without slash": ("add", "kind"),
    "an object without kind": ("remove", "/kind"),
    "unknown operator": ("move", "/spec"),
}


@pytest.mark.parametrize(
    ("operator", "path"), PLAINTEXT_ERRORS.values(), ids=PLAINTEXT_ERRORS.keys()
)
def test_plaintext_errors(operator: str, path: str) -> None:
    entry = {"operator": operator, "path": path, "value": 1}
    with pytest.raises(OverrideError, match="plaintext"):
        overridden(deployment(), policy(plaintext=[entry]))


def config(**data: str) -> dict[str, Any]:
    metadata = {"name": "cfg", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


JSON_FIELDS = {
    "order and numbers are kept": (
        '{ "z": 1.0, "a": 1e3, "s": "\\u00e9" }',
        [("add", "/b", {"y": 2, "x": [True, None]})],
        '{"z":1.0,"a":1e3,"s":"\\u00e9","b":{"y":2,"x":[true,null]}}',
    ),
    "html characters are escaped": ('{"a":"<b>"}', [("add", "/c", "&")], None),
    "a list at the top": ("[1,2]", [("add", "/-", 3)], "[1,2,3]"),
    "remove": ('{"a":1,"b":2}', [("remove", "/a", None)], '{"b":2}'),
    "empty text stays": ("", [("add", "/a", 1)], ""),
}


@pytest.mark.parametrize("case", JSON_FIELDS.values(), ids=JSON_FIELDS.keys())
def test_json_field(case: tuple[str, list[tuple[str, str, Any]], str | None]) -> None:
    text, operations, want = case
    patches = [{"operator": op, "subPath": path, "value": value} for op, path, value in operations]
    entry = {"fieldPath": "/data/c.json", "json": patches}
    result = overridden(config(**{"c.json": text}), policy(fieldOverrider=[entry]))
    found = result["data"]["c.json"]
    if want is None:
        assert found == '{"a":"\\u003cb\\u003e","c":"\\u0026"}'
    else:
        assert found == want


FIELD_ERRORS = {
    "no json": ("/data/c", "json", "not json"),
    "a json number": ("/data/c", "json", "5"),
    "a list after a space": ("/data/c", "json", " [1]"),
    "not a number of JSON": ("/data/c", "json", "NaN"),
    "no yaml": ("/data/c", "yaml", "a: ["),
    "yaml that is a text": ("/data/c", "yaml", "hello"),
    "no such field": ("/data/x", "json", "{}"),
    "no leading slash": ("data/c", "json", "{}"),
    "the whole object": ("", "json", "{}"),
    "no text": ("/data", "json", "{}"),
    "deep json": ("/data/c", "json", "[" * 100_000),
    "deep yaml": ("/data/c", "yaml", "[" * 100_000),
}


@pytest.mark.parametrize(
    ("path", "format_", "text"), FIELD_ERRORS.values(), ids=FIELD_ERRORS.keys()
)
def test_field_errors(path: str, format_: str, text: str) -> None:
    patches = [{"operator": "add", "subPath": "/b", "value": 1}]
    entry = {"fieldPath": path, format_: patches}
    with pytest.raises(OverrideError, match="fieldOverrider"):
        overridden(config(c=text), policy(fieldOverrider=[entry]))


def test_yaml_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    entry = {"fieldPath": "/data/c", "yaml": [{"operator": "add", "subPath": "/b", "value": 1}]}
    with pytest.raises(OverrideError, match="too large"):
        overridden(config(c="\n".join(lines)), policy(fieldOverrider=[entry]))


# ── order, steps, errors ───────────────────────────────────────────────────────────────────────


def test_inside_a_rule_plaintext_has_the_last_word() -> None:
    rule = policy(
        plaintext=[
            {
                "operator": "replace",
                "path": "/spec/template/spec/containers/0/image",
                "value": "last:1",
            }
        ],
        imageOverrider=[{"component": "Tag", "operator": "replace", "value": "first"}],
    )
    result = apply_overrides(deployment(), CLUSTER, OverridePolicies.of([rule]))
    assert first_container(result.manifest)["image"] == "last:1"
    assert [step.overrider for step in result.steps] == ["imageOverrider", "plaintext"]
    assert first_container(result.steps[0].after)["image"] == "r.io/web:first"
    assert all(step.changed for step in result.steps)


def test_a_cluster_wide_policy_goes_first_and_decides_what_others_match() -> None:
    wide = {
        **policy("wide", labelsOverrider=[{"operator": "add", "value": {"tier": "gold"}}]),
        "kind": "ClusterOverridePolicy",
    }
    wide["metadata"] = {"name": "wide"}
    narrow = policy("narrow", labelsOverrider=[{"operator": "add", "value": {"seen": "yes"}}])
    narrow["spec"]["resourceSelectors"] = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "labelSelector": {"matchLabels": {"tier": "gold"}},
        }
    ]
    labels = overridden(deployment(), narrow, wide)["metadata"]["labels"]
    assert labels == {"app": "web", "tier": "gold", "seen": "yes"}


def test_an_error_names_policy_cluster_and_overrider_and_what_went_before() -> None:
    good = policy("a-good", labelsOverrider=[{"operator": "add", "value": {"x": "y"}}])
    bad = policy("b-bad", plaintext=[{"operator": "remove", "path": "/spec/nope"}])
    with pytest.raises(OverrideError) as caught:
        overridden(deployment(), good, bad)
    error = caught.value
    assert (error.name, error.cluster, error.overrider) == ("b-bad", "member1", "plaintext")
    assert [entry.name for entry in error.applied] == ["a-good"]
    assert isinstance(error, LabError)
    assert "/spec/nope" in str(error)


def test_the_annotation_lists_overriders_as_karmada_writes_them() -> None:
    first = policy("z", plaintext=[{"operator": "remove", "path": "/spec/replicas"}])
    second = policy(
        "a",
        labelsOverrider=[{"value": {"b": "<", "a": "1"}, "operator": "add"}],
        imageOverrider=[{"operator": "remove", "component": "Tag"}],
    )
    result = apply_overrides(deployment(), CLUSTER, OverridePolicies.of([first, second]))
    assert applied_text(result.applied) == (
        '[{"policyName":"a","overriders":{'
        '"imageOverrider":[{"component":"Tag","operator":"remove"}],'
        '"labelsOverrider":[{"operator":"add","value":{"a":"1","b":"\\u003c"}}]}},'
        '{"policyName":"z","overriders":{"plaintext":'
        '[{"path":"/spec/replicas","operator":"remove","value":null}]}}]'
    )
    assert json.loads(applied_text(result.applied) or "")
    assert applied_text(()) is None
