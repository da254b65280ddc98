"""YAML as Go reads and writes it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.overrides.go_yaml import dump_go_yaml, load_go_yaml
from lab.core.patch import PatchError

READ = {
    "yes is true": ("yes", True),
    "n is false": ("n", False),
    "octal": ("010", 8),
    "new octal": ("0o10", 8),
    "hexadecimal": ("-0x10", -16),
    "underscores": ("1_000", 1000),
    "whole float": ("1e3", 1000),
    "float": ("1.50", 1.5),
    "base sixty stays a text": ("1:30", "1:30"),
    "date stays a text": ("2001-12-14", "2001-12-14"),
    "tilde": ("~", None),
    "nothing": ("", None),
    "quoted": ("'yes'", "yes"),
    "told to be a text": ("!!str 1", "1"),
    "told to be a float": ("!!float 1", 1),
    "nine is no octal": ("09", 9),
}


@pytest.mark.parametrize(("text", "want"), READ.values(), ids=READ.keys())
def test_read(text: str, want: Any) -> None:
    found = load_go_yaml(f"a: {text}")["a"]
    assert found == want
    assert type(found) is type(want)


WRITE = {
    "texts that would read as something else": ({"a": "yes", "b": "1", "c": "1:30"}, None),
    "natural order": ({"a10": 1, "a9": 2, "B": 3, "_": 4}, "_: 4\nB: 3\na9: 2\na10: 1\n"),
    "lists are not indented": ({"l": [1, {"a": 2}]}, "l:\n- 1\n- a: 2\n"),
    "block text": ({"t": "a\nb\n"}, "t: |\n  a\n  b\n"),
    "empty": ({"l": [], "m": {}, "s": "", "n": None}, 'l: []\nm: {}\n"n": null\ns: ""\n'),
    "exponent": ({"f": 1234567.5}, "f: 1.2345675e+06\n"),
    "emoji": ({"f": "\U0001f600"}, 'f: "\\U0001F600"\n'),
    "colon": ({"f": "a: b"}, "f: 'a: b'\n"),
}


@pytest.mark.parametrize(("document", "want"), WRITE.values(), ids=WRITE.keys())
def test_write(document: Any, want: str | None) -> None:
    text = dump_go_yaml(document)
    assert text == (want or 'a: "yes"\nb: "1"\nc: "1:30"\n')


@pytest.mark.parametrize("text", [".nan", "!!int x", "[", "&a [*a]"])
def test_refused(text: str) -> None:
    with pytest.raises(PatchError):
        load_go_yaml(f"a: {text}")


def test_merge_keys_and_doubles() -> None:
    assert load_go_yaml("b: &b {x: 1}\nm:\n  <<: *b\n  x: 2\n")["m"] == {"x": 2}
    assert load_go_yaml("a: 1\na: 2\n") == {"a": 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@settings(derandomize=True, max_examples=120)
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_what_is_written_reads_back(document: dict[str, Any]) -> None:
    assert load_go_yaml(dump_go_yaml(document)) == document
