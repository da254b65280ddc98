"""The scenario and fleet file formats, as one table.

The table is JSON Schema. Editors get it as it is (`fedlab scenario schema`), the loader checks
files against the same table with places and nearest words (`lab.scenario.shape`). Of the `format`
words, duration, quantity, cel and file are ours.
"""

from __future__ import annotations

from dataclasses import fields

from lab.core.faults.schema import fault_schema
from lab.core.json_schema import Schema, map_of
from lab.core.quirks import QUIRKS
from lab.core.settings import FEATURE_GATES, KarmadaSettings, setting_name

API_VERSION = "fedlab.dev/v1alpha1"
STEP_TIMES = ("at", "after", "waitUntil")
STEP_ACTIONS = ("apply", "delete", "patch", "run", "fault", "heal")
EXPECT_TIMES = ("at", "within", "never", "throughout")
EXPECT_WHATS = ("object", "cel", "violates")

_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "minLength": 1}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_BOOL: Schema = {"type": "boolean"}
_LABELS: Schema = {"type": "object", "additionalProperties": _TEXT}
_DURATION: Schema = {
    "type": ["string", "number"],
    "format": "duration",
    "description": "A duration such as 500ms, 90s, 1m30s, 2h; a bare number counts as seconds.",
}
_QUANTITY: Schema = {
    "type": ["string", "number"],
    "format": "quantity",
    "description": "A Kubernetes quantity such as 250m, 4, 512Mi.",
}
_CEL: Schema = {
    "type": "string",
    "format": "cel",
    "description": "A CEL expression over ready(), replicas(), clusters(), exists(), status(), "
    "object(), condition(), taints(), serving(), rto(), minutes_below(), lost() and now().",
}
_FILE: Schema = {"type": "string", "format": "file", "minLength": 1}
_OBJECT: Schema = {
    "type": "object",
    "description": "A Kubernetes object, written out.",
    "required": ["apiVersion", "kind"],
}
_MANIFESTS: Schema = {
    "description": "Files, folders or objects written out.",
    "anyOf": [_FILE, _OBJECT, {"type": "array", "items": {"anyOf": [_FILE, _OBJECT]}}],
}


_TARGET = map_of(
    "Which object.",
    {"apiVersion": _NAME, "kind": _NAME, "namespace": _TEXT, "name": _NAME},
    "apiVersion",
    "kind",
    "name",
)
_TAINT = map_of(
    "A mark that keeps out what does not tolerate it.",
    {
        "key": _NAME,
        "value": _TEXT,
        "effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
    },
    "key",
    "effect",
)
_NODE_POOL = map_of(
    "Equal nodes.",
    {
        "name": _NAME,
        "nodes": {"type": "integer", "minimum": 0, "maximum": 20000},
        "cpu": _QUANTITY,
        "memory": _QUANTITY,
        "pods": {"type": "integer", "minimum": 0, "maximum": 100_000},
        "labels": _LABELS,
        "taints": {"type": "array", "items": _TAINT},
        "zones": _TEXTS,
        "extended": {"type": "object", "additionalProperties": _QUANTITY},
        "nodeNames": _TEXTS,
    },
    "name",
    "nodes",
)
_GRADE = map_of(
    "Nodes with about as much free room, as in a Cluster's spec.resourceModels.",
    {
        "grade": {"type": "integer", "minimum": 0, "maximum": 1000},
        "ranges": {
            "type": "array",
            "minItems": 1,
            "items": map_of(
                "The room of one resource.",
                {"name": _NAME, "min": _QUANTITY, "max": _QUANTITY},
                "name",
                "min",
                "max",
            ),
        },
    },
    "grade",
    "ranges",
)
_CLUSTER = map_of(
    "One member cluster.",
    {
        "name": _NAME,
        "provider": _TEXT,
        "region": _TEXT,
        "zones": _TEXTS,
        "labels": _LABELS,
        "taints": {"type": "array", "items": _TAINT},
        "syncMode": {"enum": ["Push", "Pull"]},
        "joined": {"type": "boolean", "description": "false: it exists, but nobody joined it yet."},
        "kubernetesVersion": _TEXT,
        "nodePools": {"type": "array", "items": _NODE_POOL},
        "resourceModels": {"type": "array", "items": _GRADE},
        "network": map_of("Between hub and cluster.", {"latency": _DURATION}),
        "missingApis": {
            "type": "array",
            "items": _TEXT,
            "description": "APIs it does not serve: group/version or group/version/Kind.",
        },
        "extraApis": {
            "type": "array",
            "items": map_of(
                "An API beyond the built-in ones.",
                {
                    "groupVersion": _NAME,
                    "resources": {
                        "type": "array",
                        "items": map_of("", {"name": _NAME, "kind": _NAME}, "name", "kind"),
                    },
                },
                "groupVersion",
                "resources",
            ),
        },
        "manifests": _MANIFESTS,
        "timings": {"type": "object", "description": "Overrides of the simulated timings."},
    },
    "name",
)
_CLUSTERS: Schema = {"type": "array", "minItems": 1, "items": _CLUSTER}
_METADATA = map_of(
    "Name and labels.", {"name": _NAME, "labels": _LABELS, "annotations": _LABELS}, "name"
)


