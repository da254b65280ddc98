"""The program `fedlab`: `main()` is its entry point."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the program and leave with its exit code."""
    _open_missing_streams()
    from lab.cli.front import run_program

    sys.exit(run_program(list(sys.argv[1:] if words is None else words)))


def _open_missing_streams() -> None:
    """Point streams that the caller closed (`>&-`) at nothing: there is nobody to write to."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
