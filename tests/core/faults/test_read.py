"""What a person writes becomes a fault, or everything wrong with it is told."""

# ruff: noqa: E501 — one row of a table is one case

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.errors import InputError, Location
from lab.core.faults import KINDS, Part, Ramp, Repeat, parts_of, read_fault, select
from lab.core.faults.read import default_name
from tests.core.faults.fleet import FLEET


def parts(given: dict[str, Any], seed: int = 0) -> list[Part]:
    fault = read_fault(given, FLEET)
    return list(parts_of(fault, select(fault, FLEET, seed), FLEET))


def test_defaults_are_filled_in_and_values_are_typed() -> None:
    fault = read_fault(
        {
            "kind": "ThrottledApi",
            "target": {"cluster": "west"},
            "parameters": {"retryAfter": "3s"},
            "for": "2m",
            "ramp": "10s",
            "repeat": {"times": 2, "every": "5m"},
            "abortIf": "now() > 1.0",
        },
        FLEET,
    )
    assert fault.name == "throttled-api"
    assert dict(fault.parameters) == {"qps": 1.0, "retryAfter": 3.0}
    assert (fault.length_s, fault.ramp, fault.repeat) == (120.0, Ramp(10.0), Repeat(2, 300.0))
    assert fault.abort_if == "now() > 1.0"


def test_values_of_a_command_line_are_texts() -> None:
    fault = read_fault(
        {
            "kind": "RefusedWrites",
            "target": {"count": "2", "percent": "50%"},
            "parameters": {"kinds": "Deployment, Service", "reason": "Quota"},
            "repeat": {"times": "2", "every": "1m"},
            "for": "30",
        },
        FLEET,
        name="no",
        text=True,
    )
    assert fault.parameters["kinds"] == ("Deployment", "Service")
    assert (fault.target.count, fault.target.percent) == (2, 50.0)
    assert (fault.length_s, fault.repeat) == (30.0, Repeat(2, 60.0))


PARTS: dict[str, tuple[dict[str, Any], list[tuple[str, str, dict[str, Any]]]]] = {
    "a region": (
        {"kind": "RegionOutage", "target": {"region": "us-east-1"}},
        [("east1", "ClusterOutage", {}), ("east2", "ClusterOutage", {})],
    ),
    "a zone: nodes, and a cluster wholly in it": (
        {"kind": "ZoneOutage", "target": {"zone": "us-east-1a"}},
        [("east1", "NodeLoss", {"nodes": ("east1-p-1", "east1-p-3")}), ("east2", "ClusterOutage", {})],
    ),
    "all nodes of a cluster": (
        {"kind": "NodeLoss", "target": {"cluster": "east2"}},
        [("east2", "NodeLoss", {"nodes": ("east2-p-1", "east2-p-2")})],
    ),
    "full disks of some nodes": (
        {"kind": "FullDisk", "parameters": {"disk": "nodes"},
         "target": {"cluster": "west", "nodes": ["west-p-2"]}},
        [("west", "FullDisk", {"disk": "nodes", "nodes": ("west-p-2",)})],
    ),
    "a pattern plays another kind with its own parameters": (
        {"kind": "Flapping", "target": {"cluster": "edge"},
         "parameters": {"fault": "SlowApi", "factor": 5, "period": "20s", "down": "9s"}},
        [("edge", "SlowApi", {"factor": 5.0, "delay": 0.0})],
    ),
    "a pattern of lost nodes": (
        {"kind": "Flapping", "target": {"cluster": "edge"}, "parameters": {"fault": "NodeLoss"}},
        [("edge", "NodeLoss", {"nodes": ("edge-p-1",)})],
    ),
    "the hub": (
        {"kind": "StaleReads", "target": {"hub": True}}, [("", "StaleReads", {"lag": 10.0})],
    ),
    "the hub goes without saying": (
        {"kind": "ControllerCrash", "parameters": {"write": 3}},
        [("", "ControllerCrash", {"process": "karmada-controller-manager", "write": 3,
                                  "restartAfter": 15.0})],
    ),
    "a crash before a write": (
        {"kind": "ControllerCrash", "parameters": {"write": 3, "moment": "before"}},
        [("", "ControllerCrash", {"process": "karmada-controller-manager", "write": 3,
                                  "moment": "before", "restartAfter": 15.0})],
    ),
    "a link between two members": (
        {"kind": "Partition", "parameters": {"between": ["east1", "west"]}}, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "want"), PARTS.values(), ids=PARTS.keys())
