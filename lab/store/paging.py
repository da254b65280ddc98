"""Continue tokens and version numbers, as clients send them."""

from __future__ import annotations

import base64
import json

from lab.core.manifest import Manifest, name_of, namespace_of
from lab.store import refusals


def place(manifest: Manifest) -> tuple[str, str]:
    """Return where an object stands in a list."""
    return namespace_of(manifest), name_of(manifest)


def encode(last: Manifest, resource_version: int) -> str:
    """Return the token that continues behind an object."""
    namespace, name = place(last)
    token = {"v": "meta.k8s.io/v1", "rv": resource_version, "start": f"{namespace}/{name}\0"}
    text = json.dumps(token, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(token: str) -> tuple[str, str]:
    """Return the place behind which a token continues.

    Raises:
        ApiError: BadRequest, if it is no token of ours.
    """
    try:
        padded = token + "=" * (-len(token) % 4)
        start = json.loads(base64.urlsafe_b64decode(padded.encode()))["start"]
        namespace, slash, name = start.rstrip("\0").partition("/")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise refusals.bad_request("continue key is not valid") from None
    if not slash:
        raise refusals.bad_request("continue key is not valid")
    return namespace, name


def version(text: int | str) -> int:
    """Return a resourceVersion as a number.

    Raises:
        ApiError: BadRequest, if it is none.
    """
    if isinstance(text, int):
        return text
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise refusals.bad_request(
            f'invalid resource version "{text}": it must be a number from this server'
        )
    return int(text)
