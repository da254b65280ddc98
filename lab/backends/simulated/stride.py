"""A share of things, picked evenly and without chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Stride:
    """Picks every n-th thing, as a share says.

    Example:
        >>> stride = Stride(0.4)
        >>> [stride.picks() for _ in range(5)]
        [False, False, True, False, True]
    """

    share: float
    _sum: float = 0.0

    def picks(self) -> bool:
        """Tell whether the next one is picked."""
        self._sum = round(self._sum + self.share, 9)
        if self._sum < 1.0:
            return False
        self._sum = round(self._sum - 1.0, 9)
        return True
