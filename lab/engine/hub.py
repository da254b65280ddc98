"""The hub's API server as the controllers meet it: an ApiStore behind rate limits and latency.

Admission is the store's. The hub is passive: it says when it is due and works when it is run.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.core.errors import ApiError
from lab.core.model import Action, Answered, Note, Probe, Subscribe
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import TokenBucket
from lab.engine.events import EventRecorder
from lab.store.api_store import ApiStore

EVENT_BACKLOG = 1000
"""How many unsent Events a client holds (client-go `record.maxQueuedEvents`)."""


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
    _buckets: dict[str, TokenBucket] = field(default_factory=dict)
    _pending: list[tuple[float, int, int | str, Action | Note]] = field(default_factory=list)
    _notes: dict[str, deque[Note]] = field(default_factory=dict)
    _sequence: int = 0
    _recorder: EventRecorder = field(init=False)

    def __post_init__(self) -> None:
        self._recorder = EventRecorder(self.store)

    def submit(self, request: int, action: Action, client: str, now_s: float) -> None:
        """Accept an action; it is carried out when the client's rate limit lets it through."""
        assert not isinstance(action, Subscribe | Probe), "the hub is watched, never subscribed to"
        self._send(request, action, client, now_s)

    def record(self, note: Note, client: str, now_s: float) -> None:
        """Accept a note; it is stored as an Event after the client's earlier ones."""
        backlog = self._notes.setdefault(client, deque())
        if len(backlog) >= EVENT_BACKLOG:
            return  # a real broadcaster drops what does not fit
        backlog.append(note)
        if len(backlog) == 1:
            self._send(client, note, client, now_s)

    def _send(self, request: int | str, what: Action | Note, client: str, now_s: float) -> None:
        sent_s = self._bucket(client).reserve(now_s)
        self._sequence += 1
        due_s = round(sent_s + self.settings.hub_latency_s, 6)
        heapq.heappush(self._pending, (due_s, self._sequence, request, what))

    def next_due_s(self) -> float | None:
        """Return when the next pending request is carried out."""
        return self._pending[0][0] if self._pending else None

    def run_next(
        self, now_s: float, started: Callable[[int], None], answer: Callable[[Answered], None]
    ) -> bool:
        """Carry out one due request; tell `started` before and `answer` after. False: none due."""
        if not self._pending or self._pending[0][0] > now_s:
            return False
        _, _, request, what = heapq.heappop(self._pending)
        if isinstance(what, Note):
            self._store_note(str(request), now_s)
            return True
        assert isinstance(request, int)
        started(request)
        try:
            after = self.store.execute(what, now_s)
        except ApiError as error:
            answer(Answered(request, what, error=error))
        else:
            answer(Answered(request, what, object=after))
        return True

    def _store_note(self, client: str, now_s: float) -> None:
        backlog = self._notes[client]
        self._recorder.record(backlog.popleft(), client, now_s)
        if backlog:
            self._send(client, backlog[0], client, now_s)

    def _bucket(self, client: str) -> TokenBucket:
        if client not in self._buckets:
            limits = self.settings.kube_api_qps, self.settings.kube_api_burst
            self._buckets[client] = TokenBucket(*limits)
        return self._buckets[client]
