"""A long timeline is cut where nothing has happened yet."""

from __future__ import annotations

from lab.commands.printers.excerpt import excerpt, excerpt_lines, without_alike
from lab.commands.printers.told import Told


def line(number: int, topic: str = "template") -> Told:
    return Told(number / 10, topic, f"{'abc'[number % 3]} line {number}")


def a_run(before: int, after: int) -> list[Told]:
    """Return `before` lines of setting up, then a fault, then `after` lines."""
    told = [Told(0.0, "step", "step: manifests"), *(line(n) for n in range(1, before))]
    fault = line(before, "fault")
    return [*told, fault, *(line(before + n) for n in range(1, after + 1))]


def test_a_short_one_is_whole() -> None:
    lines = list(excerpt_lines(a_run(20, 20), 60))
    assert len(lines) == 41
    assert not any("more" in each for each in lines)


def test_setting_up_gives_way_to_what_happens() -> None:
    lines = list(excerpt_lines(a_run(200, 30), 60))
    assert lines[29] == "  … 171 lines more, while it was set up (-v shows all)"
    assert "line 200" in lines[30]
    assert "line 230" in lines[-1]
    assert len(lines) == 61


def test_both_ends_are_cut_if_both_are_long() -> None:
    lines = list(excerpt_lines(a_run(200, 300), 60))
    assert lines[8] == "  … 192 lines more, while it was set up (-v shows all)"
    assert lines[-1] == "  … and 249 more (-v shows all)"
    assert len(lines) == 62


def test_without_a_step_the_beginning_is_shown() -> None:
    told = [line(number) for number in range(100)]
    assert excerpt(told, 60) == (0, 0)
    lines = list(excerpt_lines(told, 60))
    assert lines[-1] == "  … and 40 more (-v shows all)"
    assert len(lines) == 61


def test_every_line_is_shown_or_counted() -> None:
    for before in (1, 7, 9, 30, 59, 60, 61, 90):
        for after in (0, 1, 20, 51, 52, 53, 100):
            told = a_run(before, after)
            lines = list(excerpt_lines(told, 60))
            gaps = [each for each in lines if "(-v shows all)" in each]
            left = sum(int(word) for each in gaps for word in each.split() if word.isdigit())
            assert len(lines) - len(gaps) + left == len(told), (before, after)


def test_many_alike_become_three() -> None:
    evicted = [Told(9.0, "eviction", f"app-{n:02} leaves, {n} ahead") for n in range(80)]
    told = [Told(1.0, "step", "step: taint"), *evicted, Told(9.5, "health", "app-00 healthy")]
    assert [each.text for each in without_alike(told)] == [
        "step: taint",
        "app-00 leaves, 0 ahead",
        "… 78 more like it",
        "app-79 leaves, 79 ahead",
        "app-00 healthy",
    ]
    assert len(list(excerpt_lines(told, 60))) == 5
    assert len(list(excerpt_lines(told, 100))) == len(told)


def test_a_few_alike_are_told_one_by_one() -> None:
    told = [Told(9.0, "eviction", f"app-{n:02} leaves") for n in range(5)]
    assert without_alike(told) == told
