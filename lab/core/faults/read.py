"""From what a person wrote to a checked fault: everything that is wrong is told, with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.core.errors import InputError, Location, did_you_mean, quoted
from lab.core.faults.kinds import KINDS, FaultKind, find_kind, kind_names
from lab.core.faults.model import Fault, Target
from lab.core.faults.selection import TargetError, select
from lab.core.faults.target import Problems, TargetReader
from lab.core.faults.times import TimesReader
from lab.core.fleet import FleetSpec

Path = tuple[str | int, ...]
Locate = Callable[[Path, bool], Location | None]
"""Where a part of the fault stands in its file; True: its key, not its value."""

FIELDS = ("kind", "target", "for", "parameters", "ramp", "repeat", "abortIf")


def read_fault(
    given: Mapping[str, Any],
    fleet: FleetSpec,
    *,
    name: str = "",
    locate: Locate | None = None,
    text: bool = False,
    backend: str = "simulated",
) -> Fault:
    """Return the fault that a map of a scenario, or the flags of a command line, describe.

    Args:
        given: kind, target, for, parameters, ramp, repeat, abortIf.
        fleet: The clusters a target is looked up in.
        name: What it is called; its kind in lower case if not given.
        locate: Where its parts stand.
        text: Values were written on a command line: numbers and lists are texts.
        backend: What is to play it.

    Raises:
        InputError: Anything is wrong; `problems` has the further errors.
    """
    return _Reader(given, fleet, name, locate, text, backend).read()


def default_name(kind: str) -> str:
    """Return what a fault of a kind is called if nobody says.

    Example:
        >>> default_name("SlowApi")
        'slow-api'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind).lower()


