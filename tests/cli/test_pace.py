"""The slices in which a run's time passes: the progress line and Ctrl-C stay alive."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from lab.cli.playing import _Pace, _Progress


@dataclass
class FakeSession:
    """Time passes at once; every slice is noted."""

    now_s: float = 0.0
    slices: list[float] = field(default_factory=list)

    def run_until(self, until_s: float) -> None:
        self.slices.append(until_s - self.now_s)
        self.now_s = until_s

    def flush(self) -> None:
        pass


def test_many_short_advances_make_no_long_slice() -> None:
    session = FakeSession()
    pace = _Pace(cast(Any, session), _Progress("s", 1e9, shown=False), 1e9, None)
    for moment in range(1, 200):
        pace(moment * 0.01)
    session.slices.clear()
    pace(1e6)
    assert session.slices[:3] == pytest.approx([1.0, 2.0, 4.0])
    assert session.now_s == 1e6
