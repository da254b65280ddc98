"""unjoin: take a Push member out of the hub; a Pull member is unregistered."""

from __future__ import annotations

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    advice = "please use command `unregister` if you want to continue unregistering the cluster"
    return remove(context, args, "Pull", advice)


def remove(context: Context, args: Args, other_mode: str, advice: str) -> Result:
    """Delete a Cluster, unless it is of the mode that the other verb is for."""
    from lab.commands.change import Answer, carry_out
    from lab.commands.get import CLUSTER
    from lab.core.errors import ApiError, InputError
    from lab.core.manifest import spec_of
    from lab.core.model import HUB, Delete, Key

    world, writer = context.writing()
    name = args.text("cluster")
    key = Key(HUB, *CLUSTER, "", name)
    cluster = world.find(key)
    if cluster is None:
        raise InputError(f"no cluster object {name} found in karmada control Plane")
    if (spec_of(cluster).get("syncMode") or "Push") == other_mode:
        raise InputError(f"cluster {name} is a {other_mode} mode member cluster, {advice}")
    answer = Answer.begin(args)
    try:
        carry_out(args, writer, Delete(key))
    except ApiError as error:
        answer.fail(error)
    # The real command prints nothing when it is done; a line says that it has begun.
    result = answer.result()
    return result if result.exit_code else Result(f"cluster({name}) is being removed")


VERB = Verb(
    "unjoin",
    "take a cluster out of the hub",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("cluster", "the cluster's name"),),
    (
        Flag(
            "force",
            "accepted: the Cluster goes when its works are gone",
            type="bool",
            default=False,
        ),
        Flag("wait", "accepted: a step never waits", metavar="TIME"),
        Flag("cluster-kubeconfig", "accepted: the fleet knows its clusters", metavar="FILE"),
        Flag("cluster-context", "accepted: the fleet knows its clusters", metavar="NAME"),
        Flag("cluster-namespace", "accepted: the lab keeps no secrets", metavar="NAME"),
        flags.DRY_RUN,
        flags.CONTEXT,
        flags.KUBECONFIG,
    ),
    needs="write",
    examples=("unjoin member3",),
    programs=("fedlab", "karmadactl"),
)
