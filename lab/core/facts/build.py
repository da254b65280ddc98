"""Make the tables of this package from a folder of API facts: `python -m lab.core.facts.build DIR`.

The folder holds what running servers said of themselves: `kubernetes-resources.json`,
`kubernetes-fields.json`, `karmada-resources.json`, `karmada-fields.json`, `karmada-crds.json`.
The tables keep only what the lab reads, in a form that loads in a few milliseconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SKIPPED_KINDS = ("List", "DeleteOptions", "WatchEvent", "Options")
_PREFIXES = {
    "io.k8s.api.": "",
    "io.k8s.apimachinery.pkg.": "",
    "io.k8s.apiextensions-apiserver.pkg.apis.": "",
    "io.k8s.kube-aggregator.pkg.apis.": "",
    "com.github.karmada-io.karmada.pkg.apis.": "karmada.",
}
_OPTIONS = {
    "listType": "list",
    "listKeys": "keys",
    "mergeKey": "merge",
    "strategy": "strategy",
    "mapType": "map",
    "enum": "enum",
    "default": "default",
}
# Structs that server-side apply takes as one value (`+structType=atomic` in the API types).
_ATOMIC_STRUCTS = {
    "apis.meta.v1.LabelSelector",
    "apis.meta.v1.OwnerReference",
    "autoscaling.v1.CrossVersionObjectReference",
    "autoscaling.v2.CrossVersionObjectReference",
    "core.v1.ConfigMapKeySelector",
    "core.v1.EndpointAddress",
    "core.v1.EndpointPort",
    "core.v1.LocalObjectReference",
    "core.v1.NodeSelector",
    "core.v1.NodeSelectorTerm",
    "core.v1.ObjectFieldSelector",
    "core.v1.ObjectReference",
    "core.v1.ResourceFieldSelector",
    "core.v1.ScopeSelector",
    "core.v1.ScopedResourceSelectorRequirement",
    "core.v1.SecretKeySelector",
    "core.v1.SecretReference",
    "core.v1.TopologySelectorTerm",
    "core.v1.TypedLocalObjectReference",
    "discovery.v1.EndpointPort",
    "networking.v1.ServiceBackendPort",
    "rbac.v1.RoleRef",
    "rbac.v1.Subject",
}
# Defaults that the servers apply to list keys but that the field facts do not carry.
_KEY_DEFAULTS = {
    ("core.v1.ContainerPort", "protocol"): "TCP",
    ("core.v1.ServicePort", "protocol"): "TCP",
}


def _short(name: str) -> str:
    for prefix, replacement in _PREFIXES.items():
        if name.startswith(prefix):
            return replacement + name.removeprefix(prefix)
    return name


def _type_text(type_: Any) -> str:
    """Return a type as one text: `[]T` is a list, `{}T` a map."""
    if isinstance(type_, list):
        return "[]" + _type_text(type_[0])
    if isinstance(type_, Mapping):
        return "{}" + _type_text(type_["*"])
    return _short(str(type_))


def _referred(type_text: str) -> str:
    return type_text.replace("[]", "").replace("{}", "")


def _field(owner: str, name: str, facts: Any) -> Any:
    has_options = isinstance(facts, Mapping) and "t" in facts
    text = _type_text(facts["t"] if has_options else facts)
    options = {}
    if has_options:
        options = {_OPTIONS[key]: value for key, value in facts.items() if key in _OPTIONS}
    if (owner, name) in _KEY_DEFAULTS:
        options["default"] = _KEY_DEFAULTS[owner, name]
    return [text, options] if options else text


def _fields(sources: list[Mapping[str, Any]], crd_kinds: set[str]) -> dict[str, Any]:
    types: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for source in sources:
        for name, facts in source["types"].items():
            short = _short(name)
            if "fields" not in facts:
                types[short] = facts.get("type", "object")
                continue
            entry: dict[str, Any] = {
                "f": {k: _field(short, k, v) for k, v in facts["fields"].items()}
            }
            if facts.get("required"):
                entry["r"] = facts["required"]
            if short in _ATOMIC_STRUCTS:
                entry["a"] = True
            types[short] = entry
        for kind, name in source["kinds"].items():
            if not kind.endswith(_SKIPPED_KINDS) and kind not in crd_kinds:
                kinds[kind] = _short(name)
    wanted: set[str] = set()
    open_ = sorted({*kinds.values(), "apis.meta.v1.ObjectMeta"})
    while open_:
        name = open_.pop()
        if name in wanted or name not in types:
            continue
        wanted.add(name)
        entry = types[name]
        if isinstance(entry, dict):
            fields = entry["f"].values()
            open_ += [_referred(field if isinstance(field, str) else field[0]) for field in fields]
    return {
        "kinds": dict(sorted(kinds.items())),
        "types": {name: types[name] for name in sorted(wanted)},
    }


def _crds(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return "group/version Kind" -> [schema, columns with JSON paths]."""
    result = {}
    for crd in source["crds"].values():
        for version in crd["versions"]:
            key = f"{crd['group']}/{version['name']} {crd['names']['kind']}"
            columns = [[c["name"], c["type"], c["jsonPath"]] for c in version["columns"]]
            result[key] = [version["schema"], columns]
    return dict(sorted(result.items()))


def _kinds(resources: Mapping[str, Any], crds: Mapping[str, Any]) -> list[Any]:
    rows = []
    for api_version, kinds in resources["resources"].items():
        for plural, facts in kinds.items():
            crd = crds.get(f"{api_version} {facts['kind']}")
            paths = {name: path for name, _, path in crd[1]} if crd else {}
            columns = []
            for name, type_, format_, priority in facts.get("columns") or ():
                row = [name, type_, format_, priority]
                columns.append([*row, paths[name]] if name in paths else row)
            rows.append(
                {
                    "apiVersion": api_version,
                    "kind": facts["kind"],
                    "plural": plural,
                    "singular": facts.get("singular") or "",
                    "namespaced": facts["namespaced"],
                    "shortNames": facts.get("shortNames") or [],
                    "categories": facts.get("categories") or [],
                    "columns": columns,
                    "subresources": sorted(facts.get("subresources") or {}),
                    "verbs": sorted(facts.get("verbs") or []),
                    "custom": crd is not None,
                }
            )
    rows.sort(key=lambda row: (row["apiVersion"] != "v1", row["apiVersion"], row["plural"]))
    return rows


def main(folder: Path) -> None:
    """Read the facts in `folder` and write the tables beside this file."""

    def facts(name: str) -> Any:
        return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))

    crds = _crds(facts("karmada-crds"))
    kubernetes = _kinds(facts("kubernetes-resources"), crds)
    known = {(row["apiVersion"], row["kind"]) for row in kubernetes}
    karmada = [
        row
        for row in _kinds(facts("karmada-resources"), crds)
        if (row["apiVersion"], row["kind"]) not in known
    ]
    tables = {
        "kinds": {"kubernetes": kubernetes, "karmada": karmada},
        "fields": _fields([facts("kubernetes-fields"), facts("karmada-fields")], set(crds)),
        "crds": crds,
    }
    here = Path(__file__).parent
    for name, table in tables.items():
        text = json.dumps(table, separators=(",", ":"), sort_keys=False)
        here.joinpath(f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
