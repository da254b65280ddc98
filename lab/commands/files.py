"""Manifests from `-f`: files, folders, standard input."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lab.commands.context import Context
from lab.commands.verb import Args
from lab.core.errors import InputError

if TYPE_CHECKING:
    from lab.core.kinds import KindRegistry
    from lab.scenario.source import SourceManifest


def read_manifests(
    context: Context, args: Args, kinds: KindRegistry | None = None
) -> list[SourceManifest]:
    """Return the manifests of all `-f` files, in order.

    Raises:
        InputError: No `-f`, a file that cannot be read, or something wrong in one. Nothing is
            returned unless all files are right, so that nothing is half applied.
    """
    from lab.scenario.source import load_manifests

    names = args.words("filename")
    if not names:
        raise InputError("must specify -f FILE (a file, a folder, or - for standard input)")
    recursive = args.on("recursive")
    paths = [path for name in names for path in manifest_paths(context, name, recursive)]
    return load_manifests(paths, kinds=kinds, skip_own=recursive)


def manifest_paths(context: Context, name: str, recursive: bool) -> list[str]:
    """Return the paths one `-f` means.

    Raises:
        InputError: An address, or standard input where there is none.
    """
    if "://" in name:
        raise InputError(f"-f {name}: addresses are not fetched; save the file and name it here")
    if name == "-":
        if context.writer is not None:
            raise InputError("-f - reads standard input, which a step does not have: name a file")
        return [name]
    path = os.path.normpath(context.directory / name)
    from lab.scenario.files import MANIFEST_SUFFIXES
    from lab.scenario.shelf import files_below, is_folder

    if not (recursive and is_folder(path)):
        return [path]
    found = [file for file in files_below(path) if file.endswith(MANIFEST_SUFFIXES)]
    if not found:
        raise InputError(f"no {', '.join(MANIFEST_SUFFIXES)} file in the folder {path}")
    return found
