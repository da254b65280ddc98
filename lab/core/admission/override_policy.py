"""OverridePolicy and ClusterOverridePolicy.

Modelled on Karmada v1.19 `pkg/webhook/{,cluster}overridepolicy`, `pkg/util/validation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.admission import selectors
from lab.core.admission.field_errors import (
    FieldError,
    Path,
    aggregate,
    denied,
    invalid,
    required,
)
from lab.core.admission.names import label_key_errors, label_value_errors
from lab.core.admission.overrider_text import canonical_field, canonical_overriders
from lab.core.admission.request import Request
from lab.core.manifest import Manifest, namespace_of, spec_of
from lab.core.placement_text import canonical_affinity

_BAD_POINTER = 'JSON pointer must be empty or start with a "/"\nJSON pointer error'
_OVERRIDERS = (
    "plaintext", "imageOverrider", "commandOverrider", "argsOverrider", "labelsOverrider",
    "annotationsOverrider",
)  # fmt: skip
_MAX_ANNOTATIONS_BYTES = 256 * 1024


def default(policy: Manifest, request: Request) -> Manifest:
    """Give selectors the policy's namespace."""
    del request
    return selectors.with_namespace(policy)


def validate(policy: Manifest, request: Request) -> None:
    """Refuse what the webhook refuses.

    Raises:
        ApiError: With the webhook's text.
    """
    del request
    cluster_wide = policy.get("kind") == "ClusterOverridePolicy"
    errors = spec_errors(spec_of(policy), "" if cluster_wide else namespace_of(policy))
    if errors:
        prefix = "clusteroverridepolicy" if cluster_wide else "overridepolicy"
        raise denied(f"{prefix}.karmada.io", aggregate(errors))


def spec_errors(spec: Mapping[str, Any], namespace: str) -> list[FieldError]:
    """Return what the webhook would say about a spec."""
    errors: list[FieldError] = []
    rules, target = spec.get("overrideRules"), spec.get("targetCluster")
    overriders = spec.get("overriders") or {}
    errors += selectors.affinity_errors(target, ("spec", "targetCluster"))
    if rules is not None and target is not None:
        text = "overrideRules and targetCluster can't co-exist"
        errors.append(invalid(("spec", "targetCluster"), canonical_affinity(target), text))
    if rules is not None and any(overriders.get(name) for name in _OVERRIDERS):
        text = "overrideRules and overriders can't co-exist"
        errors.append(invalid(("spec", "overriders"), canonical_overriders(overriders), text))
    for index, rule in enumerate(rules or ()):
        errors += _rule_errors(rule, ("spec", "overrideRules", index))
    errors += selectors.namespace_errors(
        spec.get("resourceSelectors") or (), namespace, ("spec", "resourceSelectors")
    )
    return errors


def _rule_errors(rule: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    overriders, inside = rule.get("overriders") or {}, (*path, "overriders")
    for index, entry in enumerate(overriders.get("annotationsOverrider") or ()):
        where = (*inside, "annotationsOverrider", index, "value")
        errors += _annotation_errors(entry.get("value") or {}, where)
    for index, entry in enumerate(overriders.get("labelsOverrider") or ()):
        where = (*inside, "labelsOverrider", index, "value")
        for key, value in (entry.get("value") or {}).items():
            errors += [invalid(where, key, text) for text in label_key_errors(key)]
            errors += [invalid(where, value, text) for text in label_value_errors(str(value))]
    for index, entry in enumerate(overriders.get("imageOverrider") or ()):
        predicate = entry.get("predicate")
        if predicate is not None:
            where = (*inside, "imageOverrider", index, "predicate", "path")
            errors += _pointer_errors(predicate.get("path") or "", where)
    for index, entry in enumerate(overriders.get("fieldOverrider") or ()):
        errors += _field_errors(entry, (*inside, "fieldOverrider", index))
    errors += selectors.affinity_errors(rule.get("targetCluster"), (*path, "targetCluster"))
    return errors


def _annotation_errors(annotations: Mapping[str, Any], path: Path) -> list[FieldError]:
    # Annotation keys are checked in lower case, so that capital prefixes pass.
    errors = [
        invalid(path, key, text) for key in annotations for text in label_key_errors(key.lower())
    ]
    size = sum(len(key) + len(str(value)) for key, value in annotations.items())
    if size > _MAX_ANNOTATIONS_BYTES:
        text = f"Too long: may not be more than {_MAX_ANNOTATIONS_BYTES} bytes"
        errors.append(FieldError(path, "FieldValueTooLong", text))
    return errors


def _field_errors(entry: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    json_ops: Sequence[Mapping[str, Any]] = entry.get("json") or ()
    yaml_ops: Sequence[Mapping[str, Any]] = entry.get("yaml") or ()
    if json_ops and yaml_ops:
        text = "FieldOverrider has both YAML and JSON set. Only one is allowed"
        errors.append(invalid(path, canonical_field(entry), text))
    if not json_ops and not yaml_ops:
        errors.append(required(path, "FieldOverrider must have either JSON or YAML set"))
    errors += _pointer_errors(entry.get("fieldPath") or "", (*path, "fieldPath"))
    for name, operations in (("json", json_ops), ("yaml", yaml_ops)):
        for index, operation in enumerate(operations):
            where = (*path, name, index)
            errors += _pointer_errors(operation.get("subPath") or "", (*where, "subPath"))
            # A null is read as no value at all.
            given = operation.get("value") is not None
            removes = operation.get("operator") == "remove"
            if removes and given:
                text = "value is not allowed for remove operation"
                errors.append(invalid((*where, "value"), operation["value"], text))
            if not removes and not given:
                text = "value is required for add or replace operation"
                errors.append(invalid((*where, "value"), None, text))
    return errors


def _pointer_errors(pointer: str, path: Path) -> list[FieldError]:
    if not pointer or pointer.startswith("/"):
        return []
    return [invalid(path, pointer, _BAD_POINTER)]
