"""What an API server answers when it refuses, in its own words.

Texts follow `k8s.io/apimachinery/pkg/api/errors` and the registry of kube-apiserver.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.core.errors import ApiError, Cause
from lab.core.kinds import Kind


def not_found(kind: Kind, name: str) -> ApiError:
    """The object is not there."""
    return ApiError(404, "NotFound", f'{kind.resource} "{name}" not found')


def not_served() -> ApiError:
    """The server has no such API."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def already_exists(kind: Kind, name: str) -> ApiError:
    """The name is taken."""
    return ApiError(409, "AlreadyExists", f'{kind.resource} "{name}" already exists')


def conflict(kind: Kind, name: str, why: str) -> ApiError:
    """A precondition of the write does not hold."""
    text = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return ApiError(409, "Conflict", text)


MODIFIED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def deletion_conflict(kind: Kind, name: str, why: str) -> ApiError:
    """A precondition of a deletion does not hold (this text names the kind, not the resource)."""
    text = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", text)


def forbidden(kind: Kind, name: str, why: str) -> ApiError:
    """The server will not do this to this object."""
    return ApiError(403, "Forbidden", f'{kind.resource} "{name}" is forbidden: {why}')


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> ApiError:
    """The object breaks rules of its API; `message` of a cause begins with its kind of error."""
    parts = [f"{cause.field}: {cause.message}" for cause in causes]
    text = parts[0] if len(parts) == 1 else "[" + ", ".join(parts) + "]"
    return ApiError(422, "Invalid", f'{kind.qualified} "{name}" is invalid: {text}', causes)


def bad_request(message: str) -> ApiError:
    """The request makes no sense to the server."""
    return ApiError(400, "BadRequest", message)


def method_not_allowed() -> ApiError:
    """The resource is there, but not for this verb."""
    text = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", text)


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    """The patch type does not work with this resource."""
    text = (
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )
    return ApiError(415, "UnsupportedMediaType", text)


def unprocessable() -> ApiError:
    """A patch could not be applied to the object."""
    text = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", text)


def too_old(asked: int, oldest: int) -> ApiError:
    """A watch asks for changes the history no longer holds."""
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def too_large(asked: int, current: int) -> ApiError:
    """A read asks for a version the server has not reached."""
    text = f"Too large resource version: {asked}, current: {current}"
    return ApiError(504, "Timeout", text, retry_after_s=1.0)
