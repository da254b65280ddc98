"""doctor: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Result, Verb

_NEEDED = ("simpy", "numpy", "PyYAML", "click", "cronsim", "common-expression-language")
_EXTRAS = {
    "textual": 'the terminal UI: pip install "kube-fedlab[tui]"',
    "kubernetes": 'real clusters: pip install "kube-fedlab[real]"',
    "pykube-ng": 'real clusters: pip install "kube-fedlab[real]"',
    "docker": 'real clusters: pip install "kube-fedlab[real]"',
}
_PROGRAMS = {
    "docker": ("--version", "runs kind clusters; simulated clusters do not need it"),
    "kind": ("version", "makes real clusters from kind-configs/; not needed for simulation"),
    "kubectl": ("version --client", "looks into real clusters; not needed for simulation"),
}
_LEAST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    what: str
    state: Literal["ok", "missing", "wrong"]
    found: str
    advice: str = ""
    needed: bool = False
    """Without it nothing works at all."""


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers import documents
    from lab.commands.printers.text import columns

    findings = list(_examine())
    data: list[dict[str, Any]] = [
        {"what": f.what, "state": f.state, "found": f.found, "advice": f.advice} for f in findings
    ]
    failed = any(each.needed and each.state != "ok" for each in findings)
    names = [each.what for each in findings]
    text = documents.rendered(args.text("output"), data, names)
    if text is not None:
        return Result(text, (), data, 1 if failed else 0)
    rows = [["WHAT", "STATE", "FOUND", "WHAT TO DO"]]
    rows += [[each.what, each.state, each.found, each.advice] for each in findings]
    verdict = (
        "simulation cannot run: see above" if failed else "simulated clusters: all that is needed"
    )
    return Result(columns(rows) + "\n\n" + verdict, (), data, 1 if failed else 0)


def _examine() -> Iterator[Finding]:
    yield _python()
    for name in _NEEDED:
        yield _package(name, "pip install kube-fedlab", needed=True)
    for name, advice in _EXTRAS.items():
        yield _package(name, advice, needed=False)
    for name, (words, advice) in _PROGRAMS.items():
        yield _program(name, words.split(), advice)
    yield _docker_daemon()
    yield from _contexts()
    for kind in ("config", "state", "data"):
        yield _directory(kind)


def _python() -> Finding:
    import platform
    import sys

    good = sys.version_info >= _LEAST_PYTHON
    least = ".".join(map(str, _LEAST_PYTHON))
    return Finding(
        "python",
        "ok" if good else "wrong",
        platform.python_version(),
        "" if good else f"install Python {least} or newer",
        needed=True,
    )


def _package(name: str, advice: str, *, needed: bool) -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Finding(f"package {name}", "ok", version(name), needed=needed)
    except PackageNotFoundError:
        return Finding(f"package {name}", "missing", "-", advice, needed=needed)


def _output(words: list[str]) -> tuple[int, str] | None:
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 — fixed words, no shell
            words, capture_output=True, text=True, timeout=5, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).strip().splitlines()
    return done.returncode, lines[0].strip()[:80] if lines else ""


def _program(name: str, words: list[str], advice: str) -> Finding:
    import shutil

    path = shutil.which(name)
    if path is None:
        return Finding(f"program {name}", "missing", "-", advice)
    answer = _output([path, *words])
    if answer is None:
        return Finding(f"program {name}", "wrong", path, "it does not answer within 5 s")
    return Finding(f"program {name}", "ok" if answer[0] == 0 else "wrong", answer[1])


def _docker_daemon() -> Finding:
    import shutil

    if shutil.which("docker") is None:
        return Finding("docker daemon", "missing", "-", "comes with docker")
    answer = _output(["docker", "info", "--format", "{{.ServerVersion}}"])
    if answer is not None and answer[0] == 0 and answer[1]:
        return Finding("docker daemon", "ok", answer[1])
    return Finding("docker daemon", "missing", "-", "start docker to use kind clusters")


def _contexts() -> Iterator[Finding]:
    import os
    from pathlib import Path

    given = os.environ.get("KUBECONFIG", "")
    paths = [Path(each) for each in given.split(os.pathsep) if each]
    paths = paths or [Path.home() / ".kube" / "config"]
    names: list[str] = []
    for path in paths:
        try:
            names += _context_names(path.read_text("utf-8"))
        except OSError:
            continue
        except (UnicodeDecodeError, ValueError):
            yield Finding("kubeconfig", "wrong", str(path), "it cannot be read as YAML")
    if names:
        shown = ", ".join(names[:5]) + (f" + {len(names) - 5} more" if len(names) > 5 else "")
        yield Finding("kubeconfig contexts", "ok", shown)
    else:
        yield Finding("kubeconfig contexts", "missing", "-", "only real clusters need one")


def _context_names(text: str) -> list[str]:
    import yaml

    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    contexts = data.get("contexts") if isinstance(data, dict) else None
    return [str(each.get("name")) for each in contexts or () if isinstance(each, dict)]


def _directory(kind: str) -> Finding:
    import os

    from lab.runs.place import xdg_directory

    path = xdg_directory(kind)
    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    if os.access(place, os.W_OK):
        return Finding(f"{kind} directory", "ok", str(path))
    advice = f"set XDG_{kind.upper()}_HOME to a folder that can be written to"
    return Finding(f"{kind} directory", "wrong", str(path), advice)


VERB = Verb(
    "doctor",
    "what this machine has, and what to do about what is missing",
    "This program",
    run,
    flags=(flags.OUTPUT_DATA,),
)
