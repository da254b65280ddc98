"""What an API server answers to reads: get, list, watch. Objects are frozen: nothing is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from lab.core.errors import ApiError
from lab.core.manifest import Manifest
from lab.core.model import Key
from lab.core.selectors import EVERYTHING, Selector
from lab.store import paging, refusals
from lab.store.changes import Change
from lab.store.collection import Collection
from lab.store.conversion import convert, converter
from lab.store.objects import ObjectTable
from lab.store.patching import scale_of
from lab.store.selection import check_fields, matcher
from lab.store.virtual import FieldTerms
from lab.store.virtual_rows import virtual_items
from lab.store.watch import Watch


class Page(NamedTuple):
    """One page of a list; `continue_token` is empty on the last one."""

    items: list[Manifest]
    continue_token: str
    resource_version: int


class ReadSide:
    """The reading half of an ApiStore."""

    def __init__(self, table: ObjectTable) -> None:
        self._table = table

    @property
    def resource_version(self) -> int:
        """The version of the latest change."""
        return self._table.version

    def get(self, key: Key) -> Manifest:
        """Return an object.

        Raises:
            ApiError: NotFound.
        """
        collection = self._table.collection(key.api_version, key.kind, key.namespace)
        found = collection.find(key.namespace, key.name)
        if found is None:
            raise refusals.not_found(collection.kind, key.name)
        return served(collection, key.api_version, found)

    def find(self, key: Key) -> Manifest | None:
        """Return an object, or None if it is not there or its kind is not served."""
        try:
            return self.get(key)
        except ApiError:
            return None

    def is_virtual(self, api_version: str, kind: str) -> bool:
        """Tell whether the objects of a kind are built when they are read.

        Raises:
            ApiError: NotFound, if the kind is not served.
        """
        return self._table.collection(api_version, kind).virtual is not None

    def as_version(self, manifest: Manifest, api_version: str) -> Manifest:
        """Return an object in another version of its API, as a client of that version sees it."""
        collection = self._table.collection(api_version, str(manifest["kind"]))
        return served(collection, api_version, manifest)

    def get_scale(self, key: Key) -> Manifest:
        """Return the Scale (autoscaling/v1) of an object."""
        collection = self._table.collection(key.api_version, key.kind, key.namespace)
        if "scale" not in collection.kind.subresources:
            raise refusals.not_served()
        return scale_of(self.get(key))

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: Selector = EVERYTHING,
        field_selector: FieldTerms = (),
    ) -> list[Manifest]:
        """Return objects of a kind by namespace and name; `namespace` None means all.

        Raises:
            ApiError: BadRequest for a field the kind cannot be selected by, NotFound if the kind
                is not served.
        """
        collection = self._table.collection(api_version, kind, namespace or "")
        return list(
            self._selected(collection, api_version, namespace, label_selector, field_selector)
        )

    def list_page(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: Selector = EVERYTHING,
        field_selector: FieldTerms = (),
        *,
        limit: int = 0,
        continue_token: str = "",
    ) -> Page:
        """Return one page of a list (`limit` 0: all of it). Virtual objects are built for it only.

        A following page reads the store as it is by then, not as it was when the list began.
        """
        collection = self._table.collection(api_version, kind, namespace or "")
        after = paging.decode(continue_token) if continue_token else None
        items = self._selected(
            collection, api_version, namespace, label_selector, field_selector, after
        )
        page: list[Manifest] = []
        for manifest in items:
            if limit and len(page) == limit:
                last = paging.encode(page[-1], self.resource_version)
                return Page(page, last, self.resource_version)
            page.append(manifest)
        return Page(page, "", self.resource_version)

    def _selected(
        self,
        collection: Collection,
        api_version: str,
        namespace: str | None,
        labels: Selector,
        fields: FieldTerms,
        after: tuple[str, str] | None = None,
    ) -> Iterator[Manifest]:
        if fields:
            check_fields(collection.kind, fields)
        if collection.virtual is not None:
            items: Iterable[Manifest] = virtual_items(
                collection.virtual, namespace, after, labels, fields
            )
        else:
            items = collection.all_sorted(namespace)
            if after is not None:
                items = (each for each in items if paging.place(each) > after)
        match = matcher(labels, fields)
        if match is not None:
            items = filter(match, items)
        serve = converter(collection.kind, api_version)
        return iter(items) if serve is None else map(serve, items)

    # ── listening ──────────────────────────────────────────────────────────────────────────────

    def listen(
        self, callback: Callable[[Change], None], api_version: str = "", kind: str = ""
    ) -> Callable[[], None]:
        """Call `callback` with every change (of one kind) in write order; returns how to stop.

        It is called inside the write. A callback may write itself: that change is told after the
        present one has reached everybody.
        """
        collection = self._table.collection(api_version, kind) if kind else None
        return self._table.listen(callback, collection)

    def watch(
        self,
        api_version: str,
        kind: str,
        since: int | str | None = None,
        *,
        namespace: str | None = None,
        label_selector: Selector = EVERYTHING,
        field_selector: FieldTerms = (),
        initial_bookmark: bool = False,
        pin: bool = False,
    ) -> Watch:
        """Watch a kind from a version on; `since` None begins with ADDED for what is there.

        With `pin` the history since then is kept until the watch is closed, however long it gets.

        Raises:
            ApiError: Expired (410) "too old resource version" if the history was cut since.
        """
        collection = self._table.collection(api_version, kind, namespace or "")
        version = None if since is None else paging.version(since)
        initial: Iterable[Manifest] = ()
        if version is None:
            stored = collection.kind.api_version
            selected = self._selected(collection, stored, namespace, label_selector, field_selector)
            initial = selected if collection.virtual is not None else list(selected)
        elif field_selector:
            check_fields(collection.kind, field_selector)
        return Watch(
            self._table,
            collection,
            api_version,
            version,
            initial=initial,
            namespace=namespace,
            match=matcher(label_selector, field_selector),
            serve=converter(collection.kind, api_version),
            initial_bookmark=initial_bookmark,
            pin=pin,
        )


def served(collection: Collection, api_version: str, manifest: Manifest) -> Manifest:
    """Return a stored object in the version that was asked for."""
    if manifest["apiVersion"] == api_version:
        return manifest
    return convert(manifest, collection.kind, api_version)
