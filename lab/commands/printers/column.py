"""One column of a kind's table: its name, whether only `-o wide` shows it, and the cell's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.duration import human_age
from lab.core.manifest import Manifest, get_in, name_of, seconds_of

Cell = Callable[[Manifest, float], str]
"""A cell's text from the object and the second of the run it is looked at."""

NONE = "<none>"
UNKNOWN = "<unknown>"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`."""

    name: str
    cell: Cell
    wide: bool = False


def age_since(text: Any, now_s: float) -> str:
    """Return the age since a timestamp, `<unknown>` if there is none."""
    if not text:
        return UNKNOWN
    try:
        return human_age(max(0.0, now_s - seconds_of(str(text))))
    except ValueError:
        return "<invalid>"


def age(manifest: Manifest, now_s: float) -> str:
    """The AGE column."""
    return age_since(get_in(manifest, ("metadata", "creationTimestamp")), now_s)


def name(manifest: Manifest, now_s: float) -> str:
    """The NAME column."""
    return name_of(manifest)


def path(*steps: str | int, default: str = "") -> Cell:
    """Return a cell that shows what stands at a path."""

    def cell(manifest: Manifest, now_s: float) -> str:
        value = get_in(manifest, steps)
        return default if value is None or value == "" else text_of(value)

    return cell


def count(*steps: str | int) -> Cell:
    """Return a cell that shows a number; an absent one is 0."""

    def cell(manifest: Manifest, now_s: float) -> str:
        return text_of(get_in(manifest, steps) or 0)

    return cell


def text_of(value: Any) -> str:
    """Return a JSON value as a cell shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    if isinstance(value, Mapping | list):
        from lab.core.jsonpath import value_text

        return value_text(value)
    return str(value)


def pairs(labels: Mapping[str, Any] | None) -> str:
    """Return a label map as `a=b,c=d`, or `<none>`."""
    if not labels:
        return NONE
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def selector_text(selector: Any) -> str:
    """Return a `{matchLabels, matchExpressions}` map as `-l` would write it, or `<none>`."""
    if not isinstance(selector, Mapping) or not selector:
        return NONE
    terms = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for term in selector.get("matchExpressions") or ():
        key, values = term.get("key", ""), ",".join(sorted(term.get("values") or ()))
        operator = term.get("operator")
        if operator in {"Exists", "DoesNotExist"}:
            terms.append(key if operator == "Exists" else f"!{key}")
        elif operator in {"Gt", "Lt"}:
            terms.append(f"{key}{'>' if operator == 'Gt' else '<'}{values}")
        else:
            terms.append(f"{key} {'in' if operator == 'In' else 'notin'} ({values})")
    return ",".join(terms) or NONE


def containers(template: Sequence[str]) -> tuple[Column, Column]:
    """Return the wide columns CONTAINERS and IMAGES of a pod template at a path."""

    def listed(field: str) -> Cell:
        def cell(manifest: Manifest, now_s: float) -> str:
            found = get_in(manifest, (*template, "spec", "containers")) or ()
            return ",".join(str(each.get(field) or "") for each in found)

        return cell

    return (
        Column("Containers", listed("name"), wide=True),
        Column("Images", listed("image"), wide=True),
    )


NAME = Column("Name", name)
AGE = Column("Age", age)
