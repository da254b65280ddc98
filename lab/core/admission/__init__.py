"""Admission: what the hub's API server and Karmada's webhooks do to an object before it is stored.

`admit` fills in defaults and refuses with the texts a real control plane sends. One file per kind;
each has `default` and `validate`. Pure: nothing is looked up, so what a real webhook compares with
other stored objects (quota use, other interpreter customizations) is left to its controller.
Modelled on Karmada v1.19 `pkg/webhook`, `pkg/util/validation`, `pkg/apis/cluster`, and the CRDs.
"""

from __future__ import annotations

from typing import Literal

from lab.core.admission import deletion_protection
from lab.core.admission.request import Request
from lab.core.admission.rules import RULES
from lab.core.admission.schema import check_schema
from lab.core.manifest import Manifest
from lab.core.settings import KarmadaSettings

__all__ = ["Operation", "admit"]

Operation = Literal["CREATE", "UPDATE", "DELETE"]


def admit(
    operation: Operation,
    new: Manifest | None,
    old: Manifest | None,
    now_s: float,
    settings: KarmadaSettings,
) -> Manifest | None:
    """Return the object as it is to be stored.

    Args:
        operation: What is done to the object.
        new: The object as sent (None for DELETE).
        old: The stored object (None for CREATE).
        now_s: The time, for stamps (seconds of the run).
        settings: Gates and flags.

    Returns:
        `new` itself if nothing had to be filled in; `old` for an allowed DELETE.

    Raises:
        ApiError: Refused, with the webhook's or the API server's text.
    """
    if operation == "DELETE":
        assert old is not None
        deletion_protection.validate(old)
        return old
    assert new is not None
    group = str(new.get("apiVersion") or "").partition("/")[0]
    rule = RULES.get((group, str(new.get("kind") or "")))
    if rule is None or (old is not None and _same_request(new, old)):
        return new
    request = Request(operation, old, now_s, settings)
    if rule.has_schema:
        new = check_schema(new, old)
    if rule.default is not None:
        new = rule.default(new, request)
    if rule.validate is not None:
        rule.validate(new, request)
    if rule.finish is not None:
        new = rule.finish(new, request)
    return new


def _same_request(new: Manifest, old: Manifest) -> bool:
    """Tell whether an update leaves metadata and spec alone: no webhook sees a status write."""
    same = all(
        new.get(field) is old.get(field) or new.get(field) == old.get(field)
        for field in ("spec", "customizations", "webhooks")
    )
    before, after = old.get("metadata") or {}, new.get("metadata") or {}
    return same and all(
        before.get(field) == after.get(field) for field in ("labels", "annotations", "finalizers")
    )
