"""inject: let a fault begin in a live federation, or say what it would strike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.commands.context import FaultDesk, World
    from lab.core.faults import Blast, Fault

_TARGET_TEXTS = ("labels", "provider", "region", "zone", "count", "percent")
_TARGETS = ("target", "cluster", "hub", "nodes", *_TARGET_TEXTS)


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers import documents
    from lab.commands.printers.faults import blast_text, state_data
    from lab.commands.printers.text import safe

    world, desk = _place(context, args)
    fault = fault_of(context, args, desk)
    _check_condition(fault, world)
    form = args.text("output")
    if args.on("dry-run"):
        blast = _blast(fault, desk, world)
        data = blast.to_dict()
        text = documents.rendered(form, data, [fault.name])
        return Result(blast_text(blast, wide=form == "wide") if text is None else text, (), data)
    struck = _blast(fault, desk, world) if form in {"wide", "json", "yaml"} else None
    state = desk.inject(fault)
    data = state_data(state, world.now_s)
    if struck is not None:
        data["blast"] = struck.to_dict()
    text = documents.rendered(form, data, [state.name])
    if text is None:
        lines = [safe(line) for line in str(state).splitlines()]
        text = "\n".join([*lines, *([blast_text(struck, wide=True)] if struck else [])])
    return Result(text, (), data)


def _place(context: Context, args: Args) -> tuple[World, FaultDesk]:
    """Return where the fault is to strike: the live federation, or a recorded run to preview."""
    from lab.core.errors import InputError

    recorded = {"run", "at"} & args.given
    if context.faults is not None or not args.on("dry-run"):
        if recorded:
            text = "previews a recorded run: use it with --dry-run, and outside of a session"
            raise InputError(f"--{min(recorded)} {text}")
        return context.faulting()
    if not recorded:
        raise InputError(
            "--dry-run needs a federation to look at: name a recorded run with --run FILE "
            "(or --run latest), and the moment with --at"
        )
    from lab.commands.recorded import open_run
    from lab.commands.recorded_faults import recorded_desk
    from lab.commands.runs import find_run

    run = open_run(find_run(args.text("run") or "latest"))
    at_s = args.seconds("at")
    return run if at_s is None else run.at(at_s), recorded_desk(run)


def fault_of(context: Context, args: Args, desk: FaultDesk) -> Fault:
    """Return the fault that a line describes.

    Raises:
        InputError: The line describes none that can be played.
    """
    from lab.core.faults import read_fault
    from lab.core.faults.read import default_name

    given: dict[str, Any] = {"kind": args.text("kind")}
    target = _target(context, args)
    if target:
        given["target"] = target
    parameters = _pairs(args.words("param"), "param")
    if parameters:
        given["parameters"] = parameters
    for flag, field in (("for", "for"), ("ramp", "ramp"), ("abort-if", "abortIf")):
        if flag in args.given:
            given[field] = args.text(flag)
    if "repeat" in args.given or "every" in args.given:
        given["repeat"] = {
            name: args.text(flag)
            for flag, name in (("repeat", "times"), ("every", "every"))
            if flag in args.given
        }
    name = args.text("name") or desk.free_name(default_name(args.text("kind")))
    return read_fault(given, desk.fleet, name=_checked_name(name), text=True)


def _checked_name(name: str) -> str:
    from lab.core.errors import InputError, quoted
    from lab.scenario.model import EVERY_FAULT

    if name == EVERY_FAULT or name.startswith("-") or not name.isprintable():
        raise InputError(f"a fault cannot be called {quoted(name)}, needs another name")
    return name


def _target(context: Context, args: Args) -> dict[str, Any]:
    target: dict[str, Any] = _pairs(args.words("target"), "target")
    if "hub" in target:
        target["hub"] = _flag(target["hub"])
    if args.on("hub"):
        target["hub"] = True
    if args.words("cluster"):
        target["clusters"] = list(args.words("cluster"))
    for name in _TARGET_TEXTS:
        if name in args.given:
            target[name] = args.text(name)
    if "nodes" in args.given:
        target["nodes"] = _nodes(args.words("nodes"))
    elif "nodes" in target:
        target["nodes"] = _nodes(str(target["nodes"]).split(","))
    if not target and context.cluster:
        target["cluster"] = context.cluster
    return target


def _flag(text: Any) -> Any:
    return {"true": True, "false": False}.get(str(text), text)


def _nodes(words: Sequence[str]) -> Any:
    """Return `3` as a count, `50%` as a share, else names."""
    if len(words) == 1 and words[0].isdecimal():
        return {"count": words[0]}
    if len(words) == 1 and words[0].endswith("%"):
        return {"percent": words[0]}
    return {"names": list(words)}


def _pairs(words: Sequence[str], flag: str) -> dict[str, Any]:
    from lab.core.errors import InputError, quoted

    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InputError(f"--{flag} is {quoted(word)}, needs name=value")
        if name in found:
            raise InputError(f"--{flag} {name} is given twice")
        found[name] = value
    return found


def _check_condition(fault: Fault, world: World) -> None:
    """Refuse a condition that cannot be read before the fault begins."""
    if not fault.abort_if:
        return
    from lab.core.errors import InputError, Location
    from lab.scenario.calls import HELPERS, check_calls
    from lab.scenario.expression import compile_expression

    try:
        expression = compile_expression(fault.abort_if, Location("--abort-if"), HELPERS)
        check_calls(expression, world.kinds(""), world.members())
    except InputError as error:
        raise InputError(str(error)) from None  # its place is the line's


def _blast(fault: Fault, desk: FaultDesk, world: World) -> Blast:
    from lab.core.errors import InputError
    from lab.core.faults import preview
    from lab.core.faults.selection import TargetError

    try:
        return preview(fault, desk.fleet, world, desk.seed)
    except TargetError as error:
        raise InputError(f"{fault.kind}: {error}") from None


_GROUP = "Break and heal (in a session or as a scenario step)"
VERB = Verb(
    "inject",
    "let a fault begin: an API, nodes, a cluster, a region, the network",
    _GROUP,
    run,
    (Argument("kind", "kind of the fault (fedlab faults lists all)"),),
    (
        Flag("cluster", "member clusters to strike", "C", "list", metavar="NAMES",
             also=("clusters",)),
        Flag("labels", "clusters whose labels match, such as env=prod", "l", metavar="SELECTOR",
             also=("label", "selector")),
        Flag("provider", "clusters of a provider", metavar="NAME"),
        Flag("region", "clusters of a region", metavar="NAME"),
        Flag("zone", "clusters with nodes in a zone", metavar="NAME"),
        Flag("count", "so many of these clusters, chosen by the seed", metavar="COUNT"),
        Flag("percent", "that share of these clusters, chosen by the seed", metavar="PERCENT"),
        Flag("hub", "the hub instead of member clusters", type="bool", default=False),
        Flag("nodes", "nodes by name, or how many (3), or which share (50%), of each cluster",
             type="list", metavar="NODES"),
        Flag("target", "the same as name=value, such as region=us-east-1", type="repeat",
             metavar="NAME=VALUE"),
        Flag("for", "how long (default: until it is healed)", metavar="DURATION"),
        Flag("param", "a parameter of the kind, such as factor=10", "p", "repeat",
             metavar="NAME=VALUE"),
        Flag("ramp", "the targets fall one after another over this time", metavar="DURATION"),
        Flag("repeat", "how often in all", metavar="TIMES"),
        Flag("every", "from one begin to the next", metavar="DURATION"),
        Flag("abort-if", "a CEL condition that heals it at once", metavar="CEL"),
        Flag("name", "what to call it (default: its kind)", metavar="NAME"),
        Flag("dry-run", "only say which clusters, nodes, pods and applications it would strike",
             type="bool", default=False),
        Flag("run", "with --dry-run: the recorded run to look at", metavar="FILE"),
        Flag("at", "with --dry-run: the moment of that run", type="time", metavar="TIME"),
        flags.OUTPUT_DATA,
    ),
    needs="write",
    examples=(
        "inject RegionOutage --region us-east-1 --for 10m",
        "inject NodeLoss --cluster member1 --nodes 50% --dry-run --run latest --at 5m",
        "inject SlowApi --percent 30 --param factor=20 --ramp 1m --for 5m",
    ),
)  # fmt: skip
