"""Pod templates as revisions: their hash, and whether two are the same."""

from __future__ import annotations

import json
from typing import Any

from lab.backends.simulated.workbench import Workbench, owner_of
from lab.core.fnv import fnv1a_32, safe_encode
from lab.core.manifest import (
    Manifest,
    drop_in,
    get_in,
    name_of,
    namespace_of,
    set_in,
    spec_of,
    uid_of,
)
from lab.core.model import key_of

HASH_LABEL = "pod-template-hash"
REVISION_LABEL = "controller-revision-hash"


def template_hash(template: Manifest, collisions: int = 0) -> str:
    """Return the text Kubernetes puts into names: FNV-1a of the template, without vowels.

    Kubernetes hashes Go's printed form of the template, so its texts differ from ours for the same
    template; that equal templates have equal hashes holds in both.
    """
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    if collisions:
        text += str(collisions)
    return safe_encode(str(fnv1a_32(text.encode())))


def same_template(replica_set: Manifest, template: Manifest) -> bool:
    """Tell whether a ReplicaSet is of a template; the label added to tell it apart is no change."""
    own = get_in(replica_set, ("spec", "template")) or {}
    return bool(_plain(own) == _plain(template))


def _plain(template: Manifest) -> Any:
    plain = drop_in(template, ("metadata", "labels", HASH_LABEL))
    if get_in(plain, ("metadata", "labels")) == {}:
        plain = drop_in(plain, ("metadata", "labels"))
    return plain


def with_pod_labels(template: Manifest, labels: dict[str, str]) -> Manifest:
    """Return a template with further labels."""
    own = get_in(template, ("metadata", "labels")) or {}
    return set_in(template, ("metadata", "labels"), {**own, **labels})


class Revisions:
    """The ControllerRevisions of StatefulSets and DaemonSets: one per template they have had."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def current(self, owner: Manifest, now_s: float) -> str:
        """Return the name of the revision of an object's template, made if it is new."""
        template = spec_of(owner).get("template") or {}
        name = f"{name_of(owner)}-{template_hash(template)}"
        existing = self._of(owner)
        newest = max((int(each.get("revision") or 0) for each in existing), default=0)
        found = next((each for each in existing if name_of(each) == name), None)
        if found is None:
            made: dict[str, Any] = {
                "apiVersion": "apps/v1",
                "kind": "ControllerRevision",
                "metadata": {
                    "name": name,
                    "namespace": namespace_of(owner),
                    "labels": {
                        **(get_in(template, ("metadata", "labels")) or {}),
                        REVISION_LABEL: template_hash(template),
                    },
                    "ownerReferences": [owner_of(owner).reference()],
                },
                "data": {"spec": {"template": {**template, "$patch": "replace"}}},
                "revision": newest + 1,
            }
            self._bench.create(made, now_s)
        elif int(found.get("revision") or 0) < newest:
            self._bench.write({**found, "revision": newest + 1}, now_s)
        return name

    def trim(self, owner: Manifest, in_use: set[str], now_s: float) -> None:
        """Delete the oldest revisions no pod is of, beyond revisionHistoryLimit."""
        limit = spec_of(owner).get("revisionHistoryLimit")
        limit = 10 if limit is None else int(limit)
        for revision, workload in list(self._bench.revisions_of(uid_of(owner)).items()):
            if revision in in_use or self._bench.pods.totals[workload.index].any():
                in_use = {*in_use, revision}
            else:
                self._bench.drop_workload(uid_of(owner), revision, now_s)
        spare = [each for each in self._of(owner) if name_of(each) not in in_use]
        spare.sort(key=lambda each: int(each.get("revision") or 0))
        for each in spare[: max(0, len(spare) - limit)]:
            self._bench.remove(key_of(each, self._bench.name), now_s)

    def _of(self, owner: Manifest) -> list[Manifest]:
        return self._bench.owned_by(owner, "ControllerRevision")
