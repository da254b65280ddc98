"""The processes of a control plane: who runs which loops, and how they crash and start again.

A process that crashes loses its queues, its plans in flight and all it had in memory, and stops
watching; what it had sent is carried out, what it had not sent never happens. Started again, it
lists everything anew. Of several replicas only the leader works, so a crash means a pause of about
one lease before the next one takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lab.core.manifest import Manifest
from lab.core.model import (
    Action,
    Controller,
    Key,
    Observed,
    Probe,
    Subscribe,
    Synced,
)

if TYPE_CHECKING:
    from lab.engine.engine import Engine

LEASE_S = 15.0
"""How long a crashed leader's lease still holds (Karmada v1.19 `leader-elect-lease-duration`)."""

RETRY_S = 10.0
"""How long a process that cannot list rests before it starts once more (a kubelet's first wait)."""

Moment = Literal["before", "unacknowledged", "acknowledged"]
"""Of a write: it was never sent; it took effect and the answer never came; the answer came."""
MOMENTS: tuple[Moment, ...] = ("before", "unacknowledged", "acknowledged")

_Kind = tuple[str, str, str]


@dataclass(slots=True)
class _Doom:
    """A crash that waits for a write."""

    write: int
    moment: Moment
    restart_after_s: float
    cause: int


class Processes:
    """Crashes, restarts, pauses and clocks of the processes whose loops an engine runs.

    Args:
        engine: Whose loops they are.
    """

    def __init__(self, engine: Engine) -> None:
        self.make: Callable[[], Sequence[Controller]] | None = None
        """Makes fresh controllers of the whole control plane; needed for a restart."""
        self.can_start: Callable[[str], bool] = lambda client: True
        """Tells whether a process that starts would find the hub; it tries again until it does."""
        self._engine = engine
        self._down: dict[str, int] = {}
        self._subscriptions: dict[_Kind, str] = {}
        self._stopped: set[_Kind] = set()
        self._known: dict[Key, Manifest] = {}
        self._skews: dict[str, float] = {}
        self._writes: dict[str, int] = {}
        self._dooms: dict[str, list[_Doom]] = {}

    @property
    def names(self) -> Sequence[str]:
        """Return the processes, in the order of their first loop."""
        return list(dict.fromkeys(loop.controller.client for loop in self._engine.loops))

    def is_up(self, client: str) -> bool:
        """Tell whether a process runs."""
        return any(loop.up for loop in self._engine.loops if loop.controller.client == client)

    # ── crash and start ────────────────────────────────────────────────────────────────────────

    def crash(self, client: str, now_s: float, cause: int, restart_after_s: float | None) -> int:
        """Let a process crash now, and start again later (None: only by `start`).

        Returns:
            The number of the record that tells of the crash.
        """
        engine = self._engine
        number = engine.trace.add(
            now_s, "process", client, None, cause=cause, detail={"event": "crashed"}
        )
        for loop in engine.loops:
            if loop.controller.client == client:
                loop.crash()
        self._down[client] = cause
        engine.hub.forget(client, now_s)
        for kind in [kind for kind, owner in self._subscriptions.items() if owner == client]:
            del self._subscriptions[kind]
            self._stopped.add(kind)
            for key, manifest in engine.view.drop(*kind):
                self._known[key] = manifest
        if restart_after_s is not None:
            engine.call_at(now_s + restart_after_s, lambda at_s: self.start(client, at_s, number))
        return number

    def down_by(self, client: str) -> int:
        """Return what made a process crash that is down (0: it is up)."""
        return self._down.get(client, 0)

    def start(self, client: str, now_s: float, cause: int) -> None:
        """Start a process that is down: it lists all objects, as at any start."""
        engine = self._engine
        if self.is_up(client):
            return
        if not self.can_start(client):
            engine.call_at(now_s + RETRY_S, lambda at_s: self.start(client, at_s, cause))
            return
        self._down.pop(client, None)
        assert self.make is not None, "an engine without a maker of controllers cannot restart one"
        fresh = {each.name: each for each in self.make() if each.client == client}
        number = engine.trace.add(
            now_s, "process", client, None, cause=cause, detail={"event": "started"}
        )
        self._writes.pop(client, None)
        begun = [loop for loop in engine.loops if loop.controller.client == client]
        for loop in begun:
            loop.start(fresh[loop.controller.name])
        for key, manifest in list(engine.view.everything()):
            event = Observed(key, manifest, None, initial=True)
            for loop in begun:
                for due in loop.controller.keys_for(event, engine.view):
                    loop.ask(due, number, now_s)

    def hold(self, client: str) -> None:
        """Cut a process off from the hub: it keeps its state and can do nothing."""
        for loop in self._engine.loops:
            if loop.controller.client == client:
                loop.held = True
                loop.touch()

    def release(self, client: str) -> None:
        """Let a held process go on."""
        for loop in self._engine.loops:
            if loop.controller.client == client:
                loop.held = False
                loop.touch()

    # ── crash at a write ───────────────────────────────────────────────────────────────────────

    def crash_at(
        self, client: str, write: int, moment: Moment, restart_after_s: float, cause: int
    ) -> None:
        """Let a process crash at its n-th write (from 1) from now on."""
        doom = _Doom(self._writes.get(client, 0) + write, moment, restart_after_s, cause)
        self._dooms.setdefault(client, []).append(doom)

    def spare(self, client: str, cause: int) -> None:
        """Call off the crashes that a fault ordered and that have not come."""
        left = [doom for doom in self._dooms.get(client, ()) if doom.cause != cause]
        self._dooms[client] = left

    def writes(self, client: str) -> int:
        """Return how many writes a process has sent since it started."""
        return self._writes.get(client, 0)

    def crashes_before(self, client: str, action: Action) -> bool:
        """Count a write that is about to be sent; tell whether its process crashes first."""
        if isinstance(action, Probe | Subscribe):
            return False
        self._writes[client] = self._writes.get(client, 0) + 1
        return self._meets(client, "before")

    def crashes_unacknowledged(self, client: str, action: Action) -> bool:
        """Tell whether a process crashes with this write on its way."""
        return not isinstance(action, Probe | Subscribe) and self._meets(client, "unacknowledged")

    def crashes_acknowledged(self, client: str, action: Action) -> bool:
        """Tell whether a process crashes with the answer to this write in its hands."""
        return not isinstance(action, Probe | Subscribe) and self._meets(client, "acknowledged")

    def _meets(self, client: str, moment: Moment) -> bool:
        for doom in self._dooms.get(client, ()):
            if doom.moment == moment and doom.write <= self._writes.get(client, 0):
                self._dooms[client].remove(doom)
                now_s = self._engine.now_s
                self.crash(client, now_s, doom.cause, doom.restart_after_s)
                return True
        return False

    # ── what a process watches in members ──────────────────────────────────────────────────────

    def subscribed(self, client: str, action: Subscribe) -> None:
        """Note whose watch a subscription is."""
        kind = (action.cluster, action.api_version, action.kind)
        self._subscriptions[kind] = client
        self._stopped.discard(kind)

    def watches(self, kind: tuple[str, str, str]) -> bool:
        """Tell whether a kind (cluster, apiVersion, kind) of a member is still watched."""
        return kind not in self._stopped

    def unsubscribe(self, cluster: str) -> None:
        """Forget the watches of a member that was unjoined."""
        for kind in [kind for kind in self._subscriptions if kind[0] == cluster]:
            del self._subscriptions[kind]
        self._stopped = {kind for kind in self._stopped if kind[0] != cluster}
        for key in [key for key in self._known if key.cluster == cluster]:
            del self._known[key]

    def known(self, key: Key) -> Manifest | None:
        """Take out what a former life of the watching process knew of an object."""
        return self._known.pop(key, None)

    def not_seen_again(self, event: Synced) -> Iterator[tuple[Key, Manifest]]:
        """Yield the objects that a former life knew and the new list does not have."""
        if not self._known:
            return
        kind = (event.cluster, event.api_version, event.kind)
        for key in [key for key in self._known if key[:3] == kind]:
            yield key, self._known[key]

    # ── clocks ─────────────────────────────────────────────────────────────────────────────────

    def set_skew(self, client: str, offset_s: float) -> None:
        """Let a process's clock be off by so much."""
        self._skews[client] = offset_s

    def skew_s(self, client: str) -> float:
        """Return by how much a process's clock is off (s)."""
        return self._skews.get(client, 0.0) if self._skews else 0.0
