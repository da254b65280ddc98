"""Where run files live: the XDG state directory, newest last."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from lab.runs.schema import is_run_file, remove

_DEFAULTS = {"config": ".config", "state": ".local/state", "data": ".local/share",
             "cache": ".cache"}  # fmt: skip


def xdg_directory(kind: str) -> Path:
    """Return fedlab's config, state, data or cache directory (it may not exist).

    An XDG variable that holds a relative path is ignored, as the specification demands; so is a
    relative HOME, for which the user's home of the password file stands in.
    """
    given = os.environ.get(f"XDG_{kind.upper()}_HOME", "")
    base = Path(given) if given and Path(given).is_absolute() else _home() / _DEFAULTS[kind]
    return base / "fedlab"


def _home() -> Path:
    """Return the user's home, never a place below the current folder."""
    for found in (Path.home, _recorded_home):
        with suppress(RuntimeError, ImportError, KeyError):  # nobody knows of a home
            home = found()
            if home.is_absolute():
                return home
    return Path(tempfile.gettempdir()).absolute() / f"fedlab-{getattr(os, 'getuid', int)()}"


def _recorded_home() -> Path:
    import pwd

    return Path(pwd.getpwuid(os.getuid()).pw_dir)


def runs_directory() -> Path:
    """Return where runs are kept that nobody gave a name."""
    return xdg_directory("state") / "runs"


def newest_run() -> Path | None:
    """Return the run file written last, or None."""
    found = [
        (path.stat().st_mtime_ns, path)
        for path in runs_directory().glob("*.run")
        if is_run_file(path)
    ]
    return max(found)[1] if found else None


def new_run_path(name: str, moment: str) -> Path:
    """Return a free path for a new run.

    Args:
        name: The scenario's name: it becomes part of the file's name, made harmless.
        moment: A sortable text of the wall-clock time, handed in by the front.
    """
    word = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)[:60]
    base = runs_directory() / f"{moment}-{word.strip('-') or 'run'}"
    for number in range(1, 1_000):
        path = base.with_name(base.name + (f"-{number}" if number > 1 else "") + ".run")
        if not path.exists():
            return path
    return base.with_suffix(".run")


def forget_old(keep: int = 50) -> None:
    """Remove all but the newest unnamed runs."""
    found = sorted(runs_directory().glob("*.run"), key=lambda path: path.stat().st_mtime_ns)
    for path in found[:-keep]:
        if is_run_file(path):
            remove(path)
