"""One kind served in several versions: the store keeps one and converts at the door.

Custom resources are converted as CRDs without a webhook are: the apiVersion is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.core.errors import ApiError
from lab.core.kinds import Kind
from lab.core.manifest import Manifest, get_in, spec_of, status_of

_NOT_BUILT = {("work.karmada.io", "ResourceBinding"), ("work.karmada.io", "ClusterResourceBinding")}


def convert(manifest: Manifest, kind: Kind, api_version: str) -> Manifest:
    """Return a manifest in another version of its kind.

    Raises:
        ApiError: InternalError, where the lab has no conversion.
    """
    if manifest["apiVersion"] == api_version:
        return manifest
    place = (kind.group, kind.kind)
    if place == ("autoscaling", "HorizontalPodAutoscaler"):
        to_v2 = api_version == "autoscaling/v2"
        return _hpa_to_v2(manifest) if to_v2 else _hpa_to_v1(manifest)
    if place in _NOT_BUILT:
        text = (
            f"conversion of {kind.resource} from {manifest['apiVersion']} to {api_version} "
            "is not part of this lab"
        )
        raise ApiError(500, "InternalError", text)
    return {**manifest, "apiVersion": api_version}


def _hpa_to_v2(manifest: Manifest) -> Manifest:
    spec, status = dict(spec_of(manifest)), dict(status_of(manifest))
    target = spec.pop("targetCPUUtilizationPercentage", None)
    if target is not None:
        utilization = {"type": "Utilization", "averageUtilization": target}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": utilization}}]
    current = status.pop("currentCPUUtilizationPercentage", None)
    if current is not None:
        resource = {"name": "cpu", "current": {"averageUtilization": current}}
        status["currentMetrics"] = [{"type": "Resource", "resource": resource}]
    return _with(manifest, "autoscaling/v2", spec, status)


def _hpa_to_v1(manifest: Manifest) -> Manifest:
    # Metrics that v1 cannot say are kept in annotations by a real server; here they stay in v2.
    spec, status = dict(spec_of(manifest)), dict(status_of(manifest))
    for metric in spec.pop("metrics", None) or ():
        target = _cpu(metric, "target")
        if target is not None:
            spec["targetCPUUtilizationPercentage"] = target
    for metric in status.pop("currentMetrics", None) or ():
        current = _cpu(metric, "current")
        if current is not None:
            status["currentCPUUtilizationPercentage"] = current
    spec.pop("behavior", None)
    status.pop("conditions", None)
    return _with(manifest, "autoscaling/v1", spec, status)


def _cpu(metric: Mapping[str, Any], field: str) -> Any:
    if metric.get("type") != "Resource" or get_in(metric, ("resource", "name")) != "cpu":
        return None
    return get_in(metric, ("resource", field, "averageUtilization"))


def _with(
    manifest: Manifest, api_version: str, spec: dict[str, Any], status: dict[str, Any]
) -> Manifest:
    result = {**manifest, "apiVersion": api_version, "spec": spec}
    if "status" in manifest:
        result["status"] = status
    return result


def converter(kind: Kind, api_version: str) -> Callable[[Manifest], Manifest] | None:
    """Return how to serve objects of a stored kind in a version; None if they are as stored."""
    if kind.api_version == api_version:
        return None
    return lambda manifest: convert(manifest, kind, api_version)
