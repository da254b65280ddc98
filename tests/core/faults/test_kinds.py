"""The table of kinds: complete, consistent, and what everything else is made from."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest

from lab.backends.simulated.faults import PLAYS
from lab.core.errors import InputError
from lab.core.faults import KINDS, FaultKind, find_kind, parts_of, read_fault, select
from lab.core.faults.examples import example_fault
from lab.core.faults.parameters import Parameter
from lab.core.faults.schema import fault_schema
from lab.core.fleet import ClusterSpec, FleetSpec
from lab.core.model import HUB
from lab.engine.control_plane import ControlPlaneFaults

FLEET = FleetSpec(
    (
        ClusterSpec("member1", region="us-east-1", zones=("us-east-1a", "us-east-1b")),
        ClusterSpec("member2"),
    )
)
PLAYED = [kind for kind in KINDS.values() if not kind.refused]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_is_described(kind: FaultKind) -> None:
    assert kind.summary.endswith(".")
    assert len(kind.summary) < 130
    names = [each.name for each in kind.parameters]
    assert len(set(names)) == len(names)
    for parameter in kind.parameters:
        assert re.fullmatch(r"[a-z][a-zA-Z]*", parameter.name)
        assert parameter.help
        assert not parameter.help.endswith(".")
        if parameter.default is not None and parameter.type not in {"kind", "texts"}:
            written = parameter.shown(parameter.default)
            assert parameter.read(written, text=True) == parameter.default
    assert set(kind.one_of) <= set(names)


@pytest.mark.parametrize("kind", PLAYED, ids=lambda kind: kind.name)
def test_the_example_of_a_kind_can_be_read_and_fits_the_schema(kind: FaultKind) -> None:
    example = example_fault(kind)
    jsonschema.validate(example, dict(fault_schema()))
    fault = read_fault(example, FLEET)
    assert fault.kind == kind.name
    assert select(fault, FLEET, 0).clusters or fault.target.hub


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(fault_schema()))


@pytest.mark.parametrize("kind", PLAYED, ids=lambda kind: kind.name)
def test_every_kind_is_played_by_somebody(kind: FaultKind) -> None:
    fault = read_fault(example_fault(kind), FLEET)
    for part in parts_of(fault, select(fault, FLEET, 0), FLEET):
        assert part.kind in (ControlPlaneFaults.KINDS if part.cluster == HUB else PLAYS)


def test_what_the_backends_play_is_in_the_table() -> None:
    assert set(PLAYS) <= set(KINDS)
    assert {each.name for each in PLAYED if each.takes_hub} == ControlPlaneFaults.KINDS


def test_an_unknown_kind() -> None:
    with pytest.raises(InputError, match='did you mean "NodeLoss"'):
        find_kind("nodeloss")
    with pytest.raises(InputError, match="there are ApiServerDown, "):
        find_kind("xyzzy")


READ: dict[str, tuple[Parameter, Any, Any, Any]] = {
    "a duration": (Parameter("x", "duration", ""), "1m30s", "1m30s", 90.0),
    "a bare duration": (Parameter("x", "duration", ""), 5, "5", 5.0),
    "a share": (Parameter("x", "share", ""), 0.25, "25%", 0.25),
    "a number": (Parameter("x", "number", ""), 3, "3", 3.0),
    "a count": (Parameter("x", "count", ""), 3, "3", 3),
    "a flag": (Parameter("x", "flag", ""), True, "true", True),
    "texts": (Parameter("x", "texts", ""), ["a", "b"], "a, b", ("a", "b")),
    "a choice": (Parameter("x", "choice", "", choices=("a", "b")), "b", "b", "b"),
}


@pytest.mark.parametrize(("parameter", "data", "text", "want"), READ.values(), ids=READ.keys())
def test_values(parameter: Parameter, data: Any, text: str, want: Any) -> None:
    assert parameter.read(data) == want
    assert parameter.read(text, text=True) == want


WRONG: dict[str, tuple[Parameter, Any, str]] = {
    "no duration": (Parameter("x", "duration", ""), "soon", "needs a duration"),
    "a duration below 0": (Parameter("x", "duration", ""), "-1s", "needs 0s or more"),
    "a duration without end": (Parameter("x", "duration", ""), float("inf"), "needs a duration"),
    "a duration beyond all runs": (Parameter("x", "duration", ""), "9999h", "needs at most 720h"),
    "true as a duration": (Parameter("x", "duration", ""), True, "needs a duration"),
    "no share": (Parameter("x", "share", ""), "many", "needs a share"),
    "true as a share": (Parameter("x", "share", ""), True, "needs a share"),
    "a share above all": (Parameter("x", "share", ""), "130%", "needs at most 100%"),
    "a share of nothing": (Parameter("x", "share", "", above=0.0), 0, "needs more than 0%"),
    "not a number": (Parameter("x", "share", ""), "nan", "needs a finite number"),
    "a text as a number": (Parameter("x", "number", ""), "3", "needs a number"),
    "a fraction as a count": (Parameter("x", "count", ""), 1.5, "needs a whole number"),
    "a count below": (Parameter("x", "count", "", least=1), 0, "needs 1 or more"),
    "a word as a flag": (Parameter("x", "flag", ""), "yes", "needs true or false"),
    "a text as texts": (Parameter("x", "texts", ""), "a", "needs a list of texts"),
    "a near choice": (Parameter("x", "choice", "", choices=("etcd", "nodes")), "node", "nodes"),
    "a number as a text": (Parameter("x", "text", ""), 3, "needs a text"),
}


@pytest.mark.parametrize(("parameter", "given", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_values(parameter: Parameter, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parameter.read(given)
