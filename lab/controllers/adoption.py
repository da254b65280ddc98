"""What an update of a member object is made of: the Work's manifest, and what the member keeps.

Source: Karmada v1.19 `pkg/util/objectwatcher`, RetainLabels and RetainAnnotations of `pkg/util`.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.core.interpreter import Interpreter, Operation, prune
from lab.core.labels import CONFLICT_RESOLUTION, MANAGED, MANAGED_ANNOTATIONS, MANAGED_LABELS
from lab.core.manifest import Manifest, annotations_of, labels_of, name_of, namespace_of, set_in


def may_update(desired: Manifest, observed: Manifest) -> bool:
    """Tell whether Karmada may change the object it found: its own, or told to overwrite."""
    if labels_of(observed).get(MANAGED) == "true":
        return True
    return annotations_of(desired).get(CONFLICT_RESOLUTION) == "overwrite"


def conflict_message(desired: Manifest, cluster: str) -> str:
    """Return what Karmada says about an object it may not touch."""
    place = f"{namespace_of(desired)}/{name_of(desired)}"
    return (
        f"resource(kind={desired.get('kind')}, {place}) already exists in the cluster {cluster} "
        f"and the {CONFLICT_RESOLUTION} strategy value is empty, "
        "Karmada will not manage this resource"
    )


def update_for(
    desired: Manifest, observed: Manifest, interpreter: Interpreter
) -> tuple[Manifest, bool]:
    """Return the object to send, and whether it differs from what stands in the member.

    Raises:
        InterpretError: The kind's retain rule cannot read the objects.
    """
    wanted = with_member_fields(desired, observed)
    if interpreter.has(wanted, Operation.RETAIN):
        wanted = interpreter.retain(wanted, observed)
    standing = with_member_fields(prune(observed), observed)
    return wanted, not same(wanted, standing)


def with_member_fields(desired: Manifest, observed: Manifest) -> Manifest:
    """Return the desired object with what members set themselves.

    These are the resourceVersion, finalizers and owner references, and the labels and annotations
    that are not in the desired object and were not sent by Karmada before.
    """
    found = observed.get("metadata") or {}
    metadata = dict(desired.get("metadata") or {})
    for field in ("resourceVersion", "finalizers", "ownerReferences"):
        if found.get(field):
            metadata[field] = found[field]
        else:
            metadata.pop(field, None)
    sent = annotations_of(observed)
    for field, before, wanted, known in (
        ("annotations", annotations_of(observed), annotations_of(desired), MANAGED_ANNOTATIONS),
        ("labels", labels_of(observed), labels_of(desired), MANAGED_LABELS),
    ):
        kept = _retained(before, wanted, sent.get(known, ""))
        if kept:
            metadata[field] = kept
    return {**desired, "metadata": metadata}


def _retained(
    observed: Mapping[str, str], desired: Mapping[str, str], sent: str
) -> Mapping[str, str]:
    """Return the desired map with the member's own keys added."""
    dropped = set(sent.split(",")) - desired.keys()
    own = {key: value for key, value in observed.items() if key not in dropped}
    return {**own, **desired} if own.keys() - desired.keys() else desired


def same(left: object, right: object) -> bool:
    """Tell whether two manifests are equal, where absent, null and empty are alike.

    This is Go's `equality.Semantic.DeepEqual`, but for quantities, which are compared as text.
    """
    if left == right:
        return True
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return all(same(left.get(key), right.get(key)) for key in left.keys() | right.keys())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left in (None, {}, []) and right in (None, {}, [])


def stripped(manifest: Manifest, labels: tuple[str, ...], annotations: tuple[str, ...]) -> Manifest:
    """Return a manifest without some labels and annotations, their maps kept even if empty."""
    for field, keys in (("labels", labels), ("annotations", annotations)):
        marks = (manifest.get("metadata") or {}).get(field)
        if marks:
            kept = {key: value for key, value in marks.items() if key not in keys}
            manifest = set_in(manifest, ("metadata", field), kept)
    return manifest
