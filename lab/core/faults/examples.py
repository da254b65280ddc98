"""One example of each kind, as a step of a scenario writes it and as a command line does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.faults.kinds import FaultKind

_TARGETS: Mapping[str, Mapping[str, Any]] = {
    "clusters": {"cluster": "member1"},
    "clusters or hub": {"cluster": "member1"},
    "nodes": {"cluster": "member1", "nodes": {"count": 1}},
    "hub": {},
    "region": {"region": "us-east-1"},
    "zone": {"zone": "us-east-1a"},
    "any": {"cluster": "member1"},
}


def example_fault(kind: FaultKind) -> dict[str, Any]:
    """Return a fault of a kind as a step's `fault` has it.

    Example:
        >>> from lab.core.faults.kinds import find_kind
        >>> example_fault(find_kind("RegionOutage"))
        {'kind': 'RegionOutage', 'target': {'region': 'us-east-1'}, 'for': '5m'}
    """
    found: dict[str, Any] = {"kind": kind.name}
    if _TARGETS[kind.scope]:
        found["target"] = dict(_TARGETS[kind.scope])
    given = {each.name: each.sample for each in kind.parameters if each.sample is not None}
    if given:
        found["parameters"] = given
    if not kind.momentary and kind.scope != "hub":
        found["for"] = "5m"
    return found


def example_line(kind: FaultKind) -> str:
    """Return the same as a command line, without the program's name.

    Example:
        >>> from lab.core.faults.kinds import find_kind
        >>> example_line(find_kind("SlowApi"))
        'inject SlowApi --cluster member1 --param factor=10 --for 5m'
    """
    fault = example_fault(kind)
    words = ["inject", kind.name]
    for name, value in fault.get("target", {}).items():
        words += [f"--{name}", str(value["count"]) if name == "nodes" else str(value)]
    words += [
        word
        for name, value in fault.get("parameters", {}).items()
        for word in ("--param", f"{name}={value}")
    ]
    if "for" in fault:
        words += ["--for", fault["for"]]
    return " ".join(words)
