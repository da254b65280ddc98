"""Placements of propagation policies.

Modelled on Karmada v1.19 `pkg/util/validation/validation.go` (ValidatePlacement).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.admission.field_errors import FieldError, Path, invalid, not_supported
from lab.core.admission.names import label_key_errors
from lab.core.admission.selectors import affinity_errors
from lab.core.placement_text import canonical_placement

_AFFINITY_PARTS = ("labelSelector", "fieldSelector")
_AFFINITY_LISTS = ("clusterNames", "exclude")


def placement_errors(placement: Mapping[str, Any], path: Path) -> list[FieldError]:
    """Return what the webhook says about a placement, which it shows as its types write it."""
    placement = canonical_placement(placement).value
    errors: list[FieldError] = []
    affinity, terms = placement.get("clusterAffinity"), placement.get("clusterAffinities")
    if affinity is not None and terms is not None:
        text = "clusterAffinities cannot co-exist with clusterAffinity"
        errors.append(invalid(path, placement, text))
    if not _overflow_allowed(placement.get("replicaScheduling")):
        text = (
            "overflowAffinities can only be used together with dynamic weight or "
            "aggregated scheduling"
        )
        errors += [
            invalid((*path, "clusterAffinities", i, "overflowAffinities"), overflow, text)
            for i, term in enumerate(terms or ())
            if (overflow := term.get("overflowAffinities")) is not None
        ]
    errors += affinity_errors(affinity, (*path, "clusterAffinity"))
    errors += _terms_errors(terms or (), (*path, "clusterAffinities"))
    errors += _spread_errors(placement.get("spreadConstraints") or (), (*path, "spreadConstraints"))
    errors += _workload_errors(placement.get("workloadAffinity"), (*path, "workloadAffinity"))
    errors += [
        not_supported(
            (*path, "clusterTolerations", index, "operator"),
            toleration.get("operator"),
            ["", "Exists", "Equal"],
        )
        for index, toleration in enumerate(placement.get("clusterTolerations") or ())
        if toleration.get("operator") in {"Lt", "Gt"}
    ]
    return errors


def _overflow_allowed(scheduling: Mapping[str, Any] | None) -> bool:
    if scheduling is None or scheduling.get("replicaSchedulingType") != "Divided":
        return False
    preference = scheduling.get("replicaDivisionPreference")
    weights = scheduling.get("weightPreference") or {}
    return preference == "Aggregated" or (
        preference == "Weighted" and bool(weights.get("dynamicWeight"))
    )


def _terms_errors(terms: Sequence[Mapping[str, Any]], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    for index, term in enumerate(terms):
        name = str(term.get("affinityName") or "")
        errors += [invalid((*path, index), name, text) for text in label_key_errors(name)]
        if name in names:
            text = "each affinity term in a policy must have a unique name"
            errors.append(invalid(path, list(terms), text))
        names.add(name)
        errors += affinity_errors(term, (*path, index))
        if term.get("overflowAffinities") is not None:
            errors += _overflow_errors(term, (*path, index, "overflowAffinities"))
    return errors


def _overflow_errors(term: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    overflow = term["overflowAffinities"]
    selects = any(term.get(part) is not None for part in _AFFINITY_PARTS)
    if not selects and not any(term.get(part) for part in _AFFINITY_LISTS):
        text = "overflowAffinities can only be used together with the inline ClusterAffinity"
        errors.append(invalid(path, overflow, text))
    names = {str(term.get("affinityName") or "")}
    for index, group in enumerate(overflow):
        name = str(group.get("affinityName") or "")
        where = (*path, index, "affinityName")
        errors += [invalid(where, name, text) for text in label_key_errors(name)]
        if name in names:
            text = (
                "overflow affinity name must be unique and must not duplicate the primary "
                "group's affinityName"
            )
            errors.append(invalid(where, name, text))
        names.add(name)
        errors += affinity_errors(group, (*path, index))
    return errors


def _spread_errors(constraints: Sequence[Mapping[str, Any]], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: dict[str, bool] = {}
    for index, constraint in enumerate(constraints):
        field, label = constraint.get("spreadByField"), constraint.get("spreadByLabel")
        least, most = constraint.get("minGroups") or 0, constraint.get("maxGroups") or 0
        where = (*path, index)
        if field and label:
            text = "spreadByLabel should not co-exist with spreadByField"
            errors.append(invalid(where, constraint, text))
        if least < 0:
            errors.append(invalid(where, constraint, "minGroups lower than 0 is not allowed"))
        if most < 0:
            errors.append(invalid(where, constraint, "maxGroups lower than 0 is not allowed"))
        if 0 < most < least:
            text = "maxGroups lower than minGroups is not allowed"
            errors.append(invalid(where, constraint, text))
        if field:
            if seen.get(field) is False:
                text = f"multiple {field} spread constraints are not allowed"
                errors.append(invalid(path, list(constraints), text))
            seen[field] = field in seen
    if seen and "cluster" not in seen:
        text = (
            "the cluster spread constraint must be enabled in one of the constraints in case of "
            "SpreadByField is enabled"
        )
        errors.append(invalid(path, list(constraints), text))
    return errors


def _workload_errors(affinity: Mapping[str, Any] | None, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    keys: list[str] = []
    for part in ("affinity", "antiAffinity"):
        term = (affinity or {}).get(part)
        if term is None:
            continue
        key = str(term.get("groupByLabelKey") or "")
        keys.append(key)
        where = (*path, part, "groupByLabelKey")
        errors += [invalid(where, key, text) for text in label_key_errors(key)]
    if len(keys) == 2 and keys[0] == keys[1]:
        text = "affinity and antiAffinity must not use the same groupByLabelKey"
        errors.append(invalid(path, affinity, text))
    return errors
