"""The accurate estimator of a member: it answers from what it has last watched of the member.

It runs beside the control plane, so that it goes on answering when the member cannot be reached:
with the nodes and pods of the last moment of contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.api.link import Link
from lab.backends.simulated.pods.nodes import HOSTNAME, PODS, NodeTable
from lab.backends.simulated.pods.pods import State
from lab.backends.simulated.workbench import Workbench
from lab.backends.simulated.workloads.revisions import same_template
from lab.core.estimators import Assumed, EstimatorError
from lab.core.manifest import Manifest, name_of, namespace_of, spec_of, uid_of
from lab.core.model import Key
from lab.core.scheduling.accurate import NodeRoom, accurate_sets, node_matches, takes
from lab.core.scheduling.quota_estimate import replicas_in_quotas, sets_in_quotas
from lab.core.scheduling.resource_models import node_units
from lab.core.settings import KarmadaSettings
from lab.core.taints import tolerations_of

_DEPLOYMENT = ("apps/v1", "Deployment")
_QUOTA = ("v1", "ResourceQuota")
_ONE = {"replicas": 1}


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was watched of a member's nodes at one moment; columns are those nodes that exist."""

    rows: npt.NDArray[np.int64]
    free: npt.NDArray[np.int64]
    """[resource, column], never below 0."""
    shapes: Sequence[NodeRoom]
    """What equal nodes share: labels, taints, cordon; without name and room."""
    shape_of: npt.NDArray[np.int64]


