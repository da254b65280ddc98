"""What is wrong with a placement as somebody wrote it, by field path.

Source: Karmada v1.19 `pkg/util/validation` and the enumerations of its CRDs. The scheduler itself
does not ask: it reads leniently (`lab.core.policy`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.core.affinity import AFFINITY_FIELDS, check_cluster_affinity
from lab.core.errors import InputError
from lab.core.policy import (
    AGGREGATED,
    CLUSTER,
    DIVIDED,
    DUPLICATED,
    SPREAD_FIELDS,
    WEIGHTED,
    Placement,
    placement_of,
)
from lab.core.reading import (
    expect_count,
    expect_map,
    expect_maps,
    expect_text,
    known_fields,
    one_of,
    problem,
)
from lab.core.selectors import label_key_error
from lab.core.taints import check_tolerations

PLACEMENT_FIELDS = (
    "clusterAffinity",
    "clusterAffinities",
    "clusterTolerations",
    "spreadConstraints",
    "replicaScheduling",
    "workloadAffinity",
)
_NAME_LENGTH = 32


def parse_placement(source: Any, path: str = "spec.placement") -> Placement:
    """Return a placement that was checked; the error carries all further ones in `problems`.

    Raises:
        InputError: It is not as the API and its webhook want it; names the field path.
    """
    found = placement_problems(source, path)
    if found:
        first = found[0]
        raise InputError(first.message, first.location, found[1:])
    return placement_of(source if source is not None else {})


def placement_problems(source: Any, path: str = "spec.placement") -> list[InputError]:
    """Return what is wrong with a placement: at most one error per part, in the order of fields."""
    found: list[InputError] = []

    def collect(check: Callable[..., None], *arguments: Any) -> None:
        try:
            check(*arguments)
        except InputError as error:
            found.append(error)

    try:
        placement = expect_map(source, path)
        known_fields(placement, PLACEMENT_FIELDS, path)
    except InputError as error:
        return [error]
    collect(check_cluster_affinity, placement.get("clusterAffinity"), f"{path}.clusterAffinity")
    collect(_check_terms, placement, path)
    collect(check_tolerations, placement.get("clusterTolerations"), f"{path}.clusterTolerations")
    collect(_check_spread, placement.get("spreadConstraints"), f"{path}.spreadConstraints")
    collect(_check_scheduling, placement.get("replicaScheduling"), f"{path}.replicaScheduling")
    collect(_check_workload, placement.get("workloadAffinity"), f"{path}.workloadAffinity")
    return found


def _check_terms(placement: Mapping[str, Any], path: str) -> None:
    if placement.get("clusterAffinity") is not None and placement.get("clusterAffinities"):
        raise problem(path, "clusterAffinity and clusterAffinities cannot stand together")
    seen: set[str] = set()
    terms = expect_maps(placement.get("clusterAffinities"), f"{path}.clusterAffinities")
    for index, term in enumerate(terms):
        place = f"{path}.clusterAffinities[{index}]"
        check_cluster_affinity(term, place, extra_fields=("affinityName", "overflowAffinities"))
        _check_name(term.get("affinityName"), f"{place}.affinityName", seen)
        if term.get("overflowAffinities") is not None:
            _check_overflow(term, placement, f"{place}.overflowAffinities")


def _check_overflow(term: Mapping[str, Any], placement: Mapping[str, Any], path: str) -> None:
    if not _by_room(placement.get("replicaScheduling")):
        raise problem(path, "needs Divided replicas that are Aggregated or have a dynamicWeight")
    if not any(term.get(part) for part in AFFINITY_FIELDS):
        raise problem(path, "needs a main affinity beside it; an empty one already means all")
    names = {str(term.get("affinityName"))}
    for index, overflow in enumerate(expect_maps(term["overflowAffinities"], path)):
        place = f"{path}[{index}]"
        check_cluster_affinity(overflow, place, extra_fields=("affinityName",))
        _check_name(overflow.get("affinityName"), f"{place}.affinityName", names)


def _by_room(scheduling: Any) -> bool:
    if not isinstance(scheduling, Mapping):
        return False
    if scheduling.get("replicaSchedulingType", DIVIDED) != DIVIDED:
        return False
    weights = scheduling.get("weightPreference")
    dynamic = isinstance(weights, Mapping) and weights.get("dynamicWeight")
    return scheduling.get("replicaDivisionPreference") == AGGREGATED or bool(dynamic)


def _check_name(value: Any, path: str, seen: set[str]) -> None:
    name = expect_text(value, path)
    if not 1 <= len(name) <= _NAME_LENGTH:
        raise problem(path, f"is {len(name)} characters long, needs 1 to {_NAME_LENGTH}")
    error = label_key_error(name)
    if error:
        raise problem(path, f'"{name}" is no label key: {error}')
    if name in seen:
        raise problem(path, f'"{name}" is used before; every group needs a name of its own')
    seen.add(name)


def _check_spread(source: Any, path: str) -> None:
    fields: list[str] = []
    constraints = expect_maps(source, path)
    for index, constraint in enumerate(constraints):
        place = f"{path}[{index}]"
        known = ("spreadByField", "spreadByLabel", "minGroups", "maxGroups")
        known_fields(constraint, known, place)
        field = constraint.get("spreadByField") or ""
        label = expect_text(constraint.get("spreadByLabel"), f"{place}.spreadByLabel")
        if field:
            one_of(field, SPREAD_FIELDS, f"{place}.spreadByField")
            if label:
                raise problem(place, "spreadByField and spreadByLabel cannot stand together")
        if not label:
            field = field or CLUSTER
            if field in fields:
                raise problem(f"{place}.spreadByField", f'"{field}" is constrained before')
            fields.append(field)
        least = expect_count(constraint.get("minGroups"), f"{place}.minGroups")
        most = expect_count(constraint.get("maxGroups"), f"{place}.maxGroups")
        if 0 < most < least:
            raise problem(f"{place}.maxGroups", f"is {most}, less than minGroups {least}")
    if fields and CLUSTER not in fields:
        raise problem(path, f"a constraint on {fields[0]} needs one on cluster beside it")


def _check_scheduling(source: Any, path: str) -> None:
    scheduling = expect_map(source, path)
    known = ("replicaSchedulingType", "replicaDivisionPreference", "weightPreference")
    known_fields(scheduling, known, path)
    kind, preference = scheduling.get(known[0]), scheduling.get(known[1])
    if kind is not None:
        one_of(kind, (DUPLICATED, DIVIDED), f"{path}.{known[0]}")
    if preference is not None:
        one_of(preference, (AGGREGATED, WEIGHTED), f"{path}.{known[1]}")
    weights = expect_map(scheduling.get(known[2]), f"{path}.{known[2]}")
    known_fields(weights, ("staticWeightList", "dynamicWeight"), f"{path}.{known[2]}")
    dynamic = weights.get("dynamicWeight")
    if dynamic is not None:
        one_of(dynamic, ("AvailableReplicas",), f"{path}.{known[2]}.dynamicWeight")
    listed = f"{path}.{known[2]}.staticWeightList"
    for index, entry in enumerate(expect_maps(weights.get("staticWeightList"), listed)):
        place = f"{listed}[{index}]"
        known_fields(entry, ("targetCluster", "weight"), place)
        if "targetCluster" not in entry:
            raise problem(f"{place}.targetCluster", "is missing ({} stands for every cluster)")
        check_cluster_affinity(entry["targetCluster"], f"{place}.targetCluster")
        if "weight" not in entry:
            raise problem(f"{place}.weight", "is missing, needs 1 or more")
        expect_count(entry["weight"], f"{place}.weight", least=1)


def _check_workload(source: Any, path: str) -> None:
    workload = expect_map(source, path)
    known_fields(workload, ("affinity", "antiAffinity"), path)
    keys = []
    for part in ("affinity", "antiAffinity"):
        if workload.get(part) is None:
            continue
        term = expect_map(workload[part], f"{path}.{part}")
        known_fields(term, ("groupByLabelKey",), f"{path}.{part}")
        key = expect_text(term.get("groupByLabelKey"), f"{path}.{part}.groupByLabelKey")
        error = label_key_error(key)
        if error:
            raise problem(f"{path}.{part}.groupByLabelKey", error)
        keys.append(key)
    if len(keys) == 2 and keys[0] == keys[1]:
        raise problem(path, f'affinity and antiAffinity both group by "{keys[0]}"')
