import pytest

from lab.core.text_table import cells, cut, printable, table, wrapped


def test_wide_characters_take_two_cells() -> None:
    assert [cells(text) for text in ("abc", "東京", "e\u0301")] == [3, 4, 1]


@pytest.mark.parametrize(
    ("text", "shown"),
    {"a\x1b[0m": "a\\x1b[0m", "a\u202eb": "a\\u202eb", "né東": "né東", "\t": "\\t"}.items(),
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_cut_never_exceeds_the_width() -> None:
    assert [cut("東京都", width) for width in (0, 1, 2, 3, 5, 6)] == [
        "",
        "…",
        "…",
        "東…",
        "東京…",
        "東京都",
    ]


def test_columns_are_aligned_and_the_widest_is_cut() -> None:
    lines = table(["NAME", "N"], [["a" * 30, 5], ["b", 17]], 20, numbers=[1])
    assert lines == [
        "  NAME             N",
        "  aaaaaaaaaaaaa…   5",
        "  b               17",
    ]


def test_wrapping_breaks_at_spaces_and_then_anywhere() -> None:
    assert wrapped("aa bb cccccccc", 7, "- ") == ["- aa bb", "  ccccc", "  ccc"]
    assert wrapped("", 5, "x ") == ["x "]
