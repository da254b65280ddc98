"""CustomResourceDefinitions: what the API server writes into their status when it accepts them."""

from __future__ import annotations

from typing import Any

from lab.core.errors import Cause
from lab.core.kinds import Kind
from lab.core.manifest import Manifest, get_in, name_of, spec_of, timestamp

CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")


def is_crd(kind: Kind) -> bool:
    """Tell whether a kind is CustomResourceDefinition itself."""
    return (kind.group, kind.kind) == CRD


def definition_causes(crd: Manifest) -> list[Cause]:
    """Return what a definition lacks to define anything."""
    spec = spec_of(crd)
    causes = [
        Cause("spec." + ".".join(path), "FieldValueRequired", "Required value")
        for path in (("group",), ("versions",), ("names", "plural"), ("names", "kind"))
        if not get_in(spec, path)
    ]
    wanted = f"{get_in(spec, ('names', 'plural'))}.{spec.get('group')}"
    name = name_of(crd)
    if not causes and name != wanted:
        text = f'Invalid value: "{name}": must be spec.names.plural+"."+spec.group'
        causes.append(Cause("metadata.name", "FieldValueInvalid", text))
    return causes


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
