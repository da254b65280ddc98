"""One record of the trace as one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lab.commands.printers.changed import changed_fields, summary
from lab.commands.printers.fault_lines import fault_line

if TYPE_CHECKING:
    from lab.commands.context import Happening, World
    from lab.core.manifest import Manifest
    from lab.core.model import Key

_VERBS = {"create": "creates", "update": "updates", "patch": "patches", "apply": "applies",
          "delete": "deletes"}  # fmt: skip
_PROCESS = {"crashed": "crashes", "started": "starts again"}
_TIDY = re.compile(r"status\.conditions\[(\w+)\]\.status")


def place(key: Key) -> str:
    """Return where an object is: `Work karmada-es-m1/web` or `Deployment default/web in m1`."""
    inside = f"{key.namespace}/{key.name}" if key.namespace else key.name
    return f"{key.kind} {inside}" + (f" in {key.cluster}" if key.cluster else "")


def what(world: World, record: Happening) -> str:
    """Return what a record says happened, in one line (not yet harmless for a terminal)."""
    detail, key = record.detail, record.key
    about = "" if key is None else place(key)
    match record.type:
        case "change":
            said = summary(*world.ends(record.number))
            return f"{about}: {_TIDY.sub(_condition, said)}"
        case "probe":
            return f"cluster {record.actor} is {detail.get('result')}"
        case "decision":
            return f"{record.actor} decides on {about}: " \
                   f"{detail.get('summary') or detail.get('kind')}"  # fmt: skip
        case "action":
            verb, _, more = str(detail.get("verb") or "").partition(" ")
            return f"{record.actor} {_VERBS.get(verb, verb)} {more + ' of ' if more else ''}{about}"
        case "refusal":
            return f"refused: {about}: {detail.get('code')} {detail.get('reason')}: " \
                   f"{detail.get('message')}"  # fmt: skip
        case "error":
            return f"{record.actor} fails on {about}: {detail.get('message')}"
        case "note":
            return f"{record.actor} says of {about}: " \
                   f"{detail.get('reason')}: {detail.get('message')}"  # fmt: skip
        case "step":
            return _step(record)
        case "fault":
            return fault_line(detail)
        case "process":
            event = str(detail.get("event"))
            return f"{record.actor} {_PROCESS.get(event, event)}"
    said = ", ".join(f"{name} {value}" for name, value in detail.items() if _plain(value))
    return " ".join(part for part in (record.actor, about, said) if part) or record.type


def changed_data(world: World, record: Happening) -> list[dict[str, Any]]:
    """Return what a change changed, as JSON-ready data."""
    if record.type != "change":
        return []
    before, after = world.ends(record.number)
    if before is None or after is None:
        whole: Manifest | None = after if before is None else None
        return [{"path": "", "old": None if before is None else "present",
                 "new": None if whole is None else "present"}]  # fmt: skip
    return [each.to_dict() for each in changed_fields(before, after)]


def _condition(match: re.Match[str]) -> str:
    return match[1]


def _step(record: Happening) -> str:
    detail = record.detail
    if record.actor == "boot":
        return "the fleet boots"
    if detail.get("text"):
        return f"$ {detail['text']}"
    return f"step: {detail.get('step') or record.actor}"


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and value != ""
