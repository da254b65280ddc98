"""Lets a monitor and a ledger hear what happens in a federation: trace, members, service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from lab.core.errors import ApiError
from lab.core.manifest import Manifest
from lab.core.model import HUB, Key, key_of
from lab.engine.trace import Trace
from lab.store.api_store import ApiStore
from lab.store.changes import Change


class Observed(Protocol):
    """The part of a Federation that is listened to."""

    @property
    def trace(self) -> Trace:
        """What happens in the hub, and why."""

    @property
    def members(self) -> Mapping[str, Any]:
        """The members by name."""

    @property
    def now_s(self) -> float:
        """Second of the run."""

    def store_of(self, cluster: str) -> ApiStore:
        """Return an API server."""


class Listener(Protocol):
    """Who wants to know (`lab.core.invariants.Monitor`, `lab.core.outcomes.Ledger`)."""

    def hear(self, record: Any) -> None:
        """Take in a trace record."""

    def saw(self, time_s: float, key: Key, before: Manifest | None, after: Manifest | None) -> None:
        """Take in a change of a member's object."""

    def served(self, time_s: float, key: Key, count: Any) -> None:
        """Take in how many pods of a member's workload serve."""


class FederationObjects:
    """All API servers of a federation, for reading."""

    def __init__(self, federation: Observed) -> None:
        self._federation = federation
        self._names = tuple(federation.members)

    def find(self, key: Key) -> Manifest | None:
        """Return an object as it stands, or None."""
        if key.cluster != HUB and key.cluster not in self._federation.members:
            return None
        return self._federation.store_of(key.cluster).find(key)

    def list(self, cluster: str, api_version: str, kind: str) -> Sequence[Manifest]:
        """Return the objects of a kind; none if the server does not have the kind."""
        try:
            return self._federation.store_of(cluster).list(api_version, kind)
        except ApiError:
            return ()

    def kinds(self, cluster: str) -> Iterable[tuple[str, str]]:
        """Return (apiVersion, kind) of everything a server stores, each kind once."""
        kinds = self._federation.store_of(cluster).kinds
        for kind in kinds.all():
            if kind.verbs and "list" not in kind.verbs:
                continue
            preferred = kinds.preferred(kind.group, kind.kind)
            if preferred is None or preferred is kind:
                yield kind.api_version, kind.kind

    def clusters(self) -> Sequence[str]:
        """Return the names of all members."""
        return self._names


def observe(federation: Observed, listeners: Sequence[Listener]) -> Callable[[], None]:
    """Tell listeners of everything from now on, and of what stands; return how to end it."""
    stops: list[Callable[[], None]] = []
    for listener in listeners:
        for record in federation.trace.records:
            listener.hear(record)
        stops.append(federation.trace.listen(listener.hear))
    for name, member in federation.members.items():
        store = federation.store_of(name)
        stops.append(store.listen(_teller(name, federation, listeners)))
        service = getattr(member, "on_service", None)
        if service is not None:
            for listener in listeners:
                for key, count in member.service.items():
                    listener.served(federation.now_s, key, count)
                service.append(listener.served)
                stops.append(_remover(service, listener.served))

    def stop() -> None:
        for each in stops:
            each()

    return stop


def _remover(listed: list[Any], listener: Any) -> Callable[[], None]:
    return lambda: listed.remove(listener)


def _teller(
    name: str, federation: Observed, listeners: Sequence[Listener]
) -> Callable[[Change], None]:
    def tell(change: Change) -> None:
        key = key_of(change.object, name)
        gone = change.type == "DELETED"
        before, after = (change.object, None) if gone else (change.old, change.object)
        now_s = federation.now_s
        for listener in listeners:
            listener.saw(now_s, key, before, after)

    return tell
