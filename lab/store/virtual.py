"""Collections rendered on demand: objects that live as rows somewhere else and are built when read.

A simulated member keeps pods and nodes as columns. It registers one VirtualCollection per kind; the
store renders what is asked for, page by page, and passes changes on only if somebody listens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from lab.core.manifest import Manifest
from lab.core.selectors import Selector
from lab.store.changes import ChangeType

Row = tuple[str, str]
"""Namespace and name of a row; the namespace is empty for cluster-scoped kinds."""
FieldTerms = tuple[tuple[str, str, bool], ...]


class VirtualCollection(Protocol):
    """Where the objects of one kind come from. Rendered objects are complete manifests."""

    api_version: str
    kind: str

    def get(self, namespace: str, name: str) -> Manifest | None:
        """Render one object, or return None. Its resourceVersion is the row's last one."""

    def rows(
        self,
        namespace: str | None,
        after: Row | None,
        labels: Selector,
        fields: FieldTerms,
    ) -> Iterator[Row]:
        """Yield rows by (namespace, name), from the first one behind `after` on.

        The selectors are a hint: rows that cannot match may be left out (the store checks the
        rendered object again), so that "pods of this node" need not render all pods.
        """

    def create(self, manifest: Manifest, now_s: float) -> Manifest:
        """Make a row of a new object; raise ApiError (405) where that is not possible."""

    def replace(self, old: Manifest, new: Manifest, subresource: str, now_s: float) -> Manifest:
        """Take what a user or controller changed (a label, a taint, cordon) into the row."""

    def remove(
        self, namespace: str, name: str, now_s: float, grace_s: float | None
    ) -> Manifest | None:
        """Begin or carry out a deletion; return what is left of the object, None if it is gone."""


class Announcer(Protocol):
    """Given to a virtual collection when it is registered: how it tells of its changes."""

    def wanted(self) -> bool:
        """Tell whether anybody listens to or watches this kind now."""

    def next_version(self) -> int:
        """Take a new resourceVersion for one row; call before `changed`, once per change."""

    def changed(
        self,
        type_: ChangeType,
        version: int,
        build: Callable[[], tuple[Manifest, Manifest | None]],
    ) -> None:
        """Tell of a change; `build` makes (object, old) and is called only if somebody wants it.

        For a deletion `object` is the last state. `old` is None for a new row.
        """

    def gone(self, namespace: str) -> None:
        """Say that rows of a namespace are gone: a namespace being deleted may wait for them."""
