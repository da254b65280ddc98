"""Quirks: the table, and its scenario form."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import InputError
from lab.core.quirks import FAITHFUL, QUIRKS, SANE, parse_quirks
from lab.core.settings import karmada_settings
from tests.core.test_not_played import LAB

MENDED = {"gracePeriodLeaks", "evictionTaskLost", "purgeModeIgnored", "toleratedForeverQueued"}


def test_faithful_has_what_the_source_has() -> None:
    assert {name for name, on in FAITHFUL.items() if not on} == MENDED


def test_sane_has_none() -> None:
    assert not any(SANE.values())
    assert SANE.keys() == QUIRKS.keys()


def test_every_quirk_tells_its_story() -> None:
    for quirk in QUIRKS.values():
        assert quirk.sentence.endswith(".")
        assert quirk.sane.endswith(".")
        assert quirk.upstream.removeprefix("PR ").removeprefix("#").isdigit()


def test_every_quirk_is_asked_for_somewhere() -> None:
    sources = [p.read_text() for p in LAB.rglob("*.py") if p.name != "quirks.py"]
    for name in QUIRKS:
        assert any(f'quirk("{name}")' in source for source in sources), name


FORMS: dict[str, tuple[Any, dict[str, bool]]] = {
    "faithful": ("faithful", dict(FAITHFUL)),
    "sane": ("sane", dict(SANE)),
    "none changed": ({}, dict(FAITHFUL)),
    "a mended one switched on": (
        {"gracePeriodLeaks": True},
        {**FAITHFUL, "gracePeriodLeaks": True},
    ),
    "one switched off": ({"pingPong": False}, {**FAITHFUL, "pingPong": False}),
}


@pytest.mark.parametrize(("given", "want"), FORMS.values(), ids=FORMS)
def test_taken(given: Any, want: dict[str, bool]) -> None:
    assert dict(parse_quirks(given)) == want
    assert dict(karmada_settings({"quirks": given}).quirks) == want


REFUSED = {
    "another word": ("real", 'quirks is "real", needs faithful, sane, or a map'),
    "a list": (["pingPong"], "needs faithful, sane, or a map"),
    "an unknown name": ({"pingpong": True}, 'unknown quirk "pingpong" — did you mean "pingPong"?'),
    "no switch": ({"pingPong": 1}, 'quirk "pingPong" is 1, needs true or false'),
    "a name that is no text": ({7: True}, 'unknown quirk "7"'),
}


@pytest.mark.parametrize(("given", "text"), REFUSED.values(), ids=REFUSED)
def test_refused(given: Any, text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_quirks(given)
    assert text in str(caught.value)
