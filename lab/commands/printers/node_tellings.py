"""Nodes of members in a timeline: lost and found, out of disk, and the pods that leave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lab.commands.printers.told import Told
from lab.core.manifest import condition, get_in, spec_of

if TYPE_CHECKING:
    from lab.commands.context import ObjectChange, World
    from lab.core.manifest import Manifest

_NAMED = 3
"""More names than this are counted."""
_LOST = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")
_WORDS: Mapping[tuple[str, str], str] = {
    ("Ready", "True"): "Ready again",
    ("Ready", "False"): "not Ready",
    ("Ready", "Unknown"): "not heard of: Ready=Unknown",
    ("DiskPressure", "True"): "out of disk (DiskPressure)",
    ("DiskPressure", "False"): "with room on disk again",
}


def nodes(world: World) -> Iterator[Told]:
    """Tell of the nodes of all members, and of the pods evicted from lost ones."""
    for cluster in world.members():
        changes = world.changes(cluster, "v1", "Node", -1e9)
        yield from _conditions(cluster, changes)
        lost = _lost_spans(changes)
        if lost:
            yield from _evicted(cluster, world.changes(cluster, "v1", "Pod", 0.0), lost)


def _conditions(cluster: str, changes: Sequence[ObjectChange]) -> Iterator[Told]:
    before: dict[str, Manifest] = {}
    found: dict[tuple[float, str], list[str]] = {}
    for change in changes:
        name, new = change.key.name, change.object
        old = before.get(name)
        before[name] = new
        if change.type == "DELETED":
            before.pop(name)
            found.setdefault((change.time_s, "gone"), []).append(name)
        elif old is not None:
            for (kind, status), words in _WORDS.items():
                was = _status(old, kind)
                if _status(new, kind) == status != was and (kind == "Ready" or was != "Unknown"):
                    found.setdefault((change.time_s, words), []).append(name)
    for (time_s, words), names in found.items():
        yield Told(time_s, "node", f"{_some('node', names)} of {cluster} {words}")


def _status(node: Manifest, kind: str) -> str:
    return str((condition(node, kind) or {}).get("status") or "")


def _lost_spans(changes: Sequence[ObjectChange]) -> Mapping[str, list[tuple[float, bool]]]:
    """Return by node when pods began (True) and ceased (False) to be driven from it."""
    spans: dict[str, list[tuple[float, bool]]] = {}
    for change in changes:
        taints = spec_of(change.object).get("taints") or ()
        driven = change.type != "DELETED" and any(
            taint.get("key") in _LOST and taint.get("effect") == "NoExecute" for taint in taints
        )
        known = spans.get(change.key.name, [(float("-inf"), False)])
        if known[-1][1] != driven:
            spans[change.key.name] = [*known, (change.time_s, driven)]
    return spans


def _evicted(
    cluster: str, changes: Sequence[ObjectChange], lost: Mapping[str, list[tuple[float, bool]]]
) -> Iterator[Told]:
    leaving: set[str] = set()
    found: dict[tuple[float, str], list[str]] = {}
    for change in changes:
        pod, name = change.object, f"{change.key.namespace}/{change.key.name}"
        node = str(spec_of(pod).get("nodeName") or "")
        stamped = get_in(pod, ("metadata", "deletionTimestamp")) is not None
        if change.type == "DELETED":
            leaving.discard(name)
        elif stamped and name not in leaving:
            leaving.add(name)
            past = [driven for time_s, driven in lost.get(node, ()) if time_s <= change.time_s]
            if past and past[-1]:
                found.setdefault((change.time_s, node), []).append(name)
    for (time_s, node), names in found.items():
        yield Told(time_s, "node", f"{_some('pod', names)} evicted from node {node} of {cluster}")


def _some(word: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{word} {names[0]}"
    shown = ", ".join(names[:_NAMED])
    return f"{len(names)} {word}s ({shown}{', …' if len(names) > _NAMED else ''})"
