"""A share of things, picked evenly and without chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Stride:
    """Picks every n-th thing, as a share says; the share may change on the way.

    Example:
        >>> stride = Stride()
        >>> [stride.picks(0.4) for _ in range(5)]
        [False, False, True, False, True]
    """

    _sum: float = 0.0

    def picks(self, share: float) -> bool:
        """Tell whether the next one is picked.

        Args:
            share: Of all things, from 0 (none) to 1 (every one).
        """
        self._sum = round(self._sum + share, 9)
        if self._sum < 1.0:
            return False
        self._sum = round(self._sum - 1.0, 9)
        return True
