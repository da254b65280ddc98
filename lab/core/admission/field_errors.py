"""Field errors as Kubernetes words them: `spec.replicas: Invalid value: -1: must be …`.

Source of the texts: `k8s.io/apimachinery/pkg/util/validation/field/errors.go`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.errors import ApiError, Cause

Path = tuple[str | int, ...]
_BARE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class MapKey(str):
    """A step of a path that is a map's key where Kubernetes prints brackets: `overall[cpu]`."""

    __slots__ = ()


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as Kubernetes prints it.

    Example:
        >>> dotted(("spec", "rules", 0, "app.kubernetes.io/name"))
        'spec.rules[0][app.kubernetes.io/name]'
    """
    text = ""
    for step in path:
        if isinstance(step, int | MapKey) or not set(step) <= _BARE:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `reason` is the word of `Status.details.causes`."""

    path: Path
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.message}"


def invalid(path: Path, value: Any, detail: str) -> FieldError:
    """The value cannot be used."""
    return FieldError(path, "FieldValueInvalid", f"Invalid value: {_shown(value)}: {detail}")


def required(path: Path, detail: str = "") -> FieldError:
    """The field must be there."""
    return FieldError(path, "FieldValueRequired", "Required value" + (detail and f": {detail}"))


def not_supported(path: Path, value: Any, supported: Sequence[Any]) -> FieldError:
    """The value is none of the allowed ones."""
    words = ", ".join(_shown(word) for word in supported)
    message = f"Unsupported value: {_shown(value)}: supported values: {words}"
    return FieldError(path, "FieldValueNotSupported", message)


def duplicate(path: Path, value: Any) -> FieldError:
    """The value stands there twice."""
    return FieldError(path, "FieldValueDuplicate", f"Duplicate value: {_shown(value)}")


def forbidden(path: Path, detail: str) -> FieldError:
    """The field must not be set."""
    return FieldError(path, "FieldValueForbidden", f"Forbidden: {detail}")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def aggregate(errors: Sequence[FieldError | str]) -> str:
    """Return several errors as one text, as Go's `ToAggregate().Error()` does."""
    texts = list(dict.fromkeys(str(error) for error in errors))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def denied(webhook: str, message: str) -> ApiError:
    """Return the refusal of an admission webhook."""
    text = f'admission webhook "{webhook}" denied the request: {message}'
    return ApiError(403, "Forbidden", text)


def invalid_object(qualified: str, name: str, errors: Sequence[FieldError]) -> ApiError:
    """Return the refusal of an API server's own validation (`qualified`: `Cluster.group`)."""
    return ApiError(
        422,
        "Invalid",
        f"{qualified} {json.dumps(name, ensure_ascii=False)} is invalid: {aggregate(errors)}",
        [Cause(dotted(error.path), error.reason, error.message) for error in errors],
    )
