"""YAML is read as kubectl reads it, with places, and hostile text is refused quickly."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.errors import InputError
from lab.scenario.scalars import plain_scalar
from lab.scenario.yaml_tree import parse_documents

SCALARS: dict[str, tuple[str, Any]] = {
    "no is false": ("no", False),
    "on is true": ("on", True),
    "y is true": ("y", True),
    "yEs is text": ("yEs", "yEs"),
    "tilde is null": ("~", None),
    "octal": ("0777", 511),
    "new octal": ("0o17", 15),
    "hex": ("-0x1F", -31),
    "binary": ("0b101", 5),
    "eight is no octal": ("08", 8),
    "underscores": ("1_000", 1000),
    "no base 60": ("22:22", "22:22"),
    "exponent without fraction": ("1e3", 1000),
    "float": ("1.5", 1.5),
    "float without fraction": ("2.0", 2),
    "date": ("2026-01-01", "2026-01-01"),
    "time": ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
    "version": ("1.25.3", "1.25.3"),
    "quantity": ("250m", "250m"),
    "too large a float": ("1e999", "1e999"),
    "a lone sign": ("-", "-"),
    "a long number stays text": ("1" * 500, "1" * 500),
}


@pytest.mark.parametrize(("text", "value"), SCALARS.values(), ids=SCALARS.keys())
def test_plain_scalar(text: str, value: Any) -> None:
    found = plain_scalar(text)
    assert (found, type(found)) == (value, type(value))


DOCUMENTS: dict[str, tuple[str, list[Any]]] = {
    "several": ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
    "empty ones are left out": ("---\n# nothing\n---\na: 1\n---\n", [{"a": 1}]),
    "quoted words are text": ("a: 'no'\nb: \"1\"\n", [{"a": "no", "b": "1"}]),
    "keys become text": ("1: a\nyes: b\n1.5: c\n", [{"1": "a", "true": "b", "1.5": "c"}]),
    "anchors": ("a: &x [1, 2]\nb: *x\n", [{"a": [1, 2], "b": [1, 2]}]),
    "merge keeps what is written": (
        "a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n", [{"a": {"k": 1, "l": 2}, "b": {"k": 3, "l": 2}}],
    ),
    "merge of several": ("b: {<<: [{k: 1}, {k: 2, l: 3}]}\n", [{"b": {"k": 1, "l": 3}}]),
    "json": ('{"a": [1, true, null, "x"]}', [{"a": [1, True, None, "x"]}]),
    "json with a surrogate pair": ('{"a": "\\ud83d\\ude00"}', [{"a": "😀"}]),
    "block text": ("a: |\n  one\n  two\n", [{"a": "one\ntwo\n"}]),
    "tags": ("a: !!str 1\nb: !!int '2'\nc: !ours x\nd: !!binary aGk=\n",
             [{"a": "1", "b": 2, "c": "x", "d": "hi"}]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "values"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_documents(text: str, values: list[Any]) -> None:
    assert [document.value for document in parse_documents(text, "f.yaml")] == values


REFUSED: dict[str, tuple[str, str]] = {
    "duplicate key": ("a: 1\nb: 2\na: 3\n", 'f.yaml:3:1: duplicate key "a" (first on line 1)'),
    "tab": ("a:\n\t- b\n", "f.yaml:2:1: not YAML: a tab (indent with spaces, not tabs)"),
    "colon too many": ("a: b: c", "f.yaml:1:5: not YAML: mapping values are not allowed"),
    "open quote": ("a: 'x", "f.yaml:1:6: not YAML: found unexpected end of stream"),
    "map as a key": ("? {a: 1}\n: b\n", "f.yaml:1:3: a map key is a map or a list, needs a text"),
    "null as a key": ("~: 1\n", "f.yaml:1:1: a map key is null, needs a text"),
    "not a number": ("a: .nan\n", "f.yaml:1:4: .nan is no number in JSON"),
    "infinity": ("a: [-.inf]\n", "f.yaml:1:5: -.inf is no number in JSON"),
    "unknown anchor": ("a: *x\n", 'f.yaml:1:4: unknown anchor "x"'),
    "anchor in itself": ("a: &x [*x]\n", 'f.yaml:1:8: anchor "x" contains itself'),
    "merge of a text": ("a: {<<: b}\n", "f.yaml:1:9: map merge (<<) takes a map"),
    "wrong tag": ("a: !!int x\n", 'f.yaml:1:4: cannot read "x" as !!int'),
    "control character": ("a: 1\nb: \x1b[31m\n", "f.yaml:2:4: a control character"),
    "deep": ("[" * 5000, "f.yaml:1:101: nested deeper than 100 levels"),
    "deep block": ("\n".join(" " * i + "a:" for i in range(300)), "nested deeper than 100 levels"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_documents(text, "f.yaml")
    assert message in str(caught.value)


def test_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    began = time.perf_counter()
    with pytest.raises(InputError, match="alias bomb"):
        parse_documents("\n".join(lines), "f.yaml")
    assert time.perf_counter() - began < 1


def test_merge_bomb_is_refused() -> None:
    lines = ["a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(200)) + "}"]
    lines += [f"b{i}: {{<<: *a0}}" for i in range(700)]
    with pytest.raises(InputError, match="aliases add more"):
        parse_documents("\n".join(lines), "f.yaml")


def test_places() -> None:
    (document,) = parse_documents("a:\n  - b: 1\n    c: [x, y]\n", "f.yaml")
    assert str(document.locate(("a", 0, "c", 1))) == "f.yaml:3:12"
    assert str(document.locate(("a", 0, "c"), key=True)) == "f.yaml:3:5"
    assert str(document.locate(("a", 0, "gone", "x"))) == "f.yaml:2:5"
    assert str(document.part(("a", 0)).locate(("b",))) == "f.yaml:2:8"


def test_an_alias_stands_where_it_is_written() -> None:
    (document,) = parse_documents("a: &x {k: 1}\nb: *x\n", "f.yaml")
    assert str(document.locate(("b",))) == "f.yaml:2:4"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=80, deadline=None)
@given(st.dictionaries(st.text(max_size=5), PLAIN, min_size=1, max_size=4))
def test_what_a_dumper_writes_is_read_back(value: dict[str, Any]) -> None:
    class Quoting(yaml.SafeDumper):
        """Words that YAML 1.1 readers differ about are always quoted."""

    def quoted(dumper: Quoting, text: str) -> yaml.Node:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')

    Quoting.add_representer(str, quoted)
    text = yaml.dump(value, Dumper=Quoting, allow_unicode=False)
    assert [document.value for document in parse_documents(text, "f")] == [value]


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%?,\n\t 01~<\\", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        assert isinstance(parse_documents(text, "f.yaml"), list)
