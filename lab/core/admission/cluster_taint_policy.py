"""ClusterTaintPolicy: NoExecute only where an administrator allowed it; no taint twice."""

from __future__ import annotations

from lab.core.admission.field_errors import FieldError, aggregate, denied, duplicate, forbidden
from lab.core.admission.request import Request
from lab.core.manifest import Manifest, spec_of


def validate(policy: Manifest, request: Request) -> None:
    """Refuse what the webhook refuses.

    Raises:
        ApiError: With the webhook's text.
    """
    errors: list[FieldError] = []
    taints = spec_of(policy).get("taints") or ()
    for index, taint in enumerate(taints):
        path = ("spec", "taints", index)
        if (
            taint.get("effect") == "NoExecute"
            and not request.settings.allow_no_execute_taint_policy
        ):
            text = (
                "Configuring taint with NoExecute effect is not allowed, this capability must be "
                "explicitly enabled by administrators through command-line flags"
            )
            errors.append(forbidden(path, text))
        mark = (taint.get("key"), taint.get("effect"))
        if any((other.get("key"), other.get("effect")) == mark for other in taints[index + 1 :]):
            text = f"Duplicate taint with the same key({mark[0]}) and effect({mark[1]})"
            errors.append(duplicate(path, f"{text} is not allowed"))
    if errors:
        raise denied("clustertaintpolicy.karmada.io", aggregate(errors))
