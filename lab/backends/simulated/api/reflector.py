"""How long client-go's reflector waits before it lists or watches again.

Source: client-go `tools/cache/reflector.go` (800 ms, factor 2, at most 30 s, jitter 1.0, reset
after 2 min) and apimachinery's `wait.Backoff`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST_S, FACTOR, MOST_S, JITTER, RESET_S = 0.8, 2.0, 30.0, 1.0, 120.0


@dataclass(slots=True)
class ReflectorBackOff:
    """The back-off of one reflector.

    Args:
        chance: Where the jitter comes from.
    """

    chance: random.Random
    _next_s: float = FIRST_S
    _asked_s: float = float("-inf")

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait from now on (s)."""
        if now_s - self._asked_s > RESET_S:
            self._next_s = FIRST_S
        self._asked_s = now_s
        base_s = self._next_s
        self._next_s = min(base_s * FACTOR, MOST_S)
        return base_s * (1.0 + self.chance.random() * JITTER)
