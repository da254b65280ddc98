"""What every part of a scenario reader needs: errors with places, names, objects, expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.admission.field_errors import Path
from lab.core.duration import parse_duration_s
from lab.core.errors import InputError, did_you_mean, quoted
from lab.core.fleet import FleetSpec
from lab.core.kinds import HUB_KINDS, KindRegistry, guess
from lab.core.manifest import Manifest
from lab.core.model import Key
from lab.scenario.calls import HELPERS, check_calls, check_cluster
from lab.scenario.expression import Expression, compile_expression
from lab.scenario.fleet import read_manifests
from lab.scenario.source import SourceManifest, in_namespace
from lab.scenario.yaml_tree import Document

START = "start"
"""The name of the moment 0s, as `after` may use it."""
HEALED = "/healed"
"""Behind the name of a fault: the moment when it was over."""


class PartReader:
    """Reads parts of one scenario document; errors are collected, not raised.

    Args:
        document: The scenario.
        folder: Where relative paths start.
    """

    def __init__(self, document: Document, folder: str) -> None:
        self.document, self.folder = document, folder
        self.kinds: KindRegistry = HUB_KINDS()
        self.clusters: Sequence[str] = ()
        self.fleet = FleetSpec(())
        self.step_names: list[str] = []
        self.fault_names: list[str] = []
        self.errors: list[InputError] = []

    def error(self, path: Path, message: str, *, key: bool = False) -> None:
        """Note an error at a place of the document."""
        self.errors.append(InputError(message, self.document.locate(path, key=key)))

    def manifests(self, path: Path, given: Any) -> list[SourceManifest]:
        """Return the manifests named or written at a place, in their namespaces."""
        if given is None:
            return []
        try:
            sources = read_manifests(self.document, path, self.folder, self.kinds)
        except InputError as error:
            self.errors += [error, *error.problems]
            return []
        for source in sources:
            self.learn(source.manifest)
        return [
            SourceManifest(in_namespace(source.manifest, self.kinds), source.document)
            for source in sources
        ]

    def learn(self, manifest: Manifest) -> None:
        """Know the kind of a custom resource from now on."""
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        if self.kinds.get(api_version, kind) is None:
            namespaced = bool((manifest.get("metadata") or {}).get("namespace"))
            self.kinds.add(guess(api_version, kind, namespaced=namespaced))

    def key(self, target: Mapping[str, Any], cluster: str) -> Key:
        """Return the key of a target or a partial object."""
        kind = self.kinds.kind_of(target)
        metadata = target.get("metadata", target)
        if not isinstance(metadata, Mapping):
            metadata = {}  # told by the check of the object itself
        namespace = str(metadata.get("namespace") or "")
        if kind.namespaced and not namespace and not kind.guessed:
            namespace = "default"
        name = str(metadata.get("name") or "")
        return Key(cluster, kind.api_version, kind.kind, namespace, name)

    def cluster(self, item: Mapping[str, Any], path: Path) -> str:
        """Return the member an item names, checked; empty for the hub."""
        cluster = str(item.get("cluster") or "")
        if cluster:
            try:
                check_cluster(cluster, self.clusters)
            except InputError as error:
                self.error((*path, "cluster"), error.message)
        return cluster

    def expression(self, text: str, path: Path) -> Expression | None:
        """Return a checked CEL expression, None if it is wrong."""
        where = self.document.locate(path)
        try:
            expression = compile_expression(text, where, HELPERS)
            check_calls(expression, self.kinds, self.clusters)
        except InputError as error:
            self.errors.append(error)
            return None
        return expression

    def anchor(self, name: str, path: Path, *, earlier: bool) -> None:
        """Check the name of a step that times count from."""
        if name == START or name in self.step_names:
            return
        heals = [f"{fault}{HEALED}" for fault in self.fault_names]
        if name in heals:
            return
        which = "earlier step" if earlier else "step"
        hint = did_you_mean(name, [START, *self.step_names, *heals])
        if name.endswith(HEALED) and name.removesuffix(HEALED) in self.step_names:
            hint = f" ({quoted(name.removesuffix(HEALED))} is no fault)"
        self.error(path, f"no {which} is named {quoted(name)}{hint}")


def seconds(item: Mapping[str, Any], field: str) -> float | None:
    """Return a duration field in seconds, None if it is absent."""
    return parse_duration_s(item[field]) if item.get(field) is not None else None
