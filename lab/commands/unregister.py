"""unregister: take a Pull member out of the hub; its agent goes with it."""

from __future__ import annotations

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.unjoin import remove
from lab.commands.verb import Args, Argument, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    advice = "please use command `unjoin` if you want to continue unjoining the cluster"
    return remove(context, args, "Push", advice)


VERB = Verb(
    "unregister",
    "take a Pull cluster out of the hub",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("cluster", "the cluster's name"),),
    (
        Flag("wait", "accepted: a step never waits", metavar="TIME"),
        Flag("agent-config", "accepted: the fleet knows its agents", metavar="FILE"),
        Flag("cluster-kubeconfig", "accepted: the fleet knows its clusters", metavar="FILE"),
        Flag("cluster-context", "accepted: the fleet knows its clusters", metavar="NAME"),
        Flag("cluster-namespace", "accepted: the lab keeps no secrets", metavar="NAME"),
        Flag("namespace", "accepted: the agent's namespace", metavar="NAME"),
        Flag("karmada-config", "accepted: there is one hub", metavar="FILE"),
        Flag("karmada-context", "accepted: there is one hub", metavar="NAME"),
        flags.DRY_RUN,
        flags.CONTEXT,
        flags.KUBECONFIG,
    ),
    needs="write",
    examples=("unregister member3",),
    programs=("fedlab", "karmadactl"),
)
