"""YAML and JSON text as plain data, with the line and column of every key and value.

Built from the parser's events with a stack of our own: depth, aliases and nodes are bounded before
anything is recursed into, and a hostile file costs no more than its bytes.
"""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from lab.core.errors import InputError, Location, quoted
from lab.scenario.scalars import plain_scalar, tagged_scalar

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without libyaml: the same events, about ten times slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_DEPTH = 100
MAX_NODES = 500_000
"""Far above what 10 MB of real manifests hold; reading them takes two seconds."""
MAX_DOCUMENTS = 20_000
MAX_ALIASED = 100_000
"""Nodes that aliases may add to those written out."""

Path = Sequence[str | int]


class Spot:
    """Where a value stands (line and column from 1), and the spots below it."""

    __slots__ = ("column", "items", "keys", "line", "size")

    def __init__(self, line: int, column: int) -> None:
        self.line, self.column = line, column
        self.items: dict[Any, Spot] | None = None
        self.keys: dict[str, tuple[int, int]] | None = None
        self.size = 1


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data, and where each part of it was written."""

    value: Any
    file: str
    root: Spot

    def locate(self, path: Path = (), *, key: bool = False) -> Location:
        """Return where the value at `path` stands, or its key; the nearest parent if it is absent.

        Args:
            path: Keys and list indexes from the document's root.
            key: Point at the key of a map entry rather than at its value.
        """
        spot, line, column = self.root, self.root.line, self.root.column
        for index, step in enumerate(path):
            below = (spot.items or {}).get(step)
            if below is None:
                break
            if key and index == len(path) - 1 and spot.keys and step in spot.keys:
                line, column = spot.keys[str(step)]
                break
            spot = below
            line, column = spot.line, spot.column
        return Location(self.file, line, column)

    def part(self, path: Path) -> Document:
        """Return the part at `path` as a document of its own.

        Raises:
            KeyError: Nothing stands there.
        """
        value, spot = self.value, self.root
        for step in path:
            value = value[step]
            spot = (spot.items or {})[step]
        return Document(value, self.file, spot)


def parse_documents(text: str, file: str) -> list[Document]:
    """Return the documents of a YAML or JSON text; empty ones are left out.

    Raises:
        InputError: Not YAML, a duplicate or unusable key, too deep, too many aliases, NaN.
    """
    if text.lstrip()[:1] == "{":
        documents = _json_documents(text, file)
        if documents is not None:
            return documents
    with _no_collection():
        try:
            return [doc for doc in _Builder(file).documents(text) if doc.value is not None]
        except yaml.MarkedYAMLError as error:
            raise _syntax_error(error, text, file) from None
        except yaml.reader.ReaderError as error:
            raise _character_error(error, text, file) from None
        except yaml.YAMLError as error:
            message = " ".join(str(error).split())
            raise InputError(f"not YAML: {message}", Location(file)) from None


@contextmanager
def _no_collection() -> Iterator[None]:
    # Millions of small objects that all stay: the collector would walk them again and again.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Frame:
    """A map or list that is being built."""

    __slots__ = ("anchor", "given", "key", "merges", "spot", "value")

    def __init__(self, value: Any, spot: Spot, anchor: str | None) -> None:
        self.value, self.spot, self.anchor = value, spot, anchor
        self.key: Any = _NO_KEY
        self.given: set[str] = set()
        self.merges: list[tuple[Any, Spot]] = []


_NO_KEY: Any = object()
_MERGE: Any = object()


class _Builder:
    def __init__(self, file: str) -> None:
        self._file = file
        self._nodes = 0
        self._documents = 0
        self._aliased = 0
        self._anchors: dict[str, tuple[Any, Spot]] = {}
        self._frames: list[_Frame] = []
        self._root: tuple[Any, Spot] | None = None

    def documents(self, text: str) -> Iterator[Document]:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._open(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self._close()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._documents += 1
                if self._documents > MAX_DOCUMENTS:
                    too_many = f"more than {MAX_DOCUMENTS} documents in one file"
                    raise self._error(too_many, event.start_mark)
                self._anchors, self._root = {}, None
            elif isinstance(event, yaml.DocumentEndEvent) and self._root is not None:
                value, spot = self._root
                yield Document(value, self._file, spot)

    def _error(self, message: str, mark: Any) -> InputError:
        return InputError(message, Location(self._file, mark.line + 1, mark.column + 1))

    def _spot(self, mark: Any) -> Spot:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(f"more than {MAX_NODES} values in one file", mark)
        return Spot(mark.line + 1, mark.column + 1)

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        frame = self._frames[-1] if self._frames else None
        as_key = frame is not None and isinstance(frame.value, dict) and frame.key is _NO_KEY
        plain = event.implicit[0]
        if as_key and plain and event.value == "<<":
            assert frame is not None
            frame.key = _MERGE
            return
        try:
            if plain:
                value = plain_scalar(event.value)
            elif event.tag in (None, "!"):
                value = event.value
            else:
                value = tagged_scalar(event.tag, event.value)
        except ValueError as error:
            raise self._error(str(error), mark) from None
        if isinstance(value, float) and not math.isfinite(value) and not as_key:
            raise self._error(f"{event.value} is no number in JSON, needs a finite number", mark)
        spot = self._spot(mark)
        if event.anchor:
            self._anchors[event.anchor] = (value, spot)
        self._put(value, spot)

    def _open(self, event: Any) -> None:
        mark = event.start_mark
        if len(self._frames) >= MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} levels", mark)
        frame = self._frames[-1] if self._frames else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is _NO_KEY:
            raise self._error("a map key is a map or a list, needs a text", mark)
        spot = self._spot(mark)
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        spot.items = {}
        if isinstance(value, dict):
            spot.keys = {}
        self._frames.append(_Frame(value, spot, event.anchor))

    def _close(self) -> None:
        frame = self._frames.pop()
        for value, spot in frame.merges:
            self._merge(frame, value, spot)
        assert frame.spot.items is not None
        frame.spot.size += sum(spot.size for spot in frame.spot.items.values())
        if frame.anchor:
            self._anchors[frame.anchor] = (frame.value, frame.spot)
        self._put(frame.value, frame.spot)

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        if event.anchor not in self._anchors:
            if any(frame.anchor == event.anchor for frame in self._frames):
                raise self._error(f"anchor {quoted(event.anchor)} contains itself", mark)
            raise self._error(f"unknown anchor {quoted(event.anchor)}", mark)
        value, spot = self._anchors[event.anchor]
        self._aliased += spot.size
        if self._aliased > MAX_ALIASED:
            raise self._error(f"aliases add more than {MAX_ALIASED} values (an alias bomb?)", mark)
        here = Spot(mark.line + 1, mark.column + 1)
        here.items, here.keys, here.size = spot.items, spot.keys, spot.size
        self._put(value, here)

    def _put(self, value: Any, spot: Spot) -> None:
        if not self._frames:
            self._root = (value, spot)
            return
        frame = self._frames[-1]
        items = frame.spot.items
        assert items is not None
        if isinstance(frame.value, list):
            items[len(frame.value)] = spot
            frame.value.append(value)
        elif frame.key is _NO_KEY:
            frame.key = self._key(value, spot, frame)
        elif frame.key is _MERGE:
            frame.merges.append((value, spot))
            frame.key = _NO_KEY
        else:
            frame.value[frame.key] = value
            items[frame.key] = spot
            frame.key = _NO_KEY

    def _key(self, value: Any, spot: Spot, frame: _Frame) -> str:
        place = Location(self._file, spot.line, spot.column)
        if value is None or isinstance(value, (dict, list)):
            found = "null" if value is None else "a map or a list"
            raise InputError(f"a map key is {found}, needs a text", place)
        key = value if isinstance(value, str) else _key_text(value)
        if key in frame.given:
            assert frame.spot.keys is not None
            line = frame.spot.keys[key][0]
            raise InputError(f"duplicate key {quoted(key)} (first on line {line})", place)
        frame.given.add(key)
        assert frame.spot.keys is not None
        frame.spot.keys[key] = (spot.line, spot.column)
        return key

    def _merge(self, frame: _Frame, value: Any, spot: Spot) -> None:
        parts = value if isinstance(value, list) else [value]
        spots = list((spot.items or {}).values()) if isinstance(value, list) else [spot]
        items, keys = frame.spot.items, frame.spot.keys
        assert items is not None
        assert keys is not None
        for part, below in zip(parts, spots, strict=True):
            if not isinstance(part, dict):
                raise InputError(
                    f"map merge (<<) takes a map or a list of maps, found {quoted(part)}",
                    Location(self._file, spot.line, spot.column),
                )
            for key, item in part.items():
                if key not in frame.value:
                    frame.value[key] = item
                    items[key] = (below.items or {})[key]
                    keys[key] = (below.keys or {}).get(key, (below.line, below.column))


def _key_text(value: bool | float) -> str:
    # sigs.k8s.io/yaml writes non-text keys as JSON would print them.
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f"{value:g}"


def _tab_at(text: str, mark: Any) -> bool:
    lines = text.splitlines()[mark.line : mark.line + 1] if mark else []
    return any(line[mark.column : mark.column + 1] == "\t" for line in lines)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> InputError:
    mark = error.problem_mark or error.context_mark
    problem = " ".join((error.problem or error.context or "cannot be read").split())
    if "\\t" in problem or "'\t'" in (error.problem or "") or _tab_at(text, mark):
        problem = "a tab (indent with spaces, not tabs)"
    elif problem == "mapping values are not allowed in this context":
        problem += " (a colon too many, or a line indented too far)"
    elif problem == "could not find expected ':'":
        problem += " (a key without a value on the line before?)"
    where = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
    return InputError(f"not YAML: {problem}", where)


def _character_error(error: yaml.reader.ReaderError, text: str, file: str) -> InputError:
    before = text[: error.position]
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    shown = quoted(text[error.position : error.position + 1])
    message = f"a control character {shown}, needs printable text (in quotes: an escape)"
    return InputError(message, Location(file, line, column))


def _json_documents(text: str, file: str) -> list[Document] | None:
    """Return the documents of a text that is JSON YAML cannot read as such, else None.

    Almost all JSON is YAML and gets its places from there; surrogate pairs in escapes are not.
    """
    if "\\u" not in text:
        return None
    try:
        value = json.loads(text, object_pairs_hook=_unique_pairs)
    except (ValueError, RecursionError):
        return None
    return [Document(value, file, _flat_spot(value))]


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


def _flat_spot(value: Any) -> Spot:
    spot = Spot(1, 1)
    if isinstance(value, dict):
        spot.items = {key: _flat_spot(item) for key, item in value.items()}
        spot.keys = dict.fromkeys(value, (1, 1))
    elif isinstance(value, list):
        spot.items = {index: _flat_spot(item) for index, item in enumerate(value)}
    return spot
