"""Load a scenario: everything that can be known to be wrong is told before anything runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.core.admission.field_errors import Path
from lab.core.duration import format_duration
from lab.core.errors import InputError, Location, did_you_mean, quoted
from lab.core.fleet import FleetSpec
from lab.core.settings import KarmadaSettings, karmada_settings
from lab.scenario.admitting import refusals
from lab.scenario.expectations import read_expectations
from lab.scenario.files import read_text
from lab.scenario.fleet import FleetReader, check_timings
from lab.scenario.format import API_VERSION, FLEET, SCENARIO
from lab.scenario.laws import read_invariants, read_targets
from lab.scenario.model import ApplyAction, Expectation, Scenario, Step
from lab.scenario.parts import START, seconds
from lab.scenario.remarks import remarks
from lab.scenario.shape import shape_problems
from lab.scenario.shelf import is_file, is_folder, overhearing
from lab.scenario.source import SourceManifest, raise_problems
from lab.scenario.steps import CheckLine, StepReader
from lab.scenario.yaml_tree import Document, parse_documents

__all__ = ["START", "CheckLine", "load_fleet", "load_scenario", "parse_scenario"]

SCENARIO_FILE = "scenario.yaml"
_DEFAULT_HORIZON_S = 600.0
_SETTLE_S = 60.0
MAX_HORIZON_S = 720 * 3600.0
"""Beyond it every minute costs, and nothing is learned."""
_LOG = logging.getLogger(__name__)


def load_scenario(path: str | os.PathLike[str], *, check_line: CheckLine | None = None) -> Scenario:
    """Return the scenario of a file, or of a folder that holds a scenario.yaml.

    What it asks for in vain (`Scenario.notes`) is logged as warnings.

    Args:
        path: The file or folder.
        check_line: Checks the lines of `run` steps; without it only their clusters are checked.

    Raises:
        InputError: Anything is wrong; `problems` has the further errors.
    """
    file = os.fspath(path)
    if is_folder(file):
        inside = os.path.join(file, SCENARIO_FILE)
        if not is_file(inside):
            raise InputError(f"folder {quoted(file, 200)} holds no {SCENARIO_FILE}")
        file = inside
    scenario = parse_scenario(read_text(file), file, check_line=check_line)
    for note in scenario.notes:
        _LOG.warning("note: %s", note)
    return scenario


def parse_scenario(text: str, file: str, *, check_line: CheckLine | None = None) -> Scenario:
    """Return the scenario of a text; `file` names it and is where relative paths start.

    Raises:
        InputError: As `load_scenario`.
    """
    document = _one_document(text, file, "Scenario")
    problems = list(shape_problems(document.value, SCENARIO))
    raise_problems([InputError(p.message, document.locate(p.path, key=p.at_key)) for p in problems])
    reader = _Reader(document, os.path.dirname(file), check_line)
    files = {file: text}
    with overhearing(files.__setitem__):
        scenario = reader.read()
    raise_problems(reader.errors)
    return replace(scenario, notes=remarks(scenario, document), files=files)


def _one_document(text: str, file: str, kind: str) -> Document:
    documents = parse_documents(text, file)
    if not documents:
        raise InputError(f"the file is empty, needs a {kind}", Location(file))
    if len(documents) > 1:
        raise InputError(f"a second document, needs one {kind}", documents[1].locate())
    document = documents[0]
    if not isinstance(document.value, dict):
        raise InputError(f"{quoted(document.value)} is no {kind}", document.locate())
    found = document.value.get("kind")
    if found is not None and found != kind:
        hint = did_you_mean(str(found), [kind])
        more = hint or f" (apiVersion: {API_VERSION})"
        raise InputError(f"kind is {quoted(found)}, needs {kind}{more}", document.locate(("kind",)))
    return document


class _Reader(StepReader):
    """One pass over a scenario whose shape is right; errors are collected."""

    def read(self) -> Scenario:
        document, spec = self.document, self.document.value["spec"]
        fleet = self._fleet(spec["fleet"])
        self.fleet, self.clusters = fleet, [cluster.name for cluster in fleet.clusters]
        settings = spec.get("settings") or {}
        members = settings.get("members") or {}
        check_timings(members, document, ("spec", "settings", "members"), self.errors)
        karmada = self.karmada = self._karmada(settings.get("karmada") or {})
        laws, bounds = read_invariants(self, spec.get("invariants"), ("spec", "invariants"))
        manifests = self.manifests(("spec", "manifests"), spec.get("manifests"))
        steps = self.read_steps(spec.get("steps") or (), ("spec", "steps"))
        expectations = read_expectations(self, spec.get("expect") or (), ("spec", "expect"))
        targets = read_targets(self, spec.get("targets") or (), ("spec", "targets"))
        metadata = document.value["metadata"]
        self.errors += refusals([*manifests, *_applied_to_hub(steps)], karmada)
        return Scenario(
            name=metadata["name"],
            path=document.file,
            fleet=fleet,
            horizon_s=self._horizon(spec, expectations),
            description=spec.get("description", ""),
            labels=metadata.get("labels") or {},
            seed=spec.get("seed", 0),
            karmada=karmada,
            members=members,
            manifests=tuple(manifests),
            steps=steps,
            expectations=expectations,
            laws=laws,
            bounds=bounds,
            targets=targets,
            kinds=self.kinds,
        )

    def _fleet(self, fleet: Mapping[str, Any]) -> FleetSpec:
        path: Path = ("spec", "fleet")
        if "file" not in fleet:
            reader = FleetReader(self.document, self.folder)
            found = reader.read((*path, "clusters"))
            self.errors += reader.errors
            return found
        where = self.document.locate((*path, "file"))
        file = os.path.normpath(os.path.join(self.folder, fleet["file"]))
        try:
            return load_fleet(file, where)
        except InputError as error:
            self.errors += [error, *error.problems]
            return FleetSpec(())

    def _karmada(self, given: Mapping[str, Any]) -> KarmadaSettings:
        right: dict[str, Any] = {}
        for name, value in given.items():  # one by one, so that each error has its place
            try:
                karmada_settings({name: value})
                right[name] = value
            except InputError as error:
                self.error(("spec", "settings", "karmada", name), error.message)
        return karmada_settings(right)

    def _horizon(self, spec: Mapping[str, Any], expectations: Sequence[Expectation]) -> float:
        bounds = [(item.amount_s or 0.0) + item.from_s for item in expectations if not item.after]
        least_s = max([self.latest_s, *bounds])
        given = seconds(spec, "horizon")
        if given is None:
            given = max(_DEFAULT_HORIZON_S, least_s + _SETTLE_S)
        if not 0 < given <= MAX_HORIZON_S:
            end = format_duration(given)
            text = f"the run ends at {end}, needs more than 0 and at most 720h (30 days)"
            self.error(("spec", "horizon"), text)
        elif given < least_s:
            text = (
                f"the run ends at {format_duration(given)}, but a step or an expectation "
                f"is to come at {format_duration(least_s)}"
            )
            self.error(("spec", "horizon"), text)
        return given


def _applied_to_hub(steps: Iterable[Step]) -> Iterator[SourceManifest]:
    """Yield what steps apply to the hub, but for those that want to see a refusal."""
    for step in steps:
        if isinstance(step.action, ApplyAction) and not step.cluster and not step.refused:
            yield from step.action.manifests


def load_fleet(path: str, location: Location | None = None) -> FleetSpec:
    """Return the fleet of a file of kind Fleet.

    Raises:
        InputError: Anything is wrong with it.
    """
    document = _one_document(read_text(path, location), path, "Fleet")
    problems = list(shape_problems(document.value, FLEET))
    raise_problems([InputError(p.message, document.locate(p.path, key=p.at_key)) for p in problems])
    reader = FleetReader(document, os.path.dirname(path))
    fleet = reader.read(("spec", "clusters"))
    raise_problems(reader.errors)
    return fleet
