"""FederatedResourceQuota: names of resources, amounts, and overall at least what is assigned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.admission.field_errors import FieldError, MapKey, Path, aggregate, denied, invalid
from lab.core.admission.names import cluster_name_errors, label_key_errors
from lab.core.admission.request import Request
from lab.core.manifest import Manifest, name_of, spec_of
from lab.core.quantity import milli_value, parse_quantity

_STANDARD = frozenset(
    {
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory",
        "requests.storage", "requests.ephemeral-storage", "limits.cpu", "limits.memory",
        "limits.ephemeral-storage", "pods", "resourcequotas", "services",
        "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps",
        "services.nodeports", "services.loadbalancers",
    }
)  # fmt: skip
_WHOLE = frozenset(
    {
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets",
        "configmaps", "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    }
)  # fmt: skip


def validate(quota: Manifest, request: Request) -> None:
    """Refuse what the webhook refuses.

    Raises:
        ApiError: With the webhook's text.
    """
    del request
    errors: list[FieldError] = []
    name, spec = name_of(quota), spec_of(quota)
    if len(name) > 63:
        errors.append(invalid(("metadata", "name"), name, "must be no more than 63 characters"))
    overall = spec.get("overall") or {}
    errors += _amount_errors(overall, ("spec", "overall"))
    assigned: dict[str, Any] = {}
    assignments = spec.get("staticAssignments") or ()
    for index, assignment in enumerate(assignments):
        path: Path = ("spec", "staticAssignments", index)
        cluster = str(assignment.get("clusterName") or "")
        texts = cluster_name_errors(cluster)
        if texts:
            errors.append(invalid((*path, "clusterName"), cluster, ",".join(texts)))
        hard = assignment.get("hard") or {}
        errors += _amount_errors(hard, (*path, "hard"))
        for resource, amount in hard.items():
            assigned[resource] = assigned.get(resource, 0) + parse_quantity(amount)
    for resource, amount in sorted(overall.items()):
        if parse_quantity(amount) < assigned.get(resource, 0):
            text = "overall is less than assignments"
            errors.append(invalid(("spec", "overall", MapKey(resource)), str(amount), text))
    for index, assignment in enumerate(assignments):
        path = ("spec", "staticAssignments", index, "hard")
        errors += [
            invalid((*path, MapKey(key)), key, "assignment resourceName is not exist in overall")
            for key in sorted(assignment.get("hard") or {})
            if key not in overall
        ]
    if errors:
        raise denied("federatedresourcequota.karmada.io", aggregate(errors))


def _amount_errors(amounts: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for resource, amount in sorted(amounts.items()):
        where = (*path, MapKey(resource))
        errors += [invalid(where, resource, text) for text in label_key_errors(resource)]
        if "/" not in resource and resource not in _STANDARD:
            if not resource.startswith(("hugepages-", "requests.hugepages-")):
                text = "must be a standard resource type or fully qualified"
                errors.append(invalid(where, resource, text))
            text = "must be a standard resource for quota"
            errors.append(invalid(where, resource, text))
        if parse_quantity(amount) < 0:
            errors.append(invalid(where, str(amount), "must be greater than or equal to 0"))
        whole = resource in _WHOLE or resource.startswith("count/") or "/" in resource
        if whole and milli_value(amount) % 1000:
            errors.append(invalid(where, str(amount), "must be an integer"))
    return errors
