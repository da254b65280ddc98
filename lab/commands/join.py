"""join: register a member cluster of the fleet with the hub."""

from __future__ import annotations

from typing import Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers.text import safe
    from lab.core.errors import ApiError

    _, writer = context.writing()
    name = args.text("cluster")
    changes: dict[str, Any] = {
        field: args.text(flag)
        for flag, field in (("cluster-provider", "provider"), ("cluster-region", "region"))
        if args.text(flag)
    }
    if args.words("cluster-zones"):
        changes["zones"] = list(args.words("cluster-zones"))
    dry_run = flags.dry(args.text("dry-run"))
    try:
        writer.join(name, changes, dry_run=dry_run)
    except ApiError as error:
        text = error.message
        if error.reason == "AlreadyExists":
            text = f"the cluster ID fedlab-{name} or the cluster name {name} has been registered"
        return Result("", (f"error: {safe(text)}",), None, 1)
    return Result("" if dry_run else f"cluster({safe(name)}) is joined successfully")


VERB = Verb(
    "join",
    "register a cluster of the fleet with the hub",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("cluster", "the cluster's name in the fleet"),),
    (
        Flag("cluster-provider", "provider written into the Cluster", metavar="NAME"),
        Flag("cluster-region", "region written into the Cluster", metavar="NAME"),
        Flag("cluster-zones", "zones written into the Cluster", type="list", metavar="NAMES"),
        Flag("cluster-kubeconfig", "accepted: the fleet knows its clusters", metavar="FILE"),
        Flag("cluster-context", "accepted: the fleet knows its clusters", metavar="NAME"),
        Flag("cluster-namespace", "accepted: the lab keeps no secrets", metavar="NAME"),
        flags.DRY_RUN,
        flags.CONTEXT,
        flags.KUBECONFIG,
    ),
    needs="write",
    examples=("join member3", "join member3 --cluster-region eu-west-1"),
    programs=("fedlab", "karmadactl"),
)
