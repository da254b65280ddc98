"""The way between the control plane and a member's API server, and whether that server runs.

Every active fault counts once in what it breaks, so that overlapping faults compose and each can
end on its own. `clear` is all that the hot path asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

CLIENT_TIMEOUT_S = 32.0
"""What Karmada gives every request to a member (`pkg/util/membercluster_client.go`)."""
DIAL_TIMEOUT_S = 30.0
"""After it, a connection that is not made has failed (client-go's dialer)."""
PING_S = 30.0
"""After so long a silence an HTTP/2 client asks whether the connection is alive."""
SILENCE_S = PING_S + 15.0
"""A connection that is silent for so long is lost: the ping is waited for 15 s."""
_RESEND_S, _REDIAL_S = 0.2, 1.0
"""First wait before TCP sends a packet, or the first packet of a connection, again."""


class Break(Enum):
    """What can be broken."""

    REFUSING = "the API server's process is down: its host refuses connections"
    DARK = "the host is gone: nothing answers, and the API server with it"
    TO_MEMBER = "packets to the member are lost"
    FROM_MEMBER = "packets from the member are lost"
    HINDERED = "the API server answers otherwise than it should"


class Link:
    """Counts what is broken, and tells listeners of every change.

    Attributes:
        clear: Nothing is broken.
        boots: How often the API server was started again; its watch history begins anew then.
        died_s: When the API server's process died last.
        heard_s: When the control plane last had an answer.
    """

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Break, 0)
        self._listeners: list[Callable[[float], None]] = []
        self.clear = True
        self.boots = 0
        self.died_s = float("-inf")
        self.heard_s = float("-inf")
        self._lost_s = float("inf")

    def listen(self, callback: Callable[[float], None]) -> None:
        """Call `callback` with the time whenever something breaks or is mended."""
        self._listeners.append(callback)

    def breaks(self, what: Break, now_s: float) -> None:
        """Break something (once more)."""
        self._change(what, 1, now_s)

    def mends(self, what: Break, now_s: float) -> None:
        """Mend what was broken once; it may be broken by other faults still."""
        self._change(what, -1, now_s)

    def _change(self, what: Break, by: int, now_s: float) -> None:
        ran, was_silent = self.running, self._silent
        self._counts[what] += by
        assert self._counts[what] >= 0, f"{what.name} was mended more often than it was broken"
        self.clear = not any(self._counts.values())
        if ran and not self.running:
            self.died_s = now_s
        elif self.running and not ran:
            self.boots += 1
        if self._silent and not was_silent:
            self._lost_s = max(self.heard_s, now_s - PING_S) + SILENCE_S
        elif was_silent and not self._silent:
            self._lost_s = float("inf")
        for listener in self._listeners:
            listener(now_s)

    @property
    def _silent(self) -> bool:
        """Tell whether not even a connection's keep-alive comes through."""
        return not (self.to_open or self.from_open)

    @property
    def running(self) -> bool:
        """Tell whether the API server's process runs."""
        return not (self._counts[Break.REFUSING] or self._counts[Break.DARK])

    @property
    def dark(self) -> bool:
        """Tell whether the member's host is gone."""
        return bool(self._counts[Break.DARK])

    @property
    def to_open(self) -> bool:
        """Tell whether packets reach the member's host."""
        return not (self._counts[Break.TO_MEMBER] or self._counts[Break.DARK])

    @property
    def from_open(self) -> bool:
        """Tell whether packets of the member's host arrive."""
        return not (self._counts[Break.FROM_MEMBER] or self._counts[Break.DARK])

    @property
    def open(self) -> bool:
        """Tell whether a request can be sent and answered, be it with a refusal."""
        return self.to_open and self.from_open

    def gives_up(self, sent_s: float) -> tuple[float, str]:
        """Return when the sender of a request that is never answered fails (s), and its words."""
        if sent_s >= self._lost_s:
            return sent_s + DIAL_TIMEOUT_S, DIAL_FAILED
        if self._lost_s < sent_s + CLIENT_TIMEOUT_S:
            return self._lost_s, CONNECTION_LOST
        return sent_s + CLIENT_TIMEOUT_S, TIMED_OUT

    def sent_again_s(self, sent_s: float, now_s: float, patience: str) -> float:
        """Return when a lost request is sent again after the network was mended (s)."""
        return retransmitted_s(sent_s, now_s, _REDIAL_S if patience == DIAL_FAILED else _RESEND_S)


DIAL_FAILED = "i/o timeout"
CONNECTION_LOST = "http2: client connection lost"
TIMED_OUT = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
REFUSED = "connect: connection refused"
CUT_OFF = "unexpected EOF"


def retransmitted_s(first_s: float, mended_s: float, wait_s: float = _RESEND_S) -> float:
    """Return when TCP's next try after a repair is (s): the waits between tries double.

    Example:
        >>> retransmitted_s(0.0, 5.0, 1.0)
        7.0
    """
    tries_s = wait_s
    while first_s + tries_s < mended_s:
        tries_s = 2 * tries_s + wait_s
    return round(first_s + tries_s, 6)
