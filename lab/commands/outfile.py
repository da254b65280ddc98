"""Documents in files that a person named: whole or not at all, and never over a source."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from lab.core.errors import InputError
from lab.runs.schema import is_run_file

STDOUT = "-"
_SOURCES = frozenset({".yaml", ".yml", ".json"})
"""What scenarios and manifests end with."""


def check_out(path: Path, flag: str) -> None:
    """See that a document may be written there.

    Args:
        path: The file.
        flag: Which flag named it.

    Raises:
        InputError: It is a folder, a run, or a file that may be a scenario or a manifest.
    """
    if path.is_dir():
        raise InputError(f"{flag} {path} is a folder: name a file")
    if is_run_file(path):
        raise InputError(f"{flag} {path} is a run file: name another file")
    if path.suffix.lower() in _SOURCES and path.exists():
        raise InputError(
            f"{flag} {path} exists and may be a scenario or a manifest: it is left alone, "
            "name another file"
        )


def check_run_out(name: str) -> None:
    """See that a run file is not to go to standard output.

    Raises:
        InputError: It is.
    """
    if name == STDOUT:
        raise InputError("--out -: a run file cannot go to standard output, name a file")


def write_document(path: Path, text: str, flag: str = "--out") -> None:
    """Write a file; on a full disk what stood there before still stands there.

    Raises:
        InputError: It may not be written over (`check_out`), or cannot be written.
    """
    check_out(path, flag)
    data = text.encode("utf-8", errors="backslashreplace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a pipe or a device keeps nothing
            path.write_bytes(data)
        else:
            _replace(path.resolve(), data)  # a link stays one
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
