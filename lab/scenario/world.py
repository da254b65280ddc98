"""What a scenario is played on: the hub and the members, and time that somebody moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from lab.core.errors import InputError, LabError
from lab.core.faults import Fault
from lab.core.manifest import Manifest
from lab.core.model import HUB, Action, Key
from lab.scenario.watch import Watch


class CommandError(LabError):
    """A command line of a step ended with an exit code other than 0."""


class World(Protocol):
    """A federation, as the runner needs it. Clusters are named as in keys: "" is the hub."""

    @property
    def now_s(self) -> float:
        """Second of the run."""

    @property
    def changes(self) -> int:
        """A number that grows whenever an object of the hub or of a member changes."""

    @property
    def watch(self) -> Watch | None:
        """What checks the invariants and measures the applications, None if nobody does."""

    def next_event_s(self) -> float:
        """Return when the next thing happens (s of the run), infinity if nothing will."""

    def run_until(self, until_s: float) -> None:
        """Let time pass up to and including `until_s`."""

    def step_begins(self, name: str, detail: Mapping[str, Any]) -> None:
        """Say that what follows is done by a step of the scenario (for the trace)."""

    def execute(self, action: Action) -> Manifest | None:
        """Carry out an action on the hub or on a member, at once.

        Raises:
            ApiError: The server refused.
        """

    def run(self, line: str, cluster: str = HUB) -> str:
        """Run a command line and return what it printed.

        Raises:
            LabError: It cannot be run, or failed.
        """

    def inject(self, fault: Fault) -> str:
        """Let a fault begin, and return what it strikes in words.

        Raises:
            InputError: It cannot be played.
        """

    def heal(self, name: str = "") -> str:
        """End a fault, or (empty) all of them, and return what was healed in words.

        Raises:
            InputError: No active fault has that name.
        """

    def healed_s(self, name: str) -> float | None:
        """Return when a fault was over for good (s of the run), None if it is not."""

    def find(self, key: Key) -> Manifest | None:
        """Return an object, or None."""

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the objects of a kind, sorted by namespace and name."""

    def clusters(self) -> Sequence[str]:
        """Return the names of the members, in the order of the fleet."""


class Store(Protocol):
    """The part of an ApiStore that is used here."""

    @property
    def resource_version(self) -> int:
        """The number of the last write."""

    def find(self, key: Key) -> Manifest | None:
        """Return an object, or None."""

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> Sequence[Manifest]:
        """Return the objects of a kind."""

    def execute(self, action: Action, now_s: float) -> Manifest | None:
        """Carry out an action."""


class Federated(Protocol):
    """The part of a Federation (`lab.drivers.federation`) that is used here."""

    @property
    def members(self) -> Mapping[str, Any]:
        """The members by name, in the order of the fleet."""

    @property
    def now_s(self) -> float:
        """Second of the run."""

    def next_event_s(self) -> float:
        """Return when the next thing happens."""

    def run_until(self, until_s: float) -> None:
        """Let time pass."""

    def store_of(self, cluster: str) -> Any:
        """Return an API server."""

    def acting(self, actor: str, detail: Mapping[str, Any] | None = None) -> int:
        """Say who acts."""

    def next_write(self, key: Key | None = None) -> None:
        """Say that whoever acts is about to write."""

    @property
    def injector(self) -> Any:
        """What plays faults (`lab.drivers.injector.Injector`)."""


class RunLine(Protocol):
    """Runs one command line of a step; the session gives it, since it knows the verbs."""

    def __call__(self, line: str, cluster: str) -> str:
        """Return what the line printed.

        Raises:
            LabError: It cannot be run, or failed.
        """


class FederationWorld:
    """A World on a Federation.

    Args:
        federation: The hub, the members and virtual time.
        run_line: Runs command lines; without it a `run` step is an error.
        run_until: Lets time pass; the federation's own if not given.
        watch: Checks the invariants and measures the applications.
    """

    def __init__(
        self,
        federation: Federated,
        run_line: RunLine | None = None,
        run_until: Callable[[float], None] | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._federation, self._run_line = federation, run_line
        self._watch = watch
        self._run_until = run_until or federation.run_until

    @property
    def watch(self) -> Watch | None:
        """What checks the invariants and measures the applications."""
        return self._watch

    @property
    def now_s(self) -> float:
        """Second of the run."""
        return self._federation.now_s

    @property
    def changes(self) -> int:
        """The writes of all stores, and the news of pods that serve or do not, together."""
        stores = (self._federation.store_of(name) for name in ("", *self._federation.members))
        news = 0 if self._watch is None else self._watch.ledger.news
        return news + sum(int(store.resource_version) for store in stores)

    def next_event_s(self) -> float:
        """Return when the next thing happens."""
        return self._federation.next_event_s()

    def run_until(self, until_s: float) -> None:
        """Let time pass up to and including `until_s`."""
        self._run_until(until_s)

    def step_begins(self, name: str, detail: Mapping[str, Any]) -> None:
        """Let the trace know which step acts."""
        self._federation.acting(name, detail)

    def execute(self, action: Action) -> Manifest | None:
        """Carry out an action at once."""
        self._federation.next_write(action.key)
        result: Manifest | None = self._store(action.cluster).execute(action, self.now_s)
        return result

    def run(self, line: str, cluster: str = HUB) -> str:
        """Run a command line."""
        if self._run_line is None:
            raise InputError(f"cannot run {line!r}: this player knows no commands")
        return self._run_line(line, cluster)

    def inject(self, fault: Fault) -> str:
        """Let a fault begin."""
        return str(self._federation.injector.inject(fault))

    def heal(self, name: str = "") -> str:
        """End a fault, or all of them."""
        injector = self._federation.injector
        healed = [injector.heal(name)] if name else injector.heal_all()
        return "\n".join(f"{each.name} healed" for each in healed) or "no fault is active"

    def healed_s(self, name: str) -> float | None:
        """Return when a fault was over for good."""
        found: float | None = self._federation.injector.healed_s(name)
        return found

    def find(self, key: Key) -> Manifest | None:
        """Return an object, or None."""
        return self._store(key.cluster).find(key)

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the objects of a kind."""
        return self._store(cluster).list(api_version, kind, namespace)

    def clusters(self) -> Sequence[str]:
        """Return the names of the members."""
        return list(self._federation.members)

    def _store(self, cluster: str) -> Store:
        store: Store = self._federation.store_of(cluster)
        return store
