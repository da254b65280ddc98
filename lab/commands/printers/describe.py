"""describe: an object as indented text, the way `kubectl describe` shows kinds it has no form for.

Field names become words (`resourceSelectors` → `Resource Selectors`), lists of maps are stacked,
conditions become a table, and the object's Events stand at the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lab.commands.printers.column import NONE, age_since, text_of
from lab.commands.printers.core_objects import EVENT, event_seconds, event_seen
from lab.commands.printers.text import columns, safe
from lab.core.manifest import Manifest, annotations_of, labels_of, name_of, namespace_of

_ACRONYMS = {"api": "API", "url": "URL", "uid": "UID", "ip": "IP", "ips": "IPs", "id": "ID",
             "osb": "OSB", "guid": "GUID", "cpu": "CPU", "uri": "URI"}  # fmt: skip
_HIDDEN = {"managedFields", "name", "namespace", "labels", "annotations", "selfLink"}
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def words_of(field: str) -> str:
    """Return a field's name as words.

    Example:
        >>> words_of("apiVersion"), words_of("clusterAffinity")
        ('API Version', 'Cluster Affinity')
    """
    if not re.fullmatch(r"[A-Za-z0-9]+", field):
        return field
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", field)
    return " ".join(_ACRONYMS.get(part.lower(), part[:1].upper() + part[1:]) for part in parts)


def describe(manifest: Manifest, events: Sequence[Manifest], now_s: float,
             *, cluster: str = "") -> str:  # fmt: skip
    """Return the description of one object.

    Args:
        manifest: The object.
        events: The Kubernetes Events about it.
        now_s: The moment ages are counted to.
        cluster: The member it stands in, empty for the hub.
    """
    rows: list[tuple[int, str, str]] = [(0, "Name:", name_of(manifest))]
    if namespace_of(manifest):
        rows.append((0, "Namespace:", namespace_of(manifest)))
    if cluster:
        rows.append((0, "Cluster:", cluster))
    _add_pairs(rows, "Labels:", labels_of(manifest), "=")
    shown = {k: v for k, v in annotations_of(manifest).items() if k != _LAST_APPLIED}
    _add_pairs(rows, "Annotations:", shown, ": ")
    rows.append((0, "API Version:", str(manifest.get("apiVersion") or "")))
    rows.append((0, "Kind:", str(manifest.get("kind") or "")))
    metadata = {k: v for k, v in (manifest.get("metadata") or {}).items() if k not in _HIDDEN}
    if metadata:
        rows.append((0, "Metadata:", ""))
        _add_map(rows, metadata, 1)
    rest = {k: v for k, v in manifest.items() if k not in {"apiVersion", "kind", "metadata"}}
    _add_map(rows, _without_conditions(rest), 0)
    text = _aligned(rows)
    found = (manifest.get("status") or {}).get("conditions")
    if isinstance(found, list) and _are_maps(found):
        text += "\n" + conditions_table(found)
    return text + "\n" + events_table(events, now_s)


def conditions_table(conditions: Sequence[Mapping[str, Any]]) -> str:
    """Return conditions as a table."""
    header = ["Type", "Status", "Reason", "LastTransitionTime", "Message"]
    rows = [
        [str(each.get(name[:1].lower() + name[1:]) or "") for name in header] for each in conditions
    ]
    ruled = [["  " + header[0], *header[1:]], ["  ----", *("-" * len(n) for n in header[1:])]]
    return "Conditions:\n" + columns([*ruled, *(["  " + row[0], *row[1:]] for row in rows)])


def events_table(events: Sequence[Manifest], now_s: float) -> str:
    """Return Events as the table at the end of a description."""
    if not events:
        return "Events:  " + NONE
    rows = [["  Type", "Reason", "Age", "From", "Message"],
            ["  ----", "------", "----", "----", "-------"]]  # fmt: skip
    source = next(column.cell for column in EVENT if column.name == "Source")
    for event in sorted(events, key=event_seconds):
        last, first = event_seen(event, "last"), event_seen(event, "first")
        count = int(event.get("count") or 1)
        age = age_since(last, now_s)
        if count > 1:
            age += f" (x{count} over {age_since(first, now_s)})"
        message = str(event.get("message") or "").strip()
        rows.append(["  " + str(event.get("type") or ""), str(event.get("reason") or ""), age,
                     source(event, now_s), message])  # fmt: skip
    return "Events:\n" + columns(rows, padding=2)


def _without_conditions(rest: Mapping[str, Any]) -> Mapping[str, Any]:
    status = rest.get("status")
    if not isinstance(status, Mapping) or not _are_maps(status.get("conditions")):
        return rest
    kept = {key: value for key, value in status.items() if key != "conditions"}
    return {**rest, "status": kept} if kept else {k: v for k, v in rest.items() if k != "status"}


def _are_maps(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(i, Mapping) for i in value)


def _add_pairs(
    rows: list[tuple[int, str, str]], title: str, pairs: Mapping[str, Any], joint: str
) -> None:
    if not pairs:
        rows.append((0, title, NONE))
    for index, (key, value) in enumerate(sorted(pairs.items())):
        rows.append((0, "" if index else title, f"{key}{joint}{value}"))


def _add_map(rows: list[tuple[int, str, str]], value: Mapping[str, Any], depth: int) -> None:
    for key in sorted(value):
        _add(rows, words_of(key) + ":", value[key], depth)


def _add(rows: list[tuple[int, str, str]], title: str, value: Any, depth: int) -> None:
    if isinstance(value, Mapping):
        rows.append((depth, title, "" if value else NONE))
        _add_map(rows, value, depth + 1)
    elif isinstance(value, list):
        rows.append((depth, title, "" if value else NONE))
        for item in value:
            if isinstance(item, Mapping):
                # As kubectl: a list of maps is its maps one after the other.
                _add_map(rows, item, depth + 1)
            else:
                rows.append((depth + 1, text_of(item), ""))
    else:
        rows.append((depth, title, text_of(value)))


def _aligned(rows: Sequence[tuple[int, str, str]]) -> str:
    """Lay out the rows: values of one block (neighbours of one depth) begin in one column."""
    lines: list[str] = []
    for (depth, title, value), width in zip(rows, _widths(rows), strict=True):
        indent = "  " * depth
        if not value:
            lines.append(f"{indent}{safe(title)}")
            continue
        first, *more = value.split("\n")
        lines.append(f"{indent}{safe(title):<{width}}  {safe(first)}")
        lines += [f"{indent}{'':<{width}}  {safe(part)}" for part in more if part]
    return "\n".join(line.rstrip() for line in lines)


def _widths(rows: Sequence[tuple[int, str, str]]) -> list[int]:
    """Return for each row the width of the titles in its block; a shallower row ends a block."""
    blocks: list[int] = []
    widths: list[int] = []
    open_blocks: dict[int, int] = {}
    for depth, title, value in rows:
        for deeper in [each for each in open_blocks if each > depth]:
            del open_blocks[deeper]
        block = open_blocks.setdefault(depth, len(widths))
        if block == len(widths):
            widths.append(0)
        if value:
            widths[block] = max(widths[block], len(safe(title)))
        blocks.append(block)
    return [widths[block] for block in blocks]
