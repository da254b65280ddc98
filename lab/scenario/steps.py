"""Steps of a scenario: when, and what is done."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.core.admission.field_errors import Path
from lab.core.duration import format_duration
from lab.core.errors import InputError, Location, did_you_mean, quoted
from lab.core.faults import read_fault
from lab.core.faults.read import default_name
from lab.core.model import Key
from lab.core.settings import KarmadaSettings
from lab.drivers.playable import refusal, stranger
from lab.scenario.calls import check_cluster
from lab.scenario.format import (
    STEP_ACTIONS,
    STEP_TIMES,
)
from lab.scenario.model import (
    EVERY_FAULT,
    ApplyAction,
    DeleteAction,
    FaultAction,
    HealAction,
    PatchAction,
    RunAction,
    Step,
    StepAction,
)
from lab.scenario.parts import HEALED, START, PartReader, seconds
from lab.scenario.yaml_tree import Document

CheckLine = Callable[[str], object]
"""Checks a command line and raises InputError; `lab.commands.line.parse_line` is one."""
_CLUSTER_FLAG = re.compile(r"(?:-C|--clusters?)(?:=(.*))?")


class StepReader(PartReader):
    """Reads the steps of a scenario.

    Args:
        document: The scenario.
        folder: Where relative paths start.
        check_line: Checks the lines of `run` steps.
    """

    def __init__(self, document: Document, folder: str, check_line: CheckLine | None) -> None:
        super().__init__(document, folder)
        self._check_line = check_line
        self._steps: dict[str, Step] = {}
        self._injects = False
        self.karmada = KarmadaSettings()
        """As the scenario sets it; read before the steps."""
        self.latest_s = 0.0
        """The latest time that a step names (s of the run)."""

    def read_steps(self, items: Sequence[Mapping[str, Any]], path: Path) -> tuple[Step, ...]:
        """Return the steps of the list at `path`."""
        # All actions first: a condition may name a kind that a later step brings.
        actions = [self._action(item, (*path, index)) for index, item in enumerate(items)]
        for index, (item, action) in enumerate(zip(items, actions, strict=True)):
            self.latest_s = self._step(item, (*path, index), index, action, self.latest_s)
        for index, name in enumerate(self.step_names):
            fault = name.removesuffix(HEALED)
            if fault != name and fault in self.fault_names:
                text = f"{quoted(name)} is the moment when {quoted(fault)} is over"
                self.error((*path, index, "name"), f"{text}, needs another name")
        return tuple(self._steps.values())

    def _step(
        self, item: Mapping[str, Any], path: Path, index: int, action: StepAction, latest_s: float
    ) -> float:
        """Read a step; return the latest time that is known to have passed after it."""
        times = [field for field in STEP_TIMES if field in item]
        if len(times) > 1:
            self.error(
                path, f"a step has one of {', '.join(STEP_TIMES)}; here: {' and '.join(times)}"
            )
        for field, needs in (("delay", "after"), ("timeout", "waitUntil")):
            if field in item and needs not in item:
                self.error((*path, field), f"{field} belongs to {needs}", key=True)
        if not any(field in item for field in (*STEP_ACTIONS, "waitUntil")):
            self.error(path, f"the step does nothing, needs one of {', '.join(STEP_ACTIONS)}")
        name = item.get("name") or _step_name(item, index)
        if name in self._steps and "name" in item:
            self.error((*path, "name"), f"two steps are named {quoted(name)}")
        if name == START:
            self.error((*path, "name"), f'"{START}" is the moment 0s, needs another name')
        at_s = seconds(item, "at")
        if at_s is not None and at_s < latest_s:
            text = f"but this one is before {format_duration(latest_s)}"
            self.error((*path, "at"), f"steps play in the order of the file, {text}")
        after = str(item.get("after") or "")
        if after:
            self.anchor(after, (*path, "after"), earlier=True)
        wait = None
        if "waitUntil" in item:
            wait = self.expression(item["waitUntil"], (*path, "waitUntil"))
        unique = name if name not in self._steps else f"{name} (step {index + 1})"
        self.step_names.append(unique)
        if isinstance(action, FaultAction):
            action = self._named_fault(action, unique, path)
        elif "fault" in item:
            self.fault_names.append(unique)  # it cannot be read: what counts from it is no error
        elif isinstance(action, HealAction):
            self._check_heal(action, path)
        elif isinstance(action, RunAction):
            self._injects |= any("inject" in line.split() for line in action.lines)
        self._steps[unique] = Step(
            name=unique,
            action=action,
            location=self.document.locate(path),
            at_s=at_s,
            after=after,
            delay_s=seconds(item, "delay") or 0.0,
            wait_until=wait,
            timeout_s=seconds(item, "timeout") or 600.0,
            cluster=self.cluster(item, path),
            refused=item.get("refused", ""),
        )
        return max(latest_s, at_s or 0.0)

    def _action(self, item: Mapping[str, Any], path: Path) -> StepAction:
        given = [field for field in STEP_ACTIONS if field in item]
        if len(given) > 1:
            self.error(path, f"a step does one thing; here: {' and '.join(given)}")
        if not given:
            return None
        field, cluster = given[0], str(item.get("cluster") or "")
        where = (*path, field)
        if field == "apply":
            return ApplyAction(tuple(self.manifests(where, item["apply"])))
        if field == "delete":
            return DeleteAction(tuple(self._deletions(item["delete"], where, cluster)))
        if field == "patch":
            return self._patch(item["patch"], where, cluster)
        if field == "run":
            lines = [item["run"]] if isinstance(item["run"], str) else item["run"]
            places = [
                where if isinstance(item["run"], str) else (*where, i) for i in range(len(lines))
            ]
            for line, place in zip(lines, places, strict=True):
                self._line(line, place)
            return RunAction(tuple(lines), tuple(map(self.document.locate, places)))
        if cluster:
            text = f"cluster belongs into the target of a {field}: target: {{cluster: {cluster}}}"
            if field == "heal":
                text = "a heal names a fault, not a cluster"
            self.error((*path, "cluster"), text, key=True)
        return HealAction(item["heal"]) if field == "heal" else self._fault(item["fault"], where)

    def _fault(self, given: Mapping[str, Any], path: Path) -> StepAction:
        if not self.fleet.clusters:
            return None  # the fleet could not be read, which is told already

        def locate(inside: Path, key: bool) -> Location:
            return self.document.locate((*path, *inside), key=key)

        try:
            fault = read_fault(given, self.fleet, locate=locate)
        except InputError as error:
            self.errors += [error, *error.problems]
            return None
        why = refusal(fault, self.fleet)
        if why:
            self.error((*path, "kind"), why)
        why = stranger(fault, self.fleet, self.karmada)
        if why:
            self.error((*path, "parameters", "process"), why)
        return FaultAction(fault)

    def _named_fault(self, action: FaultAction, name: str, path: Path) -> FaultAction:
        """Give a fault the name of its step, and compile its condition."""
        if name == EVERY_FAULT:
            text = f'"{EVERY_FAULT}" means every fault (heal: all), needs another name'
            self.error((*path, "name"), text)
        self.fault_names.append(name)
        condition = None
        if action.fault.abort_if:
            condition = self.expression(action.fault.abort_if, (*path, "fault", "abortIf"))
        return FaultAction(replace(action.fault, name=name), condition)

    def _check_heal(self, action: HealAction, path: Path) -> None:
        if action.name == EVERY_FAULT or action.name in self.fault_names or self._injects:
            return  # what lines inject is known when they are rehearsed
        hint = did_you_mean(action.name, [*self.fault_names, EVERY_FAULT])
        text = f"no earlier fault is named {quoted(action.name)}{hint}"
        self.error((*path, "heal"), text)

    def _deletions(self, given: Any, path: Path, cluster: str) -> list[Key]:
        parts = [(given, path)]
        if isinstance(given, list):
            parts = [(item, (*path, index)) for index, item in enumerate(given)]
        keys: list[Key] = []
        for item, where in parts:
            if isinstance(item, str):
                sources = self.manifests(where, item)
                keys += [self.key(source.manifest, cluster) for source in sources]
            else:
                keys.append(self.key(item, cluster))
        return keys

    def _patch(self, patch: Mapping[str, Any], path: Path, cluster: str) -> StepAction:
        kind, body = patch.get("type", "merge"), patch["body"]
        if (kind == "json") != isinstance(body, list):
            needs = "a list of operations" if kind == "json" else "a map"
            self.error((*path, "body"), f"the body of a {kind} patch needs to be {needs}")
        return PatchAction(self.key(patch["target"], cluster), body, kind)

    def _line(self, line: str, path: Path) -> None:
        try:
            words = shlex.split(line)
        except ValueError as error:
            self.error(path, f"run: {error}: {quoted(line)}")
            return
        for index, word in enumerate(words):
            match = _CLUSTER_FLAG.fullmatch(word)
            if match is None:
                continue
            value = match[1] if match[1] is not None else " ".join(words[index + 1 : index + 2])
            for name in filter(None, value.split(",")):
                try:
                    check_cluster(name, self.clusters)
                except InputError as error:
                    self.error(path, f"run: {error.message}")
        if self._check_line is None:
            return
        try:
            self._check_line(line)
        except InputError as error:
            self.error(path, f"run: {error.message}")


def _step_name(item: Mapping[str, Any], index: int) -> str:
    for field in ("run", "apply", "delete"):
        if isinstance(item.get(field), str):
            text = str(item[field])
            return text if field == "run" else f"{field} {text}"
    if "patch" in item:
        target = item["patch"]["target"]
        return f"patch {str(target['kind']).lower()}/{target['name']}"
    if "fault" in item:
        return default_name(item["fault"]["kind"])
    if "heal" in item:
        return f"heal {item['heal']}"
    if "waitUntil" in item:
        return f"wait until {item['waitUntil']}"
    return f"step {index + 1}"
