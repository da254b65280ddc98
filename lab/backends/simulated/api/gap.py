"""What a subscription missed while its watch was broken: every change, or what they add up to."""

from __future__ import annotations

from typing import NamedTuple

from lab.core.errors import ApiError
from lab.core.manifest import Manifest
from lab.core.model import Key
from lab.store.api_store import ApiStore
from lab.store.changes import Change
from lab.store.watch import Watch

Place = tuple[str, str]
"""Namespace and name of an object."""


class Difference(NamedTuple):
    """An object that is not as it was; None: not there."""

    place: Place
    was: Manifest | None
    now: Manifest | None


class Gap:
    """A place in the history of a kind, and what is needed to tell what became different since.

    Stored objects are remembered as they were (by reference). Those of virtual collections are not
    rendered for that: their history is kept until the gap is closed.

    Args:
        store: The API server's.
        api_version: Of the kind.
        kind: What is watched.
        since_s: When it began.
        boots: How often the API server had been started by then.
    """

    def __init__(
        self, store: ApiStore, api_version: str, kind: str, since_s: float, boots: int
    ) -> None:
        self._store, self._api_version, self._kind = store, api_version, kind
        self.since_s, self.boots = since_s, boots
        self.relist = False
        """The server will not resume the watch."""
        self._was: dict[Place, Manifest] | None = None
        self._shown: dict[Place, Manifest] = {}
        self._watch: Watch | None = None
        version = store.resource_version
        try:
            virtual = store.is_virtual(api_version, kind)
            self._watch = store.watch(api_version, kind, since=version, pin=virtual)
            if not virtual:
                self._was = {place_of(each): each for each in store.list(api_version, kind)}
        except ApiError:  # its API was taken away before, and all objects with it
            self._was = {}

    def close(self) -> None:
        """Need nothing any longer."""
        if self._watch is not None:
            self._watch.close()

    def missed(self) -> list[Change]:
        """Return every change, in order.

        Raises:
            ApiError: Expired (410): the history does not go back so far.
        """
        if self._watch is None:
            raise ApiError(410, "Expired", "too old resource version")
        return self._watch.changes()

    def shown(self, objects: list[Manifest]) -> None:
        """The client was sent these present states meanwhile, though not what is gone."""
        known = self._shown if self._was is None else self._was
        known.update((place_of(each), each) for each in objects)
        self.relist = True

    def differences(self, held: dict[Place, Manifest | None]) -> list[Difference]:
        """Return what a new list shows: what is there by namespace and name, then what is gone.

        Args:
            held: What the client holds of objects whose last change it had missed before.

        Raises:
            ApiError: The kind is not served.
        """
        before, after = self._replayed() if self._was is None else self._listed(self._was)
        for place, seen in held.items():
            before[place] = seen
            if place not in after:
                after[place] = self._find(place)
        there = [
            Difference(place, before.get(place), after[place])
            for place in sorted(after)
            if after[place] is not None and _version(before.get(place)) != _version(after[place])
        ]
        gone = [
            Difference(place, was, None)
            for place, was in before.items()
            if was is not None and after.get(place) is None
        ]
        return there + gone

    def _listed(
        self, was: dict[Place, Manifest]
    ) -> tuple[dict[Place, Manifest | None], dict[Place, Manifest | None]]:
        found = self._store.list(self._api_version, self._kind)
        return dict(was), {place_of(each): each for each in found}

    def _replayed(self) -> tuple[dict[Place, Manifest | None], dict[Place, Manifest | None]]:
        """Return the first and last states of all that changed."""
        before: dict[Place, Manifest | None] = {}
        after: dict[Place, Manifest | None] = {}
        for change in self.missed():
            place = place_of(change.object)
            before.setdefault(place, None if change.type == "ADDED" else _before(change))
            after[place] = None if change.type == "DELETED" else change.object
        before |= {place: each for place, each in self._shown.items() if place in after}
        return before, after

    def _find(self, place: Place) -> Manifest | None:
        key = Key(self._store.cluster, self._api_version, self._kind, *place)
        return self._store.find(key)


def place_of(manifest: Manifest) -> Place:
    """Return where an object stands."""
    meta = manifest["metadata"]
    return meta.get("namespace") or "", meta["name"]


def _before(change: Change) -> Manifest:
    """Return an object before a change; one that nobody rendered then has no version."""
    if change.old is not None or change.type == "DELETED":
        return change.old or change.object
    return {**change.object, "metadata": {**change.object["metadata"], "resourceVersion": ""}}


def _version(manifest: Manifest | None) -> str | None:
    return None if manifest is None else str(manifest["metadata"].get("resourceVersion") or "")
