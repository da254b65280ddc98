"""Expectations of a scenario: when, where, and what must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.admission.field_errors import Path, dotted
from lab.core.duration import parse_duration_s
from lab.core.errors import InputError, quoted
from lab.core.invariants import law_id
from lab.core.model import Key
from lab.scenario.checks import kind_message
from lab.scenario.format import (
    EXPECT_TIMES,
    EXPECT_WHATS,
)
from lab.scenario.model import (
    Expectation,
    Mode,
)
from lab.scenario.parts import PartReader, seconds

_MODES: tuple[Mode, ...] = ("at", "within", "never", "throughout")


def read_expectations(
    reader: PartReader, items: Sequence[Mapping[str, Any]], path: Path
) -> tuple[Expectation, ...]:
    """Return the expectations of the list at `path`; all kinds and steps must be known by now."""
    names: set[str] = set()
    found = []
    for index, given in enumerate(items):
        item = given
        if "name" not in item:
            if "violates" not in item:
                reader.error((*path, index), f"{dotted((*path, index, 'name'))} is missing")
                continue
            item = {**item, "name": f"violates {item['violates']}"}
        if item["name"] in names:
            text = f"two expectations are named {quoted(item['name'])}"
            reader.error((*path, index, "name"), text)
        names.add(item["name"])
        found.append(_expectation(reader, item, (*path, index)))
    return tuple(found)


def _expectation(reader: PartReader, item: Mapping[str, Any], path: Path) -> Expectation:
    times = [field for field in EXPECT_TIMES if item.get(field) is not None]
    if len(times) > 1:
        choice = ", ".join(EXPECT_TIMES)
        reader.error(path, f"an expectation has one of {choice}; here: {' and '.join(times)}")
    whats = [field for field in EXPECT_WHATS if field in item]
    if len(whats) != 1:
        here = " and ".join(whats) or "none"
        reader.error(path, f"an expectation has one of {', '.join(EXPECT_WHATS)}; here: {here}")
    mode: Mode = next((each for each in _MODES if each in times), "end")
    amount = item.get(mode)
    if "from" in item and mode not in {"never", "throughout"}:
        reader.error((*path, "from"), "from belongs to never and throughout", key=True)
    after = str(item.get("after") or "")
    if after:
        reader.anchor(after, (*path, "after"), earlier=False)
        if mode == "end":
            text = "after needs one of at, within, never, throughout beside it"
            reader.error((*path, "after"), text, key=True)
    violates = _violates(reader, item, path, mode)
    cluster = reader.cluster(item, path)
    if cluster and "cel" in item:
        text = "cluster belongs to object; in cel name it: ready('deployment/web', 'member1')"
        reader.error((*path, "cluster"), text, key=True)
    cel = reader.expression(item["cel"], (*path, "cel")) if "cel" in item else None
    wanted = item.get("object")
    key = None
    if wanted is not None:
        key = _expected_key(reader, wanted, (*path, "object"), cluster)
    return Expectation(
        name=item["name"],
        mode=mode,
        location=reader.document.locate(path),
        amount_s=None if amount is None or amount is True else parse_duration_s(amount),
        after=after,
        from_s=seconds(item, "from") or 0.0,
        cluster=cluster,
        object=wanted,
        key=key,
        cel=cel,
        violates=violates,
    )


def _violates(reader: PartReader, item: Mapping[str, Any], path: Path, mode: Mode) -> str:
    """Return the id of the law that is to be broken, empty if none is."""
    if "violates" not in item:
        return ""
    if mode != "end":
        text = f"violates is decided at the end of the run: {mode} does not belong here"
        reader.error((*path, mode), text, key=True)
    if item.get("cluster"):
        reader.error((*path, "cluster"), "cluster does not belong to violates", key=True)
    try:
        return law_id(item["violates"])
    except InputError as error:
        reader.error((*path, "violates"), error.message)
    return ""


def _expected_key(reader: PartReader, wanted: Mapping[str, Any], path: Path, cluster: str) -> Key:
    metadata = wanted.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        reader.error(path, "object.metadata.name is missing")
    api_version, kind = str(wanted["apiVersion"]), str(wanted["kind"])
    message = kind_message(api_version, kind, reader.kinds)
    if message:
        reader.error((*path, "kind"), message)
    return reader.key(wanted, cluster)
