"""What the controllers have seen: every observed object, with the indexes they asked for."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from lab.core.manifest import Manifest
from lab.core.model import HUB, Event, Index, Key, Observed, ProbeResult, Synced

_Kind = tuple[str, str, str]


class ObjectView:
    """The informer caches of the control plane, all in one. Only the engine writes to it."""

    def __init__(self, indexes: Iterable[Index] = ()) -> None:
        self._kinds: dict[_Kind, dict[Key, Manifest]] = {}
        self._synced: set[_Kind] = set()
        self._probes: dict[str, ProbeResult] = {}
        self._indexes: dict[tuple[str, str, str], list[Index]] = {}
        self._entries: dict[str, dict[tuple[str, Hashable], dict[Key, None]]] = {}
        self._values: dict[tuple[str, Key], tuple[Hashable, ...]] = {}
        for index in indexes:
            if index.name in self._entries:
                continue  # two controllers may share an index by its name
            self._entries[index.name] = {}
            self._indexes.setdefault((index.where, index.api_version, index.kind), []).append(index)

    def receive(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case Observed(key=key, object=None):
                self._kinds.get(key[:3], {}).pop(key, None)
                self._reindex(key, None)
            case Observed(key=key, object=manifest):
                assert manifest is not None
                self._kinds.setdefault(key[:3], {})[key] = manifest
                self._reindex(key, manifest)
            case Synced(cluster=cluster, api_version=api_version, kind=kind):
                self._synced.add((cluster, api_version, kind))
            case ProbeResult(cluster=cluster):
                self._probes[cluster] = event
            case _:
                pass

    def _reindex(self, key: Key, manifest: Manifest | None) -> None:
        where = "hub" if key.cluster == HUB else "members"
        for index in self._indexes.get((where, key.api_version, key.kind), ()):
            values = () if manifest is None else tuple(index.values(manifest))
            place = (index.name, key)
            before = self._values.get(place, ())
            if values == before:
                continue
            entries = self._entries[index.name]
            for value in before:
                if value not in values:
                    del entries[key.cluster, value][key]
            for value in values:
                if value not in before:
                    entries.setdefault((key.cluster, value), {})[key] = None
            if values:
                self._values[place] = values
            else:
                self._values.pop(place, None)

    def forget(self, cluster: str) -> None:
        """Drop all that was seen of a member (it was unjoined: its informers stop)."""
        for kind, objects in self._kinds.items():
            if kind[0] == cluster:
                for key in list(objects):
                    self.receive(Observed(key, None, objects[key]))
        self._synced = {entry for entry in self._synced if entry[0] != cluster}
        self._probes.pop(cluster, None)

    def drop(self, cluster: str, api_version: str, kind: str) -> Sequence[tuple[Key, Manifest]]:
        """Drop a kind of a member, since nobody watches it any more; return what was known."""
        place = (cluster, api_version, kind)
        known = list(self._kinds.get(place, {}).items())
        for key, manifest in known:
            self.receive(Observed(key, None, manifest))
        self._synced.discard(place)
        return known

    def everything(self) -> Iterator[tuple[Key, Manifest]]:
        """Yield every object that is known, kind by kind, in the order of first sight."""
        for objects in self._kinds.values():
            yield from objects.items()

    def get(self, key: Key) -> Manifest | None:
        """Return an object, or None."""
        objects = self._kinds.get(key[:3])
        return None if objects is None else objects.get(key)

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return objects of a kind, in the order of first sight; `namespace` None means all."""
        objects = self._kinds.get((cluster, api_version, kind), {})
        if namespace is None:
            return list(objects.values())
        return [manifest for key, manifest in objects.items() if key.namespace == namespace]

    def by_index(self, name: str, value: Hashable, cluster: str = HUB) -> Sequence[Manifest]:
        """Return the objects of an index that have `value`, in the order of first sight."""
        keys = self._entries[name].get((cluster, value), {})
        return [self._kinds[key[:3]][key] for key in keys]

    def probe(self, cluster: str) -> ProbeResult | None:
        """Return the last probe result of a member, or None."""
        return self._probes.get(cluster)

    def synced(self, cluster: str, api_version: str, kind: str) -> bool:
        """Tell whether a member's kind is subscribed and its first list complete."""
        return (cluster, api_version, kind) in self._synced
