"""scenario check: everything that is wrong with scenario files, without playing them."""

from __future__ import annotations

from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers.text import safe
    from lab.commands.rehearsal import load_rehearsed
    from lab.core.errors import InputError

    lines, problems = [], []
    for name in args.words("scenarios"):
        try:
            scenario = load_rehearsed(context.directory / name)
        except InputError as error:
            problems += [f"error: {each}" for each in (error, *error.problems)]
            continue
        parts = (
            (len(scenario.fleet.clusters), "cluster"),
            (len(scenario.manifests), "manifest"),
            (len(scenario.steps), "step"),
            (len(scenario.expectations), "expectation"),
        )
        counts = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in parts)
        lines.append(safe(f"{name}: {scenario.name} is valid: {counts}"))
    return Result("\n".join(lines), tuple(problems), None, 2 if problems else 0)


VERB = Verb(
    "scenario check",
    "everything that is wrong with scenario files, without playing them",
    "Scenarios",
    run,
    (Argument("scenarios", "scenario files", "+"),),
    examples=("scenario check scenarios/*.yaml",),
)
