"""Strategic merge patch: lists by merge key, and every directive.

Cases follow the documentation of kubectl patch and the tests of apimachinery's strategicpatch.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lab.core.patch import PatchError, strategic_merge


def deployment(**pod: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"template": {"spec": pod}},
    }


def pod_patch(**pod: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": pod}}}


NGINX = {"name": "nginx", "image": "nginx:1"}
SIDE = {"name": "side", "image": "side:1"}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "a container is added before": (
        {"containers": [NGINX]},
        {"containers": [{"name": "redis", "image": "redis"}]},
        {"containers": [{"name": "redis", "image": "redis"}, NGINX]},
    ),
    "a container is changed by name": (
        {"containers": [NGINX, SIDE]},
        {"containers": [{"name": "side", "image": "side:2"}]},
        {"containers": [NGINX, {"name": "side", "image": "side:2"}]},
    ),
    "tolerations are replaced": (
        {"containers": [NGINX], "tolerations": [{"key": "a"}]},
        {"tolerations": [{"key": "b"}]},
        {"containers": [NGINX], "tolerations": [{"key": "b"}]},
    ),
    "a list of plain values without strategy is replaced": (
        {"containers": [{"name": "nginx", "args": ["a", "b"]}]},
        {"containers": [{"name": "nginx", "args": ["c"]}]},
        {"containers": [{"name": "nginx", "args": ["c"]}]},
    ),
    "null deletes": (
        {"containers": [NGINX], "nodeName": "n1"},
        {"nodeName": None, "hostname": None},
        {"containers": [NGINX]},
    ),
    "nulls in a new map are dropped": (
        {"containers": [NGINX]},
        {"securityContext": {"runAsUser": 1, "runAsGroup": None}},
        {"containers": [NGINX], "securityContext": {"runAsUser": 1}},
    ),
    "$patch delete of an element": (
        {"containers": [NGINX, SIDE]},
        {"containers": [{"name": "nginx", "$patch": "delete"}]},
        {"containers": [SIDE]},
    ),
    "$patch delete of what is not there": (
        {"containers": [NGINX]},
        {"containers": [{"name": "x", "$patch": "delete"}]},
        {"containers": [NGINX]},
    ),
    "$patch replace of a list": (
        {"containers": [NGINX, SIDE]},
        {"containers": [{"$patch": "replace"}, {"name": "one", "image": "one"}]},
        {"containers": [{"name": "one", "image": "one"}]},
    ),
    "$patch replace of a map": (
        {"containers": [NGINX], "securityContext": {"runAsUser": 1, "fsGroup": 2}},
        {"securityContext": {"$patch": "replace", "runAsUser": 5}},
        {"containers": [NGINX], "securityContext": {"runAsUser": 5}},
    ),
    "$patch delete of a map": (
        {"containers": [NGINX], "securityContext": {"runAsUser": 1}},
        {"securityContext": {"$patch": "delete"}},
        {"containers": [NGINX], "securityContext": {}},
    ),
    "$patch delete of a map that is not there": (
        {"containers": [NGINX]},
        {"securityContext": {"$patch": "delete"}},
        {"containers": [NGINX]},
    ),
    "$setElementOrder orders": (
        {"containers": [NGINX, SIDE]},
        {"$setElementOrder/containers": [{"name": "side"}, {"name": "nginx"}]},
        {"containers": [SIDE, NGINX]},
    ),
    "$setElementOrder with a new element": (
        {"containers": [NGINX, SIDE]},
        {
            "$setElementOrder/containers": [{"name": "nginx"}, {"name": "new"}, {"name": "side"}],
            "containers": [{"name": "new", "image": "new"}],
        },
        {"containers": [NGINX, {"name": "new", "image": "new"}, SIDE]},
    ),
    "elements only the server has keep their place": (
        {"containers": [{"name": "a"}, {"name": "server"}, {"name": "b"}]},
        {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]},
        {"containers": [{"name": "server"}, {"name": "b"}, {"name": "a"}]},
    ),
    "$retainKeys drops the other members of a union": (
        {"containers": [NGINX], "volumes": [{"name": "v", "emptyDir": {}}]},
        {
            "volumes": [
                {"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}
            ]
        },
        {"containers": [NGINX], "volumes": [{"name": "v", "hostPath": {"path": "/x"}}]},
    ),
    "env by name inside a container": (
        {"containers": [{"name": "nginx", "env": [{"name": "A", "value": "1"}]}]},
        {"containers": [{"name": "nginx", "env": [{"name": "A", "value": "2"}]}]},
        {"containers": [{"name": "nginx", "env": [{"name": "A", "value": "2"}]}]},
    ),
    "ports by number": (
        {"containers": [{"name": "nginx", "ports": [{"containerPort": 80, "name": "http"}]}]},
        {"containers": [{"name": "nginx", "ports": [{"containerPort": 80, "protocol": "UDP"}]}]},
        {
            "containers": [
                {
                    "name": "nginx",
                    "ports": [{"containerPort": 80, "name": "http", "protocol": "UDP"}],
                }
            ]
        },
    ),
    "directives in what is new are carried out, not stored": (
        {"containers": [NGINX]},
        {
            "volumes": [{"name": "gone", "$patch": "delete"}, {"name": "v", "emptyDir": {}}],
            "$setElementOrder/volumes": [{"name": "v"}],
        },
        {"containers": [NGINX], "volumes": [{"name": "v", "emptyDir": {}}]},
    ),
}


@pytest.mark.parametrize(("pod", "patch", "want"), CASES.values(), ids=CASES.keys())
def test_pod_template(pod: dict[str, Any], patch: dict[str, Any], want: dict[str, Any]) -> None:
    document = deployment(**pod)
    before = copy.deepcopy(document)
    found = strategic_merge(document, pod_patch(**patch), "apps/v1", "Deployment")
    assert found == deployment(**want)
    assert document == before


def test_strategy_retain_keys_of_a_deployment() -> None:
    document = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    want = {"spec": {"strategy": {"type": "Recreate"}}}
    assert strategic_merge(document, patch, "apps/v1", "Deployment") == want


FINALIZERS: dict[str, tuple[list[str], dict[str, Any], list[str]]] = {
    "merged as a set": (["a", "b"], {"finalizers": ["b", "c"]}, ["a", "b", "c"]),
    "deleted from": (["a", "b"], {"$deleteFromPrimitiveList/finalizers": ["a"]}, ["b"]),
    "deleted and ordered": (
        ["a", "b", "c"],
        {
            "$deleteFromPrimitiveList/finalizers": ["b"],
            "$setElementOrder/finalizers": ["c", "a"],
        },
        ["c", "a"],
    ),
}


@pytest.mark.parametrize(("old", "patch", "want"), FINALIZERS.values(), ids=FINALIZERS.keys())
def test_lists_of_plain_values(old: list[str], patch: dict[str, Any], want: list[str]) -> None:
    found = strategic_merge(
        {"metadata": {"finalizers": old}}, {"metadata": patch}, "v1", "ConfigMap"
    )
    assert found["metadata"]["finalizers"] == want


FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "no merge key": ({"containers": [{"image": "x"}]}, "does not contain declared merge key: name"),
    "unknown directive": (
        {"containers": [{"name": "nginx", "$patch": "put"}]},
        "unknown patch type",
    ),
    "unknown directive in a map": ({"securityContext": {"$patch": "x"}}, "unknown patch type"),
    "retainKeys forgets a key": (
        {"volumes": [{"name": "v", "$retainKeys": ["name"], "hostPath": {}}]},
        "$retainKeys",
    ),
    "order forgets an element": (
        {
            "$setElementOrder/containers": [{"name": "side"}],
            "containers": [{"name": "nginx", "image": "2"}],
        },
        "doesn't match $setElementOrder list",
    ),
    "order is no list": ({"$setElementOrder/containers": "x"}, "must be a list"),
    "plain value among maps": ({"containers": ["x"]}, "both maps and plain values"),
}


@pytest.mark.parametrize(("patch", "text"), FAILURES.values(), ids=FAILURES.keys())
def test_refused(patch: dict[str, Any], text: str) -> None:
    document = deployment(
        containers=[NGINX], volumes=[{"name": "v", "emptyDir": {}}], securityContext={"a": 1}
    )
    with pytest.raises(PatchError) as raised:
        strategic_merge(document, pod_patch(**patch), "apps/v1", "Deployment")
    assert text in str(raised.value)
