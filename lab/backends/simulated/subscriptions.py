"""The control plane's informers of one member: what they see while watches break and come back.

While all is well a subscription is one listener of the store. When its watch breaks it keeps what
the control plane holds and a place in the store's history; its reflector then tries as client-go's
does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from lab.backends.simulated.agenda import Agenda
from lab.backends.simulated.api_faults import ApiFaults
from lab.backends.simulated.delivery import Delivery, DeliveryFault
from lab.backends.simulated.link import CLIENT_TIMEOUT_S, Link
from lab.backends.simulated.reflector import ReflectorBackOff
from lab.core.errors import ApiError
from lab.core.manifest import Manifest
from lab.core.model import Key, Observed, Subscribe
from lab.store.api_store import ApiStore
from lab.store.changes import Change
from lab.store.watch import Watch

HISTORY_S = 300.0
"""How far back a watch can resume: etcd is compacted every 5 minutes."""

Place = tuple[str, str]
Send = Callable[[Observed], None]


class Subscriptions:
    """All subscriptions of a member, by kind.

    Args:
        make: Makes a subscription of an API version and kind.
        link: What is broken.
        delivery: What may lie between watches and caches.
        send: Sends an event on its way to the control plane.
    """

    def __init__(
        self,
        make: Callable[[str, str, Subscriptions], Subscription],
        link: Link,
        delivery: Delivery,
        send: Send,
    ) -> None:
        self._make, self._send, self.delivery = make, send, delivery
        self._all: dict[tuple[str, str], Subscription] = {}
        self._holds: dict[int, None] = {}
        link.listen(self._link_changed)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._all.values())

    @property
    def closed(self) -> bool:
        """Tell whether the server closes every watch at once."""
        return bool(self._holds)

    def begin(self, api_version: str, kind: str) -> None:
        """Deliver changes of a kind from now on, if that is not done already.

        Call it when a list of all its objects is sent, before that.
        """
        known = self._all.get((api_version, kind))
        self.delivery.flush()  # what is late must not come after the list
        if known is not None:
            known.listed()
        else:
            made = self._make(api_version, kind, self)
            made.send = self._path()
            self._all[api_version, kind] = made
        self.settle()

    def hinder(self, number: int, fault: DeliveryFault) -> None:
        """Let a fault of delivery take part."""
        self.delivery.add(number, fault)
        self.settle()

    def free(self, number: int, now_s: float) -> None:
        """Let a fault of delivery take part no longer. What was missed is shown by a new list."""
        self.delivery.drop(number)
        for (api_version, kind), each in self._all.items():
            if self.delivery.unseen(api_version, kind):
                each.drop(now_s, relist=True)
        self.settle()

    def settle(self) -> None:
        """Let changes pass by the delivery's faults if there are none."""
        path = self._path()
        for each in self:
            each.send = path

    def _path(self) -> Send:
        return self._send if self.delivery.prompt else self.delivery.take

    def drop(self, now_s: float, *, relist: bool) -> None:
        """Close all watches."""
        for each in self:
            each.drop(now_s, relist=relist)

    def hold(self, number: int) -> None:
        """Close every watch at once that is begun, until `let_go` of the same number."""
        self._holds[number] = None

    def let_go(self, number: int) -> None:
        """Let watches stand again."""
        self._holds.pop(number, None)

    def _link_changed(self, now_s: float) -> None:
        for each in self:
            each.link_changed(now_s)


class _Step(Enum):
    """What a reflector is doing."""

    LIVE = "its watch delivers"
    STALLED = "its watch stands, but the network delivers nothing"
    WAITING = "it backs off"
    ASKING = "its request is on the way"


