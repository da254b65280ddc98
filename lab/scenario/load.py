"""Load a scenario: everything that can be known to be wrong is told before anything runs."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.core.admission.field_errors import Path
from lab.core.duration import parse_duration_s
from lab.core.errors import InputError, Location, did_you_mean, quoted
from lab.core.fleet import FleetSpec
from lab.core.kinds import HUB_KINDS, KindRegistry, guess
from lab.core.manifest import Manifest
from lab.core.model import Key
from lab.core.settings import KarmadaSettings, karmada_settings
from lab.scenario.expression import Expression, compile_expression
from lab.scenario.files import read_text
from lab.scenario.fleet import FleetReader, check_timings, read_manifests
from lab.scenario.format import (
    API_VERSION,
    EXPECT_TIMES,
    EXPECT_WHATS,
    FLEET,
    SCENARIO,
    STEP_ACTIONS,
    STEP_TIMES,
)
from lab.scenario.helpers import HELPERS, check_calls, check_cluster
from lab.scenario.model import (
    ApplyAction,
    DeleteAction,
    Expectation,
    Mode,
    PatchAction,
    RunAction,
    Scenario,
    Step,
    StepAction,
)
from lab.scenario.shape import shape_problems
from lab.scenario.source import SourceManifest, in_namespace, raise_problems
from lab.scenario.yaml_tree import Document, parse_documents

SCENARIO_FILE = "scenario.yaml"
START = "start"
"""The name of the moment 0s, as `after` may use it."""
_DEFAULT_HORIZON_S = 600.0
_SETTLE_S = 60.0
_MODES: tuple[Mode, ...] = ("at", "within", "never", "throughout")
_CLUSTER_FLAG = re.compile(r"(?:-C|--clusters?)(?:=(.*))?")

CheckLine = Callable[[str], object]
"""Checks a command line and raises InputError; `lab.commands.line.parse_line` is one."""


def load_scenario(path: str | os.PathLike[str], *, check_line: CheckLine | None = None) -> Scenario:
    """Return the scenario of a file, or of a folder that holds a scenario.yaml.

    Args:
        path: The file or folder.
        check_line: Checks the lines of `run` steps; without it only their clusters are checked.

    Raises:
        InputError: Anything is wrong; `problems` has the further errors.
    """
    file = os.fspath(path)
    if os.path.isdir(file):
        inside = os.path.join(file, SCENARIO_FILE)
        if not os.path.isfile(inside):
            raise InputError(f"folder {quoted(file, 200)} holds no {SCENARIO_FILE}")
        file = inside
    return parse_scenario(read_text(file), file, check_line=check_line)


def parse_scenario(text: str, file: str, *, check_line: CheckLine | None = None) -> Scenario:
    """Return the scenario of a text; `file` names it and is where relative paths start.

    Raises:
        InputError: As `load_scenario`.
    """
    document = _one_document(text, file, "Scenario")
    problems = list(shape_problems(document.value, SCENARIO))
    raise_problems([InputError(p.message, document.locate(p.path, key=p.at_key)) for p in problems])
    reader = _Reader(document, os.path.dirname(file), check_line)
    scenario = reader.read()
    raise_problems(reader.errors)
    return scenario


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


class _Reader:
    """One pass over a scenario whose shape is right; errors are collected."""

    def __init__(self, document: Document, folder: str, check_line: CheckLine | None) -> None:
        self._document, self._folder, self._check_line = document, folder, check_line
        self._spec: Mapping[str, Any] = document.value["spec"]
        self._kinds: KindRegistry = HUB_KINDS()
        self._clusters: Sequence[str] = ()
        self._steps: dict[str, Step] = {}
        self.errors: list[InputError] = []

    def read(self) -> Scenario:
        document, spec = self._document, self._spec
        fleet = self._fleet()
        self._clusters = [cluster.name for cluster in fleet.clusters]
        settings = spec.get("settings") or {}
        members = settings.get("members") or {}
        check_timings(members, document, ("spec", "settings", "members"), self.errors)
        if spec.get("invariants"):
            text = "invariants are not built yet: remove them (a later version checks them)"
            self._error(("spec", "invariants"), text, key=True)
        manifests = self._manifests(("spec", "manifests"), spec.get("manifests"))
        # All kinds first: a step or an expectation may name a kind that a later step brings.
        actions = [
            self._action(step, ("spec", "steps", index))
            for index, step in enumerate(spec.get("steps") or ())
        ]
        latest_s = 0.0
        for index, (step, action) in enumerate(zip(spec.get("steps") or (), actions, strict=True)):
            latest_s = self._step(step, ("spec", "steps", index), index, action, latest_s)
        expectations = [
            self._expectation(item, ("spec", "expect", index))
            for index, item in enumerate(spec.get("expect") or ())
        ]
        metadata = document.value["metadata"]
        return Scenario(
            name=metadata["name"],
            path=document.file,
            fleet=fleet,
            horizon_s=self._horizon(latest_s, expectations),
            description=spec.get("description", ""),
            labels=metadata.get("labels") or {},
            seed=spec.get("seed", 0),
            karmada=self._karmada(settings.get("karmada") or {}),
            members=members,
            manifests=tuple(manifests),
            steps=tuple(self._steps.values()),
            expectations=tuple(expectations),
            kinds=self._kinds,
        )

    # ── parts ──────────────────────────────────────────────────────────────────────────────────

    def _error(self, path: Path, message: str, *, key: bool = False) -> None:
        self.errors.append(InputError(message, self._document.locate(path, key=key)))

    def _fleet(self) -> FleetSpec:
        path: Path = ("spec", "fleet")
        fleet = self._spec["fleet"]
        if "file" not in fleet:
            reader = FleetReader(self._document, self._folder)
            found = reader.read((*path, "clusters"))
            self.errors += reader.errors
            return found
        where = self._document.locate((*path, "file"))
        file = os.path.normpath(os.path.join(self._folder, fleet["file"]))
        try:
            return load_fleet(file, where)
        except InputError as error:
            self.errors += [error, *error.problems]
            return FleetSpec(())

    def _karmada(self, given: Mapping[str, Any]) -> KarmadaSettings:
        try:
            return karmada_settings(given)
        except InputError as error:
            self._error(("spec", "settings", "karmada"), error.message)
            return KarmadaSettings()

    def _manifests(self, path: Path, given: Any) -> list[SourceManifest]:
        if given is None:
            return []
        try:
            sources = read_manifests(self._document, path, self._folder, self._kinds)
        except InputError as error:
            self.errors += [error, *error.problems]
            return []
        for source in sources:
            self._learn(source.manifest)
        return [
            SourceManifest(in_namespace(source.manifest, self._kinds), source.document)
            for source in sources
        ]

    def _learn(self, manifest: Manifest) -> None:
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        if self._kinds.get(api_version, kind) is None:
            namespaced = bool((manifest.get("metadata") or {}).get("namespace"))
            self._kinds.add(guess(api_version, kind, namespaced=namespaced))

    def _key(self, target: Mapping[str, Any], cluster: str) -> Key:
        kind = self._kinds.kind_of(target)
        metadata = target.get("metadata") or target
        namespace = str(metadata.get("namespace") or "")
        if kind.namespaced and not namespace and not kind.guessed:
            namespace = "default"
        name = str(metadata.get("name") or "")
        return Key(cluster, kind.api_version, kind.kind, namespace, name)

    def _cluster(self, item: Mapping[str, Any], path: Path) -> str:
        cluster = str(item.get("cluster") or "")
        if cluster:
            try:
                check_cluster(cluster, self._clusters)
            except InputError as error:
                self._error((*path, "cluster"), error.message)
        return cluster

    def _expression(self, text: str, path: Path) -> Expression | None:
        where = self._document.locate(path)
        try:
            expression = compile_expression(text, where, HELPERS)
            check_calls(expression, self._kinds, self._clusters)
        except InputError as error:
            self.errors.append(error)
            return None
        return expression

    # ── steps ──────────────────────────────────────────────────────────────────────────────────

    def _step(
        self, item: Mapping[str, Any], path: Path, index: int, action: StepAction, latest_s: float
    ) -> float:
        """Read a step; return the latest time that is known to have passed after it."""
        times = [field for field in STEP_TIMES if field in item]
        if len(times) > 1:
            self._error(
                path, f"a step has one of {', '.join(STEP_TIMES)}; here: {' and '.join(times)}"
            )
        for field, needs in (("delay", "after"), ("timeout", "waitUntil")):
            if field in item and needs not in item:
                self._error((*path, field), f"{field} belongs to {needs}", key=True)
        if not any(field in item for field in (*STEP_ACTIONS, "waitUntil")):
            self._error(path, f"the step does nothing, needs one of {', '.join(STEP_ACTIONS)}")
        name = item.get("name") or _step_name(item, index)
        if name in self._steps and "name" in item:
            self._error((*path, "name"), f"two steps are named {quoted(name)}")
        if name == START:
            self._error((*path, "name"), f'"{START}" is the moment 0s, needs another name')
        at_s = _seconds(item, "at")
        if at_s is not None and at_s < latest_s:
            text = f"steps play in the order of the file, but this one is before {latest_s:g}s"
            self._error((*path, "at"), text)
        after = str(item.get("after") or "")
        if after:
            self._anchor(after, (*path, "after"), earlier=True)
        wait = None
        if "waitUntil" in item:
            wait = self._expression(item["waitUntil"], (*path, "waitUntil"))
        unique = name if name not in self._steps else f"{name} (step {index + 1})"
        self._steps[unique] = Step(
            name=unique,
            action=action,
            location=self._document.locate(path),
            at_s=at_s,
            after=after,
            delay_s=_seconds(item, "delay") or 0.0,
            wait_until=wait,
            timeout_s=_seconds(item, "timeout") or 600.0,
            cluster=self._cluster(item, path),
            refused=item.get("refused", ""),
        )
        return max(latest_s, at_s or 0.0)

    def _anchor(self, name: str, path: Path, *, earlier: bool) -> None:
        if name == START or name in self._steps:
            return
        which = "earlier step" if earlier else "step"
        hint = did_you_mean(name, [START, *self._steps])
        self._error(path, f"no {which} is named {quoted(name)}{hint}")

    def _action(self, item: Mapping[str, Any], path: Path) -> StepAction:
        given = [field for field in STEP_ACTIONS if field in item]
        if len(given) > 1:
            self._error(path, f"a step does one thing; here: {' and '.join(given)}")
        if not given:
            return None
        field, cluster = given[0], str(item.get("cluster") or "")
        where = (*path, field)
        if field == "apply":
            return ApplyAction(tuple(self._manifests(where, item["apply"])))
        if field == "delete":
            return DeleteAction(tuple(self._deletions(item["delete"], where, cluster)))
        if field == "patch":
            return self._patch(item["patch"], where, cluster)
        if field == "run":
            lines = [item["run"]] if isinstance(item["run"], str) else item["run"]
            for index, line in enumerate(lines):
                self._line(line, where if isinstance(item["run"], str) else (*where, index))
            return RunAction(tuple(lines))
        text = "faults are not built yet: remove the step (a later version plays them)"
        self._error(where, text, key=True)
        return None

    def _deletions(self, given: Any, path: Path, cluster: str) -> list[Key]:
        parts = [(given, path)]
        if isinstance(given, list):
            parts = [(item, (*path, index)) for index, item in enumerate(given)]
        keys: list[Key] = []
        for item, where in parts:
            if isinstance(item, str):
                sources = self._manifests(where, item)
                keys += [self._key(source.manifest, cluster) for source in sources]
            else:
                keys.append(self._key(item, cluster))
        return keys

    def _patch(self, patch: Mapping[str, Any], path: Path, cluster: str) -> StepAction:
        kind, body = patch.get("type", "merge"), patch["body"]
        if (kind == "json") != isinstance(body, list):
            needs = "a list of operations" if kind == "json" else "a map"
            self._error((*path, "body"), f"the body of a {kind} patch needs to be {needs}")
        return PatchAction(self._key(patch["target"], cluster), body, kind)

    def _line(self, line: str, path: Path) -> None:
        try:
            words = shlex.split(line)
        except ValueError as error:
            self._error(path, f"run: {error}: {quoted(line)}")
            return
        for index, word in enumerate(words):
            match = _CLUSTER_FLAG.fullmatch(word)
            if match is None:
                continue
            value = match[1] if match[1] is not None else " ".join(words[index + 1 : index + 2])
            for name in filter(None, value.split(",")):
                try:
                    check_cluster(name, self._clusters)
                except InputError as error:
                    self._error(path, f"run: {error.message}")
        if self._check_line is None:
            return
        try:
            self._check_line(line)
        except InputError as error:
            self._error(path, f"run: {error.message}")

    # ── expectations ───────────────────────────────────────────────────────────────────────────

    def _expectation(self, item: Mapping[str, Any], path: Path) -> Expectation:
        times = [field for field in EXPECT_TIMES if item.get(field) is not None]
        if len(times) > 1:
            choice = ", ".join(EXPECT_TIMES)
            self._error(path, f"an expectation has one of {choice}; here: {' and '.join(times)}")
        whats = [field for field in EXPECT_WHATS if field in item]
        if len(whats) != 1:
            here = " and ".join(whats) or "neither"
            self._error(path, f"an expectation has an object or a cel expression; here: {here}")
        mode: Mode = next((each for each in _MODES if each in times), "end")
        amount = item.get(mode)
        if "from" in item and mode not in {"never", "throughout"}:
            self._error((*path, "from"), "from belongs to never and throughout", key=True)
        after = str(item.get("after") or "")
        if after:
            self._anchor(after, (*path, "after"), earlier=False)
            if mode == "end":
                text = "after needs one of at, within, never, throughout beside it"
                self._error((*path, "after"), text, key=True)
        cluster = self._cluster(item, path)
        if cluster and "cel" in item:
            text = "cluster belongs to object; in cel name it: ready('deployment/web', 'member1')"
            self._error((*path, "cluster"), text, key=True)
        cel = self._expression(item["cel"], (*path, "cel")) if "cel" in item else None
        wanted = item.get("object")
        key = None
        if wanted is not None:
            key = self._expected_key(wanted, (*path, "object"), cluster)
        return Expectation(
            name=item["name"],
            mode=mode,
            location=self._document.locate(path),
            amount_s=None if amount is None or amount is True else parse_duration_s(amount),
            after=after,
            from_s=_seconds(item, "from") or 0.0,
            cluster=cluster,
            object=wanted,
            key=key,
            cel=cel,
        )

    def _expected_key(self, wanted: Mapping[str, Any], path: Path, cluster: str) -> Key:
        from lab.scenario.checks import kind_message

        metadata = wanted.get("metadata")
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
            self._error(path, "object.metadata.name is missing")
        api_version, kind = str(wanted["apiVersion"]), str(wanted["kind"])
        message = kind_message(api_version, kind, self._kinds)
        if message:
            self._error((*path, "kind"), message)
        return self._key(wanted, cluster)

    def _horizon(self, latest_s: float, expectations: Sequence[Expectation]) -> float:
        bounds = [(item.amount_s or 0.0) + item.from_s for item in expectations if not item.after]
        least_s = max([latest_s, *bounds])
        given = _seconds(self._spec, "horizon")
        if given is None:
            return max(_DEFAULT_HORIZON_S, least_s + _SETTLE_S)
        if given < least_s:
            text = f"the run ends at {given:g}s, but something is to happen at {least_s:g}s"
            self._error(("spec", "horizon"), text)
        return given


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


def _seconds(item: Mapping[str, Any], field: str) -> float | None:
    return parse_duration_s(item[field]) if item.get(field) is not None else None


def _step_name(item: Mapping[str, Any], index: int) -> str:
    for field in ("run", "apply", "delete"):
        if isinstance(item.get(field), str):
            text = str(item[field])
            return text if field == "run" else f"{field} {text}"
    if "patch" in item:
        target = item["patch"]["target"]
        return f"patch {str(target['kind']).lower()}/{target['name']}"
    if "waitUntil" in item:
        return f"wait until {item['waitUntil']}"
    return f"step {index + 1}"
