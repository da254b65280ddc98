"""Reads the target of a fault, and says what a kind does not strike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from lab.core.errors import InputError, Location, did_you_mean, quoted
from lab.core.faults.kinds import FaultKind
from lab.core.faults.model import NodeTarget, Target
from lab.core.faults.parameters import Parameter
from lab.core.selectors import EVERYTHING, Selector, parse_label_selector, parse_selector_text

Path = tuple[str | int, ...]

TARGET = (
    Parameter("hub", "flag", "the hub instead of member clusters"),
    Parameter("cluster", "text", "one cluster"),
    Parameter("clusters", "texts", "several clusters"),
    Parameter("labels", "text", "clusters whose labels match: env=prod,tier!=edge, or a map"),
    Parameter("provider", "text", "clusters of a provider"),
    Parameter("region", "text", "clusters of a region"),
    Parameter("zone", "text", "clusters with nodes in a zone"),
    Parameter("count", "count", "so many of these clusters, chosen by the seed", least=1),
    Parameter("percent", "number", "that share of these clusters, chosen by the seed", above=0.0),
    Parameter("nodes", "texts", "which nodes of these clusters, for kinds that strike nodes"),
)
NODES = (
    Parameter("names", "texts", "nodes by name"),
    Parameter("zone", "text", "nodes of a zone"),
    Parameter("count", "count", "so many in each cluster, chosen by the seed", least=1),
    Parameter("percent", "number", "that share in each cluster, chosen by the seed", above=0.0),
)


class Problems:
    """Collects what is wrong with a fault."""

    def __init__(self, locate: Callable[[Path, bool], Location | None] | None) -> None:
        self._locate = locate
        self.errors: list[InputError] = []

    def error(self, path: Path, message: str, *, key: bool = False) -> None:
        """Note an error at a place of the fault."""
        place = self._locate(path, key) if self._locate else None
        self.errors.append(InputError(message, place))

    def raised(self) -> InputError:
        """Return all errors as one."""
        first, *rest = self.errors
        return InputError(first.message, first.location, rest)


class TargetReader:
    """Reads one target.

    Args:
        problems: Where errors go.
        kind: The kind that strikes it.
        text: Values were written on a command line.
        written: Names of the parameters that were given.
    """

    def __init__(
        self, problems: Problems, kind: FaultKind, text: bool, written: Collection[str]
    ) -> None:
        self._problems, self._kind, self._text = problems, kind, text
        self._written = written

    def read(self, given: Any, parameters: Mapping[str, Any]) -> Target:
        """Return the target; what the kind cannot strike is an error."""
        if given is None:
            given = {"hub": True} if self._kind.scope == "hub" else {}
        path: Path = ("target",)
        if not isinstance(given, Mapping):
            self._error(path, f"target is {quoted(given)}, needs a map ({{cluster: member1}})")
            return Target()
        values = self._values(given, TARGET, path, except_for=("labels", "nodes", "percent"))
        clusters = tuple(values.get("clusters") or ())
        if values.get("cluster"):
            clusters = (values["cluster"], *clusters)
        target = Target(
            hub=bool(values.get("hub")),
            clusters=tuple(dict.fromkeys(clusters)),
            labels=self._labels(given.get("labels")),
            provider=values.get("provider", ""),
            region=values.get("region", ""),
            zone=values.get("zone", ""),
            count=values.get("count"),
            percent=self._percent(given.get("percent"), (*path, "percent")),
            nodes=self._nodes(given.get("nodes"), (*path, "nodes")),
        )
        self._check(target, given, parameters)
        return target

    def _error(self, path: Path, message: str, *, key: bool = False) -> None:
        self._problems.error(path, f"{self._kind.name}: {message}", key=key)

    def _values(
        self,
        given: Mapping[str, Any],
        known: Sequence[Parameter],
        path: Path,
        except_for: Sequence[str] = (),
    ) -> dict[str, Any]:
        by_name = {each.name: each for each in known}
        found: dict[str, Any] = {}
        for key, value in given.items():
            place = (*path, key)
            parameter = by_name.get(key)
            dotted = ".".join(str(step) for step in place)
            if parameter is None:
                hint = did_you_mean(str(key), list(by_name)) or f" (there are {', '.join(by_name)})"
                self._error(place, f"unknown field {quoted(dotted)}{hint}", key=True)
            elif key not in except_for and value is not None:
                try:
                    found[key] = parameter.read(value, text=self._text)
                except ValueError as error:
                    self._error(place, f"{dotted} {error}")
                    continue
                if found[key] == "" or found[key] == ():
                    self._error(place, f"{dotted} is empty")
        return found

    def _percent(self, given: Any, path: Path) -> float | None:
        if given is None:
            return None
        word = given.strip().removesuffix("%") if isinstance(given, str) else given
        try:
            value = float(word) if isinstance(word, str | int | float) else float("nan")
        except (ValueError, OverflowError):
            value = float("nan")
        if isinstance(given, bool) or not 0 < value <= 100:
            text = f"{path[-1]} is {quoted(given)}, needs more than 0 and at most 100"
            self._error(path, text)
            return None
        return value

    def _labels(self, given: Any) -> Selector:
        if given is None:
            return EVERYTHING
        path: Path = ("target", "labels")
        try:
            if isinstance(given, Mapping):
                if not all(isinstance(value, str) for value in given.values()):
                    raise ValueError("its values need to be texts (in quotes)")
                found = parse_label_selector({"matchLabels": dict(given)})
            elif isinstance(given, str):
                found = parse_selector_text(given)
            else:
                raise ValueError("needs a selector (env=prod) or a map")
        except ValueError as error:
            self._error(path, f"labels is {quoted(given)}: {error}")
            return EVERYTHING
        if not found.requirements:
            self._error(path, "labels is empty, needs a selector (env=prod) or a map")
        return found

    def _nodes(self, given: Any, path: Path) -> NodeTarget | None:
        if given is None:
            return None
        if isinstance(given, list) or (self._text and isinstance(given, str)):
            given = {"names": given}
        if not isinstance(given, Mapping):
            text = "needs a list of names or a map of names, zone, count, percent"
            self._error(path, f"nodes is {quoted(given)}, {text}")
            return None
        if not given:
            self._error(path, "nodes is empty, needs one of names, zone, count, percent")
        values = self._values(given, NODES, path, except_for=("percent",))
        return NodeTarget(
            tuple(values.get("names") or ()),
            values.get("zone", ""),
            values.get("count"),
            self._percent(given.get("percent"), (*path, "percent")),
        )

    # ── what a kind strikes ────────────────────────────────────────────────────────────────────

    def _check(
        self, target: Target, given: Mapping[str, Any], parameters: Mapping[str, Any]
    ) -> None:
        kind, path = self._kind, ("target",)
        given = {key: value for key, value in given.items() if value is not None}
        if given.get("hub") in (False, "false"):
            del given["hub"]  # the same as not to say it
        disk = parameters.get("disk")
        if target.hub:
            others = [key for key in given if key != "hub"]
            if not kind.takes_hub or disk == "nodes":
                self._error(("target", "hub"), "it strikes member clusters, not the hub")
            elif others:
                self._error(path, f"the target is the hub or {others[0]}, not both")
            return
        if kind.scope == "hub":
            self._error(path, "it strikes the hub: leave the target out")
            return
        if "process" in self._written:
            text = "process belongs to target {hub: true}"
            self._problems.error(("parameters", "process"), f"{kind.name}: {text}", key=True)
        if target.nodes is not None and kind.scope != "nodes" and disk != "nodes":
            self._error((*path, "nodes"), "it strikes whole clusters: leave nodes out", key=True)
        if kind.scope in {"region", "zone"} and not given.get(kind.scope):
            self._error(path, f"needs a target with a {kind.scope}")
        elif not given:
            some = "cluster, clusters, labels, provider, region, zone, count or percent"
            if kind.takes_hub:
                some += ", or hub"
            self._error(path, f"needs a target: {some}")
