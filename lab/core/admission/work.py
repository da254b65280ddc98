"""Work: a permanent id, and manifests without what only a server fills in.

Modelled on Karmada v1.19 `pkg/webhook/work/mutating.go`, `pkg/util/{work,label,annotation}.go`.
"""

from __future__ import annotations

from lab.core.admission.request import Request, with_permanent_id
from lab.core.interpreter.prune import prune
from lab.core.labels import MANAGED_ANNOTATIONS, MANAGED_LABELS, WORK_ID
from lab.core.manifest import (
    Manifest,
    annotations_of,
    get_in,
    labels_of,
    set_in,
    with_annotations,
    with_labels,
)

_PATH = ("spec", "workload", "manifests")


def default(work: Manifest, request: Request) -> Manifest:
    """Give a Work its id, and its manifests the id and the lists of keys Karmada manages."""
    work = with_permanent_id(work, WORK_ID, request.now_s)
    manifests = get_in(work, _PATH)
    if request.old is not None and manifests == get_in(request.old, _PATH):
        return work
    if not manifests:
        return work
    identity = labels_of(work)[WORK_ID]
    marked = [marked_manifest(manifest, identity) for manifest in manifests]
    return work if marked == manifests else set_in(work, _PATH, marked)


def marked_manifest(manifest: Manifest, work_id: str) -> Manifest:
    """Return a member's manifest as a Work holds it: pruned, with the lists of managed keys."""
    manifest = prune(manifest)
    keys = {*annotations_of(manifest), MANAGED_ANNOTATIONS, MANAGED_LABELS}
    manifest = with_annotations(manifest, {MANAGED_ANNOTATIONS: ",".join(sorted(keys))})
    manifest = with_labels(manifest, {WORK_ID: work_id})
    return with_annotations(manifest, {MANAGED_LABELS: ",".join(sorted(labels_of(manifest)))})