_QUIRKS: Schema = {
    "description": "Known bad behaviours: as the modelled Karmada has them, none, or some.",
    "anyOf": [
        {"type": "string", "enum": ["faithful", "sane"]},
        map_of("Single quirks, against faithful.", dict.fromkeys(QUIRKS, _BOOL)),
    ],
}


def _karmada() -> Schema:
    properties: dict[str, Schema] = {
        "featureGates": map_of("Feature gates.", dict.fromkeys(FEATURE_GATES, _BOOL))
    }
    for item in fields(KarmadaSettings):
        default = getattr(KarmadaSettings(), item.name)
        if item.name == "feature_gates":
            continue
        if item.name == "quirks":
            properties[item.name] = _QUIRKS
            continue
        if item.name.endswith("_s"):
            kind: Schema = _DURATION
        elif isinstance(default, bool):
            kind = _BOOL
        elif isinstance(default, str):
            kind = _TEXT
        elif isinstance(default, int):
            kind = {"type": "integer", "minimum": 1}
        else:
            kind = {"type": "number"}
        properties[setting_name(item.name)] = kind
    return map_of("Karmada's flags, in camelCase, with its defaults.", properties)


_STEP = map_of(
    "Something done to the federation. Steps play in the order of the file.",
    {
        "name": _NAME,
        "at": {**_DURATION, "description": "When, from the start of the run."},
        "after": {
            "type": "string",
            "description": "The name of an earlier step; NAME/healed: when that fault is over.",
        },
        "delay": {**_DURATION, "description": "How long after that step."},
        "waitUntil": {**_CEL, "description": "A CEL condition to wait for."},
        "timeout": {**_DURATION, "description": "How long to wait for it (default: 10m)."},
        "cluster": {"type": "string", "description": "The member to act in (default: the hub)."},
        "apply": _MANIFESTS,
        "delete": {
            "description": "Files, or the objects.",
            "anyOf": [_FILE, _TARGET, {"type": "array", "items": {"anyOf": [_FILE, _TARGET]}}],
        },
        "patch": map_of(
            "A patch of one object.",
            {
                "target": _TARGET,
                "type": {"enum": ["merge", "strategic", "json"]},
                "body": {"type": ["object", "array"]},
            },
            "target",
            "body",
        ),
        "run": {
            "description": "A command line (kubectl, karmadactl or fedlab), or several.",
            "anyOf": [_NAME, {"type": "array", "items": _NAME}],
        },
        "fault": fault_schema(),
        "heal": {
            **_NAME,
            "description": 'The name of an earlier fault (its step\'s), or "all".',
        },
        "refused": {
            "type": "string",
            "description": "The step must be refused, with this text in the message.",
        },
    },
)
_WINDOW: Schema = {
    "type": ["string", "number", "boolean"],
    "format": "duration",
    "description": "A duration, or true: until the end of the run.",
}
_EXPECT = map_of(
    "What must hold.",
    {
        "name": _NAME,
        "at": {**_DURATION, "description": "Exactly then."},
        "within": {**_DURATION, "description": "At some moment until then."},
        "never": {**_WINDOW, "description": "At no moment for so long, or true."},
        "throughout": {**_WINDOW, "description": "At every moment for so long, or true."},
        "after": {
            "type": "string",
            "description": "Times count from the end of this step (a fault: from its begin; "
            "NAME/healed: from when that fault is over).",
        },
        "from": {**_DURATION, "description": "Where never and throughout begin."},
        "cluster": {"type": "string", "description": "The member to look at (default: the hub)."},
        "object": {**_OBJECT, "description": "A partial object: what is written must be there."},
        "cel": _CEL,
        "violates": {
            **_NAME,
            "description": "An invariant, by id or name, that must be broken: what is known to go "
            "wrong. Its violations do not fail the run.",
        },
    },
)
_LAWS: Schema = {
    "type": "array",
    "items": {"type": "string", "description": "An invariant, by id (S1) or name."},
}
_INVARIANTS: Schema = {
    "description": "What is checked at every event and at the end (default: all).",
    "anyOf": [
        _LAWS,
        {"type": "string", "enum": ["all", "none"]},
        {"type": "boolean", "description": "true: all; false (off): none."},
        map_of(
            "Which, and how strictly.",
            {
                "only": _LAWS,
                "except": _LAWS,
                "leftover": {**_DURATION, "description": "S2, Q3: for what should be gone."},
                "rollout": {**_DURATION, "description": "S2: for pods beyond the desired ones."},
                "coolDown": {**_DURATION, "description": "Q4: before a cluster is used again."},
                "movesPerHour": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "Q4: evictions of one binding.",
                },
                "settle": {**_DURATION, "description": "Q: how long the end must be quiet."},
                "converge": {**_DURATION, "description": "Q1: until nothing moves any more."},
            },
        ),
    ],
}
_APP_TARGET = map_of(
    "What an application is due.",
    {
        "app": {**_NAME, "description": "kind/name or kind/namespace/name."},
        "namespace": {"type": "string", "description": "Its namespace (default: default)."},
        "cluster": {
            "type": "string",
            "description": "The member whose own it is (default: a template of the hub).",
        },
        "ready": {
            "type": ["string", "integer"],
            "minimum": 0,
            "description": "Pods that must serve: a count, or a share of the desired ones (90%).",
        },
        "rto": {**_DURATION, "description": "How long it may be below that at a time."},
        "rpo": {**_DURATION, "description": "How old state that is carried over may be."},
    },
    "app",
)

