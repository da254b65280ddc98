"""Reading manifests typed by people: small checks that fail with the path of the field.

A reader walks the map once and names each place as the API does (`spec.placement.clusterAffinity`),
so that lint, admission and the planner can point at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.errors import InputError, did_you_mean, quoted


def problem(path: str, message: str) -> InputError:
    """Return the error that says what is wrong at a field path."""
    return InputError(f"{path}: {message}")


def expect_map(value: Any, path: str) -> Mapping[str, Any]:
    """Return a map; an absent one reads as empty."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise problem(path, f"is {quoted(value)}, needs a map")
    return value


def expect_maps(value: Any, path: str) -> Sequence[Mapping[str, Any]]:
    """Return a list of maps; an absent one reads as empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise problem(path, f"is {quoted(value)}, needs a list")
    for index, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            raise problem(f"{path}[{index}]", f"is {quoted(entry)}, needs a map")
    return value


def expect_text(value: Any, path: str) -> str:
    """Return a text; an absent one reads as empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise problem(path, f"is {quoted(value)}, needs a text (quote it)")
    return value


def expect_texts(value: Any, path: str) -> Sequence[str]:
    """Return a list of texts; an absent one reads as empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise problem(path, f"is {quoted(value)}, needs a list of texts")
    return [expect_text(entry, f"{path}[{index}]") for index, entry in enumerate(value)]


def expect_count(value: Any, path: str, *, least: int = 0) -> int:
    """Return a whole number of at least `least`; an absent one reads as 0 and is not checked."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise problem(path, f"is {quoted(value)}, needs a whole number")
    if value < least:
        raise problem(path, f"is {value}, needs {least} or more")
    return value


def one_of(value: Any, words: Sequence[str], path: str) -> str:
    """Return a text that must be one of `words`."""
    if value in words:
        return str(value)
    hint = did_you_mean(str(value or ""), list(words))
    choice = ", ".join(word or '""' for word in words)
    raise problem(path, f"is {quoted(value)}, needs one of {choice}{hint}")


def known_fields(source: Mapping[str, Any], fields: Sequence[str], path: str) -> None:
    """Refuse fields the API does not have (they would be dropped in silence)."""
    for name in source:
        if name not in fields:
            hint = did_you_mean(str(name), list(fields))
            raise problem(path, f"no such field {quoted(name)}{hint}")


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a list, leniently: anything else reads as none."""
    return tuple(str(entry) for entry in value) if isinstance(value, list | tuple) else ()


def whole(value: Any) -> int:
    """Return a whole number, leniently: anything else reads as 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) else 0
