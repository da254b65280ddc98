"""A share is picked evenly: as many as it says, never two where one is due."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.stride import Stride


def test_a_quarter_is_every_fourth() -> None:
    stride = Stride()
    assert [stride.picks(0.25) for _ in range(8)] == [False, False, False, True] * 2


@settings(derandomize=True)
@given(st.integers(0, 1000), st.integers(1, 300))
def test_after_n_things_the_share_of_n_was_picked(per_mille: int, things: int) -> None:
    stride = Stride()
    picked = sum(stride.picks(per_mille / 1000) for _ in range(things))
    assert picked == per_mille * things // 1000
