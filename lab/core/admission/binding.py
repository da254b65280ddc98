"""ResourceBinding and ClusterResourceBinding: a permanent id, and a readable dependencies note.

The quota check of the real webhook reads other objects; it belongs to the quota controller.
"""

from __future__ import annotations

import json

from lab.core.admission.field_errors import denied, invalid
from lab.core.admission.request import Request, with_permanent_id
from lab.core.labels import BINDING_ID, CLUSTER_BINDING_ID, DEPENDENCIES
from lab.core.manifest import Manifest, annotations_of


def default(binding: Manifest, request: Request) -> Manifest:
    """Give a new binding its permanent id."""
    if not request.is_create:
        return binding
    namespaced = binding.get("kind") == "ResourceBinding"
    return with_permanent_id(
        binding, BINDING_ID if namespaced else CLUSTER_BINDING_ID, request.now_s
    )


def validate(binding: Manifest, request: Request) -> None:
    """Refuse a dependencies annotation that is no JSON list.

    Raises:
        ApiError: With the webhook's text.
    """
    del request
    text = annotations_of(binding).get(DEPENDENCIES)
    if binding.get("kind") != "ResourceBinding" or text is None:
        return
    try:
        readable = isinstance(json.loads(text), (list, type(None)))
    except (ValueError, RecursionError):
        readable = False
    if not readable:
        path = ("metadata", "annotations", DEPENDENCIES)
        error = invalid(path, text, "annotation value must be a valid JSON")
        shown = f"metadata.annotations.{DEPENDENCIES}: {error.message}"
        raise denied("resourcebinding.karmada.io", shown)
