"""The calls in an expression: which functions there are, what they take, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from lab.core.errors import InputError, did_you_mean, quoted
from lab.core.kinds import KindRegistry
from lab.scenario.expression import Expression
from lab.scenario.reference import parse_reference

_Role = Literal["object", "type", "member", "cluster"]
"""What an argument names: an object, a condition's type, a member; `cluster` may be left out."""
_TAKES: Mapping[str, tuple[_Role, ...]] = {
    "ready": ("object", "cluster"),
    "replicas": ("object", "cluster"),
    "clusters": ("object",),
    "exists": ("object", "cluster"),
    "status": ("object", "cluster"),
    "object": ("object", "cluster"),
    "condition": ("object", "type", "cluster"),
    "taints": ("member",),
    "now": (),
    "serving": ("object", "cluster"),
    "rto": ("object",),
    "minutes_below": ("object",),
    "lost": ("object",),
}
HELPERS = tuple(_TAKES)
_NOTHING: Mapping[str, Any] = {
    "ready": 0, "replicas": 0, "clusters": [], "exists": False, "status": {}, "object": {},
    "condition": "", "taints": [], "now": 0.0, "serving": 0, "rto": 0.0, "minutes_below": 0.0,
    "lost": 0,
}  # fmt: skip
"""What each answers about a federation in which there is nothing."""
_TEXT = r"""(?:'[^'\\]*'|"[^"\\]*")"""
_ASKING = "|".join(name for name, roles in _TAKES.items() if roles)
_CALL = re.compile(rf"\b({_ASKING})\s*\(\s*({_TEXT}(?:\s*,\s*{_TEXT})*)\s*\)")
_WORD = re.compile(_TEXT)
_FIELD = re.compile(rf"\.([A-Za-z_]\w*)(?!\w*\s*\()|\[\s*(?:({_TEXT})|(\d+))\s*\]")


def _words(match: re.Match[str]) -> list[str]:
    """Return the texts that a call names literally."""
    return [word[1:-1] for word in _WORD.findall(match[2])]


def check_calls(expression: Expression, kinds: KindRegistry, clusters: Sequence[str]) -> None:
    """Check the objects and clusters that an expression names literally.

    Raises:
        InputError: An unknown kind or cluster, or a text that names no object.
    """
    for match in _CALL.finditer(expression.text):
        name = match[1]
        try:
            for role, word in zip(_TAKES[name], _words(match), strict=False):
                if role == "object":
                    parse_reference(word, kinds)
                elif role != "type":
                    check_cluster(word, clusters)
        except InputError as error:
            raise InputError(f"cel: {name}(): {error.message}", expression.location) from None
    _try_on_nothing(expression)


def objects_named(expression: Expression) -> Iterator[tuple[str, str]]:
    """Yield (function, reference) for each object that an expression names literally."""
    for match in _CALL.finditer(expression.text):
        for role, word in zip(_TAKES[match[1]], _words(match), strict=False):
            if role == "object":
                yield match[1], word


def _try_on_nothing(expression: Expression) -> None:
    """Find calls with too many or too few arguments, and what fails or is no condition anywhere.

    Raises:
        InputError: The expression is wrong whatever the federation looks like.
    """
    called: list[str] = []
    wrong: list[str] = []

    def stand_in(name: str) -> Callable[..., Any]:
        roles = _TAKES[name]
        least, most = len(roles) - ("cluster" in roles), len(roles)

        def call(*arguments: Any) -> Any:
            called.append(name)
            if not least <= len(arguments) <= most:
                takes = str(most) if least == most else f"{least} or {most}"
                word = "argument" if takes == "1" else "arguments"
                wrong.append(f"{name}() takes {takes} {word}, here: {len(arguments)}")
            return _NOTHING[name]

        return call

    failure: InputError | None = None
    value: Any = None
    try:
        value = expression.evaluate({name: stand_in(name) for name in HELPERS})
    except InputError as error:
        failure = error
    if wrong:
        raise InputError(f"cel: {wrong[0]}", expression.location)
    if called:
        return  # its value is a matter of the federation
    if failure is not None:
        raise failure
    if not isinstance(value, bool):
        text = f"cel: the expression is always {quoted(value)}, needs true or false"
        raise InputError(text, expression.location)


def check_cluster(name: str, clusters: Sequence[str]) -> None:
    """Check the name of a member.

    Raises:
        InputError: The fleet has no such cluster.
    """
    if name not in clusters:
        hint = did_you_mean(name, clusters)
        known = ", ".join(clusters[:8]) + (", …" if len(clusters) > 8 else "")
        raise InputError(f"the fleet has no cluster {quoted(name)}{hint or f' (it has {known})'}")


def fields_asked(text: str, call: str) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Yield the paths that follow a call in an expression: as written, and as keys."""
    for match in _CALL.finditer(text):
        if call != f"{match[1]}({', '.join(repr(word) for word in _words(match))})":
            continue
        keys: list[str | int] = []
        end = match.end()
        while (field := _FIELD.match(text, end)) is not None:
            name = field[1] or (field[2] or "")[1:-1]
            keys.append(int(field[3]) if field[3] else name)
            end = field.end()
        if keys:
            yield text[match.end() : end], tuple(keys)
