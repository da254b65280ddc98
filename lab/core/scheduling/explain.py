"""An explanation as a person reads it: plain lines of at most 100 cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.scheduling.accurate import ACCURATE
from lab.core.scheduling.estimation import MAX_INT32
from lab.core.text_table import printable, table, wrapped

WIDTH = 100
_SHORT = {
    "ClusterEviction": "EVICTION",
    "ClusterAffinity": "AFFINITY",
    "SpreadConstraint": "SPREAD",
    "TaintToleration": "TAINTS",
    "APIEnablement": "API",
    "WorkloadAffinity": "TOGETHER",
    "WorkloadAntiAffinity": "APART",
}
_SEATS_SHOWN = 12
Json = Mapping[str, Any]


def render_explanation(explanation: Json, width: int = WIDTH) -> list[str]:
    """Return an explanation as lines of plain text, none wider than `width` cells."""
    lines: list[str] = []
    if "binding" not in explanation:
        return wrapped(explanation["trigger"]["text"], width)
    lines += _head(explanation, width)
    for cycle in explanation["cycles"]:
        lines += _cycle(cycle, width)
    for title, key in (("Had no say", "ignored"), ("Scheduled again by", "next")):
        if explanation[key]:
            lines += ["", title]
            for sentence in explanation[key]:
                lines += wrapped(sentence, width, "  - ")
    if len(explanation["binding"]["present"]) or explanation["hypothetical"]:
        lines += ["", "A reschedule now (fresh) would give"]
        lines += wrapped(_rescheduled(explanation["if_rescheduled"]), width, "  ")
    return lines


def _head(explanation: Json, width: int) -> list[str]:
    binding, result = explanation["binding"], explanation["result"]
    resource = binding["resource"]
    about = f"{resource['kind']} {_in_namespace(resource)}"
    if binding["workload"]:
        about += f", {_plural(binding['replicas'], 'replica')}"
        if binding["requests"]:
            about += " of " + ", ".join(f"{k} {v}" for k, v in binding["requests"].items())
    lines = wrapped(about, width)
    said = "would come to" if explanation["hypothetical"] else "came to"
    facts = [
        ("why now", explanation["trigger"]["text"]),
        ("strategy", f"{explanation['strategy']} ({explanation['mode']})"),
        (said, result["error"] or f"{result['reason']}: {_targets(result['clusters'])}"),
    ]
    if result["error"]:
        facts.append(("clusters", f"{result['reason']}: {_targets(result['clusters'])}"))
    change = _changes(result["changes"])
    if change and binding["present"]:
        facts.append(("change", change))
    groups = explanation["groups"]
    if groups:
        tried = " -> ".join(groups["tried"])
        note = f"tried {tried} of {', '.join(groups['all'])}"
        facts.append(("groups", note))
    for cluster, text in (explanation.get("estimatorErrors") or {}).items():
        said = f"that of {cluster} gave no answer ({text}), so none of them counts"
        facts.append(("estimators", said))
    for name, text in facts:
        lines += wrapped(text, width, f"  {name:<14}", " " * 16)
    return lines


def _cycle(cycle: Json, width: int) -> list[str]:
    lines = []
    if cycle["affinity"]:
        end = f": {cycle['error']}" if cycle["error"] else ""
        lines += ["", *wrapped(f"Affinity group {cycle['affinity']}{end}", width)]
    lines += ["", "Filters", *_filters(cycle["clusters"], width)]
    candidates = [c for c in cycle["clusters"] if "rank" in c]
    if candidates:
        candidates.sort(key=lambda cluster: cluster["rank"])
        lines += ["", "Candidates, best first", *_candidates(candidates, width)]
        lines += _selection(cycle["selection"], width)
    for division in cycle["divisions"]:
        lines += _division(division, width)
    return lines


def _filters(clusters: Sequence[Json], width: int) -> list[str]:
    names = next((list(c["verdicts"]) for c in clusters if c["verdicts"]), [])
    rows, reasons = [], []
    for cluster in clusters:
        marks = [_mark(cluster["verdicts"].get(name)) for name in names]
        said = "yes" if cluster["feasible"] else "deleting" if cluster["deleting"] else "no"
        now = cluster["present"] if cluster["isTarget"] else "-"
        rows.append([cluster["name"], now, *marks, said])
        for name, verdict in cluster["verdicts"].items():
            if verdict["reason"] or verdict["note"]:
                parts = [part for part in (verdict["reason"], verdict["note"]) if part]
                reasons.append(f"{cluster['name']} {name}: {'; '.join(parts)}")
    heads = ["CLUSTER", "NOW", *(_SHORT.get(name, name) for name in names), "PASSES"]
    lines = table(heads, rows, width, numbers=[1])
    for reason in reasons:
        lines += wrapped(reason, width, "  . ")
    return lines


def _mark(verdict: Json | None) -> str:
    if verdict is None:
        return ""
    if verdict["reason"]:
        return "REFUSED"
    return "passes*" if verdict["note"] else "passes"


def _candidates(clusters: Sequence[Json], width: int) -> list[str]:
    heads = ["CLUSTER", "TIER", "SCORE", "ROOM", "+NOW", "BOUND BY", "REGION", "CHOSEN", "GETS"]
    rows = []
    for cluster in clusters:
        gets = cluster["replicas"]
        rows.append(
            [
                cluster["name"],
                cluster["tier"],
                cluster["score"],
                _room(cluster["allocatable"]),
                _room(cluster["available"]),
                _bound(cluster),
                cluster["region"] or "-",
                "yes" if cluster["selected"] else "no",
                "-" if gets is None else gets,
            ]
        )
    lines = table(heads, rows, width, numbers=[1, 2, 3, 4, 8])
    for cluster in clusters:
        if detail := _bound_detail(cluster):
            lines += wrapped(f"{cluster['name']} room: {detail}", width, "  . ")
    return lines


def _room(replicas: int) -> str:
    return "any" if replicas >= MAX_INT32 else str(replicas)


def _bound(cluster: Json) -> str:
    """Return what bounds a cluster's room, in a word or two."""
    general = cluster["estimates"].get("general-estimator")
    if general is None or cluster["boundBy"] != "general-estimator":
        return str(cluster["boundBy"])
    return f"{general['boundBy']}{' (models)' if general['basis'] == 'models' else ''}"