class _Reader(Problems):
    def __init__(
        self,
        given: Mapping[str, Any],
        fleet: FleetSpec,
        name: str,
        locate: Locate | None,
        text: bool,
        backend: str,
    ) -> None:
        super().__init__(locate)
        self._given, self._fleet, self._name = given, fleet, name
        self._text, self._backend = text, backend

    def read(self) -> Fault:
        kind = self._kind()
        if kind is None:
            raise self.raised()
        parameters = self._parameters(kind)
        played = KINDS.get(str(parameters.get("fault")), kind) if kind.scope == "any" else kind
        target = self._target(played, parameters)
        times = TimesReader(self, self._given, self._text)
        fault = Fault(
            self._name or default_name(kind.name),
            kind.name,
            target,
            parameters,
            times.length_s(),
            times.ramp(),
            times.repeat(),
            times.abort_if(),
        )
        times.check(kind, fault)
        if not self.errors:
            self._check_target(fault)
        if self.errors:
            raise self.raised()
        return fault

    def _kind(self) -> FaultKind | None:
        for key in self._given:
            if key not in FIELDS:
                hint = did_you_mean(str(key), FIELDS) or f" (there are {', '.join(FIELDS)})"
                self.error((key,), f"unknown field {quoted(key)} of a fault{hint}", key=True)
        name = self._given.get("kind")
        if not isinstance(name, str) or not name:
            found = "missing" if name is None else quoted(name)
            text = f"the kind of the fault is {found}, needs one of {', '.join(kind_names())}"
            self.error(("kind",), text)
            return None
        try:
            kind = find_kind(name)
        except InputError as error:
            self.error(("kind",), error.message)
            return None
        self._refused(kind, ("kind",))
        return kind

    def _refused(self, kind: FaultKind, path: Path) -> None:
        why = (kind.refused or {}).get(self._backend)
        if why is not None:
            self.error(path, f"{kind.name} cannot be played: {why}")

    # ── parameters ─────────────────────────────────────────────────────────────────────────────

    def _parameters(self, kind: FaultKind) -> dict[str, Any]:
        given = self._given.get("parameters")
        if given is None:
            given = {}
        if not isinstance(given, Mapping):
            self.error(("parameters",), f"parameters is {quoted(given)}, needs a map")
            return {}
        known = {each.name: each for each in kind.parameters}
        inner = self._inner(kind, given)
        if inner is not None:
            known |= {each.name: each for each in inner.parameters}
        found: dict[str, Any] = {}
        for name, value in given.items():
            parameter = known.get(name)
            if parameter is None:
                self._unknown_parameter(kind, str(name), list(known))
                continue
            try:
                found[name] = parameter.read(value, text=self._text)
            except ValueError as error:
                self.error(("parameters", name), f"{kind.name}: {name} {error}")
        for parameter in known.values():
            if parameter.name in given:
                continue
            if parameter.required:
                text = f"{kind.name}: {parameter.name} is missing ({parameter.help})"
                self.error(("parameters",), text)
            elif parameter.default is not None:
                found[parameter.name] = parameter.default
        for parameter in known.values():
            if parameter.name in given and parameter.beside and parameter.beside not in given:
                text = f"{kind.name}: {parameter.name} belongs to {parameter.beside}"
                self.error(("parameters", parameter.name), text, key=True)
        for each in (kind, inner):
            if each is not None and each.one_of and not set(each.one_of) & set(given):
                self.error(("parameters",), f"{each.name} needs {' or '.join(each.one_of)}")
            both = [name for name in each.either if name in given] if each is not None else []
            if each is not None and len(both) > 1:
                text = f"{each.name} takes {' or '.join(both)}, not both"
                self.error(("parameters", both[-1]), text, key=True)
        return {name: found[name] for name in known if name in found}

    def _inner(self, kind: FaultKind, given: Mapping[str, Any]) -> FaultKind | None:
        """Return the kind that a pattern plays."""
        own = kind.parameter("fault")
        if own is None:
            return None
        path: Path = ("parameters", "fault")
        name = given.get("fault", own.default)
        try:
            inner = find_kind(own.read(name))
        except InputError as error:
            self.error(path, error.message)
            return None
        except ValueError as error:
            self.error(path, f"{kind.name}: fault {error}")
            return None
        if inner.scope in {"any", "hub"}:
            self.error(path, f"{kind.name} cannot play {inner.name}: it does not come and go")
            return None
        self._refused(inner, path)
        return inner

    def _unknown_parameter(self, kind: FaultKind, name: str, known: Sequence[str]) -> None:
        hint = did_you_mean(name, known)
        if not hint:
            hint = f" (it has {', '.join(known)})" if known else " (it has none)"
        text = f"{kind.name} has no parameter {quoted(name)}{hint}"
        self.error(("parameters", name), text, key=True)

    # ── target ─────────────────────────────────────────────────────────────────────────────────

    def _target(self, kind: FaultKind, parameters: Mapping[str, Any]) -> Target:
        given = self._given.get("target")
        if "between" in parameters:
            self._between(kind, parameters["between"], given)
            return Target()
        written = self._given.get("parameters")
        names = list(written) if isinstance(written, Mapping) else ()
        reader = TargetReader(self, kind, self._text, names)
        return reader.read(given, parameters)

    def _between(self, kind: FaultKind, names: Sequence[str], target: Any) -> None:
        path: Path = ("parameters", "between")
        known = [each.name for each in self._fleet.clusters]
        if target is not None:
            self.error(("target",), f"{kind.name} has a target or between, not both", key=True)
        if len(names) != 2 or names[0] == names[1]:
            text = f"between is {quoted(list(names))}, needs two different clusters"
            self.error(path, f"{kind.name}: {text}")
            return
        for index, name in enumerate(names):
            if name not in known:
                hint = did_you_mean(name, known)
                text = f"{kind.name}: the fleet has no cluster {quoted(name)}{hint}"
                self.error((*path, index), text)

    def _check_target(self, fault: Fault) -> None:
        if "between" in fault.parameters:
            return
        try:
            select(fault, self._fleet, 0)
        except TargetError as error:
            path = error.path
            given = self._given.get("target")
            if isinstance(given, Mapping):  # the short forms
                if path[:1] == ("clusters",) and "cluster" in given:
                    path = ("cluster",)
                if path[:2] == ("nodes", "names") and not isinstance(given["nodes"], Mapping):
                    path = ("nodes", *path[2:])
            self.error(("target", *path), f"{fault.kind}: {error}")
