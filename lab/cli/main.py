"""The program `fedlab`: `main()` is its entry point."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the program and leave with its exit code."""
    from lab.cli.front import run_program

    sys.exit(run_program(list(sys.argv[1:] if words is None else words)))
