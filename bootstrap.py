#!/usr/bin/env python3
"""Set the project up in `.venv`, then run one of its programs with the rest of the arguments.

    python3 bootstrap.py fedlab run scenarios/seeds/karmada-nginx
    python3 bootstrap.py pytest

Needs Python 3.11 or newer and nothing else. The versions are those of constraints.txt. A second
call finds everything in place and starts at once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "fedlab-setup"
RUNTIME, DEVELOPMENT = ".", ".[dev]"
TOOLS_OF_USERS = {"fedlab"}


def fail(message: str) -> None:
    """End with one line that says what to do."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


def wanted(extras: str) -> str:
    """Return what the set-up depends on, as one short text."""
    total = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        total.update((ROOT / name).read_bytes())
    return f"{extras} {total.hexdigest()}"


def is_set_up(extras: str) -> bool:
    """Tell whether the environment is there, for these extras or for more."""
    if not (STAMP.exists() and PYTHON.exists()):
        return False
    done = STAMP.read_text().strip()
    return done in (wanted(extras), wanted(DEVELOPMENT))


def run(*command: str | Path) -> None:
    """Run a set-up command; show what it said only when it fails."""
    result = subprocess.run(  # noqa: S603
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if result.returncode:
        print(result.stdout + result.stderr, file=sys.stderr)
        fail(f"set-up failed at: {' '.join(str(part) for part in command)}")


def make_environment() -> None:
    """Make `.venv`, also where Debian leaves ensurepip out of its Python but pip is there."""
    try:
        import venv
    except ImportError:
        fail("this Python has no venv module: on Debian or Ubuntu, apt install python3-venv")
    fresh = VENV.exists() and not PYTHON.exists()
    if importlib.util.find_spec("ensurepip"):
        venv.EnvBuilder(with_pip=True, clear=fresh).create(VENV)
    elif importlib.util.find_spec("pip"):
        venv.EnvBuilder(with_pip=False, clear=fresh).create(VENV)
        run(sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip")
    else:
        fail("this Python has neither ensurepip nor pip: on Debian, apt install python3-venv")


def set_up(extras: str) -> None:
    """Make the environment and install the project into it."""
    print("fedlab: setting up .venv (once, about a minute) …", file=sys.stderr)
    if not PYTHON.exists():
        make_environment()
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--constraint", "constraints.txt", "--editable", extras)
    STAMP.write_text(wanted(extras) + "\n")


def main() -> None:
    """Set up if needed, then become the program asked for."""
    if sys.version_info < (3, 11):
        fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        raise SystemExit(2)
    name, *arguments = sys.argv[1:]
    extras = RUNTIME if name in TOOLS_OF_USERS else DEVELOPMENT
    if not is_set_up(extras):
        set_up(extras)
    program = SCRIPTS / (f"{name}.exe" if os.name == "nt" else name)
    if not program.exists():
        fail(f'there is no program "{name}" in .venv (try fedlab, pytest, ruff, mypy)')
    if os.name == "nt":
        raise SystemExit(subprocess.call([str(program), *arguments]))  # noqa: S603
    os.execv(program, [str(program), *arguments])  # noqa: S606


if __name__ == "__main__":
    main()
