"""scenario check: everything that is wrong with scenario files, without playing them."""

from __future__ import annotations

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers import documents
    from lab.commands.printers.text import safe
    from lab.commands.rehearsal import load_rehearsed
    from lab.core.errors import InputError

    lines, problems, data = [], [], []
    for name in args.words("scenarios"):
        try:
            scenario = load_rehearsed(context.directory / name)
        except InputError as error:
            found = [str(each) for each in (error, *error.problems)]
            problems += [f"error: {each}" for each in found]
            data.append({"file": name, "valid": False, "problems": found})
            continue
        parts = (
            (len(scenario.fleet.clusters), "cluster"),
            (len(scenario.manifests), "manifest"),
            (len(scenario.steps), "step"),
            (len(scenario.expectations), "expectation"),
        )
        counts = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in parts)
        data.append(
            {
                "file": name,
                "valid": True,
                "name": scenario.name,
                **{f"{word}s": count for count, word in parts},
            }
        )
        lines.append(safe(f"{name}: {scenario.name} is valid: {counts}"))
    names = [str(each["name"]) for each in data if each["valid"]]
    text = documents.rendered(args.text("output"), data, names)
    shown = "\n".join(lines) if text is None else text
    return Result(shown, tuple(problems), data, 2 if problems else 0)


VERB = Verb(
    "scenario check",
    "everything that is wrong with scenario files, without playing them",
    "Scenarios",
    run,
    (Argument("scenarios", "scenario files", "+"),),
    (flags.OUTPUT_DATA,),
    examples=("scenario check scenarios/*.yaml",),
)
