"""Fleets: from the checked data of a scenario or fleet file to cluster specifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.admission.field_errors import Path
from lab.core.admission.names import (
    brief,
    cluster_name_errors,
    label_key_errors,
    label_value_errors,
)
from lab.core.duration import parse_duration_s
from lab.core.errors import InputError, quoted
from lab.core.fleet import ClusterSpec, FleetSpec, NodePool
from lab.core.kinds import MEMBER_KINDS, KindRegistry
from lab.scenario.source import SourceManifest, check_documents, in_namespace, load_manifests
from lab.scenario.yaml_tree import Document

MAX_NODES = 200_000


_HUB_NAMES = frozenset({"hub", "karmada", "karmada-apiserver"})
"""Contexts that mean the hub: no member can be reached by them."""


class FleetReader:
    """Reads the clusters at one place of a document; collects all that is wrong."""

    def __init__(self, document: Document, folder: str) -> None:
        self._document, self._folder = document, folder
        self.errors: list[InputError] = []

    def read(self, path: Path) -> FleetSpec:
        """Return the fleet of the list at `path`, whose shape has been checked."""
        items = self._at(path)
        clusters: list[ClusterSpec] = []
        seen: dict[str, int] = {}
        for index, item in enumerate(items):
            name, where = item["name"], (*path, index)
            if name in seen:
                self._error((*where, "name"), f"two clusters are named {quoted(name)}")
            seen[name] = index
            clusters.append(self._cluster(item, where))
        nodes = sum(pool.nodes for cluster in clusters for pool in cluster.node_pools)
        if nodes > MAX_NODES:
            self._error(path, f"the fleet has {nodes} nodes, at most {MAX_NODES} are simulated")
        return FleetSpec(tuple(clusters))

    def _at(self, path: Path) -> Any:
        value = self._document.value
        for step in path:
            value = value[step]
        return value

    def _error(self, path: Path, message: str, *, key: bool = False) -> None:
        self.errors.append(InputError(message, self._document.locate(path, key=key)))

    def _cluster(self, item: Mapping[str, Any], path: Path) -> ClusterSpec:
        name = item["name"]
        for text in cluster_name_errors(name)[:1]:
            self._error((*path, "name"), f"cluster name {quoted(name)}: {brief(text)}")
        if name in _HUB_NAMES:
            text = f"cluster name {quoted(name)} means the hub in command lines, needs another"
            self._error((*path, "name"), text)
        self._labels(item.get("labels") or {}, (*path, "labels"))
        for field in ("provider", "region"):
            self._value(str(item.get(field) or ""), (*path, field))
        for index, zone in enumerate(item.get("zones") or ()):
            self._value(zone, (*path, "zones", index))
        given: dict[str, Any] = {
            "provider": item.get("provider", ""),
            "region": item.get("region", ""),
            "zones": tuple(item.get("zones") or ()),
            "labels": item.get("labels") or {},
            "taints": self._taints(item, path),
            "resource_models": tuple(item.get("resourceModels") or ()),
            "missing_apis": tuple(item.get("missingApis") or ()),
            "extra_apis": tuple(item.get("extraApis") or ()),
            "manifests": self._manifests(item, path),
            "timings": self._timings(item, path),
        }
        names = {
            "syncMode": "sync_mode", "joined": "joined", "kubernetesVersion": "kubernetes_version"
        }  # fmt: skip
        given |= {attribute: item[field] for field, attribute in names.items() if field in item}
        latency = (item.get("network") or {}).get("latency")
        if latency is not None:
            given["latency_s"] = parse_duration_s(latency)
        if item.get("nodePools") is not None:
            given["node_pools"] = self._pools(item["nodePools"], (*path, "nodePools"))
        return ClusterSpec(name, **given)

    def _taints(self, item: Mapping[str, Any], path: Path) -> tuple[Mapping[str, Any], ...]:
        taints = tuple(item.get("taints") or ())
        for index, taint in enumerate(taints):
            where = (*path, "taints", index)
            for text in label_key_errors(taint["key"])[:1]:
                self._error((*where, "key"), f"taint key {quoted(taint['key'])}: {brief(text)}")
            self._value(taint.get("value") or "", (*where, "value"))
            if taint["effect"] == "PreferNoSchedule":
                words = "needs NoSchedule or NoExecute: Karmada's clusters know no other"
                self._error((*where, "effect"), f"effect is PreferNoSchedule, {words}")
        return taints

    def _pools(self, pools: list[Mapping[str, Any]], path: Path) -> tuple[NodePool, ...]:
        found: list[NodePool] = []
        node_names: set[str] = set()
        for index, pool in enumerate(pools):
            where = (*path, index)
            if any(other.name == pool["name"] for other in found):
                self._error((*where, "name"), f"two node pools are named {quoted(pool['name'])}")
            self._labels(pool.get("labels") or {}, (*where, "labels"))
            names = tuple(pool.get("nodeNames") or ())
            if names and len(names) != pool["nodes"]:
                text = f"{len(names)} nodeNames for {pool['nodes']} nodes, needs one for each"
                self._error((*where, "nodeNames"), text)
            for place, name in enumerate(names):
                if name in node_names:
                    text = f"two nodes are named {quoted(name)}"
                    self._error((*where, "nodeNames", place), text)
                node_names.add(name)
            given: dict[str, Any] = {
                key: str(pool[key]) for key in ("cpu", "memory") if key in pool
            }
            if "pods" in pool:
                given["pods"] = pool["pods"]
            extended = pool.get("extended") or {}
            found.append(
                NodePool(
                    pool["name"],
                    pool["nodes"],
                    labels=pool.get("labels") or {},
                    taints=tuple(pool.get("taints") or ()),
                    zones=tuple(pool.get("zones") or ()),
                    extended={key: str(value) for key, value in extended.items()},
                    node_names=names,
                    **given,
                )
            )
        return tuple(found)

    def _labels(self, labels: Mapping[str, Any], path: Path) -> None:
        for key, value in labels.items():
            for text in label_key_errors(key)[:1]:
                where = (*path, key)
                self._error(where, f"label key {quoted(key)}: {brief(text)}", key=True)
            self._value(value, (*path, key))

    def _value(self, value: str, path: Path) -> None:
        for text in label_value_errors(value)[:1]:
            self._error(path, f"{path[-1]} is {quoted(value)}: {brief(text)}")

    def _manifests(self, item: Mapping[str, Any], path: Path) -> tuple[Mapping[str, Any], ...]:
        if item.get("manifests") is None:
            return ()
        registry = MEMBER_KINDS()
        try:
            sources = read_manifests(self._document, (*path, "manifests"), self._folder, registry)
        except InputError as error:
            self.errors += [error, *error.problems]
            return ()
        return tuple(in_namespace(source.manifest, registry) for source in sources)

    def _timings(self, item: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
        timings = item.get("timings") or {}
        check_timings(timings, self._document, (*path, "timings"), self.errors)
        return timings


def check_timings(
    timings: Mapping[str, Any], document: Document, path: Path, errors: list[InputError]
) -> None:
    """Check timings of simulated members, one by one so that each error has its place."""
    from lab.backends.simulated.timings import parse_timings

    for name, value in timings.items():
        try:
            parse_timings({name: value})
        except InputError as error:
            errors.append(InputError(error.message, document.locate((*path, name), key=True)))


def read_manifests(
    document: Document, path: Path, folder: str, kinds: KindRegistry
) -> list[SourceManifest]:
    """Return the manifests that a document names or holds at `path` (files, folders, objects).

    Raises:
        InputError: A file cannot be read, or a manifest is wrong.
    """
    import os

    part = document.part(path)
    parts = [part]
    if isinstance(part.value, list):
        parts = [document.part((*path, index)) for index in range(len(part.value))]
    found: list[SourceManifest] = []
    errors: list[InputError] = []
    for each in parts:
        try:
            if isinstance(each.value, str):
                if each.value == "-":
                    text = "a scenario cannot read standard input, needs a file"
                    raise InputError(text, each.locate())
                file = os.path.normpath(os.path.join(folder, os.path.expanduser(each.value)))
                found += load_manifests(file, kinds=kinds, location=each.locate())
            else:
                found += check_documents([each], kinds)
        except InputError as error:
            errors += [error, *error.problems]
    if errors:
        first, *rest = errors
        raise InputError(first.message, first.location, rest)
    return found
