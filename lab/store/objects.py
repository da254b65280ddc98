"""The objects of a store, their versions, owners and listeners. No API rules: see api_store."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab.core.kinds import Kind, KindRegistry, guess
from lab.core.manifest import Manifest
from lab.store import refusals
from lab.store.changes import Change, ChangeType
from lab.store.collection import Collection

Listener = Callable[[Change], None]
Place = tuple[Collection, str, str]
"""Where an object stands: collection, namespace, name."""


class ObjectTable:
    """Collections by kind, one version counter, the owners' index, and who is told of changes."""

    def __init__(self, kinds: KindRegistry, history_limit: int) -> None:
        self.kinds = kinds
        self.version = 0
        self.namespaces = Collection(
            kinds.get("v1", "Namespace") or Kind("v1", "Namespace", "namespaces", namespaced=False)
        )
        self._history_limit = history_limit
        self._trim_at = history_limit + max(history_limit // 4, 1)
        self._served: dict[tuple[str, str], Collection] = {("v1", "Namespace"): self.namespaces}
        self._stored: dict[tuple[str, str], Collection] = {("", "Namespace"): self.namespaces}
        self._dependents: dict[str, dict[Place, None]] = {}
        self._places: dict[str, Place] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._pending: deque[tuple[Change, Collection]] = deque()
        self._telling = False

    # ── collections ────────────────────────────────────────────────────────────────────────────

    def collection(self, api_version: str, kind: str, namespace: str = "") -> Collection:
        """Return the collection of a kind; `namespace` helps to guess the scope of unknown kinds.

        Raises:
            ApiError: NotFound, if this server does not serve the kind.
        """
        found = self._served.get((api_version, kind))
        return found if found is not None else self._open(api_version, kind, namespace)

    def _open(self, api_version: str, kind: str, namespace: str) -> Collection:
        known = self.kinds.get(api_version, kind)
        if known is None:
            if not api_version or not kind or self.kinds.is_missing(api_version, kind):
                raise refusals.not_served()
            known = guess(api_version, kind, namespaced=bool(namespace))
            stored = known
        else:
            stored = self.kinds.preferred(known.group, known.kind) or known
        place = (known.group, known.kind)
        found = self._stored.get(place)
        if found is None:
            found = self._stored[place] = Collection(stored)
        if not known.guessed:
            self._served[api_version, kind] = found
        return found

    def learn(self, kinds: list[Kind]) -> None:
        """Serve the kinds of a CustomResourceDefinition; what was guessed before is corrected."""
        for kind in kinds:
            self.kinds.add(kind)
        for kind in kinds:
            stored = self.kinds.preferred(kind.group, kind.kind) or kind
            found = self._stored.get((kind.group, kind.kind))
            if found is not None:
                found.change_kind(stored)
                self._served[kind.api_version, kind.kind] = found

    def unlearn_versions(self, old: list[Kind], new: list[Kind]) -> None:
        """Serve versions no longer that a changed CustomResourceDefinition leaves out."""
        kept = {kind.api_version for kind in new}
        for kind in old:
            if kind.api_version not in kept:
                self.kinds.remove(kind.api_version, kind.kind)
                self._served.pop((kind.api_version, kind.kind), None)

    def unlearn(self, kinds: list[Kind]) -> None:
        """Serve kinds no longer."""
        for kind in kinds:
            self.kinds.remove(kind.api_version, kind.kind)
            self._served.pop((kind.api_version, kind.kind), None)
            self._stored.pop((kind.group, kind.kind), None)

    def stored(self, kind: Kind) -> Collection | None:
        """Return the collection of a kind if it was ever used."""
        return self._stored.get((kind.group, kind.kind))

    def collections(self) -> list[Collection]:
        """Return every collection that was ever used."""
        return list(self._stored.values())

    # ── writes ─────────────────────────────────────────────────────────────────────────────────

    def next_version(self) -> int:
        """Take the next resourceVersion."""
        self.version += 1
        return self.version

    def commit(
        self,
        type_: ChangeType,
        collection: Collection,
        namespace: str,
        name: str,
        manifest: dict[str, Any],
        old: Manifest | None,
    ) -> Change:
        """Store what a write made and tell everybody.

        `manifest` and its metadata are still the caller's own: the new resourceVersion is set in
        place, and from then on they are frozen.
        """
        self.version = version = self.version + 1
        meta = manifest["metadata"]
        meta["resourceVersion"] = str(version)
        if type_ == "MODIFIED":
            collection.namespaces[namespace][name] = manifest
        elif type_ == "DELETED":
            collection.drop(namespace, name)
            self._places.pop(meta["uid"], None)
        else:
            collection.put(namespace, name, manifest)
            self._places[meta["uid"]] = (collection, namespace, name)
        owners = meta.get("ownerReferences")
        former = old["metadata"].get("ownerReferences") if old is not None else None
        if owners is not former or type_ == "DELETED":
            place = (collection, namespace, name)
            self._index_owners(place, former, None if type_ == "DELETED" else owners)
        change = Change(type_, manifest, old, version)
        collection.history.append(change)
        if version >= self._trim_at:
            self._trim()
        self.tell(change, collection)
        return change

    def _index_owners(self, place: Place, former: Any, owners: Any) -> None:
        for owner in former or ():
            places = self._dependents.get(owner.get("uid"))
            if places is not None:
                places.pop(place, None)
                if not places:
                    del self._dependents[owner["uid"]]
        for owner in owners or ():
            self._dependents.setdefault(owner.get("uid"), {})[place] = None

    def dependents(self, uid: str) -> list[tuple[Place, Manifest]]:
        """Return the objects that name `uid` as an owner, in the order they began to."""
        found = []
        for place in self._dependents.get(uid, ()):
            manifest = place[0].find(place[1], place[2])
            if manifest is not None:
                found.append((place, manifest))
        return found

    def place_of(self, uid: str) -> Place | None:
        """Return where the stored object of that uid stands."""
        return self._places.get(uid)

    def by_uid(self, uid: str) -> Manifest | None:
        """Return the stored object of that uid."""
        place = self._places.get(uid)
        return place[0].find(place[1], place[2]) if place is not None else None

    def owner_exists(self, owner: Mapping[str, Any], namespace: str) -> bool:
        """Tell whether an owner reference leads to an object, stored or virtual."""
        uid = owner.get("uid", "")
        if uid in self._places:
            return True
        found = self._served.get((owner.get("apiVersion", ""), owner.get("kind", "")))
        if found is None or found.virtual is None:
            return False
        row = found.virtual.get(namespace if found.kind.namespaced else "", owner.get("name", ""))
        return row is not None and row["metadata"].get("uid") == uid

    def _trim(self) -> None:
        self._trim_at = self.version + max(self._history_limit // 4, 1)
        for collection in self._stored.values():
            collection.forget_until(self.version - self._history_limit)

    # ── listeners ──────────────────────────────────────────────────────────────────────────────

    def listen(
        self, callback: Listener, collection: Collection | None = None
    ) -> Callable[[], None]:
        """Call `callback` with every change (of one collection); returns how to stop."""
        if collection is None:
            self._listeners = (*self._listeners, callback)
        else:
            collection.listeners = (*collection.listeners, callback)

        def stop() -> None:
            # Only one registration goes, should the same callback be there twice.
            if collection is None:
                self._listeners = _without(self._listeners, callback)
            else:
                collection.listeners = _without(collection.listeners, callback)

        return stop

    def has_listeners(self, collection: Collection) -> bool:
        """Tell whether a change of this collection would be seen by anybody at once."""
        return bool(self._listeners or collection.listeners or collection.watchers)

    def tell(self, change: Change, collection: Collection) -> None:
        """Call the listeners, in write order also when one of them writes to the store itself."""
        if self._telling:
            self._pending.append((change, collection))
            return
        if not self._listeners and not collection.listeners:
            return
        self._telling = True
        try:
            for callback in self._listeners:
                callback(change)
            for callback in collection.listeners:
                callback(change)
            while self._pending:
                change, collection = self._pending.popleft()
                for callback in self._listeners:
                    callback(change)
                for callback in collection.listeners:
                    callback(change)
        finally:
            self._telling = False

    def contents_of(self, namespace: str) -> Iterator[tuple[Collection, str]]:
        """Yield collection and name of everything in a namespace, virtual rows too."""
        for collection in self.collections():
            if collection.virtual is not None:
                if collection.kind.namespaced:
                    for _, name in list(collection.rows_in(namespace)):
                        yield collection, name
            elif namespace in collection.namespaces and collection.kind.namespaced:
                for name in list(collection.namespaces[namespace]):
                    yield collection, name

    def is_empty(self, namespace: str) -> bool:
        """Tell whether nothing is left in a namespace."""
        return next(self.contents_of(namespace), None) is None


def _without(callbacks: tuple[Listener, ...], callback: Listener) -> tuple[Listener, ...]:
    index = next((i for i, each in enumerate(callbacks) if each is callback), None)
    return callbacks if index is None else callbacks[:index] + callbacks[index + 1 :]
