"""Files as text: found, bounded, decoded. Nothing is parsed here, and nothing is read twice."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from lab.core.errors import InputError, Location, did_you_mean, quoted
from lab.scenario import shelf

MAX_BYTES = 10 * 2**20
"""More than any manifest set a person edits; etcd itself stops at 1.5 MiB an object."""
MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "-"


def read_text(path: str, location: Location | None = None) -> str:
    """Return the text of a file, or of standard input for `-`; a byte order mark is dropped.

    Args:
        path: The file.
        location: Where the file is named, if a scenario or manifest names it.

    Raises:
        InputError: Missing, unreadable, not a file, too large, binary, or not UTF-8.
    """
    if not shelf.from_disk():
        return _from_shelf(path, location)
    name = "stdin" if path == STDIN else path
    data = _read_stdin() if path == STDIN else _read_file(path, location)
    if len(data) > MAX_BYTES:
        raise InputError(_too_large(name, None), location)
    text = decode(data, name)
    shelf.tell(path, text)
    return text


def decode(data: bytes, name: str) -> str:
    """Return bytes as text.

    Raises:
        InputError: The bytes are binary or no UTF-8.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("the file is UTF-16; save it as UTF-8", Location(name))
    zero = data.find(b"\0")
    if zero >= 0:
        raise InputError(
            f"the file is binary (a zero byte at offset {zero}), needs YAML or JSON", Location(name)
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise InputError(
            f"byte 0x{data[error.start]:02x} is no UTF-8, needs a UTF-8 text",
            Location(name, line, column),
        ) from None


def manifest_files(path: str, location: Location | None = None) -> Iterator[str]:
    """Yield the manifest files of a path: the file itself, or a folder's, in name order.

    As with kubectl, a folder is not searched below its first level.

    Raises:
        InputError: The path does not exist, or the folder holds no manifest.
    """
    if path == STDIN or not shelf.is_folder(path):
        yield path
        return
    try:
        names = shelf.names_in(path)
    except OSError as error:
        raise InputError(f"cannot read folder {quoted(path)}: {error.strerror}", location) from None
    files = [name for name in names if name.endswith(MANIFEST_SUFFIXES)]
    if not files:
        words = ", ".join(MANIFEST_SUFFIXES)
        raise InputError(f"folder {quoted(path)} holds no manifest ({words})", location)
    yield from (str(Path(path) / name) for name in files)


def _from_shelf(path: str, location: Location | None) -> str:
    text = shelf.shelf_text(path)
    if text is None:
        raise InputError(f"no such file: {quoted(path, 200)}", location)
    shelf.tell(path, text)
    return text


def _read_stdin() -> bytes:
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _read_file(path: str, location: Location | None) -> bytes:
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size > MAX_BYTES:
                raise InputError(_too_large(path, status.st_size), location or Location(path))
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"no such file: {quoted(path, 200)}{_near(path)}", location) from None
    except IsADirectoryError:
        raise InputError(f"{quoted(path, 200)} is a folder, needs a file", location) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot read {quoted(path, 200)}: {reason}", location) from None


def _near(path: str) -> str:
    folder = os.path.dirname(path) or "."
    try:
        return did_you_mean(os.path.basename(path), sorted(os.listdir(folder))[:1000])
    except (OSError, ValueError):
        return ""


def _too_large(name: str, size: int | None) -> str:
    found = f"{size / 2**20:.0f} MB" if size else f"over {MAX_BYTES // 2**20} MB"
    return f"the file is {found}, at most {MAX_BYTES // 2**20} MB are read: {quoted(name, 200)}"
