"""ReviseReplica: give a copy of a template for one cluster its share of the replicas.

Modelled on Karmada v1.19 `native/revisereplica.go`: the field is set only where it is present.
"""

from __future__ import annotations

from lab.core.interpreter.fields import InterpretError, described
from lab.core.manifest import Manifest, get_in, set_in

_FIELDS = {
    ("apps/v1", "Deployment"): "replicas",
    ("apps/v1", "ReplicaSet"): "replicas",
    ("apps/v1", "StatefulSet"): "replicas",
    ("batch/v1", "Job"): "parallelism",
}
KINDS = frozenset(_FIELDS)


def revise_replicas(template: Manifest, replicas: int) -> Manifest:
    """Return the template with `replicas` (count) in its replica field, if it has one."""
    field = _FIELDS[str(template.get("apiVersion")), str(template.get("kind"))]
    return set_if_present(template, field, replicas)


def set_if_present(template: Manifest, field: str, count: int) -> Manifest:
    """Return the template with a number under `spec`, unchanged where the field is absent.

    Raises:
        InterpretError: The field is there and holds no whole number.
    """
    spec = template.get("spec")
    if not isinstance(spec, dict) or field not in spec:
        return template
    present = get_in(template, ("spec", field))
    if isinstance(present, bool) or not isinstance(present, int):
        raise InterpretError(
            f"{described(template)}: spec.{field} is {present!r}, needs a whole number"
        )
    return template if present == count else set_in(template, ("spec", field), count)
