"""How a member's API server misbehaves while it runs: slow, throttling, refusing.

Each active fault is one entry; what a request meets is what all entries together make of it.
"""

from __future__ import annotations

from lab.core.errors import ApiError
from lab.core.model import Action, ProbeResult

NO_SPACE = "etcdserver: mvcc: database space exceeded"
"""What every write is told whose server's disk is full."""


class ApiFault:
    """One fault of the API server's answers; what it leaves out does no harm."""

    def slowness_s(self, latency_s: float) -> float:
        """Return how much longer a request takes than `latency_s`."""
        return 0.0

    def throttled(self, action: Action, now_s: float) -> ApiError | None:
        """Return 429 (with how long to wait) if the server has too much to do."""
        return None

    def refusal(self, action: Action, now_s: float) -> ApiError | None:
        """Return why the server refuses a request."""
        return None

    def probed(self, result: ProbeResult, now_s: float) -> ProbeResult:
        """Return what a probe finds."""
        return result


class ApiFaults:
    """All active faults, by the number of their trace record."""

    def __init__(self) -> None:
        self._active: dict[int, ApiFault] = {}

    def add(self, number: int, fault: ApiFault) -> None:
        """Let a fault take part."""
        self._active[number] = fault

    def drop(self, number: int) -> None:
        """Let a fault take part no longer."""
        del self._active[number]

    def slowness_s(self, latency_s: float) -> float:
        """Return how much longer a request takes: slow causes add up."""
        return sum(each.slowness_s(latency_s) for each in self._active.values())

    def throttled(self, action: Action, now_s: float) -> ApiError | None:
        """Return the first fault's 429, if any."""
        found = (each.throttled(action, now_s) for each in self._active.values())
        return next((error for error in found if error is not None), None)

    def refusal(self, action: Action, now_s: float) -> ApiError | None:
        """Return the first fault's refusal, if any."""
        found = (each.refusal(action, now_s) for each in self._active.values())
        return next((error for error in found if error is not None), None)

    def probed(self, result: ProbeResult, now_s: float) -> ProbeResult:
        """Return what a probe finds."""
        for each in self._active.values():
            result = each.probed(result, now_s)
        return result
