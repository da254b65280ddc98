"""The placement a binding was last scheduled with, as the scheduler noted it down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lab.core.labels import APPLIED_PLACEMENT
from lab.core.manifest import Manifest, annotations_of


class PlacementError(Exception):
    """A binding has no placement on record, or one that cannot be read."""


def applied_tolerations(binding: Manifest) -> tuple[Mapping[str, Any], ...]:
    """Return the clusterTolerations that count for a binding now.

    A toleration that the policy was given since the last scheduling does not count yet.

    Raises:
        PlacementError: It was not scheduled, or its record is no placement.
    """
    text = annotations_of(binding).get(APPLIED_PLACEMENT) or ""
    if not text:
        raise PlacementError("the binding has no applied placement: it was not scheduled")
    found = _tolerations(text)
    if found is None:
        raise PlacementError("the applied placement of the binding cannot be read")
    return found


@lru_cache(maxsize=4096)
def _tolerations(text: str) -> tuple[Mapping[str, Any], ...] | None:
    try:
        placement = json.loads(text)
    except ValueError:
        return None
    if not isinstance(placement, Mapping):
        return None
    entries = placement.get("clusterTolerations") or []
    if not isinstance(entries, list):
        return None
    return tuple(each for each in entries if isinstance(each, Mapping))
