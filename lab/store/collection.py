"""The objects of one kind: by namespace and name, with the history of their changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator

from lab.core.kinds import Kind
from lab.core.manifest import Manifest
from lab.core.selectors import EVERYTHING
from lab.store.changes import Change
from lab.store.crds import is_crd
from lab.store.generation import GenerationRule, generation_rule
from lab.store.immutable import may_be_immutable
from lab.store.validation import type_of_kind
from lab.store.virtual import VirtualCollection


class Collection:
    """Objects of one kind. All served versions of a kind share one collection.

    Attributes:
        kind: The kind in the version that is stored.
        type: What its objects are checked and merged by.
        namespaces: Objects by namespace (empty text for cluster-scoped kinds) and name.
        listeners: Called with every change.
        watchers: How many watches are open.
        pins: How many of them need the whole history since they began.
        virtual: Renders the objects on demand, instead of `namespaces`.
        history: Recent changes, oldest first.
        floor: Version of the last change that is missing from `history`.
    """

    __slots__ = (
        "_names",
        "floor",
        "generation",
        "has_immutable",
        "has_status",
        "history",
        "is_definition",
        "kind",
        "listeners",
        "namespaces",
        "pins",
        "stored_version",
        "type",
        "virtual",
        "watchers",
    )

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.stored_version = kind.api_version
        self.namespaces: dict[str, dict[str, Manifest]] = {}
        self.virtual: VirtualCollection | None = None
        self.history: list[Change] = []
        self.floor = 0
        self.listeners: tuple[Callable[[Change], None], ...] = ()
        self.watchers = 0
        self.pins = 0
        self.generation: GenerationRule = generation_rule(kind)
        self.type = type_of_kind(kind)
        self.has_status = "status" in kind.subresources
        self.has_immutable = may_be_immutable(kind)
        self.is_definition = is_crd(kind)
        self._names: dict[str, list[str]] = {}

    def change_kind(self, kind: Kind) -> None:
        """Take a new definition of the same kind (a changed CustomResourceDefinition)."""
        self.kind = kind
        self.type = type_of_kind(kind)
        self.generation = generation_rule(kind)
        self.has_status = "status" in kind.subresources

    def find(self, namespace: str, name: str) -> Manifest | None:
        """Return an object, or None."""
        if self.virtual is not None:
            return self.virtual.get(namespace, name)
        objects = self.namespaces.get(namespace)
        return objects.get(name) if objects is not None else None

    def put(self, namespace: str, name: str, manifest: Manifest) -> None:
        """Store an object, new or changed."""
        objects = self.namespaces.get(namespace)
        if objects is None:
            objects = self.namespaces[namespace] = {}
        if name not in objects:
            self._names.pop(namespace, None)
        objects[name] = manifest

    def drop(self, namespace: str, name: str) -> None:
        """Forget an object."""
        objects = self.namespaces[namespace]
        del objects[name]
        self._names.pop(namespace, None)
        if not objects:
            del self.namespaces[namespace]

    def sorted_in(self, namespace: str) -> Iterator[Manifest]:
        """Yield the objects of one namespace by name."""
        objects = self.namespaces.get(namespace)
        if objects is None:
            return iter(())
        names = self._names.get(namespace)
        if names is None:
            names = self._names[namespace] = sorted(objects)
        return map(objects.__getitem__, names)

    def all_sorted(self, namespace: str | None = None) -> Iterator[Manifest]:
        """Yield stored objects by namespace and name."""
        if namespace is not None:
            yield from self.sorted_in(namespace)
            return
        for each in sorted(self.namespaces):
            yield from self.sorted_in(each)

    def rows_in(self, namespace: str) -> Iterator[tuple[str, str]]:
        """Yield the rows of a virtual collection in one namespace."""
        assert self.virtual is not None
        return self.virtual.rows(namespace, None, EVERYTHING, ())

    def after(self, version: int) -> int:
        """Return the index in `history` of the first change after a version."""
        return bisect_right(self.history, version, key=_version)

    def forget_until(self, version: int) -> None:
        """Drop changes up to a version from the history, unless somebody needs it whole."""
        if self.pins:
            return
        count = self.after(version)
        if count:
            self.floor = self.history[count - 1].resource_version
            del self.history[:count]

    def forget_all(self, version: int) -> None:
        """Begin the history anew: a change at `version` was not recorded."""
        self.history.clear()
        self.floor = version


def _version(change: Change) -> int:
    return change.resource_version
