"""The hub's API server as the controllers meet it: an ApiStore behind rate limits and latency.

Admission is the store's. The hub is passive: it says when it is due and works when it is run.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.core.errors import ApiError
from lab.core.model import Action, Answered, Note, Probe, Subscribe
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import TokenBucket
from lab.engine.events import EventRecorder
from lab.engine.hub_faults import REQUEST_TIMEOUT_S, HubFaults
from lab.store.api_store import ApiStore

EVENT_BACKLOG = 1000
"""How many unsent Events a client holds (client-go `record.maxQueuedEvents`)."""
EVENT_TRIES, EVENT_RETRY_S = 12, 10.0
"""How often, and how far apart, an Event is sent before it is dropped (client-go
`tools/record/event.go`)."""


@dataclass(slots=True)
class _Request:
    """Something on its way to the server: an action of a controller, or a client's Event."""

    what: Action | Note
    client: str
    number: int = 0
    sent_s: float = 0.0
    error: ApiError | None = None


@dataclass(slots=True)
class Hub:
    """The Karmada API server. Writes of controllers wait for their client's rate limit.

    A client's Kubernetes Events share its rate limit but go out one after the other, as
    client-go's broadcaster sends them: they slow the control loop down without drowning it.

    Args:
        store: Where the objects live.
        settings: Client rate limits and the latency of a request.
    """

    store: ApiStore
    settings: KarmadaSettings
    distance_s: dict[str, float] = field(default_factory=dict)
    """What the network adds to each request of a client that is far from the hub (an agent)."""
    _buckets: dict[str, TokenBucket] = field(default_factory=dict)
    _pending: list[tuple[float, int, _Request]] = field(default_factory=list)
    _notes: dict[str, deque[Note]] = field(default_factory=dict)
    _sequence: int = 0
    _tries: dict[str, int] = field(default_factory=dict)
    _recorder: EventRecorder = field(init=False)
    faults: HubFaults = field(init=False)

    def __post_init__(self) -> None:
        self._recorder = EventRecorder(self.store)
        self.faults = HubFaults(self.store.kinds)

    def begin_fault(self, number: int, kind: str, parameters: Mapping[str, Any]) -> None:
        """Let the API server fail in a way (`HubFaults.KINDS`) until `end_fault`."""
        self.faults.begin(number, kind, parameters)

    def end_fault(self, number: int) -> None:
        """Let a fault end."""
        self.faults.end(number)

    def forget(self, client: str, now_s: float) -> None:
        """Drop what a process that ended had not sent yet: Events, and requests held back by its
        own rate limit. What is on its way is still carried out.
        """
        self._notes.pop(client, None)
        self._tries.pop(client, None)
        self._pending = [
            each
            for each in self._pending
            if each[2].client != client
            or (each[2].sent_s <= now_s and not isinstance(each[2].what, Note))
        ]
        heapq.heapify(self._pending)

    def submit(self, request: int, action: Action, client: str, now_s: float) -> None:
        """Accept an action; it is carried out when the client's rate limit lets it through."""
        assert not isinstance(action, Subscribe | Probe), "the hub is watched, never subscribed to"
        self._send(_Request(action, client, request), now_s)

    def record(self, note: Note, client: str, now_s: float) -> None:
        """Accept a note; it is stored as an Event after the client's earlier ones."""
        backlog = self._notes.setdefault(client, deque())
        if len(backlog) >= EVENT_BACKLOG:
            return  # a real broadcaster drops what does not fit
        backlog.append(note)
        if len(backlog) == 1:
            self._send(_Request(note, client), now_s)

    def _send(self, request: _Request, now_s: float) -> None:
        sent_s = self._bucket(request.client).reserve(now_s)
        latency_s = self.settings.hub_latency_s
        request.sent_s = sent_s
        if self.faults:
            sent_s, request.error = self.faults.admitted_s(sent_s)
            request.error = request.error or self.faults.timed_out(latency_s)
            latency_s = min(self.faults.latency_s(latency_s), REQUEST_TIMEOUT_S)
        latency_s += self.distance_s.get(request.client, 0.0)
        self._push(round(sent_s + latency_s, 6), request)

    def _push(self, due_s: float, request: _Request) -> None:
        self._sequence += 1
        heapq.heappush(self._pending, (due_s, self._sequence, request))

    def next_due_s(self) -> float | None:
        """Return when the next pending request is carried out."""
        return self._pending[0][0] if self._pending else None

    def run_next(
        self, now_s: float, started: Callable[[int], None], answer: Callable[[Answered], None]
    ) -> bool:
        """Carry out one due request; tell `started` before and `answer` after. False: none due."""
        if not self._pending or self._pending[0][0] > now_s:
            return False
        request = heapq.heappop(self._pending)[2]
        what = request.what
        if isinstance(what, Note):
            self._store_note(what, request, now_s)
            return True
        refusal = request.error or (self.faults.refusal(what) if self.faults else None)
        if refusal is not None:
            answer(Answered(request.number, what, error=refusal))
            return True
        started(request.number)
        try:
            after = self.store.execute(what, now_s)
        except ApiError as error:
            answer(Answered(request.number, what, error=error))
        else:
            answer(Answered(request.number, what, object=after))
        return True

    def _store_note(self, note: Note, request: _Request, now_s: float) -> None:
        client = request.client
        backlog = self._notes[client]
        if self.faults.down and self._tries.get(client, 1) < EVENT_TRIES:
            self._tries[client] = self._tries.get(client, 1) + 1
            self._push(round(now_s + EVENT_RETRY_S, 6), request)
            return
        self._tries.pop(client, None)
        backlog.popleft()
        if not self.faults.down:
            self._recorder.record(note, client, now_s)
        if backlog:
            self._send(_Request(backlog[0], client), now_s)

    def _bucket(self, client: str) -> TokenBucket:
        if client not in self._buckets:
            limits = self.settings.kube_api_qps, self.settings.kube_api_burst
            self._buckets[client] = TokenBucket(*limits)
        return self._buckets[client]
