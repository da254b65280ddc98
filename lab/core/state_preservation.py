"""State preservation: what an application's reported status says, as labels for its next cluster.

Gate StatefulFailoverInjection. Source: Karmada v1.19 `pkg/util/helper/failover.go` and
`pkg/controllers/{applicationfailover/common,cluster/taint_manager}.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.manifest import Manifest, get_in, status_of
from lab.core.state_paths import PathError, filled


class StateError(Exception):
    """The state cannot be told now: whoever moves the application has to wait."""


def preserved_labels(
    behaviour: Mapping[str, Any], binding: Manifest, cluster: str
) -> Mapping[str, str] | None:
    """Return the labels that carry an application's state, None if none was asked for.

    Args:
        behaviour: `failover.application` or `failover.cluster` of the binding.
        binding: What the members reported.
        cluster: The one it leaves.

    Raises:
        StateError: That cluster has reported no status, or a rule's path leads nowhere in it.
    """
    rules = get_in(behaviour, ("statePreservation", "rules")) or ()
    if not rules:
        return None
    status = reported_status(binding, cluster)
    if status is None:
        text = f"the application status has not yet been collected from Cluster({cluster})"
        raise StateError(text)
    found: dict[str, str] = {}
    for rule in rules:
        path = str(rule.get("jsonPath") or "")
        try:
            found[str(rule.get("aliasLabelName") or "")] = filled(path, status)
        except PathError as error:
            raise StateError(str(error)) from None
    return found


def reported_status(binding: Manifest, cluster: str) -> Any:
    """Return the status that a cluster last reported of a binding's object, None if none."""
    for item in status_of(binding).get("aggregatedStatus") or ():
        if item.get("clusterName") == cluster:
            return item.get("status")
    return None
