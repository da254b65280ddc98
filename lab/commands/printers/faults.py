"""Faults as a person reads them: the table of kinds, one kind, those of a run, and a blast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.commands.printers.text import columns

if TYPE_CHECKING:
    from lab.commands.context import Happening
    from lab.core.faults import Blast, FaultKind
    from lab.core.faults.parameters import Parameter
    from lab.drivers.fault_state import FaultState

STOPS: Mapping[str, str] = {
    "api": "the API (pods run on)",
    "pods": "pods",
    "control": "news for the control plane",
    "none": "nothing",
}
_STRIKES: Mapping[str, str] = {"region": "a region", "zone": "a zone", "any": "what that kind does"}


def strikes(kind: FaultKind) -> str:
    """Return what a kind strikes, in words."""
    return _STRIKES.get(kind.scope, kind.scope)


# ── kinds ──────────────────────────────────────────────────────────────────────────────────────


def kinds_text(kinds: Sequence[FaultKind], *, wide: bool = False) -> str:
    """Return the table of all kinds."""
    rows = [["NAME", "STRIKES", *(["PARAMETERS"] if wide else []), "WHAT HAPPENS"]]
    for kind in kinds:
        row = [kind.name, strikes(kind)]
        if wide:
            row.append(",".join(each.name for each in kind.parameters) or "<none>")
        rows.append([*row, kind.summary])
    return columns(rows)


def kind_text(kind: FaultKind) -> str:
    """Return what there is to say about one kind."""
    import textwrap

    from lab.core.faults.examples import example_line

    lines = [
        f"KIND:     {kind.name}",
        f"GROUP:    {kind.group}",
        f"STRIKES:  {strikes(kind)}",
        f"STOPS:    {STOPS[kind.harm]}",
        "",
        "DESCRIPTION:",
        f"  {kind.summary}",
        *textwrap.wrap(kind.more, 100, initial_indent="  ", subsequent_indent="  "),
    ]
    for backend, why in (kind.refused or {}).items():
        lines.append(f"  Not on the {backend} backend: {why}.")
    if kind.momentary:
        lines.append("  Without --for it strikes once and is over.")
    if kind.parameters:
        table = [["  NAME", "TYPE", "REQUIRED", "DEFAULT", "WHAT"]]
        table += [
            [f"  {each.name}", each.unit, needed(kind, each), default_text(each), each.help]
            for each in kind.parameters
        ]
        lines += ["", "PARAMETERS:", columns(table)]
    return "\n".join([*lines, "", "EXAMPLE:", f"  fedlab {example_line(kind)}"])


def needed(kind: FaultKind, parameter: Parameter) -> str:
    """Return whether a parameter must be given."""
    if parameter.required:
        return "yes"
    return "one of them" if parameter.name in kind.one_of else ""


def default_text(parameter: Parameter) -> str:
    """Return a parameter's default as a person would write it."""
    return parameter.shown(parameter.default)


def kind_data(kind: FaultKind) -> dict[str, Any]:
    """Return one kind as JSON-ready data."""
    return {
        "name": kind.name,
        "group": kind.group,
        "summary": kind.summary,
        "strikes": kind.scope,
        "stops": kind.harm,
        "momentary": kind.momentary,
        "refused": dict(kind.refused or {}),
        "parameters": [
            {
                "name": each.name,
                "type": each.type,
                "help": each.help,
                "default": list(each.default) if isinstance(each.default, tuple) else each.default,
                "choices": list(each.choices),
                "required": each.required,
            }
            for each in kind.parameters
        ],
    }


# ── faults of a run ────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class SeenFault:
    """A fault of a run, read from its trace.

    Attributes:
        name: What it is called.
        kind: Its kind.
        number: The record of its begin.
        began_s: When it was injected (s of the run).
        state: active, waiting (it will strike again) or over.
        clusters: The members it has struck.
        hub: It strikes the hub.
        between: The two members whose link it cuts.
        nodes: How many nodes it has struck.
        until_s: When it is to end; None: until it is healed.
        over_s: When it was over for good.
        strikes: How often it has struck.
        by: What ended it: length, hand, abort, done.
    """

    name: str
    kind: str
    number: int
    began_s: float
    state: str = "active"
    clusters: tuple[str, ...] = ()
    hub: bool = False
    between: tuple[str, ...] = ()
    nodes: int = 0
    until_s: float | None = None
    over_s: float | None = None
    strikes: int = 1
    by: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "state": self.state,
            "record": self.number,
            "began": self.began_s,
            "until": self.until_s,
            "over": self.over_s,
            "clusters": list(self.clusters),
            "hub": self.hub,
            "between": list(self.between),
            "nodes": self.nodes,
            "strikes": self.strikes,
            "endedBy": self.by,
        }


