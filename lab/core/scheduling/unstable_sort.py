"""The sort that Karmada sorts clusters by room with: what is equal may change places.

It is the pattern-defeating quicksort of Go's `sort.Sort`. Up to twelve entries it is stable; above
that, which of several equally roomy clusters comes first depends on every step it takes, and with
it who gets the replicas. So the steps are the same here.
"""

from __future__ import annotations

from collections.abc import Callable

Entry = tuple[str, int]

_SHORT = 12
"""Up to here: insertion sort."""
_LONG = 50
"""From here: a better pivot, and some shifting of what is nearly in order."""
_SHIFTS = 5
_ALL_SWAPPED = 12
_WORD = 2**64 - 1


def sorted_by_room(entries: list[Entry]) -> list[Entry]:
    """Return (name, room) pairs, the roomiest first.

    Example:
        >>> sorted_by_room([("a", 1), ("b", 3), ("c", 1)])
        [('b', 3), ('a', 1), ('c', 1)]
    """
    if len(entries) <= _SHORT or len({room for _, room in entries}) == len(entries):
        return sorted(entries, key=lambda entry: -entry[1])
    return _Sorter(entries).result()


class _Sorter:
    """A list being sorted; `first` says whether one entry must go before another."""

    def __init__(self, entries: list[Entry]) -> None:
        self.list = list(entries)

    def result(self) -> list[Entry]:
        self._sort(0, len(self.list), len(self.list).bit_length())
        return self.list

    def _first(self, one: int, other: int) -> bool:
        return self.list[one][1] > self.list[other][1]

    def _swap(self, one: int, other: int) -> None:
        self.list[one], self.list[other] = self.list[other], self.list[one]

    def _sort(self, begin: int, end: int, bad_left: int) -> None:
        balanced = ordered = True
        while True:
            length = end - begin
            if length <= _SHORT:
                self.list[begin:end] = sorted(self.list[begin:end], key=lambda entry: -entry[1])
                return
            if bad_left == 0:
                self._heap_sort(begin, end)
                return
            if not balanced:
                self._scatter(begin, length)
                bad_left -= 1
            pivot, swaps = self._pivot(begin, length)
            if swaps == _ALL_SWAPPED:
                self.list[begin:end] = self.list[begin:end][::-1]
                pivot, swaps = end - 1 - (pivot - begin), 0
            if balanced and ordered and swaps == 0 and self._was_nearly_sorted(begin, end):
                return
            if begin > 0 and not self._first(begin - 1, pivot):
                begin = self._past_equals(begin, end, pivot)
                continue
            middle, ordered = self._partition(begin, end, pivot)
            left, right = middle - begin, end - middle
            balanced = min(left, right) >= length // 8
            if left < right:
                self._sort(begin, middle, bad_left)
                begin = middle + 1
            else:
                self._sort(middle + 1, end, bad_left)
                end = middle

    def _pivot(self, begin: int, length: int) -> tuple[int, int]:
        """Return the place of a middling entry, and how many of the compared were out of order."""
        swaps = 0

        def median(*places: int) -> int:
            nonlocal swaps
            order = list(places)
            for index in (0, 1, 0):
                if self._first(order[index + 1], order[index]):
                    order[index], order[index + 1] = order[index + 1], order[index]
                    swaps += 1
            return order[1]

        quarters = [begin + length // 4 * part for part in (1, 2, 3)]
        if length >= _LONG:
            quarters = [median(place - 1, place, place + 1) for place in quarters]
        return median(*quarters), swaps

    def _partition(self, begin: int, end: int, pivot: int) -> tuple[int, bool]:
        """Move what goes before the pivot to its left; tell whether all of it lay there."""
        self._swap(begin, pivot)
        low, high = self._meet(begin + 1, end - 1, lambda place: self._first(place, begin))
        ordered = low > high
        while low <= high:
            self._swap(low, high)
            low, high = self._meet(low + 1, high - 1, lambda place: self._first(place, begin))
        self._swap(high, begin)
        return high, ordered

    def _past_equals(self, begin: int, end: int, pivot: int) -> int:
        """Move what equals the pivot to the front; return where the rest begins."""
        self._swap(begin, pivot)
        low, high = self._meet(begin + 1, end - 1, lambda place: not self._first(begin, place))
        while low <= high:
            self._swap(low, high)
            low, high = self._meet(low, high, lambda place: not self._first(begin, place))
        return low

    @staticmethod
    def _meet(low: int, high: int, belongs_left: Callable[[int], bool]) -> tuple[int, int]:
        """Go inwards from both ends to the next two entries that lie on the wrong side."""
        while low <= high and belongs_left(low):
            low += 1
        while low <= high and not belongs_left(high):
            high -= 1
        return low, high

    def _was_nearly_sorted(self, begin: int, end: int) -> bool:
        """Put a few entries right if that may be all that is needed; tell whether it was."""
        place = begin + 1
        for _ in range(_SHIFTS):
            while place < end and not self._first(place, place - 1):
                place += 1
            if place == end:
                return True
            if end - begin < _LONG:
                return False
            self._swap(place, place - 1)
            if place - begin >= 2:
                for lower in range(place - 1, 0, -1):
                    if not self._first(lower, lower - 1):
                        break
                    self._swap(lower, lower - 1)
            if end - place >= 2:
                for upper in range(place + 1, end):
                    if not self._first(upper, upper - 1):
                        break
                    self._swap(upper, upper - 1)
        return False

    def _scatter(self, begin: int, length: int) -> None:
        """Swap three entries in the middle with others, chosen by the length alone."""
        number, mask = length, (1 << length.bit_length()) - 1
        middle = begin + length // 4 * 2
        for place in (middle - 1, middle, middle + 1):
            number ^= number << 13 & _WORD
            number ^= number >> 7
            number ^= number << 17 & _WORD
            other = number & mask
            self._swap(place, begin + (other - length if other >= length else other))

    def _heap_sort(self, begin: int, end: int) -> None:
        for root in range((end - begin - 1) // 2, -1, -1):
            self._sift_down(root, end - begin, begin)
        for last in range(end - begin - 1, -1, -1):
            self._swap(begin, begin + last)
            self._sift_down(0, last, begin)

    def _sift_down(self, root: int, end: int, begin: int) -> None:
        while (child := 2 * root + 1) < end:
            if child + 1 < end and self._first(begin + child, begin + child + 1):
                child += 1
            if not self._first(begin + root, begin + child):
                return
            self._swap(begin + root, begin + child)
            root = child
