"""What a played scenario left in the members: the objects, how ready they are, and their marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lab.commands.printers.text import safe
from lab.core import labels
from lab.core.manifest import annotations_of, labels_of, name_of, namespace_of, spec_of, status_of
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import World
    from lab.core.manifest import Manifest

_SHOWN_OBJECTS = 12
"""More member objects than this are counted, not printed (`-v` prints all)."""
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


def placed_lines(found: Sequence[tuple[str, Manifest]], *, verbose: bool) -> Iterator[str]:
    """Yield one line per object and the marks a user gave it; `verbose` adds Karmada's own."""
    if not found:
        return
    yield "In the members"
    shown = found if verbose else found[:_SHOWN_OBJECTS]
    for cluster, manifest in shown:
        inside = f"{namespace_of(manifest)}/" if namespace_of(manifest) else ""
        title = f"{manifest.get('kind')} {inside}{name_of(manifest)}"
        yield safe(f"  {cluster}  {title}{_readiness(manifest)}")
        yield from _marks("labels", labels_of(manifest), verbose)
        yield from _marks("annotations", annotations_of(manifest), verbose)
    if len(found) > len(shown):
        yield f"  … and {len(found) - len(shown)} more (-v shows all)"
    if not verbose:
        yield "  (-v adds the labels and annotations that Karmada itself puts on them)"
    yield ""


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
