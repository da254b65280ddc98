"""Namespace sync: every namespace that is not reserved goes to every member.

Source: Karmada v1.19 `pkg/controllers/namespace/namespace_sync_controller.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lab.controllers.bindings import works_to_write
from lab.controllers.lineage import (
    CLUSTER,
    CLUSTER_OVERRIDE_POLICY,
    MANAGER,
    NAMESPACE,
    QueueFactory,
    namespace_key,
)
from lab.controllers.selecting import OVERRIDE_INDEXES, override_policies
from lab.controllers.watching import hub_change
from lab.core.claiming import resource_selectors
from lab.core.errors import LabError
from lab.core.manifest import Manifest, is_deleting, name_of
from lab.core.model import HUB, Due, Event, Index, Key, Observed, Plan, Queue, View
from lab.core.overrides import OverridePolicies
from lab.core.reserved import is_auto_propagated_namespace
from lab.core.settings import KarmadaSettings
from lab.core.work import RenderedWork, RenderedWorks, namespace_work


class NamespaceSync:
    """Keeps a Work for each namespace and member; the namespace owns it."""

    name = "namespace-sync-controller"
    client = MANAGER
    indexes: Sequence[Index] = OVERRIDE_INDEXES

    def __init__(self, settings: KarmadaSettings, queues: QueueFactory) -> None:
        self.workers = settings.concurrent_namespace_syncs
        self._settings = settings
        self._queues = queues

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Namespaces come by their changes, with a new member, and with cluster-wide overrides."""
        if (change := hub_change(event, *NAMESPACE)) is not None:
            return (Due(change.key),) if change.object is not None else ()
        if (change := hub_change(event, *CLUSTER)) is not None:
            return self._all(view) if change.old is None else ()
        change = hub_change(event, *CLUSTER_OVERRIDE_POLICY)
        return () if change is None else self._overridden(change, view)

    def _all(self, view: View) -> list[Due]:
        return [Due(namespace_key(name_of(each))) for each in view.list(HUB, *NAMESPACE)]

    def _overridden(self, change: Observed, view: View) -> Iterable[Due]:
        names: dict[str, None] = {}
        for policy in (change.old, change.object):
            for selector in () if policy is None else resource_selectors(policy):
                if (selector.get("apiVersion"), selector.get("kind")) != NAMESPACE:
                    continue
                if not selector.get("name"):
                    return self._all(view)
                names[str(selector["name"])] = None
        return [Due(namespace_key(name)) for name in names]

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Namespace -> one Work per member."""
        namespace = view.get(key)
        if namespace is None or is_deleting(namespace):
            return Plan()
        if not is_auto_propagated_namespace(namespace, self._settings):
            return Plan()
        policies = override_policies(view, namespace)
        rendered = _rendered(namespace, view.list(HUB, *CLUSTER), policies)
        actions, errors, decisions = works_to_write(view, rendered)
        reason = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
        return Plan(actions, decisions=decisions, error=reason if errors else None)


def _rendered(
    namespace: Manifest, clusters: Sequence[Manifest], policies: OverridePolicies
) -> RenderedWorks:
    works: list[RenderedWork] = []
    errors: dict[str, LabError] = {}
    for cluster in clusters:
        try:
            works.append(namespace_work(namespace, cluster, policies))
        except LabError as error:
            errors[name_of(cluster)] = error
    return RenderedWorks(tuple(works), errors)
