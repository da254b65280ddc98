"""Binding controllers: one Work per target cluster; Works anywhere else are removed.

Source: Karmada v1.19 `pkg/controllers/binding/{binding_controller,common}.go`. What a Work holds is
decided in `lab.core.work`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lab.controllers.lineage import (
    BINDING,
    CLUSTER_OVERRIDE_POLICY,
    MANAGER,
    OVERRIDE_POLICY,
    Kind,
    QueueFactory,
    binding_id,
    cluster_key,
    id_value,
    key_in_hub,
    namespace_key,
    without_finalizer,
    works_by_binding,
)
from lab.controllers.override_records import override_decision, override_notes
from lab.controllers.selecting import OVERRIDE_INDEXES, override_policies
from lab.controllers.watching import generation_changed, hub_change
from lab.core.binding import resource_key
from lab.core.claiming import matches_any, resource_selectors
from lab.core.errors import LabError
from lab.core.interpreter import Interpreter
from lab.core.labels import BINDING_FINALIZER, CLUSTER_BINDING_FINALIZER
from lab.core.manifest import Manifest, is_deleting, spec_of
from lab.core.model import (
    HUB,
    Action,
    Create,
    Decision,
    Delete,
    Due,
    Event,
    Index,
    Key,
    Note,
    Observed,
    Plan,
    Queue,
    Update,
    View,
)
from lab.core.settings import KarmadaSettings
from lab.core.work import (
    RenderedWorks,
    cluster_of_work,
    directly_purged_clusters,
    existing_clusters,
    merge_work,
    render_works,
    target_clusters,
)

DIRECT_PURGE_CHECK_S = 5.0


class BindingController:
    """One loop per kind of binding.

    Args:
        kind: ResourceBinding or ClusterResourceBinding.
        settings: Worker counts and gates.
        interpreter: Knows how replicas of a kind are revised.
        queues: Makes the queue.
    """

    client = MANAGER

    def __init__(
        self, kind: Kind, settings: KarmadaSettings, interpreter: Interpreter, queues: QueueFactory
    ) -> None:
        namespaced = kind == BINDING
        self.name = "binding-controller" if namespaced else "cluster-resource-binding-controller"
        self.workers = (
            settings.concurrent_resourcebinding_syncs
            if namespaced
            else settings.concurrent_clusterresourcebinding_syncs
        )
        self.indexes: Sequence[Index] = (works_by_binding(), *OVERRIDE_INDEXES)
        self._kind = kind
        self._finalizer = BINDING_FINALIZER if namespaced else CLUSTER_BINDING_FINALIZER
        self._settings = settings
        self._interpreter = interpreter
        self._queues = queues

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    # ── events ─────────────────────────────────────────────────────────────────────────────────

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Bindings come with a new spec, and when override policies of their template change."""
        change = hub_change(event, *self._kind)
        if change is not None:
            return (Due(change.key),) if generation_changed(change) else ()
        change = hub_change(event, *CLUSTER_OVERRIDE_POLICY)
        if change is None and self._kind == BINDING:
            change = hub_change(event, *OVERRIDE_POLICY)
        if change is None or not generation_changed(change):
            return ()
        return [Due(key) for key in self._overridden(change, view)]

    def _overridden(self, change: Observed, view: View) -> Iterator[Key]:
        """Yield the bindings that an override policy is about, before or after its change."""
        policies = [policy for policy in (change.old, change.object) if policy is not None]
        for binding in view.list(HUB, *self._kind, change.key.namespace or None):
            if any(_concerns(view, policy, binding) for policy in policies):
                yield key_in_hub(binding)

    # ── one binding ────────────────────────────────────────────────────────────────────────────

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Binding -> one Work per target; Works in other clusters are deleted."""
        binding = view.get(key)
        if binding is None:
            return Plan()
        works = list(view.by_index(works_by_binding().name, id_value(binding)))
        if not binding_id(binding):
            works = []
        if is_deleting(binding):
            actions: list[Action] = [_delete(work) for work in works if not is_deleting(work)]
            freed = without_finalizer(binding, self._finalizer)
            return Plan([*actions, Update(HUB, freed)] if freed is not binding else actions)
        expected = set(existing_clusters(spec_of(binding)))
        orphans = [work for work in works if cluster_of_work(work) not in expected]
        actions = [_delete(work) for work in orphans if not is_deleting(work)]
        purged = directly_purged_clusters(spec_of(binding))
        if any(cluster_of_work(work) in purged for work in works):
            return Plan(actions, DIRECT_PURGE_CHECK_S)
        template = view.get(resource_key(binding))
        if template is None:
            return Plan(actions)
        return self._sync(view, key, binding, template, actions)

    def _sync(
        self, view: View, key: Key, binding: Manifest, template: Manifest, actions: list[Action]
    ) -> Plan:
        targets = [str(target.get("name")) for target in target_clusters(spec_of(binding))]
        clusters = {
            name: found for name in targets if (found := view.get(cluster_key(name))) is not None
        }
        policies = override_policies(view, template)
        try:
            rendered = render_works(
                template, binding, clusters, policies, self._interpreter, self._settings
            )
        except LabError as error:
            return Plan(actions, notes=_failure(key, template, str(error)), error=str(error))
        written, errors, decisions = works_to_write(view, rendered)
        actions += written
        notes = list(override_notes(template, rendered)) if written or errors else []
        if errors:
            reason = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
            notes += _failure(key, template, reason)
            return Plan(actions, notes=notes, decisions=decisions, error=reason)
        if written:
            place = f"{key.namespace}/{key.name}" if key.namespace else key.name
            text = f"Sync work of {key.kind}({place}) successful."
            notes += [
                Note(each, "Normal", "SyncWorkSucceed", text)
                for each in (key, key_in_hub(template))
            ]
        return Plan(actions, notes=notes, decisions=decisions)


def works_to_write(
    view: View, rendered: RenderedWorks
) -> tuple[list[Action], list[str], list[Decision]]:
    """Return the writes that bring Works up to date, what stands in the way, and how they came out.

    A cluster whose execution namespace is missing or going away is left out, so that its refusal
    does not hold up the others.
    """
    actions: list[Action] = []
    errors = [str(error) for error in rendered.errors.values()]
    decisions: list[Decision] = []
    for each in rendered.works:
        key = key_in_hub(each.work)
        standing = view.get(key)
        space = view.get(namespace_key(key.namespace))
        try:
            wanted = each.work if standing is None else merge_work(standing, each.work)
        except LabError as error:
            errors.append(str(error))
            continue
        if wanted is standing:
            continue
        if standing is None and (space is None or is_deleting(space)):
            errors.append(f'namespaces "{key.namespace}" not found or being terminated')
            continue
        actions.append(Create(HUB, wanted) if standing is None else Update(HUB, wanted))
        decisions += override_decision(key, each)
    return actions, errors, decisions


def _concerns(view: View, policy: Manifest, binding: Manifest) -> bool:
    selectors = resource_selectors(policy)
    if not selectors:
        return True
    template = view.get(resource_key(binding))
    return template is not None and matches_any(template, selectors)


def _delete(work: Manifest) -> Delete:
    return Delete(key_in_hub(work))


def _failure(key: Key, template: Manifest, reason: str) -> list[Note]:
    subjects = (key, key_in_hub(template))
    return [Note(each, "Warning", "SyncWorkFailed", reason) for each in subjects]
