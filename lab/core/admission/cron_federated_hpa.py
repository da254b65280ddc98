"""CronFederatedHPA: one readable schedule per rule, and replicas that fit the target's kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.admission.cron import is_cron
from lab.core.admission.federated_hpa import reference_errors
from lab.core.admission.field_errors import FieldError, Path, aggregate, denied, duplicate, invalid
from lab.core.admission.request import Request
from lab.core.manifest import Manifest, spec_of

_GROUP = "autoscaling.karmada.io/v1alpha1"
_INT32 = 2**31 - 1


def validate(hpa: Manifest, request: Request) -> None:
    """Refuse what the webhook refuses.

    Raises:
        ApiError: With the webhook's text.
    """
    del request
    errors = _spec_errors(spec_of(hpa))
    if errors:
        raise denied("cronfederatedhpa.karmada.io", aggregate(errors))


def _spec_errors(spec: Mapping[str, Any]) -> list[FieldError]:
    target = spec.get("scaleTargetRef") or {}
    kind = str(target.get("kind") or "")
    scales_hpa = target.get("apiVersion") == _GROUP
    if scales_hpa and kind != "FederatedHPA":
        text = f"invalid scaleTargetRef kind: {kind}, only support FederatedHPA"
        return [invalid(("spec", "scaleTargetRef", "kind"), kind, text)]
    errors = reference_errors(target, ("spec", "scaleTargetRef"))
    names: set[str] = set()
    for index, rule in enumerate(spec.get("rules") or ()):
        path: Path = ("spec", "rules", index)
        name, schedule = str(rule.get("name") or ""), str(rule.get("schedule") or "")
        if name in names:
            errors.append(duplicate((*path, "name"), name))
        names.add(name)
        if not is_cron(schedule):
            errors.append(invalid((*path, "schedule"), schedule, "invalid cron format"))
        errors += _hpa_errors(rule, path) if scales_hpa else _replica_errors(rule, kind, path)
    return errors


def _hpa_errors(rule: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    least, most = rule.get("targetMinReplicas"), rule.get("targetMaxReplicas")
    if least is None and most is None:
        text = (
            "targetMinReplicas and targetMaxReplicas cannot be nil at the same time if you want "
            "to scale FederatedHPA"
        )
        errors.append(invalid((*path, "targetMaxReplicas"), "", text))
    least, most = 1 if least is None else least, _INT32 if most is None else most
    if least <= 0:
        text = "targetMinReplicas should be larger than 0"
        errors.append(invalid((*path, "targetMinReplicas"), "", text))
    if most <= 0:
        text = "targetMaxReplicas should be larger than 0"
        errors.append(invalid((*path, "targetMaxReplicas"), "", text))
    if least > most:
        text = "targetMaxReplicas should be larger than or equal to targetMinReplicas"
        errors.append(invalid((*path, "targetMinReplicas"), "", text))
    return errors


def _replica_errors(rule: Mapping[str, Any], kind: str, path: Path) -> list[FieldError]:
    replicas = rule.get("targetReplicas")
    where = (*path, "targetReplicas")
    if replicas is None:
        text = f"targetReplicas cannot be nil if you want to scale {kind}"
        return [invalid(where, "", text)]
    if replicas < 0:
        text = "targetReplicas should be larger than or equal to 0"
        return [invalid(where, "", text)]
    return []
