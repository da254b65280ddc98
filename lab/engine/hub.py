"""The hub's API server as the controllers meet it: an ApiStore behind rate limits and latency.

Admission is the store's. The hub is passive: it says when it is due and works when it is run.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.core.errors import ApiError
from lab.core.manifest import Manifest
from lab.core.model import Action, Answered, Note, Probe, Subscribe
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import TokenBucket
from lab.engine.events import EventRecorder
from lab.store.api_store import ApiStore

USER = "user"
"""The client name of a person's own commands: no rate limit, no latency."""


@dataclass(slots=True)
class Hub:
    """The Karmada API server. Writes of controllers wait for their client's rate limit.

    Args:
        store: Where the objects live.
        settings: Client rate limits and the latency of a request.
    """

    store: ApiStore
    settings: KarmadaSettings
    _buckets: dict[str, TokenBucket] = field(default_factory=dict)
    _pending: list[tuple[float, int, int, Action]] = field(default_factory=list)
    _sequence: int = 0
    _recorder: EventRecorder = field(init=False)

    def __post_init__(self) -> None:
        self._recorder = EventRecorder(self.store)

    def submit(self, request: int, action: Action, client: str, now_s: float) -> None:
        """Accept an action; it is carried out when the client's rate limit lets it through."""
        assert not isinstance(action, Subscribe | Probe), "the hub is watched, never subscribed to"
        sent_s = self._bucket(client).reserve(now_s)
        self._sequence += 1
        due_s = round(sent_s + self.settings.hub_latency_s, 6)
        heapq.heappush(self._pending, (due_s, self._sequence, request, action))

    def next_due_s(self) -> float | None:
        """Return when the next pending request is carried out."""
        return self._pending[0][0] if self._pending else None

    def run_next(
        self, now_s: float, started: Callable[[int], None], answer: Callable[[Answered], None]
    ) -> bool:
        """Carry out one due request; tell `started` before and `answer` after. False: none due."""
        if not self._pending or self._pending[0][0] > now_s:
            return False
        _, _, request, action = heapq.heappop(self._pending)
        started(request)
        try:
            after = self.execute(action, now_s)
        except ApiError as error:
            answer(Answered(request, action, error=error))
        else:
            answer(Answered(request, action, object=after))
        return True

    def execute(self, action: Action, now_s: float) -> Manifest | None:
        """Carry out an action at once.

        Raises:
            ApiError: The store or a webhook refused.
        """
        return self.store.execute(action, now_s)

    def record(self, note: Note, client: str, now_s: float) -> None:
        """Store a Kubernetes Event; it costs its client one request, as it does in Karmada."""
        self._bucket(client).reserve(now_s)
        self._recorder.record(note, client, now_s)

    def _bucket(self, client: str) -> TokenBucket:
        if client not in self._buckets:
            limited = client != USER
            rate = self.settings.kube_api_qps if limited else 0.0
            self._buckets[client] = TokenBucket(rate, self.settings.kube_api_burst)
        return self._buckets[client]
