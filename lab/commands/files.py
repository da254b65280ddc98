"""Manifests from `-f`: files, folders, standard input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.commands.context import Context
from lab.commands.verb import Args
from lab.core.errors import InputError

if TYPE_CHECKING:
    from lab.scenario.source import SourceManifest

_SUFFIXES = {".yaml", ".yml", ".json"}


def read_manifests(context: Context, args: Args) -> list[SourceManifest]:
    """Return the manifests of all `-f` files, in order.

    Raises:
        InputError: No `-f`, a file that cannot be read, or one without any object. Nothing is
            returned unless all files are right, so that nothing is half applied.
    """
    from lab.scenario import load_manifests

    names = args.words("filename")
    if not names:
        raise InputError("must specify -f FILE (a file, a folder, or - for standard input)")
    found: list[SourceManifest] = []
    for name in names:
        if name == "-":
            found += load_manifests(_standard_input(context), file="<stdin>")
            continue
        for path in _paths(context.directory, name, recursive=args.on("recursive")):
            found += load_manifests(path)
    if not found:
        raise InputError(f"no objects passed to {context.verb}: {', '.join(names)} holds none")
    return found


def _paths(directory: Path, name: str, *, recursive: bool) -> Iterator[Path]:
    if "://" in name:
        raise InputError(f"-f {name}: addresses are not fetched; save the file and name it here")
    path = directory / name
    if not path.is_dir():
        yield path
        return
    inside = sorted(path.rglob("*") if recursive else path.iterdir())
    files = [each for each in inside if each.is_file() and each.suffix in _SUFFIXES]
    if not files:
        raise InputError(f"no .yaml, .yml or .json file in the folder {path}")
    yield from files


@dataclass(frozen=True, slots=True)
class _Limit:
    """Most that is read from standard input (bytes)."""

    input_bytes: int = 50 * 2**20


def _standard_input(context: Context) -> str:
    import sys

    if context.writer is not None:
        raise InputError("-f - reads standard input, which a step does not have: name a file")
    most = _Limit().input_bytes
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise InputError(f"standard input holds more than {most >> 20} MiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("standard input is not UTF-8 text") from None
