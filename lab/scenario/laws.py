"""What a scenario says about invariants and targets: which laws are on, and what each app is due.

`invariants` is a list of laws by id or name, "all" (the default), "none", or a map: `only` or
`except` with such a list, and bounds (`lab.core.invariants.Bounds`) in camelCase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from lab.core.admission.field_errors import Path
from lab.core.duration import parse_duration_s
from lab.core.errors import InputError
from lab.core.invariants import LAWS, Bounds, law_id
from lab.core.outcomes import Target, parse_ready
from lab.core.outcomes.ledger import KINDS
from lab.core.settings import setting_name
from lab.scenario.calls import check_cluster
from lab.scenario.parts import PartReader, seconds
from lab.scenario.reference import parse_reference

WORDS: Mapping[str, tuple[str, ...]] = {
    "all": tuple(law.id for law in LAWS),
    "none": (),
}


def bound_names() -> Mapping[str, str]:
    """Return the fields of Bounds by the names they have in a scenario."""
    return {setting_name(each.name): each.name for each in fields(Bounds)}


def read_invariants(reader: PartReader, given: Any, path: Path) -> tuple[tuple[str, ...], Bounds]:
    """Return the ids of the laws that are on, and the bounds."""
    if given is None or given is True:
        return WORDS["all"], Bounds()
    if given is False:  # YAML reads "off" as false
        return WORDS["none"], Bounds()
    if isinstance(given, str):
        return WORDS[given], Bounds()
    if isinstance(given, list):
        return _named(reader, given, path), Bounds()
    ids = WORDS["all"]
    if "only" in given and "except" in given:
        reader.error((*path, "except"), "invariants has only or except, here: both", key=True)
    elif "only" in given:
        ids = _named(reader, given["only"], (*path, "only"))
    elif "except" in given:
        off = _named(reader, given["except"], (*path, "except"))
        ids = tuple(each for each in ids if each not in off)
    return ids, _bounds(given)


def _named(reader: PartReader, words: Sequence[str], path: Path) -> tuple[str, ...]:
    found: list[str] = []
    for index, word in enumerate(words):
        try:
            found.append(law_id(word))
        except InputError as error:
            reader.error((*path, index), error.message)
    return tuple(law.id for law in LAWS if law.id in found)


def _bounds(given: Mapping[str, Any]) -> Bounds:
    values: dict[str, Any] = {}
    for name, field in bound_names().items():
        if name in given:
            values[field] = parse_duration_s(given[name]) if field.endswith("_s") else given[name]
    return Bounds(**values)


def read_targets(
    reader: PartReader, items: Sequence[Mapping[str, Any]], path: Path
) -> tuple[Target, ...]:
    """Return the targets of the list at `path`; all kinds must be known by now."""
    found: dict[Any, Target] = {}
    for index, item in enumerate(items):
        place = (*path, index)
        target = _target(reader, item, place)
        if target is None:
            continue
        if target.app in found:
            reader.error((*place, "app"), f"a second target for {target.app}")
        found[target.app] = target
    return tuple(found.values())


def _target(reader: PartReader, item: Mapping[str, Any], path: Path) -> Target | None:
    cluster = str(item.get("cluster") or "")
    text = str(item["app"])
    if item.get("namespace") and text.count("/") == 1:
        kind, _, name = text.partition("/")
        text = f"{kind}/{item['namespace']}/{name}"
    try:
        if cluster:
            check_cluster(cluster, reader.clusters)
        app = parse_reference(text, reader.kinds).key(cluster)
        if (app.api_version, app.kind) not in KINDS:
            kinds = ", ".join(sorted(kind for _, kind in KINDS))
            raise InputError(f"{app.kind} has no service to measure (needs one of {kinds})")
    except InputError as error:
        reader.error((*path, "app"), error.message)
        return None
    ready = None
    if item.get("ready") is not None:
        try:
            ready = parse_ready(item["ready"])
        except ValueError as error:
            reader.error((*path, "ready"), f"ready {error}")
    return Target(app, ready, seconds(item, "rto"), seconds(item, "rpo"), declared=True)
