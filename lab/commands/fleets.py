"""Clusters for a plan from a fleet file or a scenario: as they report once they have joined."""

from __future__ import annotations

from lab.commands.context import Context
from lab.core.manifest import Manifest
from lab.core.settings import KarmadaSettings


def clusters_of_fleet(context: Context, name: str) -> tuple[list[Manifest], KarmadaSettings | None]:
    """Return the Cluster objects of a fleet, and the settings if a scenario was named.

    The fleet is booted in virtual time, so that capacities, resource models and APIs are what its
    clusters would report.

    Raises:
        InputError: The file is neither a Fleet nor a Scenario, or something is wrong in it.
    """
    import os

    from lab.commands.get import CLUSTER
    from lab.core.model import HUB
    from lab.drivers.federation import Federation, Settings
    from lab.scenario.files import read_text
    from lab.scenario.load import load_fleet, load_scenario
    from lab.scenario.yaml_tree import parse_documents

    path = os.fspath(context.directory / name)
    settings = Settings()
    if os.path.isdir(path) or _kind(parse_documents(read_text(path), path)) == "Scenario":
        scenario = load_scenario(path)
        fleet = scenario.fleet
        settings = Settings(scenario.karmada, scenario.members)
    else:
        fleet = load_fleet(path)
    federation = Federation(fleet, settings)
    return list(federation.store_of(HUB).list(*CLUSTER)), settings.karmada


def _kind(documents: object) -> object:
    first = documents[0].value if isinstance(documents, list) and documents else None
    return first.get("kind") if isinstance(first, dict) else None
