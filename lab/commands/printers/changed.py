"""What differs between two states of an object, field by field, without what only says when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lab.core.manifest import Manifest

_NOISE = {"resourceVersion", "managedFields", "generation", "observedGeneration", "uid",
          "creationTimestamp", "lastTransitionTime", "lastUpdateTime", "lastProbeTime",
          "lastHeartbeatTime", "renewTime", "selfLink", "resourceTemplateGeneration",
          "schedulerObservedGeneration", "lastScheduledTime"}  # fmt: skip
"""Fields that change with every write, or that only say when."""
_NAMES = ("type", "name", "clusterName", "fromCluster", "key")
"""Fields by which the items of a list are known, as far as they are told apart by it."""
_SHOWN = 60


class Changed(NamedTuple):
    """One field; None where it was or is absent."""

    path: str
    old: Any
    new: Any

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.path} = {_short(self.new)}"
        if self.new is None:
            return f"{self.path} removed (was {_short(self.old)})"
        return f"{self.path} {_short(self.old)} → {_short(self.new)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the field as JSON-ready data."""
        return {"path": self.path, "old": self.old, "new": self.new}


def changed_fields(before: Manifest, after: Manifest) -> list[Changed]:
    """Return the fields that differ; spec before status before metadata.

    Example:
        >>> str(changed_fields({"spec": {"replicas": 2}}, {"spec": {"replicas": 5}})[0])
        'spec.replicas 2 → 5'
    """
    return sorted(_walk("", before, after), key=_weight)


def _weight(field: Changed) -> tuple[int, int]:
    """Return where a field stands in a list: what was asked for first, and what it comes to."""
    head, _, rest = field.path.partition(".")
    last = rest.rpartition(".")[2]
    counts = {"replicas": 1, "readyReplicas": 0, "status": 0, "ready": 0}
    return {"spec": 0, "status": 1}.get(head, 2), counts.get(last, 2 if head == "status" else 0)


def summary(before: Manifest | None, after: Manifest | None, shown: int = 2) -> str:
    """Return in one line what a change did: created, deleted, or its first fields."""
    if before is None or after is None:
        return "created" if before is None else "deleted"
    fields = changed_fields(before, after)
    if not fields:
        return "updated"
    more = f" and {len(fields) - shown} more" if len(fields) > shown else ""
    return "; ".join(str(each) for each in fields[:shown]) + more


def _walk(path: str, before: Any, after: Any) -> Iterator[Changed]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [*after, *(name for name in before if name not in after)]
        for name in names:
            if name not in _NOISE:
                inside = f"{path}.{name}" if path else str(name)
                yield from _walk(inside, before.get(name), after.get(name))
        return
    if isinstance(before, list | None) and isinstance(after, list | None):
        by = _name_field([*(before or ()), *(after or ())], before or (), after or ())
        if by:
            old = {str(each[by]): each for each in before or ()}
            new = {str(each[by]): each for each in after or ()}
            for name in [*new, *(name for name in old if name not in new)]:
                yield from _walk(f"{path}[{name}]", old.get(name), new.get(name))
            return
        if before and after and len(before) == len(after) and isinstance(after[0], Mapping):
            for index, (old_item, new_item) in enumerate(zip(before, after, strict=True)):
                yield from _walk(f"{path}[{index}]", old_item, new_item)
            return
    if isinstance(after, Mapping) and before is None and len(after) > 1 and not path.endswith("]"):
        for name, value in after.items():
            yield from _walk(f"{path}.{name}", None, value)
        return
    yield Changed(path, before, after)


def _name_field(items: Sequence[Any], before: Sequence[Any], after: Sequence[Any]) -> str:
    if not items or not all(isinstance(each, Mapping) for each in items):
        return ""
    for field in _NAMES:
        if all(isinstance(each.get(field), str) for each in items) and all(
            len({str(each[field]) for each in side}) == len(side) for side in (before, after)
        ):
            return field
    return ""


def _short(value: Any) -> str:
    if isinstance(value, str):
        text = value or '""'
    elif isinstance(value, Mapping) and "status" in value:  # a condition
        text = " ".join(str(value[part]) for part in ("status", "reason") if value.get(part))
    else:
        named = {k: v for k, v in value.items() if k not in _NOISE} \
            if isinstance(value, Mapping) else value  # fmt: skip
        text = json.dumps(named, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
