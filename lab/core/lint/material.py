"""What the traps look at: objects by role, policies with their templates, clusters if known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lab.core.admission import admit
from lab.core.affinity import cluster_affinity
from lab.core.claiming import matches_any, rank_policies, resource_selectors
from lab.core.errors import ApiError
from lab.core.fleet import ClusterSpec, NodePool
from lab.core.interpreter import Interpreter, Operation, native_interpreter
from lab.core.interpreter.fields import InterpretError
from lab.core.kinds import HUB_KINDS
from lab.core.lint.finding import Finding, Path, Severity
from lab.core.manifest import Manifest, labels_of, name_of, namespace_of, set_in, spec_of
from lab.core.model import key_of
from lab.core.policy import Placement, placement_of
from lab.core.reserved import is_auto_propagated_namespace, is_template
from lab.core.settings import KarmadaSettings
from lab.core.taints import Taint, taints_of

POLICIES = ("PropagationPolicy", "ClusterPropagationPolicy")
OVERRIDES = ("OverridePolicy", "ClusterOverridePolicy")


@dataclass(frozen=True, slots=True)
class Item:
    """One object, with its place in what was given; its namespace and defaults are filled in."""

    index: int
    manifest: Manifest
    given: Manifest
    """As it was written."""
    refusal: str = ""
    """Why the hub would refuse it; empty if it would not."""
    malformed: bool = False
    """Refused for its fields and types: nothing further can be said about it."""

    @property
    def kind(self) -> str:
        """Return the kind."""
        return str(self.manifest.get("kind") or "")

    @property
    def name(self) -> str:
        """Return the name."""
        return name_of(self.manifest)

    @property
    def spec(self) -> Mapping[str, Any]:
        """Return the spec."""
        return spec_of(self.manifest)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def finding(
        self, code: str, severity: Severity, path: Path, message: str, why: str, instead: str
    ) -> Finding:
        """Return a finding about this object."""
        key = key_of(self.manifest)
        return Finding(code, severity, self.index, key, path, message, why, instead)


@dataclass(eq=False, slots=True)
class LintCluster:
    """A cluster as lint knows it: from a fleet, or from a Cluster object."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    taints: Sequence[Taint] = ()
    pools: Sequence[NodePool] = ()
    """Empty if its nodes are not known."""
    matched: dict[object, bool] = field(default_factory=dict)

    @property
    def manifest(self) -> Manifest:
        """Return a Cluster object with what is known."""
        spec: dict[str, Any] = {"provider": self.provider, "region": self.region}
        return {
            "apiVersion": "cluster.karmada.io/v1alpha1",
            "kind": "Cluster",
            "metadata": {"name": self.name, "labels": dict(self.labels)},
            "spec": {**spec, "zones": list(self.zones)},
        }


