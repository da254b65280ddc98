"""Whose files are read: the disk's, or those that a run remembers; and who hears of it.

A run file keeps the text of everything its scenario read. When the run is played again, the same
paths are read, but they come from the run file alone: the disk may hold other files by then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Heard = Callable[[str, str], None]
"""Told of each file that is read: its path as it was written, and its text."""
_HEARD: ContextVar[Heard | None] = ContextVar("heard", default=None)
_SHELF: ContextVar[Mapping[str, str] | None] = ContextVar("shelf", default=None)


@contextmanager
def overhearing(heard: Heard) -> Iterator[None]:
    """Tell `heard` of every file that is read inside."""
    token = _HEARD.set(heard)
    try:
        yield
    finally:
        _HEARD.reset(token)


@contextmanager
def shelved(files: Mapping[str, str]) -> Iterator[None]:
    """Let every read inside see these files, and nothing else.

    Args:
        files: Path to text. The map may change meanwhile, as a disk does.
    """
    token = _SHELF.set(files)
    try:
        yield
    finally:
        _SHELF.reset(token)


def tell(path: str, text: str) -> None:
    """Say that a file was read."""
    heard = _HEARD.get()
    if heard is not None:
        heard(path, text)


def from_disk() -> bool:
    """Tell whether files come from the disk."""
    return _SHELF.get() is None


def shelf_text(path: str) -> str | None:
    """Return the text of a file on the shelf, None if it is not there."""
    files = _SHELF.get() or {}
    found = files.get(path)
    return files.get(os.path.normpath(path)) if found is None else found


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a folder."""
    if from_disk():
        return os.path.isdir(path)
    return any(True for _ in _below(os.fspath(path)))


def is_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a file."""
    return os.path.isfile(path) if from_disk() else shelf_text(os.fspath(path)) is not None


def names_in(path: str) -> list[str]:
    """Return the names in a folder, sorted.

    Raises:
        OSError: It cannot be read.
    """
    if from_disk():
        return sorted(os.listdir(path))
    return sorted({inside.split("/")[0] for inside in _below(path)})


def files_below(path: str) -> list[str]:
    """Return the paths of all files in a folder and its sub-folders, sorted."""
    if from_disk():
        walk = ((folder, file) for folder, _, files in os.walk(path) for file in files)
        return sorted(os.path.join(folder, file) for folder, file in walk)
    return sorted(os.path.join(path, inside) for inside in _below(path))


def _below(path: str) -> Iterator[str]:
    """Yield the paths on the shelf below a folder, as seen from it."""
    start = os.path.join(os.path.normpath(path), "")
    if start == "./":
        start = ""
    for each in _SHELF.get() or {}:
        if each.startswith(start) and not os.path.isabs(each[len(start) :]):
            yield each[len(start) :]
