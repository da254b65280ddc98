"""One informer of the control plane: what it sees while its watch breaks and comes back.

While all is well a subscription is one listener of the store. When its watch breaks it keeps a
place in the store's history; its reflector then tries as client-go's does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from lab.backends.simulated.agenda import Agenda
from lab.backends.simulated.api.api_faults import ApiFaults
from lab.backends.simulated.api.delivery import Delivery
from lab.backends.simulated.api.gap import Gap, Place, place_of
from lab.backends.simulated.api.link import CLIENT_TIMEOUT_S, Link
from lab.backends.simulated.api.reflector import ReflectorBackOff
from lab.core.errors import ApiError
from lab.core.manifest import Manifest
from lab.core.model import Key, Observed, Subscribe
from lab.store.api_store import ApiStore
from lab.store.changes import Change

HISTORY_S = 300.0
"""How far back a watch can resume: etcd is compacted every 5 minutes."""

Send = Callable[[Observed], None]


class Group(Protocol):
    """All subscriptions of a member together."""

    delivery: Delivery

    @property
    def closed(self) -> bool:
        """Tell whether the server closes every watch at once."""

    def settle(self) -> None:
        """A subscription has seen everything."""


class _Step(Enum):
    """What a reflector is doing."""

    LIVE = "its watch delivers"
    STALLED = "its watch stands, but the network delivers nothing"
    WAITING = "it backs off"
    ASKING = "its request is on the way"


@dataclass(slots=True, eq=False)
class Subscription:
    """One reflector: a kind of a member, watched by the control plane.

    Args:
        cluster: The member.
        api_version: Of the kind.
        kind: What is watched.
        store: Where it is watched.
        agenda: The member's time.
        link: What is broken.
        faults: How the API server misbehaves.
        send: Sends an event on its way to the control plane.
        latency_s: Of a request and its answer together.
        chance: Of the back-off.
        group: All subscriptions of the member.
    """

    cluster: str
    api_version: str
    kind: str
    store: ApiStore
    agenda: Agenda
    link: Link
    faults: ApiFaults
    send: Send
    latency_s: float
    chance: random.Random
    group: Group
    _step: _Step = _Step.LIVE
    _turn: int = 0
    _began_s: float = 0.0
    _asked_s: float = 0.0
    _fails_s: float = 0.0
    _words: str = ""
    _listing: bool = False
    _gap: Gap | None = None
    _stop: Callable[[], None] | None = None
    _back_off: ReflectorBackOff = field(init=False)

    def __post_init__(self) -> None:
        self._back_off = ReflectorBackOff(self.chance)
        self._began_s = self.agenda.now_s
        self._go_live()

    @property
    def live(self) -> bool:
        """Tell whether the watch delivers."""
        return self._step is _Step.LIVE

    # ── live ───────────────────────────────────────────────────────────────────────────────────

    def _go_live(self) -> None:
        self._step = _Step.LIVE
        self._turn += 1
        self._gap = None
        self._stop = self.store.listen(self._tell, self.api_version, self.kind)

    def _tell(self, change: Change) -> None:
        manifest, old = change.object, change.old
        if manifest["apiVersion"] != self.api_version:
            manifest, old = self._as_asked(manifest), old and self._as_asked(old)
        key = self._key(place_of(manifest))
        if change.type == "DELETED":
            self.send(Observed(key, None, manifest))
        else:
            self.send(Observed(key, manifest, old))

    def _as_asked(self, manifest: Manifest) -> Manifest:
        return self.store.as_version(manifest, self.api_version)

    # ── breaking ───────────────────────────────────────────────────────────────────────────────

    def _open_gap(self, now_s: float) -> Gap:
        """Stop delivering, and keep what it takes to go on where it stopped."""
        if self._gap is None:
            assert self._stop is not None
            boots = self.link.boots
            self._gap = Gap(self.store, self.api_version, self.kind, now_s, boots)
            self._stop()
            self._stop = None
        return self._gap

    def listed(self, objects: list[Manifest]) -> None:
        """The control plane is being sent everything there is, though not what is gone."""
        for each in objects:
            self.group.delivery.shown(self._key(place_of(each)))
        if self._gap is not None:
            self._gap.shown(objects)

    def drop(self, now_s: float, *, relist: bool) -> None:
        """The API server closes the watch; resuming it may be refused (410)."""
        gap = self._open_gap(now_s)
        gap.relist |= relist
        if self._step in (_Step.LIVE, _Step.STALLED):
            self._at(now_s + self.latency_s / 2, self._ask)

    def link_changed(self, now_s: float) -> None:
        """Something on the way broke or was mended."""
        link = self.link
        if self._step is _Step.LIVE:
            if not link.from_open:
                self._stall(now_s)
            elif not link.running:
                self._open_gap(now_s)
                self._at(now_s + self.latency_s / 2, self._ask)
        elif self._step is _Step.STALLED:
            self._stalled(now_s)
        elif self._step is _Step.ASKING and link.open:
            again_s = link.sent_again_s(self._asked_s, now_s, self._words)
            if again_s < self._fails_s:
                self._at(again_s + self.latency_s / 2, self._served, _Step.ASKING)

    def _stall(self, now_s: float) -> None:
        """Nothing arrives any longer."""
        self._open_gap(now_s)
        self._stalled(now_s)

    def _stalled(self, now_s: float) -> None:
        """The watch stands, but the network delivers nothing, or has not done so for a while."""
        gap, link = self._gap, self.link
        assert gap is not None
        # Karmada's client timeout ends every watch within 32 s; it is asked for anew then.
        lived_s = (gap.since_s - self._began_s) % CLIENT_TIMEOUT_S
        ends_s = gap.since_s + CLIENT_TIMEOUT_S - lived_s
        again_s = link.sent_again_s(gap.since_s, now_s, "")
        if not link.from_open or again_s >= ends_s:
            self._at(ends_s, self._ask, _Step.STALLED)
        elif gap.boots != link.boots or not link.running:  # nobody there knows of the watch
            self._at(min(now_s + self.latency_s, ends_s), self._ask, _Step.STALLED)
        else:
            self._at(again_s, self._resume, _Step.STALLED)

    # ── coming back ────────────────────────────────────────────────────────────────────────────

    def _at(self, due_s: float, task: Callable[[float], None], step: _Step = _Step.WAITING) -> None:
        """Do something later, instead of whatever was planned before."""
        self._step = step
        self._turn += 1
        turn = self._turn

        def due(now_s: float) -> None:
            if self._turn == turn:
                task(now_s)

        self.agenda.at(due_s, due)

    def _wait(self, now_s: float) -> None:
        self._at(now_s + self._back_off.wait_s(now_s), self._ask)

    def _ask(self, now_s: float) -> None:
        """Send a watch or list request."""
        self._asked_s = now_s
        self._fails_s, self._words = self.link.gives_up(now_s)
        if self.link.open:
            self._at(now_s + self.latency_s / 2, self._served, _Step.ASKING)
        else:
            self._at(self._fails_s, self._unanswered, _Step.ASKING)

    def _unanswered(self, now_s: float) -> None:
        self._listing = True  # anything but a refused connection makes a reflector list anew
        self._wait(now_s)

    def _served(self, now_s: float) -> None:
        """A request is at the member's host."""
        assert self._gap is not None
        if not self.link.open:
            self._at(self._fails_s, self._unanswered, _Step.ASKING)
            return
        request = Subscribe(self.cluster, self.api_version, self.kind)
        refused = not self.link.running or self.group.closed
        if refused or self.faults.throttled(request, now_s) is not None:
            self._wait(now_s + self.latency_s / 2)
        elif self._listing:
            self._relist(now_s)
        elif self._expired(now_s):
            self._listing = True
            self._wait(now_s + self.latency_s / 2)
        else:
            self._resume(now_s)

    def _expired(self, now_s: float) -> bool:
        gap = self._gap
        assert gap is not None
        # A new process has a new watch cache, which begins at its own start.
        return gap.relist or gap.boots != self.link.boots or now_s - gap.since_s > HISTORY_S

    def _resume(self, now_s: float) -> None:
        """Deliver every missed change in order and go on."""
        gap = self._gap
        assert gap is not None
        try:
            missed = gap.missed()
        except ApiError:
            self._listing = True
            self._wait(now_s + self.latency_s / 2)
            return
        for change in missed:
            self._tell(change)
        self._back(gap, now_s)

    def _relist(self, now_s: float) -> None:
        """Deliver what is different now, net; how it came about was missed."""
        gap, delivery = self._gap, self.group.delivery
        assert gap is not None
        unseen = delivery.unseen(self.api_version, self.kind)
        held = {(key.namespace, key.name): delivery.held(key, None) for key in unseen}
        request = Subscribe(self.cluster, self.api_version, self.kind)
        try:
            if (refusal := self.faults.refusal(request, now_s)) is not None:
                raise refusal
            differences = gap.differences(held)
        except ApiError:
            self._wait(now_s + self.latency_s / 2)
            return
        for each in differences:
            old = each.was
            self._show(Observed(self._key(each.place), each.now, old))
        for key in unseen:
            delivery.shown(key)
        self._back(gap, now_s)
        self.group.settle()

    def _show(self, event: Observed) -> None:
        if self.group.delivery.prompt:
            self.send(event)
        else:
            self.group.delivery.take(event, listed=True)

    def _back(self, gap: Gap, now_s: float) -> None:
        gap.close()
        self._listing = False
        self._began_s = now_s
        self._go_live()

    def _key(self, place: Place) -> Key:
        return Key(self.cluster, self.api_version, self.kind, *place)
