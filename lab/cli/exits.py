"""Exit codes, and what is said when something goes wrong: one line each, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lab.core.errors import InputError, LabError

OK, CHECK_FAILED, INVALID, UNREACHABLE, TIMED_OUT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
_SHOWN = 20
"""More errors than a person mends in one go are counted, not printed."""
_CODES = {"ServiceUnavailable": UNREACHABLE, "Timeout": TIMED_OUT, "ServerTimeout": TIMED_OUT}


def complain(line: str) -> None:
    """Write one line to standard error, harmless for a terminal."""
    from lab.commands.printers.text import safe_lines

    with suppress(BrokenPipeError):
        print(safe_lines(line), file=sys.stderr)


def code_of(error: LabError) -> int:
    """Return the exit code an error stands for."""
    return _CODES.get(getattr(error, "reason", ""), error.exit_code)


def explain_error(error: LabError) -> None:
    """Say what a user can mend; further problems of the same pass follow, one line each."""
    from lab.core.errors import ApiError

    lines = list(_lines(error))
    for line in lines[:_SHOWN]:
        if isinstance(error, ApiError):
            from lab.commands.targets import server_error

            complain(server_error(error))
        else:
            complain(f"error: {line}")
    if len(lines) > _SHOWN:
        complain(f"error: … and {len(lines) - _SHOWN} more")


def _lines(error: LabError) -> Iterator[str]:
    yield str(error)
    if isinstance(error, InputError):
        for problem in error.problems:
            yield from _lines(problem)


def internal_error(error: BaseException, *, debug: bool) -> int:
    """Say that the program itself is wrong, keep the traceback in a file, return 5."""
    import traceback

    text = "".join(traceback.format_exception(error))
    if debug:
        with suppress(BrokenPipeError):
            print(text, file=sys.stderr, end="")
    shown = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    hint = "" if debug else f" ({_keep(text)})"
    complain(f"error: internal: {shown}{hint}")
    return INTERNAL


def _keep(text: str) -> str:
    from lab.runs.place import xdg_directory

    directory = xdg_directory("state")
    path = directory / "last-error.txt"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError:
        return "run again with --debug to see the traceback"
    return f"this is a mistake in fedlab; the traceback is in {_short(path)}"


def _short(path: Path) -> str:
    home = os.path.expanduser("~")
    return str(path).replace(home, "~", 1) if str(path).startswith(home) else str(path)


def silence_output() -> None:
    """Point standard output at nothing, so that the interpreter's last flush cannot fail."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
