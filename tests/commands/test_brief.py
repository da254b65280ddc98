"""What happens to many objects alike is told in one line, and nothing goes missing."""

from __future__ import annotations

import pytest

from lab.commands.printers.brief import brief
from lab.commands.printers.crowd import crowd, plural, shortened
from lab.commands.printers.told import Told


def app(number: int, rest: str, time_s: float, topic: str = "template") -> Told:
    return Told(time_s, topic, f"Deployment default/app-{number:02}{rest}")


def texts(told: list[Told], most: int = 60) -> list[str]:
    return [each.text for each in brief(told, most)]


def test_equal_things_about_many_are_one_line_with_its_span() -> None:
    told = [app(n, " applied", n / 10) for n in range(100)]
    (found,) = brief(told, 60)
    assert found.text == "Deployments default/app-00 … app-99 (100) applied (until 9.900s)"
    assert found.time_s == 0.0


def test_two_are_told_one_by_one() -> None:
    told = [app(n, " applied", 0.0) for n in range(2)]
    assert brief(told, 60) == told


def test_a_fault_parts_the_story() -> None:
    told = [
        *(app(n, " applied", 0.0) for n in range(4)),
        Told(1.0, "fault", "fault out begins: ClusterOutage strikes member1"),
        *(app(n, " applied", 2.0) for n in range(5)),
    ]
    assert texts(told) == [
        "Deployments default/app-00 … app-03 (4) applied",
        "fault out begins: ClusterOutage strikes member1",
        "Deployments default/app-00 … app-04 (5) applied",
    ]


def test_what_an_object_does_twice_is_told_twice() -> None:
    told = [app(n, rest, time) for time, rest in enumerate((" up", " down", " up"))
            for n in range(3)]  # fmt: skip
    assert texts(told) == [f"Deployments default/app-00, app-01, app-02 {word}"
                           for word in ("up", "down", "up")]  # fmt: skip


def test_verbs_go_with_many() -> None:
    rests = (" is applied in all its clusters", ": leaves m1 now", " is no longer claimed")
    told = [app(n, rest, 0.0) for rest in rests for n in range(3)]
    assert [text.partition("02")[2] for text in texts(told)] == [
        " are applied in all their clusters", ": leave m1 now", " are no longer claimed",
    ]  # fmt: skip


def test_a_queue_is_told_by_its_last() -> None:
    told = [
        app(n, f": to leave m1: no; {n} ahead in the queue, turn at {n}m0s", 1.0, "eviction")
        for n in range(9)
    ]
    assert texts(told) == [
        "Deployments default/app-00 … app-08 (9): to leave m1: no; "
        "the last has 8 ahead in the queue, turn at 8m0s"
    ]


def test_policies_of_the_same_name_are_no_difference() -> None:
    told = [app(n, f" claimed by PropagationPolicy app-{n:02}", 1.0) for n in range(9)]
    assert texts(told) == [
        "Deployments default/app-00 … app-08 (9) claimed by PropagationPolicy of the same name"
    ]


def test_different_placements_are_told_together_only_if_there_are_too_many() -> None:
    told = [app(n, f" scheduled to m{n}:1", 1.0, "scheduled") for n in range(30)]
    assert len(brief(told, 60)) == 30
    assert texts(told, 20) == ["Deployments default/app-00 … app-29 (30) scheduled"]


@pytest.mark.parametrize(
    ("many", "want"),
    [(4, ["created in m1", "created in m2"]), (30, ["created in m1, m2"])],
    ids=["a few: cluster by cluster", "very many: together"],
)
def test_clusters_of_very_many_are_told_together(many: int, want: list[str]) -> None:
    told = [
        Told(float(n), "member", f"Deployment default/app-{n:02} created in {{where}}", (cluster,))
        for n in range(many)
        for cluster in ("m1", "m2")
    ]
    found = [text.partition(") ")[2].partition(" (until")[0] for text in texts(told)]
    assert found == want


def test_a_step_that_is_its_fault_is_not_told() -> None:
    told = [
        Told(1.0, "step", "step: out"),
        Told(1.0, "fault", "fault out begins: NodeLoss strikes m1"),
        Told(2.0, "step", "step: out of order"),
    ]
    assert brief(told, 60) == told[1:]


def test_a_flapping_fault_is_told_once_with_its_number_of_beats() -> None:
    told = [Told(0.0, "fault", "fault f begins: Flapping strikes m1 (ApiServerDown)")]
    for beat in range(1, 6):
        told.append(Told(beat * 10.0 - 5, "fault", "fault f pauses: m1 is mended until then"))
        told.append(Told(beat * 10.0, "fault", f"fault f strikes m1 again (time {beat + 1})"))
    told.append(Told(60.0, "fault", "fault f is over: m1"))
    assert texts(told) == [
        "fault f begins: Flapping strikes m1 (ApiServerDown)",
        "fault f pauses: m1 is mended until then",
        "fault f strikes m1 5 times more, the last at 50.000s",
        "fault f is over: m1",
    ]


def test_a_taint_that_moves_nothing_is_told_once() -> None:
    text = "nothing leaves {where} for taint t:NoSchedule: only NoExecute taints evict"
    told = [Told(float(n), "eviction", text, (f"m{n % 2}", "m9")) for n in range(6)]
    assert texts(told) == [
        "nothing leaves m0, m9, m1 for taint t:NoSchedule: only NoExecute taints evict"
    ]


def test_a_warning_that_comes_again_is_counted() -> None:
    told = [Told(float(n), "warning", "Deployment web: Failed: no") for n in range(5)]
    assert texts(told) == ["Deployment web: Failed: no (x5)"]


def test_different_messages_of_a_warning_are_told_together_only_if_there_are_too_many() -> None:
    told = [Told(float(n), "warning", f"Work w-{n}: SyncFailed: to m{n}") for n in range(30)]
    assert len(brief(told, 60)) == 30
    assert texts(told, 20) == [
        "Works w-0 … w-29 (30): SyncFailed, with messages of their own (until 29.000s)"
    ]


def test_names_of_no_row_are_the_first_few() -> None:
    assert crowd([f"app-{n}" for n in (1, 2, 3, 5, 10)]) == "app-1, app-2, app-3 and 2 more"
    assert crowd(["a-1-x", "a-2-x", "a-3-x", "a-4-x"]) == "a-1-x … a-4-x (4)"
    assert crowd(["a-1-1", "a-2-2", "a-3-3", "a-4-4"]) == "a-1-1, a-2-2, a-3-3 and 1 more"
    assert crowd([]) == ""


def test_long_lists_are_cut() -> None:
    clusters = ", ".join(f"m{n}:1" for n in range(50))
    assert shortened(f"scheduled to {clusters}") == "scheduled to m0:1, m1:1, m2:1 and 47 more"
    assert shortened("a, b, c, d, e and so on") == "a, b, c, d, e and so on"
    endless = "x" * 100_000
    assert shortened(endless) == endless


def test_plurals() -> None:
    assert [plural(kind) for kind in ("Job", "Gateway", "Patch")] == ["Jobs", "Gateways", "Patches"]
