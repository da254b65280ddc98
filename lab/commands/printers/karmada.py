"""Karmada's Cluster as its API server prints it, and the printer columns of CRDs by JSONPath."""

from __future__ import annotations

from lab.commands.printers.column import AGE, NAME, NONE, Cell, Column, age_since, path, text_of
from lab.core.manifest import Manifest, condition, spec_of, status_of


def by_jsonpath(expression: str, kind: str = "string") -> Cell:
    """Return the cell of a CRD's printer column; a `date` is shown as an age."""

    def cell(manifest: Manifest, now_s: float) -> str:
        from lab.core.jsonpath import find

        found = find(expression, manifest)
        if not found:
            return ""
        if kind == "date":
            return age_since(found[0], now_s)
        return ",".join(text_of(value) for value in found)

    return cell


def _ready(cluster: Manifest, now_s: float) -> str:
    found = condition(cluster, "Ready")
    return str(found.get("status") or "") if found else "Unknown"


def _version(cluster: Manifest, now_s: float) -> str:
    return str(status_of(cluster).get("kubernetesVersion") or "")


def _zones(cluster: Manifest, now_s: float) -> str:
    return ",".join(str(zone) for zone in spec_of(cluster).get("zones") or ()) or NONE


CLUSTER = (
    NAME,
    Column("Version", _version),
    Column("Mode", path("spec", "syncMode")),
    Column("Ready", _ready),
    AGE,
    Column("Zones", _zones, wide=True),
    Column("Region", path("spec", "region", default=NONE), wide=True),
    Column("Provider", path("spec", "provider", default=NONE), wide=True),
    Column("API-Endpoint", path("spec", "apiEndpoint"), wide=True),
    Column("Proxy-URL", path("spec", "proxyURL", default=NONE), wide=True),
)
