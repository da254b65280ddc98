"""version: which fedlab this is, and which systems it was modelled on."""

from __future__ import annotations

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import ALL_PROGRAMS, Args, Flag, Result, Verb

MODELLED = {"karmada": "v1.19.0-rc.0+18", "kubernetes": "v1.36.2"}
"""The versions whose behaviour and APIs the lab follows."""


def program_version() -> str:
    """Return the installed version, or the one of the source tree."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("kube-fedlab")
    except PackageNotFoundError:
        return "unknown (not installed)"


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    import platform

    from lab.commands.printers import documents

    data = {"fedlab": program_version(), "python": platform.python_version(), "models": MODELLED}
    text = documents.rendered(args.text("output"), data, ["fedlab"])
    if text is not None:
        return Result(text, (), data)
    lines = [f"fedlab {data['fedlab']} (Python {data['python']})"]
    lines += [f"models {name} {version}" for name, version in MODELLED.items()]
    return Result("\n".join(lines), (), data)


VERB = Verb(
    "version",
    "which version this is, and what it models",
    "This program",
    run,
    flags=(
        flags.OUTPUT_DATA,
        Flag("client", "accepted: there is only one version", type="bool", default=False),
    ),
    programs=ALL_PROGRAMS,
)