def seen_faults(records: Sequence[Happening]) -> list[SeenFault]:
    """Return the faults that the "fault" records of a run tell of, oldest first."""
    found: dict[str, SeenFault] = {}
    nodes: dict[str, set[str]] = {}
    for record in records:
        detail = record.detail
        name = str(detail.get("fault"))
        seen = found.get(name)
        if detail.get("phase") == "begin":
            if seen is None:
                seen = SeenFault(name, str(detail.get("kind")), record.number, record.time_s)
                found[name] = seen
            seen.state, seen.until_s = "active", detail.get("until")
            seen.strikes = max(seen.strikes, int(detail.get("strike") or 1))
            seen.clusters = tuple(dict.fromkeys([*seen.clusters, *detail.get("clusters", ())]))
            seen.hub = seen.hub or bool(detail.get("hub"))
            seen.between = tuple(detail.get("between") or ())
            struck = nodes.setdefault(name, set())
            struck |= {node for each in detail.get("nodes", {}).values() for node in each}
            seen.nodes = len(struck)
        elif seen is not None:
            over = bool(detail.get("over", True))
            seen.state, seen.by = "over" if over else "waiting", str(detail.get("by") or "")
            seen.over_s = record.time_s if over else None
            if not over:
                seen.until_s = None
    return list(found.values())


def seen_text(seen: Sequence[SeenFault], *, wide: bool = False) -> str:
    """Return the faults of a run as a table."""
    from lab.commands.printers.timeline import clock

    header = ["NAME", "KIND", "STATE", "BEGAN", "ENDS", "STRIKES"]
    rows = [[*header, *(["NODES", "TIMES", "ENDED BY"] if wide else [])]]
    for each in seen:
        ends = each.over_s if each.over_s is not None else each.until_s
        where = "the hub" if each.hub else ",".join(each.clusters) or "<none>"
        if each.between:
            where = "-".join(each.between)
        row = [each.name, each.kind, each.state, clock(each.began_s),
               "when healed" if ends is None else clock(ends), where]  # fmt: skip
        if wide:
            row += [str(each.nodes or "-"), str(each.strikes), each.by or "<none>"]
        rows.append(row)
    return columns(rows)


def state_data(state: FaultState, now_s: float) -> dict[str, Any]:
    """Return a fault as it stands as JSON-ready data."""
    return {
        "name": state.name,
        "kind": state.kind,
        "state": state.state,
        "record": state.number,
        "began": state.began_s,
        "until": state.until_s,
        "over": state.over_s,
        "remaining": state.remaining_s(now_s),
        "clusters": list(state.clusters),
        "hub": state.hub,
        "between": list(state.between),
        "strikes": state.strikes,
        "abortIf": state.abort_if,
    }


# ── blast ──────────────────────────────────────────────────────────────────────────────────────


def blast_text(blast: Blast, *, wide: bool = False) -> str:
    """Return what a fault would strike."""
    if blast.hub:
        return columns([[f"{blast.kind} would strike the hub: no cluster, node or pod"]])
    if blast.between:
        cut = " and ".join(blast.between)
        return columns([[f"{blast.kind} would cut the link between {cut}; nothing uses it yet"]])
    nodes, pods = sum(c.nodes for c in blast.clusters), sum(c.pods for c in blast.clusters)
    parts = (
        (len(blast.clusters), "cluster"),
        (nodes, "node"),
        (pods, "pod"),
        (len(blast.applications), "application"),
    )
    counts = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in parts)
    fate = "the pods stop" if blast.pods_stop else "the pods run on"
    table = [["  CLUSTER", "NODES", "PODS", *(["PLAYS"] if wide else [])]]
    table += [
        [f"  {each.name}", f"{each.nodes}/{each.of_nodes}", f"{each.pods}/{each.of_pods}",
         *([",".join(each.kinds)] if wide else [])]
        for each in blast.clusters
    ]  # fmt: skip
    lines = [columns([[f"{blast.kind} would strike {counts}; {fate}"]]), columns(table)]
    if blast.applications:
        rows = [["  APPLICATION", "REPLICAS", "CLUSTERS"]]
        rows += [
            [f"  {each.kind} {each.namespace}/{each.name}" if each.namespace
             else f"  {each.kind} {each.name}",
             f"{sum(each.struck.values())}/{each.replicas}",
             ",".join(f"{name}:{count}" if count else name for name, count in each.struck.items())]
            for each in blast.applications
        ]  # fmt: skip
        lines.append(columns(rows))
    return "\n".join(lines)
