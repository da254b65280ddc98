"""What an API server of a member adds to a new object that its store does not know of.

ClusterIPs of Services and the service account files of a namespace; nothing that needs time.
"""

from __future__ import annotations

from typing import Any

from lab.core.manifest import Manifest, spec_of

_ROOT_CA = "-----BEGIN CERTIFICATE-----\n(simulated)\n-----END CERTIFICATE-----\n"


def cluster_ip(number: int) -> str:
    """Return the n-th address of the service range 10.96.0.0/12 (`10.96.0.1` is number 1)."""
    return f"10.{96 + (number >> 16) % 16}.{(number >> 8) & 255}.{number & 255}"


def needs_cluster_ip(service: Manifest) -> bool:
    """Tell whether a Service has no address yet and should have one."""
    spec = spec_of(service)
    return not spec.get("clusterIP") and spec.get("type") != "ExternalName"


def with_cluster_ip(service: Manifest, address: str) -> dict[str, Any]:
    """Return a Service with what allocation fills in."""
    spec = {
        "clusterIP": address,
        "clusterIPs": [address],
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
    }
    return {**service, "spec": {**spec_of(service), **spec}}


def namespace_objects(namespace: str) -> list[dict[str, Any]]:
    """Return what the controllers put into every namespace."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": namespace},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": "kube-root-ca.crt",
                "namespace": namespace,
                "annotations": {
                    "kubernetes.io/description": "Contains a CA bundle that can be used to verify "
                    "the kube-apiserver when using internal endpoints such as the internal "
                    "service IP or kubernetes.default.svc. No other usage is guaranteed across "
                    "distributions of Kubernetes clusters."
                },
            },
            "data": {"ca.crt": _ROOT_CA},
        },
    ]
