"""Run the matched override rules over an object, step by step.

Cluster-wide policies first, then those of the object's namespace, which see what the first made of
it. Inside a rule: image, command, args, labels, annotations, field, plaintext. A failing step ends
it for this cluster. Modelled on Karmada v1.19 `pkg/util/overridemanager/overridemanager.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.errors import LabError
from lab.core.manifest import Manifest, name_of, namespace_of
from lab.core.overrides.command_args import override_args, override_command
from lab.core.overrides.field import override_field
from lab.core.overrides.image import override_image
from lab.core.overrides.labels_annotations import override_annotations, override_labels
from lab.core.overrides.matching import MatchedRule, OverridePolicies, matched_rules
from lab.core.overrides.plaintext import override_plaintext
from lab.core.patch import PatchError

Overrider = Callable[[Manifest, Mapping[str, Any]], Manifest]

ORDER: Sequence[tuple[str, Overrider]] = (
    ("imageOverrider", override_image),
    ("commandOverrider", override_command),
    ("argsOverrider", override_args),
    ("labelsOverrider", override_labels),
    ("annotationsOverrider", override_annotations),
    ("fieldOverrider", override_field),
)
"""Overriders that work entry by entry; the plaintext ones of a rule are one patch, at the end."""


@dataclass(frozen=True, slots=True)
class AppliedOverride:
    """One rule that was applied: what the Work's annotations and the events tell of it."""

    kind: str
    namespace: str
    name: str
    overriders: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class OverrideStep:
    """One entry of one overrider, and the object after it."""

    policy: str
    rule_index: int
    overrider: str
    entry_index: int
    before: Manifest
    after: Manifest

    @property
    def changed(self) -> bool:
        """Tell whether the step did anything."""
        return self.before is not self.after and self.before != self.after

    def to_dict(self) -> dict[str, Any]:
        """Return which entry it was and whether it did anything, JSON-ready."""
        return {
            "policy": self.policy,
            "rule": self.rule_index,
            "overrider": self.overrider,
            "entry": self.entry_index,
            "changed": self.changed,
        }


@dataclass(frozen=True, slots=True)
class Overridden:
    """An object as one cluster is to have it."""

    manifest: Manifest
    applied: tuple[AppliedOverride, ...] = ()
    steps: tuple[OverrideStep, ...] = ()


class OverrideError(LabError):
    """An override cannot be applied for one cluster.

    Args:
        policy: The override policy.
        cluster: The member cluster.
        overrider: Which overrider of the policy failed.
        cause: Why.
        applied: The rules that were applied before it.
    """

    def __init__(
        self,
        policy: Manifest,
        cluster: str,
        overrider: str,
        cause: str,
        applied: Sequence[AppliedOverride] = (),
    ) -> None:
        self.kind = str(policy.get("kind"))
        self.namespace = namespace_of(policy)
        self.name = name_of(policy)
        self.cluster = cluster
        self.overrider = overrider
        self.cause = cause
        self.applied = tuple(applied)
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        super().__init__(f"{self.kind} {place}, {overrider}: {cause} (cluster {cluster})")


def apply_overrides(
    manifest: Manifest, cluster: Manifest, policies: OverridePolicies
) -> Overridden:
    """Return an object as the override policies want it in one cluster.

    Args:
        manifest: The object, with the cluster's replicas already in it.
        cluster: The Cluster object of the member.
        policies: All override policies of the hub.

    Raises:
        OverrideError: A step does not fit the object; nothing of it may be used.
    """
    applied: list[AppliedOverride] = []
    steps: list[OverrideStep] = []
    for namespaced in (False, True):
        # The namespace counts that the cluster-wide policies left the object in.
        group = (
            policies.of_namespace(namespace_of(manifest)) if namespaced else policies.cluster_wide
        )
        # All of a group is matched before any of it is applied.
        for rule in matched_rules(manifest, cluster, group):
            manifest = _apply_rule(manifest, name_of(cluster), rule, steps, applied)
            policy = rule.policy
            applied.append(
                AppliedOverride(
                    str(policy.get("kind")),
                    namespace_of(policy),
                    name_of(policy),
                    rule.overriders,
                )
            )
    return Overridden(manifest, tuple(applied), tuple(steps))


def _apply_rule(
    manifest: Manifest,
    cluster: str,
    rule: MatchedRule,
    steps: list[OverrideStep],
    applied: Sequence[AppliedOverride],
) -> Manifest:
    def run(name: str, index: int, change: Callable[[Manifest], Manifest]) -> Manifest:
        try:
            after = change(manifest)
        except (PatchError, LabError) as error:
            raise OverrideError(rule.policy, cluster, name, str(error), applied) from None
        step = OverrideStep(name_of(rule.policy), rule.index, name, index, manifest, after)
        steps.append(step)
        return after

    for name, overrider in ORDER:
        for index, entry in enumerate(rule.overriders.get(name) or ()):

            def change(
                obj: Manifest, overrider: Overrider = overrider, entry: Mapping[str, Any] = entry
            ) -> Manifest:
                return overrider(obj, entry)

            manifest = run(name, index, change)
    entries = rule.overriders.get("plaintext") or ()
    if entries:
        manifest = run("plaintext", 0, lambda obj: override_plaintext(obj, entries))
    return manifest
