"""Going back to an earlier version: what a server's store is after its last writes were lost.

Objects become what they were; they get new versions, as after a restore that bumps the revision, so
that no version ever means two states. Virtual collections have no past and stay as they are.
"""

from __future__ import annotations

from typing import NamedTuple

from lab.core.kinds import crd_kinds
from lab.core.manifest import Manifest, uid_of
from lab.store.collection import Collection
from lab.store.deletion import Remover
from lab.store.objects import ObjectTable


class _Lost(NamedTuple):
    """An object whose writes are lost: as it was, and as it is."""

    collection: Collection
    namespace: str
    name: str
    was: Manifest | None
    now: Manifest | None


def rewind(table: ObjectTable, remover: Remover, version: int) -> int:
    """Bring all stored objects back to a version, as far as the history goes; return how many.

    Listeners and watches are told of it as of writes.
    """
    lost = _lost_since(table, version)
    for each in lost:
        if each.was is not None:
            _restore(table, each, each.was)
    for each in reversed(lost):
        if each.was is None and each.now is not None:
            _remove(table, each, each.now)
    remover.look_again()
    return len(lost)


def _lost_since(table: ObjectTable, version: int) -> list[_Lost]:
    """Return what differs; namespaces come first, for all else lives in them."""
    collections = [each for each in table.collections() if each.virtual is None]
    collections.sort(key=lambda each: each is not table.namespaces)
    found: list[_Lost] = []
    for collection in collections:
        before: dict[tuple[str, str], Manifest | None] = {}
        for change in collection.history[collection.after(version) :]:
            meta = change.object["metadata"]
            place = (meta.get("namespace") or "", meta["name"])
            before.setdefault(place, None if change.type == "ADDED" else change.old)
        for (namespace, name), was in before.items():
            now = collection.find(namespace, name)
            if was is not now:
                found.append(_Lost(collection, namespace, name, was, now))
    return found


def _restore(table: ObjectTable, lost: _Lost, was: Manifest) -> None:
    now = lost.now
    if now is not None and uid_of(now) != uid_of(was):
        _remove(table, lost, now)
        now = None
    if lost.collection.is_definition:
        table.learn(crd_kinds(was))
    restored = {**was, "metadata": {**was["metadata"]}}
    table.commit(
        "ADDED" if now is None else "MODIFIED",
        lost.collection,
        lost.namespace,
        lost.name,
        restored,
        now,
    )


def _remove(table: ObjectTable, lost: _Lost, now: Manifest) -> None:
    gone = {**now, "metadata": {**now["metadata"]}}
    table.commit("DELETED", lost.collection, lost.namespace, lost.name, gone, now)
    if lost.collection.is_definition:
        table.unlearn(crd_kinds(now))
