"""Why an object is where it is: who claimed it, the last turn of the scheduler, the overrides."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.commands.verb import Args, Result
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import Happening, World
    from lab.core.manifest import Manifest

RB = ("work.karmada.io/v1alpha2", "ResourceBinding")
CRB = ("work.karmada.io/v1alpha2", "ClusterResourceBinding")
WORK = ("work.karmada.io/v1alpha1", "Work")
_POLICIES = (
    ("policy.karmada.io/v1alpha1", "PropagationPolicy"),
    ("policy.karmada.io/v1alpha1", "ClusterPropagationPolicy"),
)
_OVERRIDES = {
    "policy.karmada.io/applied-cluster-overrides": "ClusterOverridePolicy",
    "policy.karmada.io/applied-overrides": "OverridePolicy",
}


@dataclass(frozen=True, slots=True)
class Chain:
    """A template and its binding, as far as they exist."""

    template: Key
    binding: Key
    template_object: Manifest | None
    binding_object: Manifest | None


def explain_object(world: World, args: Args) -> Result:
    """Return the explanation of a template or binding as text and data.

    Raises:
        InputError: The words name no single object.
        ApiError: There is no such object.
    """
    from lab.commands.printers import documents

    chain = find_chain(world, args)
    data = explanation(world, chain)
    names = [f"{key.kind.lower()}/{key.name}" for key in (chain.template, chain.binding)]
    text = documents.rendered(args.text("output"), data, names)
    if text is not None:
        return Result(text, (), data)
    return Result("\n".join(render(data)), (), data)


def find_chain(world: World, args: Args) -> Chain:
    """Return the template and binding that the words name one of."""
    from lab.commands.targets import key_for, namespace_of_call, not_found, parse_targets
    from lab.core.errors import InputError
    from lab.core.manifest import spec_of

    targets = parse_targets(args.words("targets"), world.kinds(HUB))
    if len(targets) != 1 or not targets[0].name:
        raise InputError("explain looks at one object: KIND/NAME")
    target = targets[0]
    namespace = namespace_of_call(args)
    key = key_for(target.kind, target.name, namespace)
    found = world.find(key)
    if found is None:
        raise not_found(target.kind, target.name)
    if (target.kind.group, target.kind.kind) in {("work.karmada.io", RB[1]),
                                                ("work.karmada.io", CRB[1])}:  # fmt: skip
        about = spec_of(found).get("resource") or {}
        template = Key(HUB, about.get("apiVersion", ""), about.get("kind", ""),
                       about.get("namespace", ""), about.get("name", ""))  # fmt: skip
        return Chain(template, key, world.find(template), found)
    name = f"{key.name.replace(':', '.')}-{key.kind}".lower()
    binding = Key(HUB, *(RB if key.namespace else CRB), key.namespace, name)
    return Chain(key, binding, found, world.find(binding))


def explanation(world: World, chain: Chain) -> dict[str, Any]:
    """Return everything known about why a template is where it is, JSON-ready."""
    from lab.commands.explain_eviction import eviction_history

    binding = chain.binding_object
    found = world.happenings(("decision",), chain.binding)
    decision = _newest(found, "schedule")
    return {
        "at": world.now_s,
        "template": _words(chain.template),
        "templateExists": chain.template_object is not None,
        "claim": _claim(world, chain),
        "binding": None if binding is None else _binding(chain, binding),
        "decision": None if decision is None else _decision(decision),
        "decisions": sum(each.detail.get("kind") == "schedule" for each in found),
        "evictions": eviction_history(world, chain.binding, binding),
        "overrides": _overrides(world, chain),
    }


def _words(key: Key) -> dict[str, str]:
    return {"apiVersion": key.api_version, "kind": key.kind, "namespace": key.namespace,
            "name": key.name}  # fmt: skip


def _newest(found: Sequence[Happening], kind: str) -> Happening | None:
    return next((each for each in reversed(found) if each.detail.get("kind") == kind), None)


def _decision(found: Happening) -> dict[str, Any]:
    return {
        "time": found.time_s,
        "summary": found.detail.get("summary", ""),
        "explanation": found.detail.get("explanation") or {},
    }


def _binding(chain: Chain, binding: Manifest) -> dict[str, Any]:
    from lab.core.manifest import condition, spec_of, status_of

    scheduled = condition(binding, "Scheduled") or {}
    return {
        **_words(chain.binding),
        "clusters": [dict(each) for each in spec_of(binding).get("clusters") or ()],
        "scheduled": scheduled.get("status", "Unknown"),
        "reason": scheduled.get("reason", ""),
        "message": scheduled.get("message", ""),
        "lastScheduledTime": status_of(binding).get("lastScheduledTime"),
        "affinity": status_of(binding).get("schedulerObservingAffinityName"),
        "requiredBy": [dict(each) for each in spec_of(binding).get("requiredBy") or ()],
    }


def _claim(world: World, chain: Chain) -> dict[str, Any]:
    from lab.core.claiming import claim_of
    from lab.core.manifest import name_of, namespace_of

    template = chain.template_object
    claim = None if template is None else claim_of(template)
    decision = _newest(world.happenings(("decision",), chain.template), "claim")
    matching = []
    if template is not None and claim is None:
        matching = [
            f"{kind} {namespace_of(policy) + '/' if namespace_of(policy) else ''}{name_of(policy)}"
            for api, kind in _POLICIES
            for policy in world.list(HUB, api, kind)
            if not namespace_of(policy) or namespace_of(policy) == chain.template.namespace
        ]
    return {
        "policy": None
        if claim is None
        else {"kind": claim.kind, "namespace": claim.namespace, "name": claim.name},
        "decision": None if decision is None else _decision(decision),
        "policiesInReach": matching,
    }


def _overrides(world: World, chain: Chain) -> dict[str, Any]:
    """Return what was changed for each cluster, as the Works tell."""
    from lab.core.manifest import annotations_of, get_in

    found: dict[str, Any] = {}
    targets = [] if chain.binding_object is None else _clusters_of(chain.binding_object)
    for cluster in targets:
        for work in world.list(HUB, *WORK, f"karmada-es-{cluster}"):
            manifest = get_in(work, ("spec", "workload", "manifests", 0)) or {}
            metadata = manifest.get("metadata") or {}
            about = (manifest.get("apiVersion"), manifest.get("kind"),
                     metadata.get("namespace") or "", metadata.get("name"))  # fmt: skip
            if about != tuple(chain.template)[1:]:
                continue
            applied = [
                {"policy": f"{kind} {entry.get('policyName', '')}",
                 "overriders": entry.get("overriders") or {}}
                for annotation, kind in _OVERRIDES.items()
                for entry in _entries(annotations_of(work).get(annotation, ""))
            ]  # fmt: skip
            if applied:
                found[cluster] = applied
    return found


def _clusters_of(binding: Manifest) -> list[str]:
    from lab.core.manifest import spec_of

    return [str(each.get("name")) for each in spec_of(binding).get("clusters") or ()]


def _entries(text: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text) if text else []
    except ValueError:
        return []
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


# ── as a person reads it ───────────────────────────────────────────────────────────────────────


def render(data: Mapping[str, Any]) -> list[str]:
    """Return an explanation as lines of text."""
    from lab.commands.explain_eviction import eviction_lines
    from lab.commands.printers.text import safe
    from lab.core.duration import format_duration

    template = data["template"]
    place = f"{template['namespace']}/" if template["namespace"] else ""
    lines = [safe(f"{template['kind']} {place}{template['name']} "
                  f"at {format_duration(data['at'])}")]  # fmt: skip
    if not data["templateExists"]:
        lines.append("The template is gone; its binding is still there.")
    lines += ["", *_claim_lines(data["claim"])]
    binding = data["binding"]
    if binding is None:
        return [*lines, "", "There is no binding, so the scheduler has nothing to decide."]
    lines += ["", *_binding_lines(binding)]
    decision = data["decision"]
    if decision is None:
        lines += ["", *_undecided(binding)]
    else:
        from lab.core.scheduling.explain import render_explanation

        lines += ["", f"The scheduler's turn {data['decisions']} with this binding, "
                      f"at {format_duration(decision['time'])}", ""]  # fmt: skip
        lines += render_explanation(decision["explanation"])
    lines += ["", *eviction_lines(data["evictions"]), *_override_lines(data["overrides"], binding)]
    return lines


def _claim_lines(claim: Mapping[str, Any]) -> list[str]:
    from lab.commands.printers.text import columns, safe
    from lab.core.duration import format_duration

    policy, decision = claim["policy"], claim["decision"]
    if policy is None:
        lines = ["No policy claims it: it stays on the hub and goes to no member."]
        return lines + [
            safe(f"  - {word} is in reach, but does not select it (or waits)")
            for word in claim["policiesInReach"]
        ]
    place = f"{policy['namespace']}/" if policy["namespace"] else ""
    text = f"Claimed by {policy['kind']} {place}{policy['name']}"
    if decision is None:
        return [safe(text)]
    lines = [safe(f"{text} at {format_duration(decision['time'])}")]
    candidates = decision["explanation"].get("candidates") or []
    rows = [["  POLICY", "PRIORITY", "SELECTS BY", "WINS", "WHY"]]
    rows += [
        [f"  {each['kind']} {each['name']}", str(each["priority"]), each["selectedBy"],
         "yes" if each["wins"] else "no", each["why"]]
        for each in candidates
    ]  # fmt: skip
    if candidates:
        lines.append(columns(rows))
    if len(candidates) > 1:
        lines.append(f"  rule: {decision['explanation'].get('rule', '')}")
    return lines


def _binding_lines(binding: Mapping[str, Any]) -> list[str]:
    from lab.commands.printers.text import safe

    targets = ", ".join(
        f"{each['name']} {each['replicas']}" if each.get("replicas") else str(each["name"])
        for each in binding["clusters"]
    )
    lines = [
        safe(f"{binding['kind']} {binding['name']}: {targets or 'no cluster'}"),
        safe(f"  Scheduled {binding['scheduled']} ({binding['reason'] or '-'}) "
             f"{binding['message']}".rstrip()),
    ]  # fmt: skip
    for each in binding["requiredBy"]:
        place = f"{each.get('namespace', '')}/{each.get('name', '')}"
        names = ", ".join(str(c.get("name")) for c in each.get("clusters") or ())
        lines.append(safe(f"  required by {place} in {names or 'no cluster'}"))
    return lines


def _undecided(binding: Mapping[str, Any]) -> list[str]:
    if binding["requiredBy"]:
        return ["The scheduler has no say: the object follows the bindings that require it."]
    return ["The scheduler has not taken a turn at this binding yet."]


def _override_lines(overrides: Mapping[str, Any], binding: Mapping[str, Any]) -> list[str]:
    from lab.commands.printers.text import columns

    if not overrides:
        return ["Overrides: none applies in these clusters."] if binding["clusters"] else []
    rows = [["  CLUSTER", "POLICY", "OVERRIDERS"]]
    for cluster, applied in overrides.items():
        for each in applied:
            kinds = ", ".join(
                f"{name} ({len(entries) if isinstance(entries, list) else 1})"
                for name, entries in each["overriders"].items()
            )
            rows.append([f"  {cluster}", each["policy"], kinds])
    return ["Overrides", columns(rows)]
