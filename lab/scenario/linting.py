"""Lint with places: findings of `lab.core.lint` at the file, line and column they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.core.errors import Location
from lab.core.fleet import ClusterSpec
from lab.core.lint import Finding, lint
from lab.core.settings import KarmadaSettings
from lab.scenario.model import ApplyAction, Scenario
from lab.scenario.source import SourceManifest


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """A finding and where it stands."""

    finding: Finding
    location: Location

    def __str__(self) -> str:
        found = self.finding
        return f"{self.location}: {found.severity}: {found.message} [{found.code}]"


def lint_manifests(
    sources: Sequence[SourceManifest],
    clusters: Sequence[ClusterSpec] | None = None,
    settings: KarmadaSettings | None = None,
) -> list[LocatedFinding]:
    """Return what lint finds in manifests, in the order of the text."""
    findings = lint([source.manifest for source in sources], clusters, settings)
    return [
        LocatedFinding(finding, sources[finding.index].location(finding.path))
        for finding in findings
    ]


def lint_scenario(scenario: Scenario) -> list[LocatedFinding]:
    """Return what lint finds in a scenario's manifests, with its fleet and settings.

    What later steps apply counts as if it were there from the start, but for objects that are
    applied again: the first version is judged.
    """
    sources = list(_first_versions(_all_manifests(scenario)))
    return lint_manifests(sources, scenario.fleet.clusters, scenario.karmada)


def _all_manifests(scenario: Scenario) -> Iterable[SourceManifest]:
    yield from scenario.manifests
    for step in scenario.steps:
        if isinstance(step.action, ApplyAction) and not step.cluster:
            yield from step.action.manifests


def _first_versions(sources: Iterable[SourceManifest]) -> Iterable[SourceManifest]:
    seen: set[tuple[str, str, str, str]] = set()
    for source in sources:
        metadata = source.manifest.get("metadata") or {}
        key = (
            str(source.manifest.get("apiVersion")),
            str(source.manifest.get("kind")),
            str(metadata.get("namespace") or ""),
            str(metadata.get("name") or ""),
        )
        if key not in seen:
            seen.add(key)
            yield source
