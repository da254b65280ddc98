"""Pod templates as revisions: their hash, and whether two are the same."""

from __future__ import annotations

import json
from typing import Any

from lab.core.fnv import fnv1a_32, safe_encode
from lab.core.manifest import Manifest, drop_in, get_in

HASH_LABEL = "pod-template-hash"


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
    return _plain(own) == _plain(template)


def _plain(template: Manifest) -> Any:
    plain = drop_in(template, ("metadata", "labels", HASH_LABEL))
    if get_in(plain, ("metadata", "labels")) == {}:
        plain = drop_in(plain, ("metadata", "labels"))
    return plain
