"""What the workload models share: the store, the pods, and a queue of keys to look at again.

A model is level-triggered: it compares what an object asks for with what is there. It is asked to
look again some `controllerSync` after anything it reads has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from lab.backends.simulated.agenda import Agenda
from lab.backends.simulated.api.api_gate import ApiGate
from lab.backends.simulated.pods.lifecycle import Lifecycle
from lab.backends.simulated.pods.nodes import NodeTable
from lab.backends.simulated.pods.pods import PodTable, Rows
from lab.backends.simulated.pods.workload import Naming, Owner, Workload, new_workload
from lab.backends.simulated.timings import Timings
from lab.core.errors import ApiError
from lab.core.manifest import Manifest, get_in, namespace_of, status_of, uid_of
from lab.core.model import Key, key_of
from lab.store.api_store import ApiStore
from lab.store.changes import Change


class Model(Protocol):
    """One controller of a real cluster."""

    api_version: str
    kind: str

    def reconcile(self, key: Key, now_s: float) -> None:
        """Make the world a little more like the object of that name; it may be gone."""


class Workbench:
    """Shared by all models of one member."""

    def __init__(
        self,
        name: str,
        store: ApiStore,
        agenda: Agenda,
        nodes: NodeTable,
        timings: Timings,
        chance: Callable[[str], np.random.Generator],
    ) -> None:
        self.name, self.store, self.agenda, self.timings = name, store, agenda, timings
        self.nodes = nodes
        self._chance = chance
        self._chances: dict[str, np.random.Generator] = {}
        self.api = ApiGate(agenda, timings.leader_renew_deadline, timings.leader_retry)
        self.pods = PodTable(self._pods_touched)
        self.lifecycle = Lifecycle(agenda, nodes, self.pods, timings, chance, self.api)
        self._models: dict[tuple[str, str], Model] = {}
        self._asked: dict[tuple[str, Key], float] = {}
        self._owned: dict[str, dict[Key, None]] = {}
        self._workloads: dict[tuple[str, str], Workload] = {}
        self._revisions: dict[str, dict[str, Workload]] = {}
        self._uids: dict[Key, str] = {}
        self.quota: Callable[[Workload, int], tuple[int, str]] | None = None
        """Says how many more pods of a workload may be created, and what refuses the next."""
        self.refusals: dict[int, str] = {}
        """Why pods of a workload (by index) could not be created."""
        self.pod_listeners: list[Callable[[list[int]], None]] = []
        """Called with the indexes of workloads whose pods changed."""
        self.node_listeners: list[Callable[[], None]] = []

    # ── models and their queue ─────────────────────────────────────────────────────────────────

    def add_model(self, model: Model) -> None:
        """Let a model take part."""
        self._models[model.api_version, model.kind] = model

    def ask(self, key: Key, after_s: float | None = None) -> None:
        """Have the model of a key's kind look at it after a while (default: controllerSync)."""
        model = self._models.get((key.api_version, key.kind))
        if model is None:
            return
        wait_s = self.timings.controller_sync if after_s is None else after_s
        now_s = self.agenda.now_s
        # A wait below the clock's step must still let time pass, or "not yet" would ask for ever.
        due_s = round(max(now_s + wait_s, now_s + (1e-6 if wait_s > 0 else 0.0)), 6)
        identity = (key.api_version, key)
        planned_s = self._asked.get(identity)
        if planned_s is not None and planned_s <= due_s:
            return
        self._asked[identity] = due_s

        def look(now_s: float) -> None:
            if self._asked.get(identity) == due_s and not self.api.hold(look):
                del self._asked[identity]
                model.reconcile(key, now_s)

        self.agenda.at(due_s, look)

    def changed(self, change: Change) -> None:
        """Take note of a change in the store: its own model and its owner's look again."""
        manifest = change.object
        key = key_of(manifest, self.name)
        owner = controller_of(manifest)
        if owner is not None:
            uid = str(owner.get("uid"))
            if change.type == "DELETED":
                owned = self._owned.get(uid, {})
                owned.pop(key, None)
                if not owned:
                    self._owned.pop(uid, None)
            else:
                self._owned.setdefault(uid, {})[key] = None
            self.ask_owner(manifest)
        if not _only_status(change):
            self.ask(key)

    def ask_owner(self, manifest: Manifest) -> None:
        """Have the model of an object's controller look at that one."""
        owner = controller_of(manifest)
        if owner is not None:
            kind, name = str(owner.get("kind")), str(owner.get("name"))
            api_version = str(owner.get("apiVersion"))
            self.ask(Key(self.name, api_version, kind, namespace_of(manifest), name))

    def chance(self, purpose: str) -> np.random.Generator:
        """Return this member's source of chance for one purpose."""
        if purpose not in self._chances:
            self._chances[purpose] = self._chance(purpose)
        return self._chances[purpose]

    # ── objects ────────────────────────────────────────────────────────────────────────────────

    def owned_by(self, owner: Manifest, kind: str) -> list[Manifest]:
        """Return the stored objects of a kind that an object controls, oldest first."""
        keys = [key for key in self._owned.get(uid_of(owner), {}) if key.kind == kind]
        found = [self.store.find(key) for key in keys]
        return [manifest for manifest in found if manifest is not None]

    def write_status(self, manifest: Manifest, status: Mapping[str, Any], now_s: float) -> None:
        """Write an object's status, if it differs."""
        if status == status_of(manifest):
            return
        self.store.update({**manifest, "status": dict(status)}, now_s, subresource="status")

    def write(self, manifest: Manifest, now_s: float) -> Manifest:
        """Write an object (all but its status)."""
        return self.store.update(manifest, now_s)

    def create(self, manifest: Manifest, now_s: float) -> Manifest | None:
        """Create an object; None if the name is taken or its namespace is going away."""
        try:
            return self.store.create(manifest, now_s)
        except ApiError:
            return None

    def remove(self, key: Key, now_s: float, propagation: str = "Background") -> None:
        """Delete an object if it is there."""
        if self.store.find(key) is not None:
            self.store.delete(key, now_s, propagation=propagation)

    # ── pods ───────────────────────────────────────────────────────────────────────────────────

    def workload(
        self,
        owner: Owner,
        revision: str,
        naming: Naming,
        base_name: str,
        template: Manifest,
        span: int = 1,
    ) -> Workload:
        """Return the workload of an owner's revision; made at its first use."""
        identity = (owner.uid, revision)
        known = self._workloads.get(identity)
        if known is None:
            known = self._workloads[identity] = self.pods.add_workload(
                lambda index: new_workload(
                    index, owner.namespace, base_name, naming, owner, template, self.timings
                )
            )
            known.span = max(1, span)
            self._revisions.setdefault(owner.uid, {})[revision] = known
        return known

    def workloads_of(self, uid: str) -> list[Workload]:
        """Return all workloads of an owner, in the order of first use."""
        return list(self._revisions.get(uid, {}).values())

    def revisions_of(self, uid: str) -> Mapping[str, Workload]:
        """Return the workloads of an owner by revision, in the order of first use."""
        return self._revisions.get(uid, {})

    def known_workload(self, uid: str, revision: str = "") -> Workload | None:
        """Return a workload if it has been used."""
        return self._workloads.get((uid, revision))

    def drop_workload(self, uid: str, revision: str, now_s: float) -> None:
        """The owner (or its revision) is gone: its pods are deleted."""
        known = self._workloads.pop((uid, revision), None)
        if known is not None:
            self._revisions[uid].pop(revision)
            if not self._revisions[uid]:
                del self._revisions[uid]
            rows = self.pods.rows_of(known)
            self.lifecycle.terminate(rows, now_s)
            self.pods.retire(known)

    def owner_at(self, key: Key, now_s: float) -> Manifest | None:
        """Return the object of a key; pods of an object that was there before it are deleted."""
        found = self.store.find(key)
        known = self._uids.get(key)
        if known is not None and (found is None or uid_of(found) != known):
            for revision in list(self.revisions_of(known)):
                self.drop_workload(known, revision, now_s)
            del self._uids[key]
        if found is not None:
            self._uids[key] = uid_of(found)
        return found

    def grow(self, workload: Workload, count: int, now_s: float) -> None:
        """Create pods with fresh random names."""
        serials = list(range(workload.serial, workload.serial + count))
        workload.serial += self.create_pods(workload, serials, now_s)

    def create_pods(self, workload: Workload, serials: list[int], now_s: float) -> int:
        """Create pods as far as quotas admit them, and return how many."""
        self.refusals.pop(workload.index, None)
        allowed = len(serials)
        if self.quota is not None and serials:
            allowed, refusal = self.quota(workload, allowed)
            if refusal:
                self.refusals[workload.index] = refusal
        self.lifecycle.create(workload, serials[:allowed], now_s)
        return allowed

    def delete_pods(self, rows: Rows, now_s: float) -> None:
        """Delete pods."""
        self.lifecycle.terminate(rows, now_s)

    def node_changed(self, now_s: float) -> None:
        """A node was edited or removed: whatever waits for nodes looks again."""
        self.lifecycle.scheduler.wake(now_s)
        for listener in self.node_listeners:
            listener()

    def _pods_touched(self, indexes: list[int]) -> None:
        for index in indexes:
            workload = self.pods.workloads[index]
            if workload is not None and workload.owner is not None:
                owner = workload.owner
                self.ask(Key(self.name, owner.api_version, owner.kind, owner.namespace, owner.name))
        for listener in self.pod_listeners:
            listener(indexes)


def _only_status(change: Change) -> bool:
    """Tell whether nothing but the status changed: the object's own model wrote that itself."""
    old, new = change.old, change.object
    if change.type != "MODIFIED" or old is None or old.get("spec") is not new.get("spec"):
        return False
    before, after = old["metadata"], new["metadata"]
    ignored = ("resourceVersion", "managedFields")
    return all(after.get(key) == value for key, value in before.items() if key not in ignored) and (
        before.keys() - set(ignored) == after.keys() - set(ignored)
    )


def controller_of(manifest: Manifest) -> Mapping[str, Any] | None:
    """Return the controlling owner reference of an object, or None."""
    for reference in get_in(manifest, ("metadata", "ownerReferences")) or ():
        if reference.get("controller"):
            found: Mapping[str, Any] = reference
            return found
    return None


def owner_of(manifest: Manifest) -> Owner:
    """Return an object as the owner of its pods."""
    key = key_of(manifest)
    return Owner(key.api_version, key.kind, key.namespace, key.name, uid_of(manifest))
