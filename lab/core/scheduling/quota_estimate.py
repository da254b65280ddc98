"""How many replicas the ResourceQuotas of a namespace leave room for (gate ResourceQuotaEstimate).

Only cpu, memory and extended resources that are requested count, and of the scopes only
PriorityClass. Source: Karmada v1.19
`pkg/estimator/server/framework/plugins/resourcequota/resourcequota.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from lab.core.capacity import away, quantity
from lab.core.manifest import Manifest, spec_of, status_of
from lab.core.reading import texts
from lab.core.scheduling.resource_models import is_counted
from lab.core.selectors import requirement

NO_LIMIT = 2**31 - 1
_REQUESTS, _LIMITS = "requests.", "limits."
_PRIORITY = "PriorityClass"


def replicas_in_quotas(quotas: Iterable[Manifest], requirements: Mapping[str, Any] | None) -> int:
    """Return how many replicas fit into all quotas of their namespace, NO_LIMIT if none limits.

    Where more is used than the quota allows it is a negative number, as in the real one; there -1
    is then taken for no answer at all.

    Args:
        quotas: The ResourceQuotas of the namespace, with what their status counts as used.
        requirements: The binding's replicaRequirements.
    """
    if requirements is None:
        return NO_LIMIT
    requests = requirements.get("resourceRequest") or {}
    priority = str(requirements.get("priorityClassName") or "")
    return min((_fits(each, requests, priority) for each in quotas), default=NO_LIMIT)


def sets_in_quotas(quotas: Iterable[Manifest], components: Sequence[Mapping[str, Any]]) -> int:
    """Return how many whole sets of components fit into all quotas of their namespace."""
    least = NO_LIMIT
    for quota in quotas:
        total: dict[str, Fraction] = {}
        for component in components:
            wanted = component.get("replicaRequirements") or {}
            if not _applies(quota, str(wanted.get("priorityClassName") or "")):
                continue
            for name, text in (wanted.get("resourceRequest") or {}).items():
                if _supported(name):
                    amount = quantity(text)[0] * int(component.get("replicas") or 0)
                    total[name] = total.get(name, Fraction(0)) + amount
        least = min(least, _divided(quota, total))
    return least


def _fits(quota: Manifest, requests: Mapping[str, str], priority: str) -> int:
    if not _applies(quota, priority):
        return NO_LIMIT
    return _divided(quota, {name: quantity(text)[0] for name, text in requests.items()})


def _divided(quota: Manifest, needs: Mapping[str, Fraction]) -> int:
    free = _free(quota)
    least = NO_LIMIT
    for name, amount in needs.items():
        need = _units(name, amount)
        if name in free and need > 0:
            left = _units(name, free[name])
            least = min(least, left // need if left >= 0 else -(-left // need))
    return least


def _units(name: str, amount: Fraction) -> int:
    return away(amount * 1000) if name == "cpu" else away(amount)


def _free(quota: Manifest) -> dict[str, Fraction]:
    """Return what is left, by resource; `requests.cpu` is cpu, the later name counts."""
    hard, used = status_of(quota).get("hard") or {}, status_of(quota).get("used") or {}
    free: dict[str, Fraction] = {}
    for name in sorted(hard):
        bare = name.removeprefix(_REQUESTS)
        if not name.startswith(_LIMITS) and name in used and _supported(bare):
            free[bare] = quantity(hard[name])[0] - quantity(used[name])[0]
    return free


def _supported(name: str) -> bool:
    return name in {"cpu", "memory"} or ("/" in name and is_counted(name))


def _applies(quota: Manifest, priority: str) -> bool:
    """Tell whether a quota is about pods of a priority class: no scope, or any one that matches."""
    spec = spec_of(quota)
    scopes: list[Mapping[str, Any]] = [
        {"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()
    ]
    scopes += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return not scopes or any(_matches(scope, priority) for scope in scopes)


def _matches(scope: Mapping[str, Any], priority: str) -> bool:
    if scope.get("scopeName") != _PRIORITY:
        return False
    operator = str(scope.get("operator") or "")
    if operator == "Exists":
        return bool(priority)
    labels = {_PRIORITY: priority} if priority else {}
    try:
        return requirement(_PRIORITY, operator, texts(scope.get("values"))).matches(labels)
    except ValueError:
        return False
