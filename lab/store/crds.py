"""CustomResourceDefinitions: what the API server writes into their status when it accepts them."""

from __future__ import annotations

from typing import Any

from lab.core.kinds import Kind
from lab.core.manifest import Manifest, get_in, spec_of, timestamp

CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")


def is_crd(kind: Kind) -> bool:
    """Tell whether a kind is CustomResourceDefinition itself."""
    return (kind.group, kind.kind) == CRD


def accepted_status(crd: Manifest, now_s: float) -> dict[str, Any]:
    """Return the status of a definition whose names are accepted and which is served."""
    spec = spec_of(crd)
    names = spec.get("names") or {}
    kind = str(names.get("kind") or "")
    accepted = {"listKind": f"{kind}List", "singular": kind.lower(), **names}
    stored = [v.get("name") for v in spec.get("versions") or () if v.get("storage")]
    old = get_in(crd, ("status", "storedVersions")) or []
    now = timestamp(now_s)
    return {
        "conditions": [
            {
                "type": "NamesAccepted",
                "status": "True",
                "lastTransitionTime": now,
                "reason": "NoConflicts",
                "message": "no conflicts found",
            },
            {
                "type": "Established",
                "status": "True",
                "lastTransitionTime": now,
                "reason": "InitialNamesAccepted",
                "message": "the initial names have been accepted",
            },
        ],
        "acceptedNames": accepted,
        "storedVersions": [*old, *(name for name in stored if name not in old)],
    }
