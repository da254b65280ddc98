"""InterpretReplica: how many replicas a template wants, and what one of them needs.

Modelled on Karmada v1.19 `pkg/resourceinterpreter/default/native/replica.go`. A kind without a rule
is not a workload.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.interpreter.fields import integer, mapping, optional_integer, pod_spec_path
from lab.core.interpreter.requirements import replica_requirements
from lab.core.manifest import Manifest


def _declared(template: Manifest) -> int:
    return integer(template, "spec", "replicas")


def _job(template: Manifest) -> int:
    """Pods beyond the completions still wanted would never run."""
    parallelism = integer(template, "spec", "parallelism")
    completions = optional_integer(template, "spec", "completions")
    return parallelism if completions is None else min(parallelism, completions)


def _one(template: Manifest) -> int:
    return 1


_COUNTS = {
    ("apps/v1", "Deployment"): _declared,
    ("apps/v1", "ReplicaSet"): _declared,
    ("apps/v1", "StatefulSet"): _declared,
    ("batch/v1", "Job"): _job,
    ("v1", "Pod"): _one,
}
KINDS = frozenset(_COUNTS)


def interpret_replicas(
    template: Manifest, *, quota_estimate: bool = False
) -> tuple[int, Mapping[str, Any] | None]:
    """Return (replicas, requirements of one; None when nothing is asked for).

    Raises:
        InterpretError: A field has the wrong type.
    """
    count = _COUNTS[str(template.get("apiVersion")), str(template.get("kind"))]
    pod_spec = mapping(template, *pod_spec_path(template))
    return count(template), replica_requirements(pod_spec, with_priority_class=quota_estimate)
