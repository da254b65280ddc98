"""Requests to a member while something is wrong: lost, refused, late, tried again, given up.

A request is handed over at the time it would reach the member's host. It is answered exactly once,
at the latest when its client's patience ends. The words are those of client-go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.backends.simulated.agenda import Agenda
from lab.backends.simulated.api.api_faults import ApiFaults
from lab.backends.simulated.api.link import (
    CLIENT_TIMEOUT_S,
    CONNECTION_LOST,
    CUT_OFF,
    DIAL_FAILED,
    REFUSED,
    Link,
)
from lab.backends.simulated.api.urls import address_of, verb_and_url
from lab.core.errors import ApiError
from lab.core.kinds import KindRegistry
from lab.core.model import Action, Answered, Event, Probe, ProbeResult, Subscribe

MOST_RETRIES = 10
"""How often client-go tries a request again by itself."""
_LOST_CONNECTION_RETRY_S = 1.0


@dataclass(slots=True, eq=False)
class _Call:
    """One request, from its sending to its answer."""

    request: int
    action: Action
    client: str
    sent_s: float
    fails_s: float
    words: str
    retries: int = 0
    attempt: int = 0
    reached: bool = False
    reply: Event | None = None
    replied_s: float = 0.0
    done: bool = False


class Requests:
    """All requests of a member's clients that something went wrong with.

    Args:
        name: The member.
        kinds: For the words of errors.
        agenda: The member's time.
        link: What is broken.
        faults: How the API server misbehaves.
        latency_s: Of a request and its answer together.
        carry_out: Does what a request asks for and returns the answer.
        emit: Hands an event to the control plane now.
        reserve: Takes a token of a client's rate limit; returns when it may send.
    """

    def __init__(
        self,
        name: str,
        kinds: KindRegistry,
        agenda: Agenda,
        link: Link,
        faults: ApiFaults,
        latency_s: float,
        carry_out: Callable[[int, Action, float], Event],
        emit: Callable[[Event], None],
        reserve: Callable[[str, float], float],
    ) -> None:
        self._name, self._kinds = name, kinds
        self._agenda, self._link, self._faults = agenda, link, faults
        self._half_s = latency_s / 2
        self._carry_out, self._emit, self._reserve = carry_out, emit, reserve
        self._calls: dict[_Call, None] = {}
        self.serving = False
        """Whether a request is being carried out at this moment."""
        link.listen(self._link_changed)

    def __len__(self) -> int:
        return len(self._calls)

    def arrive(
        self, request: int, action: Action, client: str, sent_s: float, now_s: float
    ) -> None:
        """Take over a request at the time it would have reached the member."""
        fails_s, words = self._link.gives_up(sent_s)
        call = _Call(request, action, client, sent_s, fails_s, words)
        self._calls[call] = None
        self._patience(call)
        self._at_host(call, now_s)

    def _send(self, call: _Call, now_s: float) -> None:
        """Send a call once more."""
        call.sent_s, call.reached, call.reply = now_s, False, None
        call.attempt += 1
        call.fails_s, call.words = self._link.gives_up(now_s)
        self._patience(call)
        self._later(call, now_s + self._half_s, lambda at_s: self._at_host(call, at_s))

    def _patience(self, call: _Call) -> None:
        self._later(call, call.fails_s, lambda now_s: self._given_up(call, now_s))

    def _given_up(self, call: _Call, now_s: float) -> None:
        is_get = isinstance(call.action, Probe)
        if call.words == CONNECTION_LOST and is_get and call.retries < MOST_RETRIES:
            call.retries += 1
            self._later(call, now_s + _LOST_CONNECTION_RETRY_S, lambda at_s: self._send(call, at_s))
            return
        text = call.words
        if text == DIAL_FAILED:
            text = f"dial tcp {address_of(self._name)}: {text}"
        self._fail(call, text)

    def _at_host(self, call: _Call, now_s: float) -> None:
        """The packets are at the member's host, if the network lets them through."""
        if not self._link.to_open or not (self._link.running or self._link.from_open):
            return  # lost: sent again once the network is mended, or given up
        call.reached = True
        if self._link.running:
            self._serve(call, now_s)
        elif call.sent_s < self._link.died_s:
            self._later(call, now_s + self._half_s, lambda _: self._fail(call, CUT_OFF))
        else:
            text = f"dial tcp {address_of(self._name)}: {REFUSED}"
            self._later(call, now_s + self._half_s, lambda _: self._fail(call, text))

    # ── at the API server ──────────────────────────────────────────────────────────────────────

    def _serve(self, call: _Call, now_s: float) -> None:
        slow_s = self._faults.slowness_s(2 * self._half_s)
        if slow_s > 0:
            work_s = slow_s / 2
            self._later(call, now_s + work_s, lambda at_s: self._work(call, work_s, at_s))
        else:
            self._work(call, 0.0, now_s)

    def _work(self, call: _Call, rest_s: float, now_s: float) -> None:
        if not self._link.running:
            return  # died meanwhile: `_link_changed` told the client
        throttled = self._faults.throttled(call.action, now_s)
        if throttled is not None and call.retries < MOST_RETRIES:
            if self._link.from_open:  # if not, the client never hears of it, and gives up
                wait_s = throttled.retry_after_s or 1.0
                self._again(call, now_s + self._half_s + wait_s)
            return
        if throttled is not None:
            event: Event = Answered(call.request, call.action, error=throttled)
        elif isinstance(call.action, Subscribe) and not self._link.from_open:
            return  # the list is lost on its way
        else:
            self.serving = True
            event = self._carried_out(call, now_s)
            self.serving = False
        self._reply(call, event, rest_s, now_s)

    def _carried_out(self, call: _Call, now_s: float) -> Event:
        error = self._faults.refusal(call.action, now_s)
        if error is not None:
            return Answered(call.request, call.action, error=error)
        event = self._carry_out(call.request, call.action, now_s)
        return self._faults.probed(event, now_s) if isinstance(event, ProbeResult) else event

    def _again(self, call: _Call, at_s: float) -> None:
        """The answer is to try again later: the client does so by itself."""
        call.retries += 1
        call.attempt += 1
        call.reached = False

        def retry(now_s: float) -> None:
            sent_s = self._reserve(call.client, now_s)
            self._later(call, sent_s, lambda later_s: self._send(call, later_s))

        self._later(call, at_s, retry)

    def _reply(self, call: _Call, event: Event, rest_s: float, now_s: float) -> None:
        def leave(at_s: float) -> None:
            call.reply, call.replied_s = event, at_s
            if self._link.from_open:
                self._later(call, at_s + self._half_s, lambda _: self._answer(call, event))

        if rest_s > 0:
            self._later(call, now_s + rest_s, leave)
        else:
            leave(now_s)

    # ── changes of the link ────────────────────────────────────────────────────────────────────

    def _link_changed(self, now_s: float) -> None:
        link = self._link
        for call in list(self._calls):
            if call.done:
                continue
            if call.reached and call.sent_s < link.died_s:
                if link.from_open:  # the host knows nothing of this connection
                    told_s = now_s + self._half_s
                    self._later(call, told_s, lambda _, c=call: self._fail(c, CUT_OFF))  # type: ignore[misc]
            elif not call.reached and link.to_open:
                self._found_again(call, now_s)
            elif call.reply is not None and link.from_open:
                reply = call.reply
                again_s = link.sent_again_s(call.replied_s, now_s, "")
                arrives_s = again_s + self._half_s
                self._later(call, arrives_s, lambda _, c=call, r=reply: self._answer(c, r))  # type: ignore[misc]

    def _found_again(self, call: _Call, now_s: float) -> None:
        again_s = self._link.sent_again_s(call.sent_s, now_s, call.words)
        if call.sent_s + self._half_s < now_s and again_s < call.fails_s:
            arrives_s = again_s + self._half_s
            self._later(call, arrives_s, lambda at_s: self._once_at_host(call, at_s))

    def _once_at_host(self, call: _Call, now_s: float) -> None:
        if not call.reached:
            self._at_host(call, now_s)

    # ── the end ────────────────────────────────────────────────────────────────────────────────

    def _later(self, call: _Call, due_s: float, task: Callable[[float], None]) -> None:
        """Do something about this attempt of a call, unless it is over by then."""
        attempt = call.attempt

        def due(now_s: float) -> None:
            if not call.done and call.attempt == attempt:
                task(now_s)

        self._agenda.at(due_s, due)

    def _answer(self, call: _Call, event: Event) -> None:
        self._close(call)
        self._link.heard_s = self._agenda.now_s
        self._emit(event)

    def _fail(self, call: _Call, text: str) -> None:
        self._close(call)
        verb, url = verb_and_url(call.action, self._name, self._kinds, CLIENT_TIMEOUT_S)
        words = f'{verb} "{url}": {text}'
        if isinstance(call.action, Probe):
            self._emit(ProbeResult(self._name, online=False, healthy=False, message=words))
            return
        error = ApiError(503, "ServiceUnavailable", words)
        self._emit(Answered(call.request, call.action, error=error))

    def _close(self, call: _Call) -> None:
        call.done = True
        self._calls.pop(call, None)
