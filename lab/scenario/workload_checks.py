"""Rules of workloads that the API server checks beyond types: selectors, containers, counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.core.admission.field_errors import Path, dotted
from lab.core.admission.names import dns_label_errors
from lab.core.admission.structure import Problem
from lab.core.errors import quoted
from lab.core.manifest import Manifest, get_in
from lab.core.quantity import parse_quantity
from lab.core.selectors import parse_label_selector

_SELECTING = {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"}
_TEMPLATES: Mapping[str, Path] = {
    **dict.fromkeys((*_SELECTING, "Job"), ("spec", "template")),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def workload_problems(manifest: Manifest) -> list[Problem]:
    """Return what is wrong with a workload of `apps` or `batch`, or a Pod; nothing for others."""
    group = str(manifest.get("apiVersion") or "").rpartition("/")[0]
    kind = str(manifest.get("kind") or "")
    if kind == "Pod" and group == "":
        return list(_pod_problems(manifest.get("spec") or {}, ("spec",)))
    if group not in {"apps", "batch"} or kind not in _TEMPLATES:
        return []
    found: list[Problem] = []
    replicas = get_in(manifest, ("spec", "replicas"))
    if isinstance(replicas, int) and replicas < 0:
        found.append(Problem(("spec", "replicas"), f"spec.replicas is {replicas}, needs 0 or more"))
    if kind in _SELECTING:
        found += _selector_problems(manifest)
    path = _TEMPLATES[kind]
    return found + list(_pod_problems(get_in(manifest, (*path, "spec")) or {}, (*path, "spec")))


def _selector_problems(manifest: Manifest) -> Iterator[Problem]:
    selector = get_in(manifest, ("spec", "selector"))
    labels = get_in(manifest, ("spec", "template", "metadata", "labels")) or {}
    if selector is None:
        return
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield Problem(("spec", "selector"), "spec.selector is empty, needs labels to match")
        return
    try:
        matches = parse_label_selector(selector).matches(labels)
    except ValueError as error:
        yield Problem(("spec", "selector"), f"spec.selector: {error}")
        return
    if not matches:
        yield Problem(
            ("spec", "template", "metadata", "labels"),
            f"spec.selector does not match the template's labels {quoted(labels)}",
        )


def _pod_problems(spec: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if not spec.get("containers"):
        yield Problem(path, f"{dotted((*path, 'containers'))} is empty, needs a container")
    names: set[str] = set()
    for part in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(part) or ()):
            where = (*path, part, index)
            name = container.get("name") or ""
            for text in dns_label_errors(name)[:1]:
                text = text.partition(" (e.g. ")[0]
                place = dotted((*where, "name"))
                yield Problem((*where, "name"), f"{place} is {quoted(name)}: {text}")
            if name in names:
                yield Problem((*where, "name"), f"two containers are named {quoted(name)}")
            names.add(name)
            if not container.get("image"):
                yield Problem(where, f"{dotted((*where, 'image'))} is missing")
            yield from _resource_problems(container.get("resources") or {}, (*where, "resources"))


def _resource_problems(resources: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Yield amounts below 0, and requests above their limits (quantities are checked before)."""
    requests, limits = (
        {name: amount for name, amount in (resources.get(part) or {}).items() if amount is not None}
        for part in ("requests", "limits")
    )
    for part, amounts in (("requests", requests), ("limits", limits)):
        for name, amount in amounts.items():
            if parse_quantity(amount) < 0:
                place = (*path, part, name)
                yield Problem(place, f"{dotted(place)} is {quoted(amount)}, needs 0 or more")
    for name, amount in requests.items():
        if name in limits and parse_quantity(amount) > parse_quantity(limits[name]):
            place = (*path, "requests", name)
            text = (
                f"{dotted(place)} is {quoted(amount)}, more than its limit {quoted(limits[name])}"
            )
            yield Problem(place, text)
