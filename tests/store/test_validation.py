"""Wrong types, words and limits, and fields that may not change, in the server's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.errors import ApiError
from lab.core.manifest import set_in
from tests.store.support import config_map, deployment, hub, key, work


def refusal(call: Any, *args: Any, **kwargs: Any) -> ApiError:
    with pytest.raises(ApiError) as raised:
        call(*args, **kwargs)
    return raised.value


CONTAINER = ("spec", "template", "spec", "containers", 0)
DECODING: dict[str, tuple[Any, Any, str]] = {
    "a text for a number": (
        ("spec", "replicas"),
        "three",
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type "
        "int32",
    ),
    "a number with a point": (
        ("spec", "replicas"),
        1.5,
        "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of "
        "type int32",
    ),
    "a number too large": (
        ("spec", "replicas"),
        2**31,
        "json: cannot unmarshal number 2147483648 into Go struct field "
        "DeploymentSpec.spec.replicas of type int32",
    ),
    "a word for a map": (
        ("spec", "template"),
        "x",
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.template of type "
        "v1.PodTemplateSpec",
    ),
    "a map for a list": (
        ("spec", "template", "spec", "containers"),
        {},
        "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers "
        "of type []v1.Container",
    ),
    "a number for a text": (
        (*CONTAINER, "image"),
        7,
        "json: cannot unmarshal number into Go struct field "
        "Container.spec.template.spec.containers.image of type string",
    ),
    "a truth for a label": (
        ("metadata", "labels"),
        {"a": True},
        "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels.a of type "
        "string",
    ),
    "no quantity": (
        (*CONTAINER, "resources"),
        {"limits": {"cpu": "much"}},
        "quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ),
}


@pytest.mark.parametrize(("path", "value", "why"), DECODING.values(), ids=DECODING.keys())
def test_what_cannot_be_decoded(path: Any, value: Any, why: str) -> None:
    text = f'Deployment in version "v1" cannot be handled as a Deployment: {why}'
    wrong = set_in(deployment(), path, value)
    error = refusal(hub().create, wrong, 0)
    assert (error.code, error.reason, str(error)) == (400, "BadRequest", text)
    store = hub()
    store.create(deployment(), 0)
    assert str(refusal(store.update, wrong, 1)) == text
    assert str(refusal(store.apply, wrong, "me", 1, force=True)) == text


def test_a_patch_is_checked_too() -> None:
    store = hub()
    store.create(deployment(), 0)
    error = refusal(store.patch, key(deployment()), {"spec": {"replicas": "x"}}, "merge", 1)
    assert error.code == 400
    assert store.get(key(deployment()))["spec"]["replicas"] == 1


def test_a_word_that_is_none_of_the_allowed() -> None:
    wrong = set_in(deployment(), ("spec", "strategy"), {"type": "Slowly"})
    error = refusal(hub().create, wrong, 0)
    assert (error.code, str(error)) == (
        422,
        'Deployment.apps "web" is invalid: spec.strategy.type: Unsupported value: "Slowly": '
        'supported values: "Recreate", "RollingUpdate"',
    )


def policy(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "PropagationPolicy",
        "metadata": {"name": "p", "namespace": "default"},
        "spec": {"resourceSelectors": [{"apiVersion": "v1", "kind": "ConfigMap"}], **spec},
    }


SCHEMA: dict[str, tuple[dict[str, Any], str]] = {
    "type": (
        policy(priority="high"),
        'spec.priority: Invalid value: "string": spec.priority in body must be of type integer: '
        '"string"',
    ),
    "enum": (
        policy(conflictResolution="Maybe"),
        'spec.conflictResolution: Unsupported value: "Maybe": supported values: "Abort", '
        '"Overwrite"',
    ),
    "required": (
        {**policy(), "spec": {}},
        "spec.resourceSelectors: Required value",
    ),
    "minItems": (
        policy(resourceSelectors=[]),
        "spec.resourceSelectors: Invalid value: []: spec.resourceSelectors in body should have at "
        "least 1 items",
    ),
    "inside a list": (
        policy(resourceSelectors=[{"apiVersion": "v1"}]),
        "spec.resourceSelectors[0].kind: Required value",
    ),
}


@pytest.mark.parametrize(("manifest", "text"), SCHEMA.values(), ids=SCHEMA.keys())
def test_schema_of_a_custom_resource(manifest: dict[str, Any], text: str) -> None:
    error = refusal(hub().create, manifest, 0)
    assert (error.code, error.reason) == (422, "Invalid")
    assert str(error) == f'PropagationPolicy.policy.karmada.io "p" is invalid: {text}'


def test_several_causes_are_listed() -> None:
    error = refusal(hub().create, policy(priority="high", conflictResolution="Maybe"), 0)
    assert len(error.causes) == 2
    assert "is invalid: [" in str(error)


def test_unknown_fields_and_nulls_pass() -> None:
    manifest = set_in(deployment(), ("spec", "unheard"), {"of": 1})
    made = hub().create(set_in(manifest, ("spec", "minReadySeconds"), None), 0)
    assert made["spec"]["unheard"] == {"of": 1}
    carried = [{"any": ["thing"]}]
    made = hub().create(set_in(work(), ("spec", "workload", "manifests"), carried), 0)
    assert made["spec"]["workload"]["manifests"] == carried


IMMUTABLE: dict[str, tuple[dict[str, Any], Any, Any, str]] = {
    "selector of a deployment": (
        deployment(),
        ("spec", "selector"),
        {"matchLabels": {"app": "b"}},
        'Deployment.apps "web" is invalid: spec.selector: Invalid value: '
        '{"matchLabels":{"app":"b"}}: field is immutable',
    ),
    "data of an immutable config map": (
        {**config_map(data={"a": "1"}), "immutable": True},
        ("data", "a"),
        "2",
        'ConfigMap "settings" is invalid: data: Forbidden: field is immutable when `immutable` is '
        "set",
    ),
    "service name of a stateful set": (
        {**set_in(deployment(), ("spec", "serviceName"), "a"), "kind": "StatefulSet"},
        ("spec", "serviceName"),
        "b",
        'StatefulSet.apps "web" is invalid: spec: Forbidden: updates to statefulset spec for '
        "fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
        "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
        "forbidden",
    ),
}


@pytest.mark.parametrize(
    ("manifest", "path", "value", "text"), IMMUTABLE.values(), ids=IMMUTABLE.keys()
)
def test_what_may_not_change(manifest: dict[str, Any], path: Any, value: Any, text: str) -> None:
    store = hub()
    old = store.create(manifest, 0)
    error = refusal(store.update, set_in(old, path, value), 1)
    assert (error.code, str(error)) == (422, text)


def test_replicas_of_a_stateful_set_may_change() -> None:
    store = hub()
    old = store.create({**deployment(), "kind": "StatefulSet"}, 0)
    assert store.update(set_in(old, ("spec", "replicas"), 5), 1)["spec"]["replicas"] == 5


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "spec", "labels", "uid", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
PLACES = [
    ("metadata",),
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("metadata", "generateName"),
    ("metadata", "labels"),
    ("metadata", "annotations"),
    ("metadata", "finalizers"),
    ("metadata", "ownerReferences"),
    ("metadata", "managedFields"),
    ("metadata", "resourceVersion"),
    ("metadata", "uid"),
    ("spec",),
    ("spec", "template"),
    ("spec", "versions"),
    ("spec", "names"),
    ("status",),
    ("kind",),
    ("apiVersion",),
]
KINDS = [
    ("apps/v1", "Deployment"),
    ("v1", "Namespace"),
    ("v1", "ConfigMap"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("autoscaling/v1", "HorizontalPodAutoscaler"),
    ("work.karmada.io/v1alpha1", "Work"),
    ("example.com/v1", "Widget"),
]


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.sampled_from(KINDS), st.sampled_from(PLACES), junk, st.sampled_from(["create", "apply"]))
def test_junk_is_stored_or_refused_but_never_breaks(
    kind: tuple[str, str], path: tuple[str, ...], value: Any, verb: str
) -> None:
    meta = {"name": "x", "namespace": "default"}
    base: dict[str, Any] = {"apiVersion": kind[0], "kind": kind[1], "metadata": meta, "spec": {}}
    manifest = set_in(base, path, value)
    store = hub(defaulting=True)
    for _ in range(2):
        version = store.resource_version
        try:
            if verb == "create":
                stored = store.create(manifest, 0)
            else:
                stored = store.apply(manifest, "me", 0)
        except ApiError:
            assert store.resource_version == version, "a refused write leaves nothing behind"
        else:
            assert store.find(key(stored)) == stored


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    st.sampled_from(KINDS[:3] + KINDS[5:]),
    junk,
    st.sampled_from(["json", "merge", "strategic"]),
    st.sampled_from(["", "status", "scale"]),
)
def test_junk_patches_never_break(
    kind: tuple[str, str], body: Any, patch_type: Any, subresource: str
) -> None:
    store = hub(defaulting=True)
    meta = {"name": "x", "namespace": "default"}
    base: dict[str, Any] = {"apiVersion": kind[0], "kind": kind[1], "metadata": meta, "spec": {}}
    if kind[1] == "Work":
        base["spec"] = {"workload": {}}
    made = store.create(base, 0)
    for attempt in (
        body,
        {"metadata": body},
        {"spec": body},
        [{"op": "add", "path": "/spec", "value": body}],
    ):
        before, version = store.find(key(made)), store.resource_version
        try:
            store.patch(key(made), attempt, patch_type, 1, subresource=subresource)
        except ApiError:
            assert store.find(key(made)) is before, "a refused patch leaves nothing behind"
            assert store.resource_version == version
        else:
            after = store.find(key(made))
            assert after is not None
            assert after["metadata"]["uid"] == made["metadata"]["uid"]
            json.dumps(after)