@dataclass(slots=True)
class _Gap:
    """What a subscription needs to know to close the gap in what was seen."""

    since_s: float
    boots: int
    held: dict[Place, Manifest]
    watch: Watch | None
    relist: bool = False


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
    group: Subscriptions
    _step: _Step = _Step.LIVE
    _turn: int = 0
    _began_s: float = 0.0
    _asked_s: float = 0.0
    _fails_s: float = 0.0
    _words: str = ""
    _listing: bool = False
    _gap: _Gap | None = None
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
        meta = change.object["metadata"]
        key = Key(
            self.cluster, self.api_version, self.kind, meta.get("namespace") or "", meta["name"]
        )
        gone = change.type == "DELETED"
        old = change.object if gone else change.old
        self.send(Observed(key, None if gone else change.object, old))

    # ── breaking ───────────────────────────────────────────────────────────────────────────────

    def _open_gap(self, now_s: float) -> _Gap:
        """Stop delivering, and keep what it takes to go on where it stopped."""
        if self._gap is None:
            assert self._stop is not None
            held, watch = self._bookmark()
            self._stop()
            self._stop = None
            self._gap = _Gap(now_s, self.link.boots, held, watch)
        return self._gap

    def _bookmark(self) -> tuple[dict[Place, Manifest], Watch | None]:
        """Return all objects there are, and a place in the history from which to go on."""
        try:
            version = self.store.resource_version
            watch = self.store.watch(self.api_version, self.kind, since=version)
            found = self.store.list(self.api_version, self.kind)
        except ApiError:
            return {}, None  # its API was taken away: all is gone
        return {_place(each): each for each in found}, watch

    def listed(self) -> None:
        """The control plane is being sent everything there is, though not what is gone."""
        found, watch = self._bookmark()
        if watch is not None:
            watch.close()
        for place in found:
            self.group.delivery.shown(self._key(place))
        if self._gap is not None:
            self._gap.held.update(found)
            self._gap.relist = True

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
        elif self._step is _Step.STALLED and link.from_open:
            self._unstalled(now_s)
        elif self._step is _Step.ASKING and link.open:
            again_s = link.sent_again_s(self._asked_s, now_s, self._words)
            if again_s < self._fails_s:
                self._at(again_s + self.latency_s / 2, self._served, _Step.ASKING)

    def _stall(self, now_s: float) -> None:
        """Nothing arrives; Karmada's client timeout ends the watch within 32 s: it asks anew."""
        self._open_gap(now_s)
        self._step = _Step.STALLED
        lived_s = (now_s - self._began_s) % CLIENT_TIMEOUT_S
        self._at(now_s + CLIENT_TIMEOUT_S - lived_s, self._ask, _Step.STALLED)

    def _unstalled(self, now_s: float) -> None:
        """The network is back before the watch was given up: what the server sent is sent again."""
        assert self._gap is not None
        again_s = self.link.sent_again_s(self._gap.since_s, now_s, "")
        lived_s = (self._gap.since_s - self._began_s) % CLIENT_TIMEOUT_S
        ends_s = self._gap.since_s + CLIENT_TIMEOUT_S - lived_s
        if self._gap.boots != self.link.boots or not self.link.running:
            self._at(min(now_s + self.latency_s, ends_s), self._ask, _Step.STALLED)
        elif again_s < ends_s:
            self._at(again_s, self._resume, _Step.STALLED)
        else:
            self._at(ends_s, self._ask, _Step.STALLED)

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
            if gap.watch is None:
                raise ApiError(410, "Expired", "the kind was not served")
            missed = gap.watch.poll()
        except ApiError:
            self._listing = True
            self._wait(now_s + self.latency_s / 2)
            return
        held = gap.held
        for event in missed:
            place = _place(event.object)
            old = held.get(place)
            if event.type == "DELETED":
                held.pop(place, None)
                self.send(Observed(self._key(place), None, event.object))
            else:
                held[place] = event.object
                self.send(Observed(self._key(place), event.object, old))
        self._back(gap, now_s)

    def _relist(self, now_s: float) -> None:
        """Deliver what is different now, net; how it came about was missed."""
        gap = self._gap
        assert gap is not None
        request = Subscribe(self.cluster, self.api_version, self.kind)
        try:
            if (refusal := self.faults.refusal(request, now_s)) is not None:
                raise refusal
            found = self.store.list(self.api_version, self.kind)
        except ApiError:
            self._wait(now_s + self.latency_s / 2)
            return
        gone = self._held(gap)
        for manifest in found:
            place = _place(manifest)
            old = gone.pop(place, None)
            if old is None or _version(old) != _version(manifest):
                self._show(Observed(self._key(place), manifest, old))
        for place, old in gone.items():
            self._show(Observed(self._key(place), None, old))
        for key in self.group.delivery.unseen(self.api_version, self.kind):
            self.group.delivery.shown(key)
        self._back(gap, now_s)
        self.group.settle()

    def _held(self, gap: _Gap) -> dict[Place, Manifest]:
        """Return what the control plane holds."""
        held = dict(gap.held)
        delivery = self.group.delivery
        for key in delivery.unseen(self.api_version, self.kind):
            place = (key.namespace, key.name)
            seen = delivery.held(key, None)
            if seen is None:
                held.pop(place, None)
            else:
                held[place] = seen
        return held

    def _show(self, event: Observed) -> None:
        if self.group.delivery.prompt:
            self.send(event)
        else:
            self.group.delivery.take(event, listed=True)

    def _back(self, gap: _Gap, now_s: float) -> None:
        if gap.watch is not None:
            gap.watch.close()
        self._listing = False
        self._began_s = now_s
        self._go_live()

    def _key(self, place: Place) -> Key:
        return Key(self.cluster, self.api_version, self.kind, *place)


def _place(manifest: Manifest) -> Place:
    meta = manifest["metadata"]
    return meta.get("namespace") or "", meta["name"]


def _version(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("resourceVersion") or "")
