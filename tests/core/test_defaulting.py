"""The API server's defaults, and that they are filled in once and only where something lacks."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.defaulting import default_object
from lab.core.kinds import HUB_KINDS, Kind

KINDS = HUB_KINDS()


def filled(kind: str, spec: dict[str, Any], **meta: Any) -> Any:
    known = KINDS.resolve(kind)
    manifest = {
        "apiVersion": known.api_version,
        "kind": known.kind,
        "metadata": {"name": "x", **meta},
        "spec": spec,
    }
    once = default_object(manifest, known)
    assert default_object(once, known, once) is once
    return once["spec"]


def test_deployment() -> None:
    assert filled("deploy", {}) == {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
        },
    }


KEPT: dict[str, tuple[str, dict[str, Any], tuple[str, ...], Any]] = {
    "0 replicas stay": ("deploy", {"replicas": 0}, ("replicas",), 0),
    "recreate has no bounds": (
        "deploy",
        {"strategy": {"type": "Recreate"}},
        ("strategy",),
        {"type": "Recreate"},
    ),
    "one bound given": (
        "deploy",
        {"strategy": {"rollingUpdate": {"maxSurge": 2}}},
        ("strategy", "rollingUpdate"),
        {"maxSurge": 2, "maxUnavailable": "25%"},
    ),
    "stateful set": ("sts", {}, ("updateStrategy", "rollingUpdate"), {"partition": 0}),
    "stateful set on delete": (
        "sts",
        {"updateStrategy": {"type": "OnDelete"}},
        ("updateStrategy",),
        {"type": "OnDelete"},
    ),
    "daemon set": (
        "ds",
        {},
        ("updateStrategy", "rollingUpdate"),
        {"maxUnavailable": 1, "maxSurge": 0},
    ),
    "job": ("job", {}, ("completions",), 1),
    "job with parallelism has no completions": ("job", {"parallelism": 3}, ("completions",), None),
    "job's retries": ("job", {}, ("backoffLimit",), 6),
    "job with an index": ("job", {"backoffLimitPerIndex": 1}, ("backoffLimit",), 2147483647),
    "cron job": ("cj", {}, ("concurrencyPolicy",), "Allow"),
    "service": ("svc", {}, ("type",), "ClusterIP"),
    "service port": (
        "svc",
        {"ports": [{"port": 80}]},
        ("ports",),
        [{"port": 80, "protocol": "TCP", "targetPort": 80}],
    ),
    "autoscaler": ("hpa", {"maxReplicas": 4}, ("minReplicas",), 1),
    "policy, by its schema": ("pp", {}, ("conflictResolution",), "Abort"),
}


@pytest.mark.parametrize(("kind", "spec", "path", "want"), KEPT.values(), ids=KEPT.keys())
def test_defaults(kind: str, spec: dict[str, Any], path: tuple[str, ...], want: Any) -> None:
    node: Any = filled(kind, spec)
    for step in path:
        node = node.get(step)
    assert node == want


IMAGES = {
    "no tag": ("nginx", "Always"),
    "latest": ("nginx:latest", "Always"),
    "a tag": ("nginx:1.27", "IfNotPresent"),
    "a registry with a port": ("registry:5000/nginx", "Always"),
    "a digest": ("nginx@sha256:" + "0" * 64, "IfNotPresent"),
}


@pytest.mark.parametrize(("image", "policy"), IMAGES.values(), ids=IMAGES.keys())
def test_pull_policy(image: str, policy: str) -> None:
    spec = filled("deploy", {"template": {"spec": {"containers": [{"image": image}]}}})
    pod = spec["template"]["spec"]
    assert pod["containers"][0]["imagePullPolicy"] == policy
    assert (pod["restartPolicy"], pod["terminationGracePeriodSeconds"]) == ("Always", 30)


def test_requests_come_from_limits_in_pods_only() -> None:
    container = {"image": "x", "resources": {"limits": {"cpu": "2"}, "requests": {"memory": "1Gi"}}}
    pod = filled("pod", {"containers": [container]})
    assert pod["containers"][0]["resources"]["requests"] == {"memory": "1Gi", "cpu": "2"}
    template = filled("deploy", {"template": {"spec": {"containers": [container]}}})
    resources = template["template"]["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"memory": "1Gi"}


def test_a_job_gets_its_selector() -> None:
    spec = filled("job", {"template": {"spec": {"restartPolicy": "Never"}}}, uid="u-1")
    assert spec["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}}
    assert spec["template"]["metadata"]["labels"]["job-name"] == "x"
    manual = {"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}}
    assert filled("job", manual, uid="u-1")["selector"] == {"matchLabels": {"a": "b"}}


def test_a_user_s_schema() -> None:
    schema = {
        "properties": {
            "spec": {
                "default": {"mode": "fast"},
                "properties": {
                    "mode": {"type": "string", "default": "slow"},
                    "parts": {"items": {"properties": {"n": {"default": 1}}}},
                },
            }
        }
    }
    kind = Kind("example.com/v1", "Widget", "widgets", custom=True, schema=schema)
    base = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    assert default_object(base, kind)["spec"] == {"mode": "fast"}
    found = default_object({**base, "spec": {"parts": [{}, {"n": 2}]}}, kind)
    assert found["spec"] == {"mode": "slow", "parts": [{"n": 1}, {"n": 2}]}


def test_nothing_lacking_is_the_same_object() -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {}}
    assert default_object(manifest, KINDS.resolve("cm")) is manifest


def test_a_spec_that_is_no_map_is_left_for_validation() -> None:
    known = KINDS.resolve("deploy")
    broken = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}, "spec": "x"}
    assert default_object(broken, known) is broken
