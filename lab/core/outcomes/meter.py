"""Measures one application while a run goes on: is it below its target, since when, how far.

It counts from the moment the target is met for the first time: what was never there cannot fail. A
target that is raised (somebody scales up) holds once it is met; a lowered one holds at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.core.outcomes.target import Target


@dataclass(frozen=True, slots=True)
class Dip:
    """A time below target. `back_s` None: not back yet. `cause` is a fault's number, 0: none."""

    from_s: float
    back_s: float | None
    cause: int

    def length_s(self, now_s: float) -> float:
        """Return how long it lasted, or lasts."""
        return (now_s if self.back_s is None else self.back_s) - self.from_s


@dataclass(slots=True)
class Meter:
    """One application.

    Attributes:
        target: What it is held against.
        desired: Pods wanted now.
        serving: Pods that serve now.
        met_s: When the target was met for the first time, None: never yet.
        dips: Times below target, oldest first; the last one may go on.
        lost: The most pods that were missing at a moment since then.
    """

    target: Target
    desired: int = 0
    serving: int = 0
    met_s: float | None = None
    lost: int = 0
    dips: list[Dip] = field(default_factory=list)
    _held: int = 0
    """Desired pods that the target holds for: a raise counts once it is met."""
    _since_s: float | None = None
    _cause: int = 0

    @property
    def is_below(self) -> bool:
        """Tell whether it is below target now."""
        return self._since_s is not None

    @property
    def pending(self) -> bool:
        """Tell whether it was raised and the raised target was not met yet."""
        return self.desired > self._held

    def update(self, now_s: float, desired: int, serving: int, fault: int) -> None:
        """Take in what is desired and what serves from now on.

        Args:
            now_s: Second of the run.
            desired: Pods wanted.
            serving: Pods that serve.
            fault: Number of the fault that a dip beginning now is put down to, 0: none.
        """
        self.desired, self.serving = desired, serving
        if desired and serving >= self.target.needs(desired):
            if self.met_s is None:
                self.met_s = now_s
            self._held = desired
        self._held = min(self._held, desired)
        if self.met_s is None:
            return
        self.lost = max(self.lost, self._held - serving)
        below = serving < self.target.needs(self._held)
        if below and self._since_s is None:
            self._since_s, self._cause = now_s, fault
        elif not below and self._since_s is not None:
            if now_s > self._since_s:
                self.dips.append(Dip(self._since_s, now_s, self._cause))
            self._since_s = None

    def all_dips(self) -> list[Dip]:
        """Return all times below target, with the one that goes on."""
        if self._since_s is None:
            return list(self.dips)
        return [*self.dips, Dip(self._since_s, None, self._cause)]

    def longest_s(self, now_s: float) -> float:
        """Return the longest time below target (s)."""
        return max((each.length_s(now_s) for each in self.all_dips()), default=0.0)

    def total_s(self, now_s: float) -> float:
        """Return all time below target (s)."""
        return sum(each.length_s(now_s) for each in self.all_dips())
