"""plan: where the objects of files would go, and why, without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.core.manifest import Manifest
    from lab.planning import Plan, PlannedBinding


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.files import read_manifests
    from lab.commands.printers import documents
    from lab.commands.targets import DEFAULT_NAMESPACE, server_error
    from lab.core.errors import ApiError, InputError
    from lab.core.kinds import HUB_KINDS
    from lab.planning import plan
    from lab.scenario.source import in_namespace

    kinds = HUB_KINDS()
    namespace = args.text("namespace") or DEFAULT_NAMESPACE
    objects = [
        in_namespace(source.manifest, kinds, namespace) for source in read_manifests(context, args)
    ]
    settings = None
    if args.text("fleet"):
        from lab.commands.fleets import clusters_of_fleet

        clusters, settings = clusters_of_fleet(context, args.text("fleet"))
        objects = [*clusters, *objects]
    if not any(_is_cluster(each) for each in objects):
        raise InputError(
            "a plan needs clusters, and the files hold none: add Cluster objects to them "
            "(apiVersion: cluster.karmada.io/v1alpha1), or name a fleet or scenario with --fleet"
        )
    try:
        planned = plan(objects, settings=settings, feature_gates=_gates(args), **_settings(args))
    except ApiError as error:  # a webhook refuses a policy: here that is a mistake in a file
        raise InputError(server_error(error)) from None
    data = planned.to_dict()
    names = [f"{each['kind'].lower()}/{each['name']}" for each in data["bindings"]]
    text = documents.rendered(args.text("output"), data, names)
    if text is not None:
        return Result(text, (), data)
    return Result("\n".join(_text(args, planned)), tuple(planned.notes), data)


def _is_cluster(manifest: Manifest) -> bool:
    return (manifest.get("apiVersion"), manifest.get("kind")) == (
        "cluster.karmada.io/v1alpha1",
        "Cluster",
    )


def _gates(args: Args) -> dict[str, bool] | None:
    from lab.core.errors import InputError

    gates = {}
    for word in args.words("feature-gates"):
        name, equals, value = word.partition("=")
        if not equals or value not in {"true", "false"}:
            raise InputError(f'--feature-gates "{word}" needs NAME=true or NAME=false')
        gates[name] = value == "true"
    return gates or None


def _settings(args: Args) -> dict[str, Any]:
    if args.on("enable-empty-workload-propagation"):
        return {"enable_empty_workload_propagation": True}
    return {}


def _text(args: Args, planned: Plan) -> Iterator[str]:
    from lab.commands.printers.text import columns

    rows = [["BINDING", "POLICY", "CLUSTERS", "RESULT"]]
    rows += [_row(each) for each in planned.bindings]
    if planned.bindings:
        yield columns(rows)
    else:
        yield "No policy selects any of these objects: nothing goes anywhere."
    if planned.unmatched:
        yield ""
        yield "Stays on the hub:"
        for each in planned.unmatched:
            yield from _unmatched(each)
    if args.on("explain"):
        for binding in planned.bindings:
            yield from _explained(binding)
    if args.on("render"):
        for cluster, manifests in planned.manifests.items():
            yield from _rendered(cluster, manifests)


def _row(binding: PlannedBinding) -> list[str]:
    data = binding.to_dict()
    policy = data["policy"]
    place = f"{data['namespace']}/" if data["namespace"] else ""
    targets = ", ".join(
        f"{each['name']}:{each['replicas']}" if "replicas" in each else str(each["name"])
        for each in data["clusters"]
    )
    said = f"{data['reason']}: {data['error']}" if data["error"] else str(data["reason"])
    if binding.errors:
        said += "; " + "; ".join(f"{name}: {text}" for name, text in binding.errors.items())
    named = "-" if policy is None else f"{policy['kind']} {policy['name']}"
    return [f"{place}{data['name']}", named, targets or "none", said]


def _unmatched(each: Any) -> Iterator[str]:
    from lab.commands.printers.text import safe

    about = each.get("template") or each
    place = f"{about['namespace']}/" if about.get("namespace") else ""
    yield safe(
        f"  {about.get('kind', '')} {place}{about.get('name', '')}: {each.get('reason', '')}"
    )


def _explained(binding: PlannedBinding) -> Iterator[str]:
    from lab.commands.printers.text import safe
    from lab.core.manifest import name_of
    from lab.core.scheduling.explain import render_explanation

    yield ""
    yield safe(f"── {name_of(binding.manifest)}")
    if binding.outcome is None:
        yield safe(binding.skipped)
    else:
        yield from render_explanation(binding.outcome.explanation)


def _rendered(cluster: str, manifests: Any) -> Iterator[str]:
    from lab.commands.printers.documents import to_yaml
    from lab.commands.printers.text import safe

    for manifest in manifests:
        yield "---"
        yield safe(f"# cluster: {cluster}")
        yield to_yaml(manifest)


VERB = Verb(
    "plan",
    "placements, reasons and per-cluster manifests, without running anything",
    "Play and plan",
    run,
    flags=(
        flags.FILENAME,
        flags.RECURSIVE,
        Flag("fleet", "take the clusters from a fleet file or a scenario", metavar="FILE"),
        Flag("explain", "with the reasons of every decision", type="bool", default=False),
        Flag("render", "with the manifests every cluster gets", type="bool", default=False),
        Flag("feature-gates", "Karmada's gates, NAME=true|false", type="list", metavar="GATES"),
        Flag(
            "enable-empty-workload-propagation",
            "Karmada's scheduler option of that name",
            type="bool",
            default=False,
        ),
        flags.NAMESPACE,
        flags.OUTPUT_DATA,
    ),
    examples=(
        "plan -f clusters.yaml -f web.yaml --explain",
        "plan -f web.yaml --fleet scenario.yaml -o json",
    ),
)
