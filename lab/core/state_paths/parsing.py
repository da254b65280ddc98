"""From the text of a template to its parts.

Source: k8s.io/client-go `util/jsonpath/parser.go`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class PathError(Exception):
    """A template cannot be read, or leads nowhere. `standing` is what was reached before."""

    def __init__(self, message: str, standing: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.standing = standing


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number or a truth value that stands for itself."""

    value: Any


@dataclass(frozen=True, slots=True)
class Word:
    """`range`, `end`, or a word that means nothing."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of a map."""

    name: str


@dataclass(frozen=True, slots=True)
class Everything:
    """`.*`: all entries of a map or a list; `..` (`deep`): all that is below."""

    deep: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """Elements of a list; `single` if only an index was given, which is `start`."""

    start: int | None
    end: int | None
    step: int | None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """What any of several paths leads to."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """The elements of a list for which something holds; without an operator: that it exists."""

    left: Path
    operator: str = ""
    right: Path = ()


Part = Literal | Word | Field | Everything | Slice | Union | Filter
Path = tuple[Part, ...]
"""The parts of one expression in braces, applied one after the other."""

_WORD_END = " \t\r\n.,[]$@{}"
_INDEX = re.compile(r"(-?\d*)(?::(-?\d*))?(?::(-?\d*))?")
_CONDITION = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
_QUOTED = re.compile(r"'([^']*)'")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def parse_template(text: str) -> list[Path]:
    """Return the texts and expressions of a template in order.

    Raises:
        PathError: It cannot be read.

    Example:
        >>> parse_template("v{.a}")
        [(Literal(value='v'),), (Field(name='a'),)]
    """
    found: list[Path] = []
    position = 0
    while (opening := text.find("{", position)) >= 0:
        if opening > position:
            found.append((Literal(text[position:opening]),))
        reader = _Reader(text, opening + 1)
        found.append(reader.expression())
        position = reader.position
    if position < len(text):
        found.append((Literal(text[position:]),))
    return found


def _parse_inner(text: str) -> Path:
    """Return an expression that stands inside another one, without braces."""
    return _Reader(text + "}", 0).expression()


class _Reader:
    """Reads one expression, from behind its opening brace to its closing one."""

    def __init__(self, text: str, position: int) -> None:
        self.text, self.position = text, position

    def expression(self) -> Path:
        parts: list[Part] = []
        while True:
            if self._skip("}"):
                return tuple(parts)
            if self._skip("[?("):
                parts.append(self._filter())
            elif self._skip(".."):
                parts += self._deep(parts)
            else:
                parts += self._part()

    def _skip(self, token: str) -> bool:
        if not self.text.startswith(token, self.position):
            return False
        self.position += len(token)
        return True

    def _next(self) -> str:
        """Take one character, empty at the end."""
        self.position += 1
        return self.text[self.position - 1 : self.position]

    def _part(self) -> Sequence[Part]:
        sign = self._next()
        if sign in {"", "\n", "\r"}:
            raise PathError("unclosed action")
        if sign in " @$":
            return ()
        if sign == "[":
            return self._brackets()
        if sign in "\"'":
            return (Literal(self._quote(sign)),)
        if sign == ".":
            return (self._field(),)
        self.position -= 1
        if sign in "+-" or sign.isdecimal():
            return (Literal(self._number()),)
        if sign == "_" or sign.isalnum():
            word = self._until(_WORD_END)
            return (Literal(word == "true") if word in {"true", "false"} else Word(word),)
        raise PathError(f"unrecognized character in action: U+{ord(sign):04X} '{sign}'")

    def _until(self, ends: str) -> str:
        begin = self.position
        while (sign := self._next()) and sign not in ends:
            pass
        self.position = begin + len(self.text[begin : self.position].rstrip(ends))
        return self.text[begin : self.position]

    def _deep(self, before: Sequence[Part]) -> Sequence[Part]:
        if before and before[-1] == Everything(deep=True):
            raise PathError("invalid multiple recursive descent")
        sign = self.text[self.position : self.position + 1]
        named = sign == "_" or sign.isalnum()
        return (Everything(deep=True), *([self._field()] if named else []))

    def _field(self) -> Part:
        name = ""
        while (sign := self._next()) and sign not in _WORD_END:
            name += self._next() if sign == "\\" else sign
        if sign:
            self.position -= 1
        return Everything() if name == "*" else Field(name)

    def _number(self) -> int | float:
        match = re.compile(r"[+-]?[\d.]*").match(self.text, self.position)
        assert match is not None
        self.position = match.end()
        try:
            return int(match[0]) if "." not in match[0] else float(match[0])
        except ValueError:
            raise PathError(f"cannot parse number {match[0]}") from None

    def _quote(self, mark: str) -> str:
        begin = self.position
        while (sign := self._next()) != mark or self.text[self.position - 2] == "\\":
            if sign in {"", "\n"}:
                raise PathError("unterminated quoted string")
        inner = self.text[begin : self.position - 1]
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), inner)

    def _brackets(self) -> Sequence[Part]:
        begin = self.position
        while (sign := self._next()) != "]":
            if sign in {"", "\n"}:
                raise PathError("unterminated array")
        inner = self.text[begin : self.position - 1]
        several = inner.split(",")
        if len(several) > 1:
            paths = tuple(_parse_inner(f"[{each.strip(' ')}]") for each in several)
            return (Union(paths),)
        if quoted := _QUOTED.fullmatch(inner):
            return _parse_inner(f".{quoted[1]}")
        return (_slice(inner),)

    def _filter(self) -> Part:
        begin = self.position
        opened, closed, pair = False, False, ""
        while (sign := self._next()) != ")" or opened != closed:
            if sign in {"", "\n"}:
                raise PathError("unterminated filter")
            if sign in "\"'":
                if not opened:
                    opened, pair = True, sign
                elif sign == pair and self.text[self.position - 2] != "\\":
                    closed = True
        inner = self.text[begin : self.position - 1]
        if self._next() != "]":
            raise PathError("unclosed array expect ]")
        condition = _CONDITION.fullmatch(inner)
        if condition is None:
            return Filter(_parse_inner(inner))
        left, operator, right = condition.groups()
        return Filter(_parse_inner(left), operator, _parse_inner(right))


def _slice(text: str) -> Slice:
    match = _INDEX.fullmatch(":" if text == "*" else text)
    if match is None:
        raise PathError(f"invalid array index {text}")
    if "-" in match.groups():
        raise PathError("array index - is not a number")
    start, end, step = (int(each) if each else None for each in match.groups())
    return Slice(start, end, step, single=match[2] is None)
