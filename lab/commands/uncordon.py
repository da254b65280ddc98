"""uncordon: let new workloads onto a cluster again."""

from __future__ import annotations

from lab.commands.context import Context
from lab.commands.cordon import FLAGS, mark
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    return mark(context, args, cordon=False)


VERB = Verb(
    "uncordon",
    "let new workloads onto a cluster again",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("names", "the clusters (kubectl: nodes)", "+"),),
    FLAGS,
    needs="write",
    examples=("uncordon member2",),
    programs=ALL_PROGRAMS,
)