def test_parts(given: dict[str, Any], want: list[tuple[str, str, dict[str, Any]]]) -> None:
    assert [(each.cluster, each.kind, dict(each.parameters)) for each in parts(given)] == want


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an image without a name": (
        {"kind": "BadImage", "target": {"cluster": "west"}, "parameters": {"image": ""}},
        'image is "", needs a text',
    ),
    "no kind": ({}, "the kind of the fault is missing"),
    "a kind that is no text": ({"kind": 3}, "the kind of the fault is 3"),
    "an unknown field": ({"kind": "NodeLoss", "length": 3}, 'unknown field "length" of a fault'),
    "parameters that are no map": (
        {"kind": "SlowApi", "target": {"cluster": "west"}, "parameters": 3}, "needs a map",
    ),
    "a target that is no map": ({"kind": "SlowApi", "target": "west"}, "target is"),
    "nodes that are a number": ({"kind": "NodeLoss", "target": {"nodes": 3}}, "needs a list of names"),
    "no nodes at all": ({"kind": "NodeLoss", "target": {"nodes": {}}}, "nodes is empty"),
    "an empty name": ({"kind": "NodeLoss", "target": {"cluster": ""}}, "target.cluster is empty"),
    "labels that are a number": ({"kind": "NodeLoss", "target": {"labels": 3}}, "needs a selector"),
    "empty labels": ({"kind": "NodeLoss", "target": {"labels": ""}}, "labels is empty"),
    "a label without a text": ({"kind": "NodeLoss", "target": {"labels": {"a": 1}}}, "need to be texts"),
    "a percentage that is a flag": ({"kind": "NodeLoss", "target": {"percent": True}}, "percent is true"),
    "a percentage that is a word": ({"kind": "NodeLoss", "target": {"percent": "half"}}, "percent is"),
    "a repeat that is a number": (
        {"kind": "NodeLoss", "target": {"percent": 1}, "repeat": 3}, "repeat is 3, needs a map",
    ),
    "a repeat without an interval": (
        {"kind": "NodeLoss", "target": {"percent": 1}, "for": 1, "repeat": {"times": 3}}, "repeat.every is missing",
    ),
    "a repeat with something else": (
        {"kind": "NodeLoss", "target": {"percent": 1}, "for": 1, "repeat": {"times": 3, "every": 9, "evry": 2}},
        'did you mean "every"',
    ),
    "too many repeats": (
        {"kind": "NodeLoss", "target": {"percent": 1}, "for": 1, "repeat": {"times": 99999, "every": 9}},
        "needs at most 10000",
    ),
    "more clusters than there are": (
        {"kind": "ApiServerDown", "target": {"labels": "env=prod", "count": 3}},
        "ApiServerDown: target.count is 3, but there are 2 clusters to choose from",
    ),
    "two of one cluster": (
        {"kind": "ApiServerDown", "target": {"cluster": "west", "count": 2}},
        "target.count is 2, but there is 1 cluster to choose from",
    ),
    "more nodes than there are": (
        {"kind": "NodeLoss", "target": {"cluster": "west", "nodes": {"count": 9}}},
        'NodeLoss: target.nodes.count is 9, but "west" has 3 nodes',
    ),
    "more nodes than a zone has": (
        {"kind": "NodeLoss", "target": {"cluster": "east1", "nodes": {"zone": "us-east-1b", "count": 3}}},
        'but "east1" has 2 nodes in zone "us-east-1b"',
    ),
    "more nodes than one of several clusters has": (
        {"kind": "NodeLoss", "target": {"percent": 25, "nodes": {"count": 2}}}, 'but "edge" has 1 node',
    ),
    "not the hub, and nothing else": (
        {"kind": "ApiServerDown", "target": {"hub": False}}, "ApiServerDown: needs a target: cluster, clusters",
    ),
    "a slip of a kind": (
        {"kind": "RefusedWrites", "target": {"cluster": "west"}, "parameters": {"kinds": ["Service", "Deploymnt"]}},
        'RefusedWrites: kinds has "Deploymnt", which no cluster serves — did you mean "Deployment"?',
    ),
    "a kind in lower case": (
        {"kind": "RefusedWrites", "target": {"cluster": "west"}, "parameters": {"kinds": ["configmap"]}},
        'did you mean "ConfigMap"?',
    ),
    "a moment of no write": (
        {"kind": "ControllerCrash", "parameters": {"moment": "before"}}, "ControllerCrash: moment belongs to write",
    ),
    "an acknowledgement of no write": (
        {"kind": "ControllerCrash", "parameters": {"acknowledged": False}}, "acknowledged belongs to write",
    ),
    "a pattern too quick to count": (
        {"kind": "Flapping", "target": {"cluster": "west"}, "parameters": {"period": "10ms", "down": "5ms"}},
        'Flapping: period is "10ms", needs 100ms or more',
    ),
    "a pattern that strikes without end": (
        {"kind": "Flapping", "target": {"cluster": "west"}, "for": "1001s", "parameters": {"period": "100ms", "down": "50ms"}},
        "Flapping: period is 100ms: it would strike 10010 times in all, needs at most 10000",
    ),
    "a pattern that comes back too often": (
        {"kind": "Flapping", "target": {"cluster": "west"}, "for": "121s", "repeat": {"times": 5000, "every": "3m"}},
        "period is 1m0s: it would strike 15000 times in all",
    ),
    "an empty condition": ({"kind": "NodeLoss", "target": {"percent": 1}, "abortIf": " "}, "needs a CEL expression"),
    "a process of a member": (
        {"kind": "ClockSkew", "target": {"cluster": "west"}, "parameters": {"process": "scheduler"}},
        "process belongs to target",
    ),
    "a target where the hub goes without saying": (
        {"kind": "ControllerCrash", "target": {"cluster": "west"}}, "it strikes the hub: leave the target out",
    ),
    "the nodes' disks of the hub": (
        {"kind": "FullDisk", "target": {"hub": True}, "parameters": {"disk": "nodes"}}, "not the hub",
    ),
    "a pattern that strikes the hub with a kind of members": (
        {"kind": "Flapping", "target": {"hub": True}, "parameters": {"fault": "Partition"}}, "not the hub",
    ),
    "a pattern with a parameter of nobody": (
        {"kind": "Flapping", "target": {"cluster": "west"}, "parameters": {"factor": 3}},
        'Flapping has no parameter "factor"',
    ),
    "a pattern of something unknown": (
        {"kind": "Flapping", "target": {"cluster": "west"}, "parameters": {"fault": "Nodeloss"}}, 'did you mean "NodeLoss"',
    ),
    "a ramp of something that strikes once": (
        {"kind": "WatchDrop", "target": {"percent": 100}, "ramp": "10s"}, 'ramp needs "for" beside it',
    ),
    "a ramp longer than a pulse": (
        {"kind": "Flapping", "target": {"percent": 100}, "ramp": "30s", "for": "10m"}, "needs less than down (30s)",
    ),
    "a link to nobody": (
        {"kind": "Partition", "parameters": {"between": ["east1", "wst"]}}, 'no cluster "wst" — did you mean "west"',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_faults(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_fault(given, FLEET)
    told = [each.message for each in (caught.value, *caught.value.problems)]
    assert any(message in each for each in told), told


NO_VALUES: dict[str, Any] = {
    "null": None,
    "a list": [None],
    "a map": {"a": 1},
    "a text": "\x00",
    "a flag": True,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "a number beyond all": 10**400,
    "a number far below": -(10**400),
}
FITTING = {("text", "a text"), ("flag", "a flag"), ("kind", "a text")}
"""Of these types, these are values."""


@pytest.mark.parametrize("text", [False, True], ids=["in a file", "on a command line"])
@pytest.mark.parametrize("said", NO_VALUES.keys())
def test_every_parameter_refuses_what_is_no_value_with_its_place(said: str, text: bool) -> None:
    def locate(path: tuple[str | int, ...], key: bool) -> Location:
        return Location("/".join(map(str, path)))

    value = NO_VALUES[said]
    for kind in KINDS.values():
        for each in kind.parameters:
            if (each.type, said) in FITTING or (text and each.type == "texts" and said == "a text"):
                continue
            fault = {"kind": kind.name, "parameters": {each.name: value}}
            with pytest.raises(InputError) as caught:
                read_fault(fault, FLEET, locate=locate, text=text)
            place = Location(f"parameters/{each.name}")
            problems = (caught.value, *caught.value.problems)
            told = [problem.message for problem in problems if problem.location == place]
            assert any(f"{kind.name}: {each.name} is " in line for line in told), told


HUGE: dict[str, dict[str, Any]] = {
    "a length": {"for": 10**400},
    "a ramp": {"for": "2m", "ramp": 10**400},
    "an interval": {"for": "2m", "repeat": {"times": 2, "every": 10**400}},
    "a percentage": {"target": {"percent": 10**400}},
    "a percentage of nodes": {"target": {"nodes": {"percent": 10**400}}},
}


@pytest.mark.parametrize("more", HUGE.values(), ids=HUGE.keys())
def test_huge_numbers_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        read_fault({"kind": "NodeLoss", "target": {"cluster": "west"}, **more}, FLEET)
    assert "is 1000" in caught.value.message


def test_errors_have_the_places_that_somebody_knows() -> None:
    def locate(path: tuple[str | int, ...], key: bool) -> Location:
        return Location("/".join(map(str, path)) + ("!" if key else ""))

    with pytest.raises(InputError) as caught:
        read_fault(
            {"kind": "SlowApi", "target": {"cluster": "x"}, "parameters": {"factr": 1, "delay": 1}},
            FLEET,
            locate=locate,
        )
    assert str(caught.value.location) == "parameters/factr!"
    with pytest.raises(InputError) as caught:
        read_fault({"kind": "NodeLoss", "target": {"nodes": ["x"]}}, FLEET, locate=locate)
    assert str(caught.value.location) == "target/nodes/0"


def test_names_of_kinds() -> None:
    names = [default_name(kind) for kind in KINDS]
    assert len(set(names)) == len(names)
    assert default_name("ApiServerDown") == "api-server-down"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
FIELDS = st.sampled_from(
    ["target", "for", "parameters", "ramp", "repeat", "abortIf", "kind", "nonsense"]
)
INNER = st.sampled_from(
    ["cluster", "clusters", "labels", "region", "zone", "percent", "count", "nodes", "hub", "share",
     "factor", "fault", "period", "down", "between", "times", "every", "names", "image", "disk"]
)  # fmt: skip


@settings(derandomize=True, max_examples=400, deadline=None)
@given(
    st.sampled_from(list(KINDS)),
    st.dictionaries(FIELDS, VALUES | st.dictionaries(INNER, VALUES, max_size=3), max_size=4),
    st.booleans(),
)
def test_no_input_is_an_accident(kind: str, more: dict[str, Any], text: bool) -> None:
    try:
        fault = read_fault({"kind": kind, **more}, FLEET, text=text)
    except InputError as error:
        told = [each.message for each in (error, *error.problems)]
    else:
        told = [fault.kind]
    assert all(each.isprintable() for each in told)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "NodeLoss", "target": {"cluster": "west", "nodes": {"count": 3}}},
        {"kind": "ApiServerDown", "target": {"hub": False, "cluster": "west"}},
        {"kind": "RefusedWrites", "target": {"cluster": "west"},
         "parameters": {"kinds": ["Certificate", "deployments.apps", "EventBus", "Secret"]}},
        {"kind": "Flapping", "target": {"cluster": "west"}, "for": "1000s",
         "parameters": {"period": "100ms", "down": "50ms"}},
    ],
    ids=["all nodes", "not the hub but a cluster", "custom kinds", "10000 pulses"],
)  # fmt: skip
def test_faults_at_the_edge_of_what_is_refused(given: dict[str, Any]) -> None:
    assert read_fault(given, FLEET).kind == given["kind"]
