"""Ready is debounced as the cluster condition cache does it."""

from __future__ import annotations

import pytest

from lab.controllers.readiness import NOT_REACHABLE, READY, ReadinessDebounce, observed_condition

CASES = {
    "the first probe counts at once": ([(0, False)], ["False"]),
    "a failure shorter than 30 s is not seen": (
        [(0, True), (10, False), (30, False), (35, True)],
        ["True", "True", "True", "True"],
    ),
    "30 s after the first failing probe": (
        [(0, True), (10, False), (20, False), (30, False), (40, False)],
        ["True", "True", "True", "True", "False"],
    ),
    "a success in between starts the clock again": (
        [(0, True), (10, False), (20, True), (30, False), (40, False), (50, False), (60, False)],
        ["True", "True", "True", "True", "True", "True", "False"],
    ),
    "recovery takes 30 s too": (
        [(0, False), (10, True), (20, True), (30, True), (40, True)],
        ["False", "False", "False", "False", "True"],
    ),
}


@pytest.mark.parametrize(("probes", "want"), CASES.values(), ids=CASES.keys())
def test_debounce(probes: list[tuple[float, bool]], want: list[str]) -> None:
    debounce = ReadinessDebounce(30.0, 30.0)
    current, seen = None, []
    for now_s, well in probes:
        current = debounce.adjusted("m", current, observed_condition(well, well), now_s)
        seen.append(current["status"])
    assert seen == want


def test_reasons() -> None:
    assert observed_condition(False, False) is NOT_REACHABLE
    assert observed_condition(True, False)["reason"] == "ClusterNotReady"
    assert observed_condition(True, True) is READY


def test_a_forgotten_cluster_starts_anew() -> None:
    debounce = ReadinessDebounce(30.0, 30.0)
    debounce.adjusted("m", None, READY, 0.0)
    debounce.forget("m")
    assert debounce.adjusted("m", READY, NOT_REACHABLE, 1.0) is NOT_REACHABLE
