"""Field selectors per kind, and what the server says to any other."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.selectors import parse_field_selector, parse_selector_text
from tests.store.support import config_map, hub


def pod(name: str, node: str = "", phase: str = "Pending") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name[0]}},
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": phase},
    }


PODS = [pod("a1", "n1", "Running"), pod("a2", "n2", "Running"), pod("b1", "n1"), pod("b2")]
CASES = {
    "by node": ("spec.nodeName=n1", "", ["a1", "b1"]),
    "not yet on a node": ("spec.nodeName=", "", ["b2"]),
    "by phase": ("status.phase=Running", "", ["a1", "a2"]),
    "not in a phase": ("status.phase!=Running", "", ["b1", "b2"]),
    "by name": ("metadata.name=a2", "", ["a2"]),
    "two terms": ("spec.nodeName=n1,status.phase=Running", "", ["a1"]),
    "fields and labels": ("spec.nodeName=n1", "app=b", ["b1"]),
    "labels alone": ("", "app in (b)", ["b1", "b2"]),
    "not on the host's network": ("spec.hostNetwork=false", "app=a", ["a1", "a2"]),
}


@pytest.mark.parametrize(("fields", "labels", "want"), CASES.values(), ids=CASES.keys())
def test_pods(fields: str, labels: str, want: list[str]) -> None:
    store = hub()
    for manifest in PODS:
        store.create(manifest, 0, restore=True)
    found = store.list("v1", "Pod", None, parse_selector_text(labels), parse_field_selector(fields))
    assert [manifest["metadata"]["name"] for manifest in found] == want


def test_events_by_object() -> None:
    store = hub()
    for name in ("web", "db"):
        store.create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{name}.1", "namespace": "default"},
                "involvedObject": {"kind": "Pod", "name": name},
                "reason": "Started",
                "source": {"component": "kubelet"},
            },
            0,
        )
    terms = parse_field_selector("involvedObject.name=web,reason=Started,source=kubelet")
    found = store.list("v1", "Event", field_selector=terms)
    assert [event["metadata"]["name"] for event in found] == ["web.1"]


REFUSED = {
    "a pod's field": ("v1", "Pod", "spec.foo=1", "field label not supported: spec.foo"),
    "a deployment's field": (
        "apps/v1",
        "Deployment",
        "spec.replicas=1",
        '"spec.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ),
    "a custom resource's field": (
        "work.karmada.io/v1alpha1",
        "Work",
        "spec.x=1",
        "field label not supported: spec.x",
    ),
}


@pytest.mark.parametrize(
    ("api_version", "kind", "fields", "text"), REFUSED.values(), ids=REFUSED.keys()
)
def test_refused(api_version: str, kind: str, fields: str, text: str) -> None:
    with pytest.raises(ApiError) as raised:
        hub().list(api_version, kind, field_selector=parse_field_selector(fields))
    assert (raised.value.code, str(raised.value)) == (400, text)


def test_names_and_namespaces_everywhere() -> None:
    store = hub()
    store.create(config_map("a"), 0)
    store.create(config_map("a", namespace="kube-system"), 0)
    terms = parse_field_selector("metadata.namespace=kube-system")
    found = store.list("v1", "ConfigMap", field_selector=terms)
    assert [manifest["metadata"]["namespace"] for manifest in found] == ["kube-system"]
