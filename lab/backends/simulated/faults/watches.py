"""Faults of what the control plane sees of a member: watches that break, lag, lose and repeat."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from lab.backends.simulated.api.api_faults import ApiFault
from lab.backends.simulated.api.delivery import DeliveryFault
from lab.backends.simulated.api.link import Break
from lab.backends.simulated.faults.base import MemberFault
from lab.core.model import ProbeResult
from lab.core.stride import Stride


class WatchDrop(MemberFault):
    """Watches are closed; while it lasts, new ones are closed at once."""

    def begin(self, now_s: float) -> None:
        """Close all watches."""
        self.member.subscriptions.hold(self.number)
        self.member.subscriptions.drop(now_s, relist=bool(self.parameters.get("relist")))

    def end(self, now_s: float) -> None:
        """Let watches stand again."""
        self.member.subscriptions.let_go(self.number)


class _Seen(MemberFault, DeliveryFault):
    """A fault that every change of a watch passes while it lasts."""

    def begin(self, now_s: float) -> None:
        """Take part."""
        self.member.subscriptions.hinder(self.number, self)

    def end(self, now_s: float) -> None:
        """Take part no longer."""
        self.member.subscriptions.free(self.number, now_s)


class StaleReads(_Seen, ApiFault):
    """Every change is seen late, and so is the capacity that is computed from nodes and pods."""

    def begin(self, now_s: float) -> None:
        """Remember what was seen last."""
        self._lag_s = float(self.parameters.get("lag") or 10.0)
        self._probes = [(now_s, self.member.probe_now())]
        self.member.api_faults.add(self.number, self)
        self.member.link.breaks(Break.HINDERED, now_s)
        super().begin(now_s)

    def end(self, now_s: float) -> None:
        """Let everything be seen."""
        super().end(now_s)
        self.member.api_faults.drop(self.number)
        self.member.link.mends(Break.HINDERED, now_s)

    def late_s(self, chance: random.Random) -> float:
        """Return the lag."""
        return self._lag_s

    def probed(self, result: ProbeResult, now_s: float) -> ProbeResult:
        """Return old capacity. Version and APIs are asked for anew each time."""
        if not result.facts:
            return result
        self._probes.append((now_s, result))
        while len(self._probes) > 1 and self._probes[1][0] <= now_s - self._lag_s:
            del self._probes[0]
        old = self._probes[0][1].facts
        fresh = {name: result.facts[name] for name in ("kubernetesVersion", "apiEnablements")}
        return replace(result, facts={**old, **fresh})


class MissedEvents(_Seen):
    """A share of the changes is never seen, until a later one or a list shows the object."""

    def begin(self, now_s: float) -> None:
        """Begin to count."""
        self._stride, self._share = Stride(), float(self.parameters.get("share") or 0.5)
        super().begin(now_s)

    def misses(self) -> bool:
        """Tell whether it is the turn of the next one."""
        return self._stride.picks(self._share)


class DuplicatedDelivery(_Seen):
    """A share of the changes is seen twice."""

    def begin(self, now_s: float) -> None:
        """Begin to count."""
        self._stride, self._share = Stride(), float(self.parameters.get("share") or 0.5)
        super().begin(now_s)

    def repeats(self) -> bool:
        """Tell whether it is the turn of the next one."""
        return self._stride.picks(self._share)


class ReorderedDelivery(_Seen):
    """Every change is late by up to a window, drawn for each."""

    def late_s(self, chance: random.Random) -> float:
        """Draw how late."""
        return chance.random() * float(self.parameters.get("window") or 1.0)


WATCH_FAULTS: Mapping[str, type[MemberFault]] = {
    "WatchDrop": WatchDrop,
    "StaleReads": StaleReads,
    "MissedEvents": MissedEvents,
    "DuplicatedDelivery": DuplicatedDelivery,
    "ReorderedDelivery": ReorderedDelivery,
}
"""Kind to what plays it."""
