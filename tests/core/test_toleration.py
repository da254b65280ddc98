"""NoExecute taints against tolerations: leave now, later, never."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.manifest import timestamp
from lab.core.toleration import tolerance

NOW_S = 100.0


def taint(key: str = "down", added_s: float | None = 90.0, effect: str = "NoExecute") -> Any:
    entry: dict[str, Any] = {"key": key, "effect": effect}
    if added_s is not None:
        entry["timeAdded"] = timestamp(added_s)
    return entry


def tolerates(key: str = "down", seconds: int | None = None, **fields: Any) -> Any:
    entry = {"key": key, "operator": "Exists", **fields}
    return entry if seconds is None else {**entry, "tolerationSeconds": seconds}


CASES: dict[str, tuple[list[Any], list[Any], str, float | None]] = {
    "no taint": ([], [], "untainted", None),
    "NoSchedule moves nothing": ([taint(effect="NoSchedule")], [], "untainted", None),
    "not tolerated": ([taint()], [], "now", None),
    "tolerated by another key": ([taint()], [tolerates("other")], "now", None),
    "tolerated for ever": ([taint()], [tolerates()], "never", None),
    "tolerated for a while": ([taint()], [tolerates(seconds=20)], "later", 110.0),
    "time is over": ([taint()], [tolerates(seconds=5)], "now", 95.0),
    "time is over just now": ([taint()], [tolerates(seconds=10)], "now", 100.0),
    "no seconds at all": ([taint(added_s=100.0)], [tolerates(seconds=0)], "now", 100.0),
    "one of two taints untolerated": (
        [taint("a"), taint("b")],
        [tolerates("a", seconds=500)],
        "now",
        None,
    ),
    "the earliest end counts": (
        [taint("a", 90.0), taint("b", 60.0)],
        [tolerates("a", seconds=30), tolerates("b", seconds=50)],
        "later",
        110.0,
    ),
    "without a limit beside one with": (
        [taint("a"), taint("b")],
        [tolerates("a"), tolerates("b", seconds=30)],
        "later",
        120.0,
    ),
    "the first toleration that fits is used": (
        [taint()],
        [tolerates(), tolerates(seconds=1)],
        "never",
        None,
    ),
    "a used toleration also ends for other taints it fits": (
        [taint("a", 90.0), taint("b", 0.0)],
        [tolerates("b"), tolerates("", seconds=20)],
        "now",
        20.0,
    ),
    "a taint without a time never ends": (
        [taint(added_s=None)],
        [tolerates(seconds=1)],
        "never",
        None,
    ),
}


@pytest.mark.parametrize(("taints", "tolerations", "answer", "until_s"), CASES.values(), ids=CASES)
def test_tolerance(
    taints: list[Any], tolerations: list[Any], answer: str, until_s: float | None
) -> None:
    found = tolerance(taints, tolerations, NOW_S)
    assert (found.answer, found.until_s) == (answer, until_s)


def test_a_time_that_cannot_be_read_is_none() -> None:
    odd = {"key": "down", "effect": "NoExecute", "timeAdded": "soon"}
    assert tolerance([odd], [tolerates(seconds=1)], NOW_S).answer == "never"


TEXTS = {
    "not tolerated": ([], "taint down:NoExecute is not tolerated"),
    "for ever": ([tolerates()], "taint down:NoExecute is tolerated without a limit"),
    "for a while": ([tolerates(seconds=20)], "taint down:NoExecute is tolerated for 20 s"),
    "over": (
        [tolerates(seconds=5)],
        "taint down:NoExecute was tolerated for 5 s, and they are over",
    ),
}


@pytest.mark.parametrize(("tolerations", "text"), TEXTS.values(), ids=TEXTS)
def test_the_answer_in_words(tolerations: list[Any], text: str) -> None:
    assert tolerance([taint()], tolerations, NOW_S).text == text


def test_two_taints_in_words() -> None:
    found = tolerance([taint("a"), taint("b")], [tolerates("")], NOW_S)
    assert found.text == "taints a:NoExecute, b:NoExecute are tolerated without a limit"


@settings(derandomize=True, max_examples=60)
@given(st.integers(0, 300), st.integers(0, 200))
def test_nobody_leaves_before_the_time(seconds: int, now: int) -> None:
    found = tolerance([taint(added_s=50.0)], [tolerates(seconds=seconds)], float(now))
    assert (found.answer == "now") == (now >= 50 + seconds)
