"""What a played scenario left in the members: the objects, how ready they are, and their marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lab.commands.printers.crowd import crowd, plural
from lab.commands.printers.text import broken, safe
from lab.core import labels
from lab.core.manifest import annotations_of, labels_of, name_of, namespace_of, spec_of, status_of
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import World
    from lab.core.manifest import Manifest

_SHOWN_OBJECTS = 8
"""More member objects than this are grouped (`-v` prints each)."""
_ALL_READY = "  all ready"
_BINDINGS = (
    (labels.BINDING_API, "ResourceBinding"),
    (labels.BINDING_API, "ClusterResourceBinding"),
)
_BOOKKEEPING = frozenset(
    {
        *labels.MANAGED_RESOURCE_LABELS,
        *labels.MANAGED_RESOURCE_ANNOTATIONS,
        labels.CONFLICT_RESOLUTION,
        labels.POLICY_ID,
        labels.POLICY_NAME,
        labels.POLICY_NAMESPACE,
        labels.CLUSTER_POLICY_ID,
        labels.CLUSTER_POLICY_NAME,
        labels.CLUSTER_BINDING_ID,
        labels.CLUSTER_BINDING_NAME,
    }
)
"""Labels and annotations by which Karmada finds its own objects again."""
_OTHERS = frozenset({"deployment.kubernetes.io/revision"})
"""What a member's own controllers write."""


def placed_objects(world: World) -> Iterator[tuple[str, Manifest]]:
    """Yield (cluster, object) for everything that bindings put into members, as it stands now."""
    abouts = [
        spec_of(binding).get("resource") or {}
        for kind in _BINDINGS
        for binding in world.list(HUB, *kind)
    ]
    fields = ("apiVersion", "kind", "namespace", "name")
    templates = [Key(HUB, *(str(about.get(field) or "") for field in fields)) for about in abouts]
    for cluster in world.members():
        for template in templates:
            manifest = world.find(template._replace(cluster=cluster))
            if manifest is not None and labels_of(manifest).get(labels.MANAGED) == "true":
                yield cluster, manifest


def placed_lines(
    found: Sequence[tuple[str, Manifest]], *, verbose: bool, width: int | None = None
) -> Iterator[str]:
    """Yield one line per object and the marks a user gave it; `verbose` adds Karmada's own.

    Many objects are grouped by how ready they are, the least ready first.
    """
    if not found:
        return
    yield "In the members"
    if len(found) > _SHOWN_OBJECTS and not verbose:
        lines = list(_grouped(found))
        if len(lines) > _SHOWN_OBJECTS:
            lines = list(_grouped(found, coarse=True))
        for first, text in lines[:_SHOWN_OBJECTS]:
            yield from broken(text, width, first)
        if len(lines) > _SHOWN_OBJECTS:
            yield f"  … and {len(lines) - _SHOWN_OBJECTS} lines more, none less ready"
        yield "  (-v shows each, with its labels and annotations)"
        yield ""
        return
    for cluster, manifest in found:
        inside = f"{namespace_of(manifest)}/" if namespace_of(manifest) else ""
        title = f"{manifest.get('kind')} {inside}{name_of(manifest)}"
        yield safe(f"  {cluster}  {title}{_readiness(manifest)}")
        yield from _marks("labels", labels_of(manifest), verbose)
        yield from _marks("annotations", annotations_of(manifest), verbose)
    if not verbose:
        yield from broken(
            "(-v adds the labels and annotations that Karmada itself puts on them)", width, "  "
        )
    yield ""


def _grouped(
    found: Sequence[tuple[str, Manifest]], *, coarse: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield objects that are alike together: the clusters, and kind, names and readiness.

    Args:
        found: The objects.
        coarse: Of what is wholly ready it does not matter how many replicas that is.
    """
    names: dict[tuple[str, str, str, str, float], list[str]] = {}
    for cluster, manifest in found:
        kind, namespace = str(manifest.get("kind")), namespace_of(manifest)
        ready, share = _readiness(manifest), _share(manifest)
        if coarse and ready and share >= 1:
            ready = _ALL_READY
        key = (cluster, kind, namespace, ready, share)
        names.setdefault(key, []).append(name_of(manifest))
    clusters: dict[tuple[str, str, str, float, tuple[str, ...]], list[str]] = {}
    for (cluster, kind, namespace, ready, share), group in names.items():
        clusters.setdefault((kind, namespace, ready, share, tuple(group)), []).append(cluster)
    worst_first = sorted(clusters.items(), key=lambda each: each[0][3])
    for (kind, namespace, ready, _, alike), where in worst_first:
        inside = f"{namespace}/" if namespace else ""
        many = len(alike) > 1
        word = plural(kind) if many else kind
        each_ = " each" if ready not in {"", _ALL_READY} and many else ""
        yield f"  {crowd(where)}  ", f"{word} {inside}{crowd(alike)}{ready}{each_}"


def _share(manifest: Manifest) -> float:
    """Return what share of an object's replicas is ready, 1 if it has none."""
    replicas = spec_of(manifest).get("replicas")
    if not isinstance(replicas, int) or replicas <= 0:
        return 1.0
    return min(1.0, int(status_of(manifest).get("readyReplicas") or 0) / replicas)


def _marks(title: str, pairs: Mapping[str, Any], verbose: bool) -> Iterator[str]:
    shown = {
        key: value
        for key, value in sorted(pairs.items())
        if verbose or key not in _BOOKKEEPING | _OTHERS
    }
    if shown:
        yield f"    {title}"
        for key, value in shown.items():
            yield safe(f"      {key}: {value}")


def _readiness(manifest: Manifest) -> str:
    replicas = spec_of(manifest).get("replicas")
    if replicas is None:
        return ""
    return f"  {status_of(manifest).get('readyReplicas') or 0}/{replicas} ready"
