"""The one shape of JSON Schema that our file formats are made of: a map with known names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def map_of(description: str, properties: Schema, *required: str) -> Schema:
    """Return the schema of a map that takes these names and no others.

    Args:
        description: One line for whoever writes such a map.
        properties: Name to the schema of its value.
        required: The names that must be there.
    """
    result: dict[str, Any] = {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        result["required"] = list(required)
    return result
