"""A long timeline is cut where nothing has happened yet."""

from __future__ import annotations

from lab.commands.printers.excerpt import excerpt, excerpt_lines
from lab.commands.printers.told import Told


def line(number: int, topic: str = "cluster") -> Told:
    return Told(number / 10, topic, f"{'abc'[number % 3]} line {number}")


def a_run(before: int, after: int, turn: str = "fault") -> list[Told]:
    """Return `before` lines of setting up, then a fault, then `after` lines."""
    told = [Told(0.0, "step", "step: manifests"), *(line(n) for n in range(1, before))]
    return [*told, line(before, turn), *(line(before + n) for n in range(1, after + 1))]


def test_a_short_one_is_whole() -> None:
    lines = list(excerpt_lines(a_run(20, 20), 60))
    assert len(lines) == 41
    assert not any("more" in each for each in lines)


def test_setting_up_gives_way_to_what_happens() -> None:
    lines = list(excerpt_lines(a_run(200, 30), 60))
    assert lines[29] == "  … 171 lines more (-v shows all)"
    assert lines[30].endswith("! c line 200")
    assert lines[-1].endswith("line 230")
    assert len(lines) == 61


def test_if_both_are_long_the_beginning_the_fault_and_the_end_are_shown() -> None:
    lines = list(excerpt_lines(a_run(200, 300), 60))
    assert lines[8] == "  … 192 lines more (-v shows all)"
    assert lines[9].endswith("! c line 200")
    assert lines[51] == "  … 249 lines more (-v shows all)"
    assert lines[-1].endswith("line 500")
    assert len(lines) == 62


def test_the_first_fault_counts_more_than_a_step_before_it() -> None:
    told = a_run(200, 30)
    told[100] = Told(10.0, "step", "step: more")
    lines = list(excerpt_lines(told, 60))
    assert lines[30].endswith("! c line 200")
    without = [each for each in told if each.topic != "fault"]
    assert list(excerpt_lines(without, 60))[9].endswith("> step: more")


def test_without_a_turn_the_beginning_and_the_end_are_shown() -> None:
    told = [line(number) for number in range(100)]
    assert excerpt(told, 60) == [(0, 0), (0, 50), (90, 100)]
    lines = list(excerpt_lines(told, 60))
    assert lines[50] == "  … 40 lines more (-v shows all)"
    assert len(lines) == 61


def test_every_line_is_shown_or_counted() -> None:
    for before in (1, 7, 9, 30, 59, 60, 61, 90):
        for after in (0, 1, 20, 51, 52, 53, 100):
            told = a_run(before, after)
            lines = list(excerpt_lines(told, 60))
            gaps = [each for each in lines if "(-v shows all)" in each]
            left = sum(int(word) for each in gaps for word in each.split() if word.isdigit())
            assert len(lines) - len(gaps) + left == len(told), (before, after)


def test_lines_are_broken_to_a_width_below_their_text() -> None:
    told = [
        Told(1.0, "step", "step: move"),
        Told(75.5, "fault", "fault out begins: " + "word " * 12 + "end"),
        Told(80.0, "fault", "fault out is over: member1"),
    ]
    assert list(excerpt_lines(told, 60, 60)) == [
        "     1.000s > step: move",
        "  1m15.500s ! fault out begins: word word word word word",
        "              word word word word word word word end",
        "  1m20.000s + fault out is over: member1",
    ]
