"""scenario schema: the JSON Schema of scenario files, for editors."""

from __future__ import annotations

from lab.commands.context import Context
from lab.commands.verb import Args, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers import documents
    from lab.scenario.format import FLEET, SCENARIO

    schema = FLEET if args.on("fleet") else SCENARIO
    return Result(documents.to_json(schema), (), schema)


VERB = Verb(
    "scenario schema",
    "the JSON Schema of scenario files, for editors",
    "Scenarios",
    run,
    flags=(Flag("fleet", "of fleet files instead", type="bool", default=False),),
    examples=("scenario schema > scenario.schema.json",),
)
