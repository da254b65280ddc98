"""What a plan says: bindings with their reasons, and what every member would hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lab.core.claiming import claim_of
from lab.core.manifest import Manifest, get_in, name_of, namespace_of, spec_of
from lab.core.overrides import Overridden
from lab.core.scheduling import Outcome


@dataclass(frozen=True)
class PlannedBinding:
    """One binding after its turn."""

    manifest: Manifest
    """The binding, with the result of the turn in it."""
    outcome: Outcome | None = None
    """What the scheduler said; None when it does not look at the binding."""
    skipped: str = ""
    """Why the scheduler does not look at it."""
    claim: Mapping[str, Any] = field(default_factory=dict)
    """How the policy was chosen: the outcome, and the candidates, best first."""
    dependencies: Sequence[Mapping[str, Any]] = ()
    """What the template depends on, each with `found`."""
    overridden: Mapping[str, Overridden] = field(default_factory=dict)
    """What override policies did, by cluster."""
    suspended: Sequence[str] = ()
    """Clusters whose Works are made and not applied."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Clusters that get nothing because an override or a revision failed, and why."""

    @property
    def clusters(self) -> list[dict[str, Any]]:
        """`spec.clusters` after the turn."""
        return [dict(target) for target in spec_of(self.manifest).get("clusters") or ()]

    @property
    def template(self) -> dict[str, str] | None:
        """A reference to the template, None if the binding names none."""
        resource = spec_of(self.manifest).get("resource")
        if not isinstance(resource, Mapping):
            return None
        fields = ("apiVersion", "kind", "namespace", "name")
        return {name: str(resource[name]) for name in fields if resource.get(name)}

    @property
    def policy(self) -> dict[str, str] | None:
        """A reference to the policy that claimed the template, None if nobody did."""
        held = claim_of(self.manifest)
        if held is None:
            return None
        reference = {"kind": held.kind, "namespace": held.namespace, "name": held.name}
        return {key: value for key, value in reference.items() if value}

    @cached_property
    def explain(self) -> dict[str, Any]:
        """Why: the scheduler's explanation, the choice of the policy, the overrides applied."""
        result: dict[str, Any] = dict(self.outcome.explanation) if self.outcome else {}
        if self.skipped:
            result["skipped"] = self.skipped
        if self.claim:
            result["claim"] = self.claim
        overrides = {
            cluster: [step.to_dict() for step in overridden.steps]
            for cluster, overridden in self.overridden.items()
            if overridden.steps
        }
        if overrides:
            result["overrides"] = overrides
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return the binding's part of the plan, JSON-ready."""
        outcome = self.outcome
        result: dict[str, Any] = {
            "kind": str(self.manifest.get("kind")),
            "namespace": namespace_of(self.manifest),
            "name": name_of(self.manifest),
            "template": self.template,
            "policy": self.policy,
            "clusters": self.clusters,
            "reason": outcome.reason if outcome else "Success",
            "error": outcome.error if outcome else None,
            "noop": self.noop,
            "retried": outcome.retried if outcome else False,
            "observedAffinity": outcome.observed_affinity if outcome else self._observed,
            "explain": self.explain,
        }
        required_by = spec_of(self.manifest).get("requiredBy")
        extras = {
            "requiredBy": required_by,
            "dependencies": list(self.dependencies),
            "suspended": list(self.suspended),
            "errors": dict(self.errors),
        }
        result.update((key, value) for key, value in extras.items() if value)
        return result

    @property
    def noop(self) -> bool:
        """Whether the turn left no trace: nothing was scheduled and no status had to follow.

        A turn that schedules nothing still copies a new generation to the status.
        """
        if self.outcome is None:
            return True
        generation = get_in(self.manifest, ("metadata", "generation"))
        observed = get_in(self.manifest, ("status", "schedulerObservedGeneration"))
        return self.outcome.noop and observed == generation

    @property
    def _observed(self) -> str | None:
        path = ("status", "schedulerObservingAffinityName")
        return get_in(self.manifest, path) or None


@dataclass(frozen=True)
class Plan:
    """Where objects would go, and why."""

    bindings: Sequence[PlannedBinding]
    works: Mapping[str, Sequence[Manifest]]
    """The Works of every cluster, in its execution namespace."""
    manifests: Mapping[str, Sequence[Manifest]]
    """The objects every cluster would hold, as Karmada would write them."""
    unmatched: Sequence[Mapping[str, Any]] = ()
    """Templates without a binding: a reference each, and the reason."""
    notes: Sequence[str] = ()
    """What the plan leaves out."""

    def binding(self, name: str, namespace: str = "") -> PlannedBinding | None:
        """Return a binding by name (and namespace, if given), or None."""
        for planned in self.bindings:
            here = not namespace or namespace_of(planned.manifest) == namespace
            if here and name_of(planned.manifest) == name:
                return planned
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, ready for JSON."""
        return {
            "bindings": [planned.to_dict() for planned in self.bindings],
            "manifests": {name: list(found) for name, found in self.manifests.items()},
            "unmatched": [dict(entry) for entry in self.unmatched],
            "notes": list(self.notes),
        }
