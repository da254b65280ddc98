"""Execution controller: a Work becomes an object in its member, and stays as it is written.

Source: Karmada v1.19 `pkg/controllers/execution/execution_controller.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lab.controllers.adoption import conflict_message, may_update, stripped, update_for
from lab.controllers.lineage import (
    CLUSTER,
    WORK,
    QueueFactory,
    cluster_key,
    cluster_of_namespace,
    cluster_ready,
    execution_namespace,
    key_in_hub,
    managed,
    manifest_of_work,
    member_key,
    without_finalizer,
    work_key_of_member,
    works_by_kind,
)
from lab.controllers.member_writes import MemberWrites, version_of
from lab.controllers.scope import PUSH_MEMBERS, Scope
from lab.controllers.watching import generation_changed, hub_change, only_status_changed
from lab.controllers.work_conditions import (
    APPLIED,
    condition_patch,
    dispatching,
    failed,
    not_applied,
    patched,
    sync_failed,
)
from lab.core.interpreter import Interpreter, prune
from lab.core.interpreter.fields import InterpretError
from lab.core.labels import (
    CLUSTER_POLICY_ID,
    CLUSTER_POLICY_NAME,
    EXECUTION_FINALIZER,
    MANAGED_RESOURCE_ANNOTATIONS,
    MANAGED_RESOURCE_LABELS,
    POLICY_ID,
    POLICY_NAME,
    POLICY_NAMESPACE,
)
from lab.core.manifest import (
    Manifest,
    is_deleting,
    name_of,
    spec_of,
    uid_of,
)
from lab.core.model import (
    HUB,
    Action,
    Answered,
    Create,
    Delete,
    Due,
    Event,
    Index,
    Key,
    Note,
    Observed,
    Plan,
    Queue,
    Subscribe,
    Synced,
    Update,
    View,
    key_of,
)
from lab.core.settings import KarmadaSettings

LIST_CHECK_S = 5.0
"""How soon a Work looks again whether the list another one asked for has come."""


class ExecutionController:
    """Applies Works to their members, repairs drift, and takes objects back.

    It remembers the version each member object had after the last write, so that it knows its own
    changes from those of others.
    """

    name = "execution-controller"

    def __init__(
        self,
        settings: KarmadaSettings,
        interpreter: Interpreter,
        queues: QueueFactory,
        scope: Scope = PUSH_MEMBERS,
    ) -> None:
        self.client, self.cluster = scope.client, scope.own
        self._scope = scope
        self.workers = settings.concurrent_work_syncs
        self._settings = settings
        self.indexes: Sequence[Index] = (works_by_kind(),)
        self._interpreter = interpreter
        self._queues = queues
        self._writes = MemberWrites()

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    # ── events ─────────────────────────────────────────────────────────────────────────────────

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Works come by a new spec, by drift of their object, and when a kind's list is there."""
        if isinstance(event, Answered):
            self._writes.learn(event)
            return ()
        if isinstance(event, Synced):
            mine = self._scope.covers(view, event.cluster)
            return [Due(key) for key in _works_of(view, event)] if mine else ()
        if isinstance(event, Observed) and event.key.cluster != HUB:
            return self._drifted(event) if self._scope.covers(view, event.key.cluster) else ()
        if (cluster := hub_change(event, *CLUSTER)) is not None:
            if cluster.object is None:
                self._writes.forget(cluster.key.name)
            return self._recovered(cluster, view)
        change = hub_change(event, *WORK)
        if change is None or not generation_changed(change):
            return ()
        mine = self._scope.covers(view, cluster_of_namespace(change.key.namespace))
        return (Due(change.key),) if mine else ()

    def _recovered(self, change: Observed, view: View) -> Iterable[Due]:
        """Works to be deleted wait for their back-off, also when their cluster is back (quirk)."""
        old, new = change.old, change.object
        if self._settings.quirk("surplusAfterRecovery") or old is None or new is None:
            return ()
        if cluster_ready(old) or not cluster_ready(new):
            return ()
        works = view.list(HUB, *WORK, execution_namespace(change.key.name))
        return [Due(key_in_hub(work)) for work in works if is_deleting(work)]

    def _drifted(self, event: Observed) -> Iterable[Due]:
        subject = event.old if event.object is None or event.old is not None else event.object
        work_key = None if subject is None or not managed(subject) else work_key_of_member(subject)
        if work_key is None:
            return ()
        if event.object is None:
            return (Due(work_key),)
        recorded = self._writes.versions.get(event.key)
        if recorded is None or recorded == version_of(event.object):
            return ()
        if event.old is not None and (
            only_status_changed(event.old, event.object) or prune(event.old) == prune(event.object)
        ):
            return ()
        return (Due(work_key),)

    # ── one Work ───────────────────────────────────────────────────────────────────────────────

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Work -> its object in the member as the manifest says, and the conditions."""
        work = view.get(key)
        name = cluster_of_namespace(key.namespace)
        if work is None or name is None:
            return Plan()
        cluster = view.get(cluster_key(name))
        if cluster is None:
            return Plan(error=f'clusters.cluster.karmada.io "{name}" not found')
        target = member_key(work, name)
        if is_deleting(work):
            return self._delete(view, work, target, cluster, now_s)
        suspended = bool(spec_of(work).get("suspendDispatching"))
        actions, notes = dispatching(key, work, suspended, now_s)
        if suspended:
            return Plan(actions, notes=notes)
        if not cluster_ready(cluster):
            return Plan(actions, notes=notes, error=f"cluster({name}) not ready")
        if target is None:
            return Plan(actions, notes=notes)
        if not view.synced(*target[:3]):
            refused = self._writes.unlisted.get(target[:3])
            if refused is not None:
                work = patched(work, actions)
                actions += condition_patch(key, work, not_applied(refused), now_s)
                notes.append(sync_failed(key, target, refused))
            return self._await_list(key, target, now_s, actions, notes)
        work = patched(work, actions)
        return self._apply(view, key, work, target, now_s, actions, notes)

    def _await_list(
        self,
        key: Key,
        target: Key,
        now_s: float,
        actions: Sequence[Action] = (),
        notes: Sequence[Note] = (),
    ) -> Plan:
        """Ask for the member's list of a kind; its end brings all Works of the kind back.

        A Work that asked and is back without the list, or one that has waited for another's, asks
        (again): the write before the question may have been refused.
        """
        asker, asked_s = self._writes.asked.get(target[:3], (key, now_s))
        if asker != key and now_s < round(asked_s + LIST_CHECK_S, 6):
            return Plan(actions, LIST_CHECK_S, notes=notes)
        self._writes.asked[target[:3]] = (key, now_s)
        return Plan([*actions, Subscribe(*target[:3])], notes=notes)

    def _apply(
        self,
        view: View,
        key: Key,
        work: Manifest,
        target: Key,
        now_s: float,
        before: Sequence[Action],
        notes: Sequence[Note],
    ) -> Plan:
        desired = manifest_of_work(work)
        assert desired is not None
        try:
            writes = self._write(view, target, desired)
        except (InterpretError, _UnmanagedError) as error:
            return failed(key, work, target, str(error), now_s, before, notes)
        actions = [*before]
        refused = self._writes.errors.get(target)
        if refused is not None:
            actions += condition_patch(key, work, not_applied(refused), now_s)
            notes = [*notes, sync_failed(key, target, refused)]
            work = patched(work, actions)
        actions += writes
        done = condition_patch(key, work, APPLIED, now_s)
        if writes or done:
            text = f"Sync work({key.namespace}/{key.name}) to cluster({target.cluster}) successful."
            notes = [*notes, Note(key, "Normal", "SyncSucceed", text)]
        return Plan([*actions, *done], notes=notes)

    def _write(self, view: View, target: Key, desired: Manifest) -> list[Action]:
        observed = view.get(target)
        if observed is None:
            return [Create(target.cluster, desired)]
        if not may_update(desired, observed):
            raise _UnmanagedError(conflict_message(desired, target.cluster))
        wanted, differs = update_for(desired, observed, self._interpreter)
        if differs:
            return [Update(target.cluster, wanted)]
        self._writes.versions[target] = version_of(observed)
        self._writes.errors.pop(target, None)
        return []

    # ── the way out ────────────────────────────────────────────────────────────────────────────

    def _delete(
        self, view: View, work: Manifest, target: Key | None, cluster: Manifest, now_s: float
    ) -> Plan:
        freed = without_finalizer(work, EXECUTION_FINALIZER)
        last: list[Action] = [] if freed is work else [Update(HUB, freed)]
        if target is None:
            return Plan(last)
        if spec_of(work).get("preserveResourcesOnDeletion"):
            return self._preserve(view, work, target, last, now_s)
        if not cluster_ready(cluster):
            if not is_deleting(cluster):
                return Plan(error=f"cluster({name_of(cluster)}) not ready")
            return Plan(last)
        if not view.synced(*target[:3]):
            return self._await_list(key_of(work), target, now_s)
        observed = view.get(target)
        if observed is None or not managed(observed):
            return Plan(last)
        if self._writes.deleted.get(target) == uid_of(observed):
            return Plan(last)
        return Plan([Delete(target, "Background", uid_of(observed)), *last])

    def _preserve(
        self, view: View, work: Manifest, target: Key, last: Sequence[Action], now_s: float
    ) -> Plan:
        """Take Karmada's marks off the member object and leave it where it is."""
        if not view.synced(*target[:3]):
            return self._await_list(key_of(work), target, now_s)
        observed = view.get(target)
        desired = manifest_of_work(work)
        assert desired is not None
        if observed is None:
            return Plan(error=f'{target.kind} "{target.name}" not found')
        claims = (POLICY_ID,) if target.namespace else (CLUSTER_POLICY_ID,)
        marks = (POLICY_NAMESPACE, POLICY_NAME) if target.namespace else (CLUSTER_POLICY_NAME,)
        bare = stripped(
            desired, (*claims, *MANAGED_RESOURCE_LABELS), (*marks, *MANAGED_RESOURCE_ANNOTATIONS)
        )
        if not may_update(bare, observed):
            return Plan(error=conflict_message(bare, target.cluster))
        try:
            wanted, differs = update_for(bare, observed, self._interpreter)
        except InterpretError as error:
            return Plan(error=str(error))
        return Plan([*([Update(target.cluster, wanted)] if differs else []), *last])


class _UnmanagedError(Exception):
    """The object found in the member is not Karmada's to change."""


def _works_of(view: View, event: Synced) -> Iterator[Key]:
    value = (event.cluster, event.api_version, event.kind)
    for work in view.by_index(works_by_kind().name, value):
        metadata = work["metadata"]
        yield Key(HUB, *WORK, metadata["namespace"], metadata["name"])
