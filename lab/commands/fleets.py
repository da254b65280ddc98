"""Clusters for a plan or lint, from a fleet file or a scenario."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lab.commands.context import Context
from lab.core.manifest import Manifest
from lab.core.settings import KarmadaSettings

if TYPE_CHECKING:
    from lab.core.fleet import FleetSpec
    from lab.drivers.federation import Settings


def is_scenario(path: str) -> bool:
    """Tell whether a path is a scenario: a file of that kind, or a folder that holds one.

    Raises:
        InputError: The file cannot be read.
    """
    from lab.scenario.files import read_text
    from lab.scenario.load import SCENARIO_FILE
    from lab.scenario.yaml_tree import parse_documents

    if os.path.isdir(path):
        return os.path.isfile(os.path.join(path, SCENARIO_FILE))
    documents = parse_documents(read_text(path), path)
    first = documents[0].value if documents else None
    return isinstance(first, dict) and first.get("kind") == "Scenario"


def read_fleet(context: Context, name: str) -> tuple[FleetSpec, Settings]:
    """Return the fleet of a fleet file or scenario, with the scenario's settings.

    Raises:
        InputError: The file is neither a Fleet nor a Scenario, or something is wrong in it.
    """
    from lab.drivers.federation import Settings
    from lab.scenario.load import load_fleet, load_scenario

    path = os.fspath(context.directory / name)
    if is_scenario(path):
        scenario = load_scenario(path)
        return scenario.fleet, Settings(scenario.karmada, scenario.members)
    return load_fleet(path), Settings()


def clusters_of_fleet(context: Context, name: str) -> tuple[list[Manifest], KarmadaSettings]:
    """Return the Cluster objects of a fleet as they report once they have joined.

    The fleet is booted in virtual time, so that capacities, resource models and APIs are what its
    clusters would report.

    Raises:
        InputError: As `read_fleet`.
    """
    from lab.commands.get import CLUSTER
    from lab.core.model import HUB
    from lab.drivers.federation import Federation

    fleet, settings = read_fleet(context, name)
    federation = Federation(fleet, settings)
    return list(federation.store_of(HUB).list(*CLUSTER)), settings.karmada