class MemberEstimator:
    """The estimator of one member.

    Args:
        bench: The member's nodes, pods and objects.
        link: The way to its API server.
        settings: Gates.
    """

    def __init__(self, bench: Workbench, link: Link, settings: KarmadaSettings) -> None:
        self._bench, self._link, self._settings = bench, link, settings
        self._seen: _Seen | None = None
        self._version = -1
        self._stuck: dict[tuple[str, str], tuple[float, ...]] | None = None
        self._quotas: list[Manifest] | None = None
        self._frozen = False
        self._cuts: set[int] = set()
        link.listen(lambda _: self._contact())

    def cut(self, number: int) -> None:
        """Lose contact by fault `number`, though the member's API has not."""
        self._cuts.add(number)
        self._contact()

    def mend(self, number: int) -> None:
        """Find contact again, as far as fault `number` was in its way."""
        self._cuts.discard(number)
        self._contact()

    def _contact(self) -> None:
        """At the moment contact is lost, keep what is known; forget it when contact is back."""
        reached = self._link.open and self._link.running and not self._cuts
        if not reached and not self._frozen:
            self._look()
            self._stuck = self._all_stuck()
            self._quotas = self._bench.store.list(*_QUOTA)
        self._frozen = not reached
        if reached:
            self._stuck = self._quotas = None

    # ── questions ──────────────────────────────────────────────────────────────────────────────

    def max_replicas(self, requirements: Mapping[str, Any] | None, assumed: Assumed) -> int:
        """Return how many replicas fit into the nodes, and into the namespace's quotas."""
        if not len(self._look().rows):
            return 0
        if assumed:
            one = [{**_ONE, "replicaRequirements": requirements}]
            fits = accurate_sets(self._rooms(), one, assumed)
        else:
            fits = self._fits(requirements or {})
        if self._settings.gate("ResourceQuotaEstimate"):
            namespace = str((requirements or {}).get("namespace") or "")
            fits = min(fits, replicas_in_quotas(self._quotas_of(namespace), requirements))
        return fits

    def max_sets(
        self, namespace: str, components: Sequence[Mapping[str, Any]], assumed: Assumed
    ) -> int:
        """Return how many whole sets of components fit into the nodes and the quotas."""
        if not len(self._look().rows):
            return 0
        fits = accurate_sets(self._rooms(), components, assumed)
        if self._settings.gate("ResourceQuotaEstimate") and namespace:
            fits = min(fits, sets_in_quotas(self._quotas_of(namespace), components))
        return fits

    def unschedulable(self, workload: Key, threshold_s: float, now_s: float) -> int:
        """Return how many pods of a Deployment's newest template wait for a node for too long.

        Raises:
            EstimatorError: The member has no such Deployment.
        """
        if (workload.api_version, workload.kind) != _DEPLOYMENT:
            raise EstimatorError(f"kind({workload.kind}) of workload is not supported")
        place = (workload.namespace, workload.name)
        if self._stuck is not None:
            found = self._stuck.get(place)
        else:
            deployment = self._bench.store.find(workload._replace(cluster=self._bench.name))
            found = None if deployment is None else self._stuck_of(deployment)
        if found is None:
            raise EstimatorError(f'deployments.apps "{workload.name}" not found')
        return sum(since_s + max(threshold_s, 0.0) < now_s for since_s in found)

    # ── nodes ──────────────────────────────────────────────────────────────────────────────────

    def _look(self) -> _Seen:
        nodes = self._bench.nodes
        if self._seen is not None and (self._frozen or self._version == nodes.version):
            return self._seen
        rows = np.flatnonzero(nodes.exists)
        columns = np.stack([nodes.class_of[rows], nodes.marks[rows], nodes.unschedulable[rows]])
        _, first, shape_of = np.unique(columns, axis=1, return_index=True, return_inverse=True)
        shapes = [_shape(nodes, int(rows[at])) for at in first]
        self._seen = _Seen(rows, np.maximum(nodes.free[:, rows], 0), shapes, shape_of.reshape(-1))
        self._version = nodes.version
        return self._seen

    def _fits(self, requirements: Mapping[str, Any]) -> int:
        nodes, seen = self._bench.nodes, self._look()
        claim = requirements.get("nodeClaim") or {}
        tolerations = tolerations_of(claim.get("tolerations"))
        if _reads_names(claim):
            admitted = [
                takes(room, tolerations) and node_matches(room, claim)
                for room in (self._named(at) for at in range(len(seen.rows)))
            ]
            taking = np.flatnonzero(admitted)
        else:
            admitted = [takes(s, tolerations) and node_matches(s, claim) for s in seen.shapes]
            taking = np.flatnonzero(np.array(admitted, dtype=bool)[seen.shape_of])
        fits = seen.free[nodes.resource_index(PODS)][taking]
        for resource, need in node_units(requirements.get("resourceRequest") or {}).items():
            if nodes.counts(resource):
                at = nodes.resource_index(resource)
                if at >= len(seen.free):
                    return 0
                fits = np.minimum(fits, seen.free[at][taking] // need)
        return int(fits.sum())

    def _named(self, column: int, free: Mapping[str, int] | None = None) -> NodeRoom:
        """Return one node with its name and hostname label."""
        seen = self._look()
        shape = seen.shapes[int(seen.shape_of[column])]
        name = self._bench.nodes.names[int(seen.rows[column])]
        labels = {HOSTNAME: name, **shape.labels}
        return NodeRoom(name, labels, shape.taints, shape.unschedulable, free or {})

    def _rooms(self) -> list[NodeRoom]:
        seen, resources = self._look(), self._bench.nodes.resources
        return [
            self._named(
                at, {name: int(c) for name, c in zip(resources, seen.free[:, at], strict=False)}
            )
            for at in range(len(seen.rows))
        ]

    # ── pods and quotas ────────────────────────────────────────────────────────────────────────

    def _stuck_of(self, deployment: Manifest) -> tuple[float, ...]:
        """Return since when each pod without a node waits (s), of the newest ReplicaSet."""
        bench = self._bench
        template = spec_of(deployment).get("template") or {}
        owned = bench.owned_by(deployment, "ReplicaSet")
        current = next((each for each in owned if same_template(each, template)), None)
        workload = None if current is None else bench.known_workload(uid_of(current))
        if workload is None or workload.index not in bench.lifecycle.scheduler.messages:
            return ()
        rows = bench.pods.rows_of(workload, State.PENDING)
        # A condition's time is in whole seconds, and stays that of the pod's first try.
        return tuple(float(np.floor(bench.pods.created_s[row])) for row in rows)

    def _all_stuck(self) -> dict[tuple[str, str], tuple[float, ...]]:
        found = self._bench.store.list(*_DEPLOYMENT)
        return {(namespace_of(each), name_of(each)): self._stuck_of(each) for each in found}

    def _quotas_of(self, namespace: str) -> list[Manifest]:
        if self._quotas is None:
            return self._bench.store.list(*_QUOTA, namespace)
        return [each for each in self._quotas if namespace_of(each) == namespace]


def _shape(nodes: NodeTable, row: int) -> NodeRoom:
    """Return what nodes of one shape share; the hostname label is added where it matters."""
    labels = dict(nodes.classes[nodes.class_of[row]].labels)
    return NodeRoom("", labels, nodes.taints(row), bool(nodes.unschedulable[row]), {})


def _reads_names(claim: Mapping[str, Any]) -> bool:
    """Tell whether a node claim looks at names of nodes, not only at what equal nodes share."""
    if HOSTNAME in (claim.get("nodeSelector") or {}):
        return True
    terms = (claim.get("hardNodeAffinity") or {}).get("nodeSelectorTerms") or ()
    return any(
        term.get("matchFields")
        or any(part.get("key") == HOSTNAME for part in term.get("matchExpressions") or ())
        for term in terms
    )
