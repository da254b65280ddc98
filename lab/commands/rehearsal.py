"""The command lines of a scenario, tried on nothing before anything runs.

What a line gets wrong whatever the federation looks like (a file that is not there, a patch that
is no JSON, a cluster the fleet does not have) is told at load, with its place: a scenario is never
half played because of it. Objects that are not there are no mistake: only the run can know.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.commands.context import Context, Happening, ObjectChange
from lab.commands.get import CLUSTER
from lab.commands.line import parse_line
from lab.core.errors import ApiError, InputError, did_you_mean
from lab.core.faults import Fault
from lab.core.kinds import MEMBER_KINDS, KindRegistry, crd_kinds, guess
from lab.core.manifest import Manifest, namespace_of
from lab.core.model import HUB, Action, Apply, Create, Key
from lab.core.settings import KarmadaSettings
from lab.drivers.fault_state import FaultState, free_name, name_taken, no_such_fault
from lab.drivers.playable import check_playable
from lab.scenario.load import load_scenario
from lab.scenario.model import (
    EVERY_FAULT,
    FaultAction,
    HealAction,
    RunAction,
    Scenario,
    Step,
)
from lab.scenario.shelf import overhearing
from lab.scenario.source import raise_problems

if TYPE_CHECKING:
    from lab.core.fleet import ClusterSpec, FleetSpec


def load_rehearsed(
    path: str | os.PathLike[str], check_line: Callable[[str], object] = parse_line
) -> Scenario:
    """Return a scenario whose command lines were all tried.

    Args:
        path: Its file or folder.
        check_line: Checks the words of one line.

    Raises:
        InputError: Anything is wrong; `problems` has the further errors.
    """
    scenario = load_scenario(path, check_line=check_line)
    files = dict(scenario.files)
    with overhearing(files.__setitem__):
        raise_problems(list(problems(scenario)))
    return replace(scenario, files=files)


def problems(scenario: Scenario) -> Sequence[InputError]:
    """Return what the command lines of a scenario get wrong, in the order of the steps."""
    stage = _Stage(scenario.fleet, scenario.kinds, scenario.karmada)
    found: list[InputError] = []
    for step in scenario.steps:
        if step.refused:
            continue
        if isinstance(step.action, FaultAction | HealAction):
            try:
                _try_fault(stage, step.action)
            except InputError as error:
                found.append(InputError(error.message, step.location))
        if not isinstance(step.action, RunAction):
            continue
        places = step.action.places or (step.location,) * len(step.action.lines)
        for line, here in zip(step.action.lines, places, strict=True):
            try:
                _try(stage, line, step, Path(scenario.path).parent)
            except InputError as error:
                place = error.location or here
                text = error.message if error.location else f"run: {error.message}"
                found.append(InputError(text, place, error.problems))
            except ApiError:
                continue  # what a server says depends on what it has then
    return found


def _try_fault(stage: _Stage, action: FaultAction | HealAction) -> None:
    if isinstance(action, FaultAction):
        stage.inject(action.fault)
    elif action.name != EVERY_FAULT:
        stage.heal(action.name)


def _try(stage: _Stage, line: str, step: Step, directory: Path) -> None:
    command = parse_line(line)
    if command.verb.needs != "write":
        return
    context = Context(
        program=command.program,
        world=stage,
        writer=stage,
        directory=directory,
        verb=command.verb.name,
        cluster=step.cluster,
        faults=stage,
    )
    stage.strangers.clear()
    command.verb.run(context, command.args)
    if stage.strangers:
        stage.refuse(stage.strangers[0])


@dataclass(slots=True)
class _Stage:
    """A federation of which only the names of the clusters are known. What is written is lost."""

    fleet: FleetSpec
    scenario_kinds: KindRegistry
    karmada: KarmadaSettings
    strangers: list[str] = field(default_factory=list)
    """Clusters that were asked for and that the fleet does not have."""
    _member_kinds: KindRegistry = field(default_factory=MEMBER_KINDS)
    now_s: float = 0.0
    seed: int = 0
    _injected: dict[str, FaultState] = field(default_factory=dict)

    def at(self, time_s: float) -> _Stage:
        """Return the same stage: it has one moment."""
        return self

    def members(self) -> Sequence[str]:
        """Return the names of the fleet's clusters."""
        return [spec.name for spec in self.fleet.clusters]

    def kinds(self, cluster: str) -> KindRegistry:
        """Return every kind that the cluster has or that the scenario brings."""
        if cluster == HUB:
            return self.scenario_kinds
        known = self._member_kinds
        more = [
            each
            for each in self.scenario_kinds.all()
            if known.get(each.api_version, each.kind) is None
        ]
        return KindRegistry([*known.all(), *more])

    def find(self, key: Key) -> Manifest | None:
        """Return a cluster of the fleet, or None."""
        if key.cluster != HUB or (key.api_version, key.kind) != CLUSTER:
            return None
        spec = next((each for each in self.fleet.clusters if each.name == key.name), None)
        if spec is not None:
            return _cluster(spec)
        self.strangers.append(key.name)
        return None

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the clusters of the fleet, or nothing."""
        if cluster != HUB or (api_version, kind) != CLUSTER:
            return []
        return [_cluster(spec) for spec in self.fleet.clusters]

    def happenings(self, types: Sequence[str] = (), key: Key | None = None) -> Sequence[Happening]:
        """Return nothing: nothing has happened."""
        return ()

    def record(self, number: int) -> Happening | None:
        """Return nothing: nothing has happened."""

    def ends(self, number: int) -> tuple[Manifest | None, Manifest | None]:
        """Return nothing: nothing has happened."""
        return None, None

    def changes(
        self, cluster: str, api_version: str, kind: str, after_s: float
    ) -> Sequence[ObjectChange]:
        """Return nothing: nothing has happened."""
        return ()

    def execute(self, action: Action, *, dry_run: bool = False) -> Manifest | None:
        """Return what is to be written; its kind is known from then on."""
        if not isinstance(action, Create | Apply):
            return None
        self._learn(action.object)
        return action.object

    def join(self, cluster: str, changes: Mapping[str, Any], *, dry_run: bool = False) -> None:
        """Check that the fleet has the cluster.

        Raises:
            InputError: It has not.
        """
        if cluster not in self.members():
            self.refuse(cluster)

    # ── faults ─────────────────────────────────────────────────────────────────────────────────

    def free_name(self, wanted: str) -> str:
        """Return a name that no fault has yet."""
        return free_name(wanted, self._injected)

    def inject(self, fault: Fault) -> FaultState:
        """Note that a fault of that name begins.

        Raises:
            InputError: One has that name already.
        """
        if fault.name in self._injected:
            raise name_taken(fault.name)
        check_playable(fault, self.fleet, self.karmada)
        state = FaultState(fault.name, fault.kind, "active", 0, 0.0, None, None, ())
        self._injected[fault.name] = state
        return state

    def heal(self, name: str) -> FaultState:
        """Check that a fault of that name was injected; it may be over by then.

        Raises:
            InputError: None was.
        """
        if name not in self._injected:
            raise no_such_fault(name, list(self._injected))
        return self._injected[name]

    def active(self) -> Sequence[FaultState]:
        """Return every fault so far: which are over, only the run knows."""
        return list(self._injected.values())

    def refuse(self, name: str) -> None:
        """Say that the fleet has no such cluster.

        Raises:
            InputError: Always.
        """
        near = did_you_mean(name, self.members()) or f" (it has {', '.join(self.members())})"
        raise InputError(f'the fleet has no cluster "{name}"{near}')

    def _learn(self, manifest: Manifest) -> None:
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        registry = self.scenario_kinds
        if kind == "CustomResourceDefinition":
            for defined in crd_kinds(manifest):
                registry.add(defined)
        elif registry.get(api_version, kind) is None:
            registry.add(guess(api_version, kind, namespaced=bool(namespace_of(manifest))))


def _cluster(spec: ClusterSpec) -> Manifest:
    # Who looks after it decides which verbs it takes; the run cannot change that.
    return {
        "apiVersion": CLUSTER[0],
        "kind": CLUSTER[1],
        "metadata": {"name": spec.name},
        "spec": {"syncMode": spec.sync_mode},
    }
