"""When a member's store reached which version: what it takes to lose its last seconds."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from lab.store.api_store import ApiStore

STEP_US = 100_000
"""Versions reached within this time of one another are told apart no further."""
_MOST = 72_000


class Journal:
    """Notes the store's version after each instant, for the last hour or more.

    Args:
        store: Whose version is noted.
    """

    def __init__(self, store: ApiStore) -> None:
        self._store = store
        self._last = self._first = store.resource_version
        self._times_us = array("q")
        self._versions = array("q")

    def note(self, now_us: int) -> None:
        """Take note of the version at the end of an instant."""
        version = self._store.resource_version
        if version == self._last:
            return
        self._last = version
        times = self._times_us
        if times and now_us - times[-1] < STEP_US:
            self._versions[-1] = version
            return
        times.append(now_us)
        self._versions.append(version)
        if len(times) > _MOST:
            self._first = self._versions[_MOST // 2 - 1]
            del times[: _MOST // 2], self._versions[: _MOST // 2]

    def version_at(self, time_s: float) -> int:
        """Return the version the store had at a time (s), or the earliest that is known."""
        at = bisect_right(self._times_us, round(time_s * 1e6))
        return self._versions[at - 1] if at else self._first