def _bound_detail(cluster: Json) -> str:
    """Return how the room came out, in full."""
    general = cluster["estimates"].get("general-estimator")
    if general is None:
        return ""
    accurate = cluster["estimates"].get(ACCURATE)
    if accurate is not None and cluster["boundBy"] == ACCURATE:
        return (
            f"{_room(accurate['replicas'])} fit, counted node by node; by what the cluster "
            f"reports it would be {_room(general['replicas'])}"
        )
    if cluster["boundBy"] != "general-estimator":
        return ""
    detail = str(general["detail"] or "")
    if general["basis"] == "models":
        sums = f"the sums alone say {general.get('bySummary', '-')}"
        return f"{detail}; {sums}" if detail else sums
    return detail


def _selection(selection: Json, width: int) -> list[str]:
    by = selection["by"]
    lines = ["", "Selection: every candidate" if by == "all" else f"Selection by {by}"]
    if selection["regions"]:
        rows = [[r["region"], r["score"], ", ".join(r["clusters"])] for r in selection["regions"]]
        lines += table(["REGION", "SCORE", "CLUSTERS"], rows, width, numbers=[1])
    if selection["paths"]:
        rows = [
            [" + ".join(p["regions"]), p["weight"], p["clusters"], "yes" if p["chosen"] else "no"]
            for p in selection["paths"][:_SEATS_SHOWN]
        ]
        heads = ["COMBINATION", "SCORE", "CLUSTERS", "CHOSEN"]
        lines += table(heads, rows, width, numbers=[1, 2])
        more = len(selection["paths"]) - _SEATS_SHOWN
        if more > 0:
            lines.append(f"  … and {more} more combinations")
    for step in selection["steps"]:
        lines += wrapped(_step(step), width, "  . ")
    lines += wrapped(f"chosen: {', '.join(selection['chosen']) or 'none'}", width, "  ")
    if selection["rejected"]:
        lines += wrapped(f"not chosen: {', '.join(selection['rejected'])}", width, "  ")
    return lines


def _step(step: Json) -> str:
    if step["step"] == "swap":
        return f"swap {step['out']} for {step['in']}: room {step['room']} of {step['need']}"
    if step["step"] == "room":
        verdict = "enough" if step["enough"] else "not enough"
        return f"room {step['room']} for {step['need']}: {verdict}"
    count = f" {step['count']}" if "count" in step else ""
    return f"{step['step']}{count}: {', '.join(step['clusters']) or 'none'}"


def _division(division: Json, width: int) -> list[str]:
    tier = f", overflow tier {division['tier']}" if division["tier"] else ""
    target = _plural(division["target"], "replica")
    if division["mode"] == "all to each":
        return ["", f"Division: {division['strategy']}, {target} to each chosen cluster"]
    lines = ["", f"Division: {division['strategy']}, {division['mode']}{tier}: {target} to divide"]
    weights, kept, result = division["weights"], division["kept"], division["result"]
    last = {seat["name"]: f"{seat['quotient']:.3f}" for seat in division["seats"]}
    names = list(dict.fromkeys([*weights, *kept, *result]))
    rows = [
        [name, weights.get(name, "-"), kept.get(name, 0), result.get(name, 0), last.get(name, "-")]
        for name in names
    ]
    heads = ["CLUSTER", "WEIGHT", "KEPT", "GETS", "LAST QUOTIENT"]
    if rows:
        lines += table(heads, rows, width, numbers=[1, 2, 3, 4])
    if division["leftOut"]:
        lines += wrapped(f"left out: {', '.join(division['leftOut'])}", width, "  ")
    seats = division["seats"][:_SEATS_SHOWN]
    if seats:
        lines.append("  Webster, seat by seat: the greatest weight / (2 x held + 1) takes it")
    for seat in seats:
        tie = f" (tie with {', '.join(seat['tiedWith'])})" if seat["tiedWith"] else ""
        text = f"seat {seat['number']}: {seat['name']} at {seat['quotient']:.3f}{tie}"
        lines += wrapped(text, width, "  . ")
    if division["seatsGiven"] > len(seats):
        lines.append(f"  … {division['seatsGiven']} seats in all")
    return lines


def _rescheduled(what: Json) -> str:
    if "error" in what:
        return f"{what['reason']}: {what['error']}"
    group = f" (group {what['affinity']})" if what["affinity"] else ""
    return _targets(what["clusters"]) + group


def _targets(clusters: Sequence[Json]) -> str:
    parts = []
    for target in clusters:
        replicas = target.get("replicas")
        parts.append(f"{target['name']} {replicas}" if replicas else str(target["name"]))
    return printable(", ".join(parts)) or "no cluster"


def _changes(changes: Json) -> str:
    parts = []
    if changes["added"]:
        parts.append("+ " + ", ".join(changes["added"]))
    if changes["removed"]:
        parts.append("- " + ", ".join(changes["removed"]))
    parts += [f"{name} {c['from']} -> {c['to']}" for name, c in changes["resized"].items()]
    return "; ".join(parts) or "none"


def _in_namespace(resource: Json) -> str:
    namespace = resource["namespace"]
    return f"{namespace}/{resource['name']}" if namespace else str(resource["name"])


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
