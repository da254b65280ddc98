"""How the store reads virtual collections, and how it passes their changes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lab.core.manifest import Manifest
from lab.core.selectors import Selector
from lab.store.changes import Change, ChangeType
from lab.store.collection import Collection
from lab.store.deletion import Remover
from lab.store.objects import ObjectTable
from lab.store.virtual import FieldTerms, Row, VirtualCollection


def virtual_items(
    virtual: VirtualCollection,
    namespace: str | None,
    after: Row | None,
    labels: Selector,
    fields: FieldTerms,
) -> Iterator[Manifest]:
    """Render row by row, as far as the reader goes."""
    for row in virtual.rows(namespace, after, labels, fields):
        manifest = virtual.get(*row)
        if manifest is not None:
            yield manifest


class RowAnnouncer:
    """Passes a virtual collection's changes on, and builds objects only if somebody wants them."""

    def __init__(self, table: ObjectTable, remover: Remover, collection: Collection) -> None:
        self._table = table
        self._remover = remover
        self._collection = collection

    def wanted(self) -> bool:
        """Tell whether anybody listens to or watches this kind now."""
        return self._table.has_listeners(self._collection)

    def next_version(self) -> int:
        """Take a new resourceVersion for one row."""
        return self._table.next_version()

    def changed(
        self,
        type_: ChangeType,
        version: int,
        build: Callable[[], tuple[Manifest, Manifest | None]],
    ) -> None:
        """Tell of a change; nothing is built if nobody would see it.

        A change nobody saw is a gap in the history: a watch cannot resume from before it.
        """
        if not self.wanted():
            self._collection.forget_all(version)
            return
        manifest, old = build()
        change = Change(type_, manifest, old, version)
        self._collection.history.append(change)
        self._table.tell(change, self._collection)

    def gone(self, namespace: str) -> None:
        """Say that rows of a namespace are gone: a namespace being deleted may wait for them."""
        if self._remover.is_terminating(namespace):
            self._remover.settle_namespace(namespace)