class Material:
    """Objects sorted by role."""

    def __init__(
        self,
        objects: Sequence[Manifest],
        clusters: Sequence[ClusterSpec] | None,
        settings: KarmadaSettings,
    ) -> None:
        self.settings = settings
        self.items = [_item(index, each, settings) for index, each in enumerate(objects)]
        self.policies = self.of_kind(*POLICIES)
        self.overrides = self.of_kind(*OVERRIDES)
        self.templates = [
            item
            for item in self.items
            if is_template(item.manifest, settings)
            and not (
                item.kind == "Namespace" and is_auto_propagated_namespace(item.manifest, settings)
            )
        ]
        self.interpreter: Interpreter = native_interpreter(settings)
        found = [_from_spec(spec) for spec in clusters or ()]
        found += [_from_object(item.manifest) for item in self.of_kind("Cluster")]
        self.clusters: Sequence[LintCluster] | None = found or None
        """None: nobody said which clusters there are."""

    def of_kind(self, *kinds: str) -> list[Item]:
        """Return the Karmada (or built-in) objects of some kinds."""
        return [item for item in self.items if item.kind in kinds and not item.malformed]

    def templates_of(self, policy: Item) -> list[Item]:
        """Return the templates a policy's selectors match (who wins them is another question)."""
        return self._templates_of[policy.index]

    @cached_property
    def _templates_of(self) -> dict[int, list[Item]]:
        return {
            policy.index: [template for template in self.templates if selects(policy, template)]
            for policy in (*self.policies, *self.overrides)
        }

    def winner(self, template: Item) -> Item | None:
        """Return the policy that gets a template if all objects are new, or None."""
        for kind in POLICIES:
            rivals = [
                policy
                for policy in self.policies
                if policy.kind == kind and selects(policy, template)
            ]
            ranked = rank_policies(template.manifest, [rival.manifest for rival in rivals])
            if ranked:
                best = ranked[0].policy
                return next(rival for rival in rivals if rival.manifest is best)
        return None

    def placement(self, policy: Item) -> Placement:
        """Return a policy's placement, parsed."""
        return placement_of(policy.spec.get("placement") or {})

    def affinities(self, policy: Item) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """Yield every cluster affinity of a policy's placement, with its path."""
        path: Path = ("spec", "placement")
        placement = policy.spec.get("placement") or {}
        if placement.get("clusterAffinity") is not None:
            yield (*path, "clusterAffinity"), placement["clusterAffinity"]
        for index, term in enumerate(placement.get("clusterAffinities") or ()):
            where: Path = (*path, "clusterAffinities", index)
            yield where, term
            for place, group in enumerate(term.get("overflowAffinities") or ()):
                yield (*where, "overflowAffinities", place), group

    def matching(self, policy: Item) -> Sequence[LintCluster]:
        """Return the known clusters that any affinity of a policy matches."""
        if self.clusters is None:
            return ()
        affinities = [cluster_affinity(source) for _, source in self.affinities(policy)]
        if not affinities:
            return self.clusters
        return [
            cluster
            for cluster in self.clusters
            if any(affinity.matches(cluster) for affinity in affinities)
        ]

    def replicas(self, template: Item) -> tuple[int, Mapping[str, str]] | None:
        """Return (replicas, resource requests of one), None if it is no readable workload."""
        if not self.interpreter.has(template.manifest, Operation.REPLICAS):
            return None
        try:
            count, requirements = self.interpreter.replicas(template.manifest)
        except InterpretError:
            return None
        return count, (requirements or {}).get("resourceRequest") or {}

    def dependencies(self, template: Item) -> Sequence[Mapping[str, Any]]:
        """Return what a template refers to, as Karmada's interpreter sees it."""
        if not self.interpreter.has(template.manifest, Operation.DEPENDENCIES):
            return ()
        try:
            return self.interpreter.dependencies(template.manifest)
        except InterpretError:
            return ()


def selects(policy: Item, template: Item) -> bool:
    """Tell whether a policy may act on a template: selectors match, and the namespace fits."""
    namespaced = policy.kind in {"PropagationPolicy", "OverridePolicy"}
    if namespaced and namespace_of(policy.manifest) != namespace_of(template.manifest):
        return False
    selectors = resource_selectors(policy.manifest)
    if not selectors and policy.kind in OVERRIDES:
        return True
    return matches_any(template.manifest, selectors)


def _item(index: int, given: Manifest, settings: KarmadaSettings) -> Item:
    manifest = given
    kind = HUB_KINDS().get(str(given.get("apiVersion") or ""), str(given.get("kind") or ""))
    if kind is not None and kind.namespaced and not namespace_of(given):
        manifest = set_in(given, ("metadata", "namespace"), "default")
    try:
        admitted = admit("CREATE", manifest, None, 0.0, settings)
    except ApiError as error:
        return Item(index, manifest, given, error.message, malformed=error.code != 403)
    assert admitted is not None
    return Item(index, admitted, given)


def _from_spec(spec: ClusterSpec) -> LintCluster:
    return LintCluster(
        spec.name,
        spec.labels,
        spec.provider,
        spec.region,
        spec.zones,
        taints_of(list(spec.taints)),
        spec.node_pools,
    )


def _from_object(manifest: Manifest) -> LintCluster:
    spec = spec_of(manifest)
    return LintCluster(
        name_of(manifest),
        labels_of(manifest),
        str(spec.get("provider") or ""),
        str(spec.get("region") or ""),
        tuple(spec.get("zones") or ()),
        taints_of(spec.get("taints")),
    )


def names(words: Iterable[str], limit: int = 5) -> str:
    """Return names as a short list: `a, b, c and 4 more`."""
    listed = list(words)
    if len(listed) <= limit:
        return ", ".join(listed)
    return f"{', '.join(listed[:limit])} and {len(listed) - limit} more"
