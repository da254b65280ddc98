"""FederatedHPA: the defaults and rules of autoscaling/v2, scale to zero left out.

Modelled on Karmada v1.19 `pkg/util/lifted/{federatedhpa,validatingfhpa}.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.admission.field_errors import (
    FieldError,
    Path,
    aggregate,
    denied,
    forbidden,
    invalid,
    not_supported,
    required,
)
from lab.core.admission.names import path_segment_errors
from lab.core.admission.request import Request
from lab.core.manifest import Manifest, set_in, spec_of

_DEFAULT_METRICS = [
    {
        "type": "Resource",
        "resource": {
            "name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 80},
        },
    }
]
_SCALE_UP: Mapping[str, Any] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
_SCALE_DOWN: Mapping[str, Any] = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
_SOURCES = {
    "ContainerResource": "containerResource",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}


def default(hpa: Manifest, request: Request) -> Manifest:
    """Fill in one replica at least, cpu at 80 %, and the scaling rules of a given behavior."""
    del request
    spec = dict(spec_of(hpa))
    if spec.get("minReplicas") is None:
        spec["minReplicas"] = 1
    if not spec.get("metrics"):
        spec["metrics"] = _DEFAULT_METRICS
    behavior = spec.get("behavior")
    if behavior is not None:
        spec["behavior"] = {
            **behavior,
            "scaleUp": {**_SCALE_UP, **_given(behavior.get("scaleUp"))},
            "scaleDown": {**_SCALE_DOWN, **_given(behavior.get("scaleDown"))},
        }
    return hpa if spec == spec_of(hpa) else set_in(hpa, ("spec",), spec)


def _given(rules: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {key: value for key, value in (rules or {}).items() if value is not None}


def validate(hpa: Manifest, request: Request) -> None:
    """Refuse what the webhook refuses.

    Raises:
        ApiError: With the webhook's text.
    """
    del request
    spec, errors = spec_of(hpa), list[FieldError]()
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if least is not None and least < 1:
        text = "must be greater than or equal to 1"
        errors.append(invalid(("spec", "minReplicas"), least, text))
    if most < 1:
        errors.append(invalid(("spec", "maxReplicas"), most, "must be greater than 0"))
    if least is not None and most < least:
        text = "must be greater than or equal to `minReplicas`"
        errors.append(invalid(("spec", "maxReplicas"), most, text))
    errors += reference_errors(spec.get("scaleTargetRef") or {}, ("spec", "scaleTargetRef"))
    for index, metric in enumerate(spec.get("metrics") or ()):
        errors += _metric_errors(metric, ("spec", "metrics", index))
    for direction in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(direction)
        if rules is not None:
            errors += _rules_errors(rules, ("spec", "behavior", direction))
    if errors:
        raise denied("federatedhpa.karmada.io", aggregate(errors))


def reference_errors(reference: Mapping[str, Any], path: Path) -> list[FieldError]:
    """A scale target needs a kind and a name that fit into a URL."""
    errors: list[FieldError] = []
    for part in ("kind", "name"):
        value = str(reference.get(part) or "")
        if not value:
            errors.append(required((*path, part)))
        errors += [invalid((*path, part), value, text) for text in path_segment_errors(value)]
    return errors


def _metric_errors(metric: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    kind = str(metric.get("type") or "")
    if not kind:
        errors.append(required((*path, "type"), "must specify a metric source type"))
    if kind not in _SOURCES:
        errors.append(not_supported((*path, "type"), kind, sorted(_SOURCES)))
        return errors
    expected = _SOURCES[kind]
    present = [name for name in _SOURCES.values() if metric.get(name) is not None]
    if expected not in present:
        text = "must populate information for the given metric source"
        errors.append(required((*path, expected), text))
    if len(present) > 1:
        text = "must populate the given metric source only"
        errors += [forbidden((*path, name), text) for name in present if name != expected]
    if expected in present:
        errors += _source_errors(expected, metric[expected], (*path, expected))
    return errors


def _source_errors(name: str, source: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    target = source.get("target") or {}
    where = (*path, "target")
    value, average = target.get("value"), target.get("averageValue")
    utilization = target.get("averageUtilization")
    if name in {"resource", "containerResource"} and not source.get("name"):
        errors.append(required((*path, "name"), "must specify a resource name"))
    if name == "containerResource" and not source.get("container"):
        errors.append(required((*path, "container"), "must specify a container"))
    if name in {"object", "pods"} and not (source.get("metric") or {}).get("name"):
        errors.append(required((*path, "metric", "name"), "must specify a metric name"))
    if name == "object":
        described = source.get("describedObject") or {}
        errors += reference_errors(described, (*path, "describedObject"))
        if value is None and average is None:
            text = "must set either a target value or averageValue"
            errors.append(required((*where, "averageValue"), text))
    elif name == "pods":
        if average is None:
            text = "must specify a positive target averageValue"
            errors.append(required((*where, "averageValue"), text))
    elif utilization is None and average is None:
        text = "must set either a target raw value or a target utilization"
        errors.append(required((*where, "averageUtilization"), text))
    elif utilization is not None and average is not None:
        text = "may not set both a target raw value and a target utilization"
        errors.append(forbidden((*where, "averageValue"), text))
    if not target.get("type"):
        errors.append(required((*where, "type"), "must specify a metric target type"))
    if utilization is not None and utilization < 1:
        text = "must be greater than 0"
        errors.append(invalid((*where, "averageUtilization"), utilization, text))
    return errors


def _rules_errors(rules: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    window = rules.get("stabilizationWindowSeconds")
    where = (*path, "stabilizationWindowSeconds")
    if window is not None and window < 0:
        errors.append(invalid(where, window, "must be greater than or equal to zero"))
    if window is not None and window > 3600:
        errors.append(invalid(where, window, "must be less than or equal to 3600"))
    select = rules.get("selectPolicy")
    if select is not None and select not in {"Max", "Min", "Disabled"}:
        words = ["Disabled", "Max", "Min"]
        errors.append(not_supported((*path, "selectPolicy"), select, words))
    policies = rules.get("policies") or ()
    if not policies:
        errors.append(required((*path, "policies"), "must specify at least one Policy"))
    for index, policy in enumerate(policies):
        place = (*path, "policies", index)
        if policy.get("type") not in {"Pods", "Percent"}:
            words = ["Percent", "Pods"]
            errors.append(not_supported((*place, "type"), policy.get("type") or "", words))
        for field in ("value", "periodSeconds"):
            number = policy.get(field) or 0
            if number <= 0:
                errors.append(invalid((*place, field), number, "must be greater than zero"))
        if (policy.get("periodSeconds") or 0) > 1800:
            text = "must be less than or equal to 1800"
            errors.append(invalid((*place, "periodSeconds"), policy["periodSeconds"], text))
    return errors
