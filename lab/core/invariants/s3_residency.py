"""S3: every placement is one that the policy which decided it allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lab.core.affinity import ClusterAffinity
from lab.core.binding import resource_key
from lab.core.cluster import Cluster
from lab.core.invariants.law import Law
from lab.core.invariants.placing import applied_placement, claim_of, present_placement, scheduled
from lab.core.invariants.scene import BINDINGS, Change
from lab.core.invariants.violation import Finding
from lab.core.labels import APPLIED_PLACEMENT
from lab.core.manifest import Manifest, annotations_of, is_deleting, spec_of
from lab.core.model import Key
from lab.core.policy import CLUSTER, PROVIDER, REGION, ZONE, Placement, placement_of
from lab.core.scheduling.request import assigned_of

SCHEDULER = "karmada-scheduler"


class Residency(Law):
    """Looked at: every change of a binding's spec.clusters or of the placement applied to it.

    Judged by the placement that decided it (the annotation applied-placement, written with it),
    and by the clusters as they are or were up to 10 s before (a scheduler decides on what it has
    seen): each target must exist and match the affinity (with several affinity groups: one group
    or its overflow groups must hold all targets), have the property of each spread constraint,
    and there must be no more clusters and regions than maxGroups allows, nor, if Duplicated, fewer
    clusters than minGroups. As in Karmada itself, static weights ignore spread constraints, a
    dynamic division may use fewer clusters than minGroups, and one cluster for each chosen region
    is always allowed. All targets of a decision of the scheduler are judged; of a change by
    somebody else only the clusters it adds.

    At the end, what stands and would not be decided so now is told as a remark: a binding whose
    policy says something newer (Lazy, or not rescheduled), a target that its affinity no longer
    matches.
    """

    id = "S3"
    name = "residency"
    sentence = "every placement lies within the affinity and spread of the policy that decided it"
    hub_kinds = BINDINGS

    def changed(self, change: Change) -> Iterator[Finding]:
        """Judge one decision."""
        after, before = change.after, change.before
        if after is None or is_deleting(after):
            return
        targets = assigned_of(spec_of(after))
        earlier = {} if before is None else assigned_of(spec_of(before))
        if before is not None and _decided(before) == _decided(after) and targets == earlier:
            return
        placement = applied_placement(after)
        if placement is None or not targets:
            return
        decided = change.actor == SCHEDULER
        names = list(targets) if decided else [name for name in targets if name not in earlier]
        if not names:
            return
        yield from self._within_affinity(change.key, placement, names)
        if decided:
            yield from self._within_spread(change.key, placement, names)

    # ── affinity ───────────────────────────────────────────────────────────────────────────────

    def _within_affinity(
        self, key: Key, placement: Placement, names: Sequence[str]
    ) -> Iterator[Finding]:
        versions = {name: self._versions(name) for name in names}
        gone = [name for name, found in versions.items() if not found]
        if gone:
            yield Finding(key, f"placed on {', '.join(gone)}: no such cluster")
        versions = {name: found for name, found in versions.items() if found}
        groups = _groups(placement)
        if not groups or not versions:
            return
        best: list[str] | None = None
        for group in groups:
            outside = [name for name, found in versions.items() if not _any(group, found)]
            if not outside:
                return
            if best is None or len(outside) < len(best):
                best = outside
        assert best is not None
        reason = groups[0][0].mismatch(versions[best[0]][0])
        yield Finding(
            key,
            f"placed on {', '.join(best)}, outside of the affinity that decided it ({reason})",
        )

    def _versions(self, name: str) -> list[Cluster]:
        return [each for each in self.scene.cluster_versions(name) if each is not None]

    # ── spread ─────────────────────────────────────────────────────────────────────────────────

    def _within_spread(
        self, key: Key, placement: Placement, names: Sequence[str]
    ) -> Iterator[Finding]:
        clusters = {name: found for name in names if (found := self._versions(name))}
        for field in (PROVIDER, REGION, ZONE):
            if placement.constraint(field) is None:
                continue
            lacking = [
                name
                for name, found in clusters.items()
                if not any(_property(cluster, field) for cluster in found)
            ]
            if lacking:
                yield Finding(
                    key, f"placed on {', '.join(lacking)}, which has no {field} to spread by"
                )
        if placement.ignores_spread:
            return
        regions = {found[0].region for found in clusters.values()}
        by_region, by_cluster = placement.constraint(REGION), placement.constraint(CLUSTER)
        if by_region is not None and by_region.max_groups and len(regions) > by_region.max_groups:
            yield Finding(
                key, f"placed in {len(regions)} regions, at most {by_region.max_groups} allowed"
            )
        if by_cluster is None:
            return
        most = by_cluster.max_groups
        if by_region is not None:
            most = max(most, len(regions))
        if by_cluster.max_groups and len(names) > most:
            yield Finding(key, f"placed on {len(names)} clusters, at most {most} allowed")
        if placement.is_duplicated and len(names) < by_cluster.min_groups:
            yield Finding(
                key, f"placed on {len(names)} clusters, at least {by_cluster.min_groups} wanted"
            )

    # ── the end ────────────────────────────────────────────────────────────────────────────────

    def at_end(self) -> Iterator[Finding]:
        """Tell of placements that would not be decided so now."""
        for key, binding in self.scene.bindings():
            targets = assigned_of(spec_of(binding))
            placement = applied_placement(binding)
            if is_deleting(binding) or not targets or placement is None:
                continue
            text = self._older(binding, placement)
            if text:
                yield Finding(key, text, remark=True)
                continue
            if not scheduled(binding):
                continue
            for found in self._outdated(key, placement, list(targets)):
                yield Finding(key, f"{found.message}: an old placement", remark=True)

    def _older(self, binding: Manifest, placement: Placement) -> str:
        if (asked := present_placement(binding)) is not None and asked is not placement:
            return "stands where an older version of its placement put it, not scheduled since"
        template = self.scene.objects.find(resource_key(binding))
        policy = None if template is None else claim_of(self.scene, template)
        if policy is None:
            return ""
        source = spec_of(policy).get("placement")
        if isinstance(source, Mapping) and placement_of(source) is not placement:
            return "stands where an older version of its policy put it"
        return ""

    def _outdated(self, key: Key, placement: Placement, names: list[str]) -> Iterator[Finding]:
        clusters = {name: self.scene.cluster(name) for name in names}
        groups = _groups(placement)
        standing = {name: [found] for name, found in clusters.items() if found is not None}
        if not groups or not standing:
            return
        outside = min(
            ([n for n, found in standing.items() if not _any(group, found)] for group in groups),
            key=len,
        )
        if outside:
            yield Finding(key, f"stands on {', '.join(outside)}, outside of its affinity")


def _property(cluster: Cluster, field: str) -> str | Sequence[str]:
    if field == ZONE:
        return cluster.zones
    return cluster.provider if field == PROVIDER else cluster.region


def _decided(binding: Manifest) -> str:
    return annotations_of(binding).get(APPLIED_PLACEMENT, "")


def _groups(placement: Placement) -> list[list[ClusterAffinity]]:
    """Return the sets of affinities one of which must hold all targets; none: any cluster will."""
    if placement.affinity is not None:
        return [[placement.affinity]]
    return [
        [term.affinity, *(affinity for _, affinity in term.overflow)]
        for term in placement.terms or ()
    ]


def _any(group: Sequence[ClusterAffinity], versions: Sequence[Cluster]) -> bool:
    return any(affinity.matches(cluster) for affinity in group for cluster in versions)
