"""Watches: a place in the shared history of a kind. Nothing is copied and nothing is pushed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Literal, NamedTuple

from lab.core.manifest import Manifest
from lab.store import refusals
from lab.store.changes import Change
from lab.store.collection import Collection
from lab.store.objects import ObjectTable
from lab.store.selection import Match


class WatchEvent(NamedTuple):
    """One line of a watch. A BOOKMARK's object has a resourceVersion and nothing else."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: Manifest


class Watch:
    """Changes of one kind from a version on, read by `poll`.

    An object that leaves the selection is DELETED for this watch, one that comes in is ADDED.
    """

    def __init__(
        self,
        table: ObjectTable,
        collection: Collection,
        api_version: str,
        since: int | None,
        *,
        initial: Iterable[Manifest] = (),
        namespace: str | None = None,
        match: Match | None = None,
        serve: Callable[[Manifest], Manifest] | None = None,
        initial_bookmark: bool = False,
        pin: bool = False,
    ) -> None:
        self._table = table
        self._collection = collection
        self._api_version = api_version
        self._namespace = namespace
        self._match = match
        self._serve = serve
        self._initial: Iterator[Manifest] | None = None
        self._initial_bookmark = initial_bookmark
        if since is None:
            self._initial = iter(initial)
            since = table.version
        elif since > table.version:
            raise refusals.too_large(since, table.version)
        self._version = since
        self._open = True
        self._pins = int(pin)
        collection.watchers += 1
        collection.pins += self._pins
        self._check_age()

    @property
    def resource_version(self) -> int:
        """The version up to which changes were read: a new watch may resume from here."""
        return self._version

    def poll(self, limit: int | None = None) -> list[WatchEvent]:
        """Return the events since the last poll, at most `limit` of them.

        Raises:
            ApiError: Expired (410), if the history was cut before this watch came by.
        """
        events: list[WatchEvent] = []
        if self._initial is not None:
            events.extend(self._initial_events(limit))
            if limit is not None and len(events) >= limit:
                return events
        self._check_age()
        history = self._collection.history
        for index in range(self._collection.after(self._version), len(history)):
            if limit is not None and len(events) >= limit:
                return events
            event = self._seen(history[index])
            self._version = history[index].resource_version
            if event is not None:
                events.append(event)
        self._version = max(self._version, self._table.version)
        return events

    def changes(self) -> list[Change]:
        """Return all changes after `resource_version`, as stored; a later poll has them too.

        Raises:
            ApiError: Expired (410), as by `poll`.
        """
        self._check_age()
        return self._collection.history[self._collection.after(self._version) :]

    def bookmark(self) -> WatchEvent:
        """Return a BOOKMARK for the version read so far (a server sends one about every minute)."""
        return self._bookmark({})

    def close(self) -> None:
        """Stop watching; virtual collections need not build objects for it any longer."""
        if self._open:
            self._open = False
            self._collection.watchers -= 1
            self._collection.pins -= self._pins

    def _initial_events(self, limit: int | None) -> Iterator[WatchEvent]:
        assert self._initial is not None
        count = 0
        for manifest in islice(self._initial, limit):
            count += 1
            yield WatchEvent("ADDED", self._served(manifest))
        if limit is None or count < limit:
            self._initial = None
            if self._initial_bookmark:
                yield self._bookmark({"annotations": {"k8s.io/initial-events-end": "true"}})

    def _seen(self, change: Change) -> WatchEvent | None:
        meta = change.object["metadata"]
        if self._namespace is not None and meta.get("namespace", "") != self._namespace:
            return None
        type_ = change.type
        if self._match is not None:
            now = type_ != "DELETED" and self._match(change.object)
            before = change.old is not None and self._match(change.old)
            if not now and not before:
                return None
            type_ = "MODIFIED" if now and before else "ADDED" if now else "DELETED"
        return WatchEvent(type_, self._served(change.object))

    def _served(self, manifest: Manifest) -> Manifest:
        return manifest if self._serve is None else self._serve(manifest)

    def _bookmark(self, meta: dict[str, Any]) -> WatchEvent:
        return WatchEvent(
            "BOOKMARK",
            {
                "apiVersion": self._api_version,
                "kind": self._collection.kind.kind,
                "metadata": {"resourceVersion": str(self._version), **meta},
            },
        )

    def _check_age(self) -> None:
        if self._version < self._collection.floor:
            floor = self._collection.floor
            self.close()
            raise refusals.too_old(self._version, floor)
