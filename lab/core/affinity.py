"""Cluster affinity: which clusters a placement, a weight or an override rule is about.

Read leniently, as the scheduler does: a part that cannot be read matches no cluster. What is wrong
with it is told by `lab.core.admission.selectors`.
Source: Karmada v1.19 `pkg/util/selector.go` (ClusterMatches).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lab.core.reading import texts
from lab.core.selectors import Requirement, Selector, label_value_error, requirement

FIELDS = ("provider", "region", "zone")
AFFINITY_FIELDS = ("labelSelector", "fieldSelector", "clusterNames", "exclude")
_REMEMBERED = 4_096
_LABEL_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


class Place(Protocol):
    """What an affinity looks at: a cluster of the scheduler's snapshot is one."""

    name: str
    labels: Mapping[str, str]
    provider: str
    region: str
    zones: tuple[str, ...]
    matched: dict[object, bool]
    """Remembers answers, by affinity: both sides are frozen, so an answer never changes."""


class ClusterAffinity:
    """A parsed affinity. Equal only to itself, so that it can key a memory cheaply."""

    __slots__ = ("_fields", "_labels", "_zones", "broken", "exclude", "names", "source")

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source
        self.exclude = frozenset(texts(source.get("exclude")))
        self.names = frozenset(texts(source.get("clusterNames")))
        self.broken = ""
        """Why the selectors match nothing; empty when they can be read."""
        self._labels = self._fields = Selector()
        self._zones: tuple[Mapping[str, Any], ...] = ()
        try:
            self._labels = _label_selector(source.get("labelSelector"))
            self._fields, self._zones = _field_selector(source.get("fieldSelector"))
        except (ValueError, TypeError, AttributeError) as error:
            self.broken = str(error)

    def matches(self, place: Place) -> bool:
        """Tell whether a cluster is meant."""
        known = place.matched.get(self)
        if known is None:
            if len(place.matched) >= _REMEMBERED:
                place.matched.clear()
            known = place.matched[self] = self.mismatch(place) == ""
        return known

    def mismatch(self, place: Place) -> str:
        """Return the first part that a cluster does not satisfy, in words; empty if it matches."""
        if place.name in self.exclude:
            return "name is in exclude"
        if self.broken:
            return f"selector cannot be read ({self.broken}), so it matches nothing"
        for term in self._labels.requirements:
            if not term.matches(place.labels):
                return f"labels do not satisfy: {term}"
        for expression in self._zones:
            if not _zones_match(expression, place.zones):
                values = ",".join(texts(expression.get("values")))
                wanted = f"zone {str(expression.get('operator')).lower()} ({values})"
                return f"zones ({','.join(place.zones)}) do not satisfy: {wanted}"
        if self._fields.requirements:
            fields = {"provider": place.provider, "region": place.region}
            present = {key: value for key, value in fields.items() if value}
            for term in self._fields.requirements:
                if not term.matches(present):
                    return f"fields do not satisfy: {term}"
        if self.names and place.name not in self.names:
            return "name is not in clusterNames"
        return ""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing at all is asked for, so that every cluster matches."""
        return not any(self.source.get(part) for part in AFFINITY_FIELDS)


def cluster_affinity(source: Any) -> ClusterAffinity:
    """Return the affinity of a map, leniently; anything but a map matches every cluster."""
    return ClusterAffinity(source if isinstance(source, Mapping) else {})


def _checked(key: Any, operator: Any, values: Any) -> Requirement:
    term = requirement(str(key or ""), str(operator or ""), texts(values))
    for value in term.values:
        error = label_value_error(value)
        if error:
            raise ValueError(error)
    if term.operator in {"Gt", "Lt"}:
        int(term.values[0])
    return term


def _label_selector(source: Any) -> Selector:
    if not source:
        return Selector()
    terms = [_checked(k, "In", [v]) for k, v in sorted((source.get("matchLabels") or {}).items())]
    for entry in source.get("matchExpressions") or ():
        if entry.get("operator") not in _LABEL_OPERATORS:
            raise ValueError(f'"{entry.get("operator")}" is not a valid label selector operator')
        terms.append(_checked(entry.get("key"), entry.get("operator"), entry.get("values")))
    return Selector(tuple(terms))


def _field_selector(source: Any) -> tuple[Selector, tuple[Mapping[str, Any], ...]]:
    """Split into terms on provider and region, and zone terms (a cluster has many zones)."""
    entries = (source.get("matchExpressions") or ()) if source else ()
    zones = tuple(entry for entry in entries if entry.get("key") == "zone")
    others = [
        _checked(entry.get("key"), entry.get("operator"), entry.get("values"))
        for entry in entries
        if entry.get("key") != "zone"
    ]
    return Selector(tuple(others)), zones


def _zones_match(expression: Mapping[str, Any], zones: Sequence[str]) -> bool:
    operator, values = expression.get("operator"), texts(expression.get("values"))
    if operator == "In":
        return any(zone in values for zone in zones)
    if operator == "NotIn":
        return not any(zone in values for zone in zones)
    if operator == "Exists":
        return bool(zones)
    if operator == "DoesNotExist":
        return not zones
    return False
