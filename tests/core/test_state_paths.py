"""Templates of state preservation: what they read, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.state_paths import PathError, filled
from lab.core.state_paths.texts import number_text, value_text

READ: dict[str, tuple[str, Any, str]] = {
    "a moment in milliseconds": ("{.at}", {"at": 1717062075938}, "1.717062075938e+12"),
    "a whole number": ("{.n}", {"n": 999999}, "999999"),
    "a negative one": ("{.n}", {"n": -2000000}, "-2e+06"),
    "a small one": ("{.n}", {"n": 0.00001}, "1e-05"),
    "a map, by name": ("{.o}", {"o": {"b": 2000000, "a": "<"}}, '{"a":"\\u003c","b":2000000}'),
    "null": ("{.n}", {"n": None}, "null"),
    "an escaped dot": (r"{.a\.b}", {"a.b": 1}, "1"),
    "several fields": ("{.o['a','b']}", {"o": {"a": 1, "b": 2}}, "1 2"),
    "every second": ("{.l[::2]}", {"l": [1, 2, 3]}, "1 3"),
    "the last": ("{.l[-1]}", {"l": [1, 2, 3]}, "3"),
    "wherever it is": ("{..id}", {"a": [{"id": 1}], "b": {"id": 2}}, "1 2"),
    "by a text": ("{.l[?(@.t=='x')].n}", {"l": [{"t": "x", "n": 1}, {"t": "y"}]}, "1"),
    "by a number with a point": ("{.l[?(@.n>1.5)].n}", {"l": [{"n": 1}, {"n": 2}]}, "2"),
    "by what there is": ("{.l[?(@.n)].t}", {"l": [{"n": 1, "t": "x"}, {"t": "y"}]}, "x"),
    "in turns": ("{range .l[*]}{.n}{','}{end}.", {"l": [{"n": 1}, {"n": 2}]}, "1,2,."),
    "turns within turns": (
        "{range .l[*]}[{range .m[*]}<{.n}>{end}]{end}",
        {"l": [{"m": [{"n": 1}, {"n": 2}]}, {"m": [{"n": 3}]}]},
        "[<1><2>][<3>]",
    ),
    "no turn at all": ("a{range .l[*]}b{end}c", {"l": []}, "ac"),
    "a closing brace alone": ("a}", {}, "a}"),
}


@pytest.mark.parametrize(("template", "document", "want"), READ.values(), ids=READ.keys())
def test_filled(template: str, document: Any, want: str) -> None:
    assert filled(template, document) == want


REFUSED: dict[str, tuple[str, Any, str]] = {
    "a whole number compared": ("{.l[?(@.n==1)]}", {"l": [{"n": 1}]}, "incompatible types"),
    "a map compared": ("{.l[?(@.n=='1')]}", {"l": [{"n": {}}]}, "invalid type for comparison"),
    "no list": ("{.o[0]}", {"o": {}}, r"map\[string\]interface \{\} is not array or slice"),
    "no list to filter": ("{.o[?(@.a)]}", {"o": {"a": 1}}, r"map\[a:1\] is not array or slice"),
    "the wrong way round": ("{.l[2:1]}", {"l": [1, 2, 3]}, "starting index 2 is greater"),
    "no step": ("{.l[0:2:0]}", {"l": [1, 2, 3]}, "step must be > 0"),
    "a bare word": ("{job}", {"job": 1}, "unrecognized identifier job"),
    "an end without range": ("{end}", {}, "not in range, nothing to end"),
    "a range without end": ("{range .l[*]}{.n}", {"l": [{"n": 1}]}, "n is not found"),
    "a field of nothing": ("{range .l[*]}{.n}{end}", {"l": []}, "n is not found"),
    "not closed": ("{.a", {"a": 1}, "unclosed action"),
    "double quotes in brackets": ('{.o["a"]}', {"o": {"a": 1}}, 'invalid array index "a"'),
    "two conditions": ("{.l[?(@.a && @.b)]}", {"l": []}, r"unrecognized character in action"),
    "descent twice": ("{....a}", {"a": 1}, "invalid multiple recursive descent"),
}


@pytest.mark.parametrize(("template", "document", "want"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(template: str, document: Any, want: str) -> None:
    with pytest.raises(PathError, match=want):
        filled(template, document)


@settings(derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value(value: float) -> None:
    assert float(number_text(value, 6, -4)) == value
    assert float(value_text(value)) == value


@settings(derandomize=True)
@given(st.text(alphabet="{}[]().'\"\\@$?=<>!&,:*-+ aen0", max_size=14))
def test_any_text_is_read_or_refused(template: str) -> None:
    try:
        filled(template, {"a": [{"e": 1, "n": None}], "e": {"a": "n"}, "n": 2})
    except PathError:
        return
