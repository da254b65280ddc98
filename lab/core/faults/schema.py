"""The JSON Schema of a fault, made from the table: editors complete kinds and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.core.faults.kinds import KINDS, FaultKind
from lab.core.faults.parameters import Parameter
from lab.core.faults.target import NODES, TARGET
from lab.core.json_schema import Schema, map_of

_DURATION: Schema = {"type": ["string", "number"], "format": "duration"}
_PERCENT: Schema = {"type": ["string", "number"]}


def fault_schema() -> Schema:
    """Return the schema of a step's `fault`."""
    return {
        **map_of(
            "A fault. docs/faults.md has a section for each kind.",
            {
                "kind": {"enum": list(KINDS), "description": "What fails, and how."},
                "target": _target(),
                "for": {**_DURATION, "description": "How long (default: until it is healed)."},
                "parameters": {"type": "object", "description": "What the kind knows."},
                "ramp": {
                    **_DURATION,
                    "description": "The targets fall one after another over this time.",
                },
                "repeat": map_of(
                    "It comes back.",
                    {
                        "times": {"type": "integer", "minimum": 1, "description": "In all."},
                        "every": {**_DURATION, "description": "From one begin to the next."},
                    },
                    "times",
                    "every",
                ),
                "abortIf": {
                    "type": "string",
                    "format": "cel",
                    "description": "A CEL condition that heals the fault at once.",
                },
            },
            "kind",
        ),
        "allOf": [_parameters(kind) for kind in KINDS.values()],
    }


def _target() -> Schema:
    properties: dict[str, Schema] = {each.name: each.schema() for each in TARGET}
    text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
    labels = properties["labels"]["description"]
    properties["labels"] = {
        "description": labels,
        "anyOf": [text, {"type": "object", "additionalProperties": text}],
    }
    properties["percent"] = {**_PERCENT, "description": properties["percent"]["description"]}
    nodes = {each.name: each.schema() for each in NODES}
    nodes["percent"] = {**_PERCENT, "description": nodes["percent"]["description"]}
    properties["nodes"] = {
        "description": properties["nodes"]["description"],
        "anyOf": [texts, map_of("Nodes; all that is written must hold.", nodes)],
    }
    return map_of("What it strikes; all that is written must hold.", properties)


def _parameters(kind: FaultKind) -> Schema:
    """Return the parameters of one kind as a rule for editors."""
    known: Sequence[Parameter] = kind.parameters
    rule: dict[str, Any] = {
        "type": "object",
        "properties": {each.name: each.schema() for each in known},
    }
    if kind.scope != "any":  # a pattern takes those of the kind it plays as well
        rule["additionalProperties"] = False
    required = [each.name for each in known if each.required]
    if required:
        rule["required"] = required
    then: dict[str, Any] = {"description": kind.summary, "properties": {"parameters": rule}}
    if required:
        then["required"] = ["parameters"]
    return {"if": {"properties": {"kind": {"const": kind.name}}}, "then": then}
