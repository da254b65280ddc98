"""JSON and YAML as kubectl writes them: sorted keys, lists not indented, odd texts quoted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.text_table import printable


def to_json(data: Any) -> str:
    """Return data as indented JSON, with every control character escaped."""
    text = json.dumps(data, indent=4, ensure_ascii=False, sort_keys=True)
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def to_yaml(data: Any) -> str:
    """Return data as YAML, without the last newline."""
    import yaml

    return str(
        yaml.dump(
            plain(data),
            Dumper=_dumper(),
            default_flow_style=False,
            sort_keys=True,
            allow_unicode=True,
            width=10_000,
        )
    ).rstrip("\n")


def plain(data: Any) -> Any:
    """Return data as plain dicts and lists (YAML anchors would show shared branches)."""
    if isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return [plain(item) for item in data]
    return data


def rendered(form: str, data: Any, names: Sequence[str]) -> str | None:
    """Return data in the form `-o` asks for; None for table and wide, which the verb makes.

    Args:
        form: json, yaml, name, or what a person reads.
        data: JSON-ready data.
        names: What `-o name` prints, one a line.
    """
    if form == "json":
        return to_json(data)
    if form == "yaml":
        return to_yaml(data)
    return "\n".join(map(printable, names)) if form == "name" else None


def without_managed_fields(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object without `metadata.managedFields`, as kubectl shows it."""
    metadata = manifest.get("metadata") or {}
    if "managedFields" not in metadata:
        return manifest
    kept = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**manifest, "metadata": kept}


def object_list(objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return objects as the List that kubectl prints for more than one."""
    return {
        "apiVersion": "v1",
        "items": list(objects),
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    }


_STRING = "tag:yaml.org,2002:str"
_ALSO_BOOLEAN = {"y", "Y", "n", "N"}
"""Words that YAML 1.1 reads as booleans and PyYAML does not; kubectl quotes them."""
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029]")
_cached: list[Any] = []


def _resolved(dumper: Any, value: str) -> Any:
    import yaml

    return dumper.resolve(yaml.ScalarNode, value, (True, False))


def _dumper() -> Any:
    if _cached:
        return _cached[0]
    import yaml

    class Dumper(yaml.SafeDumper):
        """kubectl's taste: double quotes for texts that look like something else, `|` for lines."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = None
        lines = value.split("\n")
        printable = all(line.isprintable() for line in lines)
        if len(lines) > 1 and printable and not value.startswith((" ", "\n")):
            style = "|"
        elif not printable or value in _ALSO_BOOLEAN or _resolved(dumper, value) != _STRING:
            style = '"'
        return dumper.represent_scalar(_STRING, value, style)

    Dumper.add_representer(str, text)
    _cached.append(Dumper)
    return Dumper
