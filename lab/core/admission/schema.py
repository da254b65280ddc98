"""The API server's part for Karmada's kinds: unknown fields, types and limits, CRD defaults."""

from __future__ import annotations

import json
from typing import Any

from lab.core.admission.field_errors import FieldError, dotted, invalid_object
from lab.core.admission.structure import Problem, problems, with_defaults
from lab.core.errors import ApiError
from lab.core.fields import type_of
from lab.core.manifest import Manifest, name_of

_AGGREGATED = "cluster.karmada.io/"
"""Served by a program of its own, which only decodes: limits are for its validation to tell."""


def check_schema(new: Manifest, old: Manifest | None) -> Manifest:
    """Return an object with its CRD's defaults.

    Raises:
        ApiError: Unknown fields (400, as kubectl's strict field validation has it), or values the
            schema refuses (422).
    """
    api_version, kind = str(new.get("apiVersion") or ""), str(new.get("kind") or "")
    field_type = type_of(api_version, kind)
    if field_type is None:
        return new
    filled: Manifest = with_defaults(new, field_type)
    if old is not None and new.get("spec") is not None and new.get("spec") == old.get("spec"):
        return filled
    found = problems(filled, field_type)
    if api_version.startswith(_AGGREGATED):
        found = [problem for problem in found if problem.unknown_field or problem.wrong_type]
    if not found:
        return filled
    unknown = [problem for problem in found if problem.unknown_field]
    if unknown:
        raise _strict_decoding_error(api_version, kind, unknown)
    qualified = f"{kind}.{api_version.partition('/')[0]}"
    raise invalid_object(qualified, name_of(new), [_field_error(problem) for problem in found])


def _strict_decoding_error(api_version: str, kind: str, unknown: list[Problem]) -> ApiError:
    fields = ", ".join(f"unknown field {_text(dotted(problem.path))}" for problem in unknown)
    version = api_version.rpartition("/")[2]
    return ApiError(
        400,
        "BadRequest",
        f'{kind} in version "{version}" cannot be handled as a {kind}: '
        f"strict decoding error: {fields}",
    )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _field_error(problem: Problem) -> FieldError:
    path = dotted(problem.path)
    message = problem.message.removeprefix(path).strip()
    if message.endswith("is missing"):
        return FieldError(problem.path, "FieldValueRequired", f"Required value: {problem.message}")
    return FieldError(problem.path, "FieldValueInvalid", f"Invalid value: {message}")