SCENARIO: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "fedlab scenario",
    **map_of(
        "A fleet, manifests, steps and what must come of them.",
        {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": "Scenario"},
            "metadata": _METADATA,
            "spec": map_of(
                "The scenario.",
                {
                    "description": _TEXT,
                    "seed": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
                    "horizon": {**_DURATION, "description": "When the run ends."},
                    "fleet": {
                        "description": "The member clusters, here or in a file of kind Fleet.",
                        "type": "object",
                        "properties": {"file": _FILE, "clusters": _CLUSTERS},
                        "additionalProperties": False,
                        "minProperties": 1,
                        "maxProperties": 1,
                    },
                    "settings": map_of(
                        "Settings of the systems.",
                        {
                            "karmada": _karmada(),
                            "members": {
                                "type": "object",
                                "description": "Timings of all simulated members.",
                            },
                        },
                    ),
                    "manifests": {**_MANIFESTS, "description": "Applied at 0s, in this order."},
                    "steps": {"type": "array", "items": _STEP},
                    "expect": {"type": "array", "items": _EXPECT},
                    "invariants": _INVARIANTS,
                    "targets": {"type": "array", "items": _APP_TARGET},
                },
                "fleet",
            ),
        },
        "apiVersion",
        "kind",
        "metadata",
        "spec",
    ),
}

FLEET: Schema = map_of(
    "Member clusters, for several scenarios.",
    {
        "apiVersion": {"const": API_VERSION},
        "kind": {"const": "Fleet"},
        "metadata": _METADATA,
        "spec": map_of("The fleet.", {"clusters": _CLUSTERS}, "clusters"),
    },
    "apiVersion",
    "kind",
    "spec",
)
