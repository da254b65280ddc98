"""The functions expressions may call: what they ask the world, and what it answered.

ready(ref[, cluster])     pods that are ready (1 for a ready object without replicas), by the
                          members' own status; without a cluster, the sum over all members
replicas(ref[, cluster])  spec.replicas of the template; with a cluster, of the object there
clusters(ref)             names of the clusters the scheduler has chosen, sorted
exists(ref[, cluster])    the object is there (without a cluster: in the hub)
status(ref[, cluster])    its status (an empty map if it has none)
object(ref[, cluster])    the whole object (an empty map if it is not there)
now()                     seconds since the start of the run
serving(ref[, cluster])   pods that truly serve: ready ones on nodes that live, API up or down
rto(ref)                  longest time below target so far (s), one that goes on included
minutes_below(ref)        all time below target so far (minutes)
lost(ref)                 the most pods that were missing at a moment
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lab.core.binding import binding_name
from lab.core.errors import InputError, did_you_mean, quoted
from lab.core.kinds import KindRegistry
from lab.core.labels import BINDING_API
from lab.core.manifest import Manifest, condition, get_in, spec_of, status_of
from lab.core.model import HUB, Key
from lab.core.outcomes import Ledger
from lab.scenario.expression import Expression
from lab.scenario.reference import Reference, parse_reference
from lab.scenario.world import World

HELPERS = (
    "ready",
    "replicas",
    "clusters",
    "exists",
    "status",
    "object",
    "now",
    "serving",
    "rto",
    "minutes_below",
    "lost",
)
_TEXT = r"""(?:'([^'\\]*)'|"([^"\\]*)")"""
_ASKING = "|".join(name for name in HELPERS if name != "now")
_CALL = re.compile(rf"\b({_ASKING})\s*\(\s*{_TEXT}\s*(?:,\s*{_TEXT}\s*)?\)")
_FIELD = re.compile(rf"\.([A-Za-z_]\w*)(?!\w*\s*\()|\[\s*(?:{_TEXT}|(\d+))\s*\]")


def check_calls(expression: Expression, kinds: KindRegistry, clusters: Sequence[str]) -> None:
    """Check the objects and clusters that an expression names literally.

    Raises:
        InputError: An unknown kind or cluster, or a text that names no object.
    """
    for match in _CALL.finditer(expression.text):
        name, reference = match[1], match[2] if match[2] is not None else match[3]
        cluster = match[4] if match[4] is not None else match[5]
        try:
            parse_reference(reference, kinds)
            if cluster is not None:
                check_cluster(cluster, clusters)
        except InputError as error:
            raise InputError(f"cel: {name}(): {error.message}", expression.location) from None
    _try_on_nothing(expression)


_TAKES = {"ready": (1, 2), "replicas": (1, 2), "clusters": (1, 1), "exists": (1, 2),
          "status": (1, 2), "object": (1, 2), "now": (0, 0), "serving": (1, 2),
          "rto": (1, 1), "minutes_below": (1, 1), "lost": (1, 1)}  # fmt: skip
_NOTHING = {"ready": 0, "replicas": 0, "clusters": [], "exists": False, "status": {},
            "object": {}, "now": 0.0, "serving": 0, "rto": 0.0, "minutes_below": 0.0,
            "lost": 0}  # fmt: skip


def _try_on_nothing(expression: Expression) -> None:
    """Find calls with too many or too few arguments, and what fails or is no condition anywhere.

    Raises:
        InputError: The expression is wrong whatever the federation looks like.
    """
    called: list[str] = []
    wrong: list[str] = []

    def stand_in(name: str) -> Callable[..., Any]:
        least, most = _TAKES[name]

        def call(*arguments: Any) -> Any:
            called.append(name)
            if not least <= len(arguments) <= most:
                takes = str(most) if least == most else f"{least} or {most}"
                word = "argument" if takes == "1" else "arguments"
                wrong.append(f"{name}() takes {takes} {word}, here: {len(arguments)}")
            return _NOTHING[name]

        return call

    failure: InputError | None = None
    value: Any = None
    try:
        value = expression.evaluate({name: stand_in(name) for name in HELPERS})
    except InputError as error:
        failure = error
    if wrong:
        raise InputError(f"cel: {wrong[0]}", expression.location)
    if called:
        return  # its value is a matter of the federation
    if failure is not None:
        raise failure
    if not isinstance(value, bool):
        text = f"cel: the expression is always {quoted(value)}, needs true or false"
        raise InputError(text, expression.location)


def check_cluster(name: str, clusters: Sequence[str]) -> None:
    """Check the name of a member.

    Raises:
        InputError: The fleet has no such cluster.
    """
    if name not in clusters:
        hint = did_you_mean(name, clusters)
        known = ", ".join(clusters[:8]) + (", …" if len(clusters) > 8 else "")
        raise InputError(f"the fleet has no cluster {quoted(name)}{hint or f' (it has {known})'}")


class Asked:
    """The helpers over one world; `answers` keeps what was asked, for the verdict's text."""

    def __init__(self, world: World, kinds: KindRegistry) -> None:
        self._world, self._kinds = world, kinds
        self.answers: dict[str, Any] = {}

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Return the helpers by name."""
        calls: dict[str, Callable[..., Any]] = {
            "ready": self._ready,
            "replicas": self._replicas,
            "clusters": self._clusters,
            "exists": self._exists,
            "status": self._status,
            "object": self._object,
            "now": lambda: self._world.now_s,
            "serving": self._serving,
            "rto": lambda text: self._ledger().rto_s(self._app(text)),
            "minutes_below": lambda text: self._ledger().below_s(self._app(text)) / 60,
            "lost": lambda text: self._ledger().lost(self._app(text)),
        }
        return {name: self._noting(name, call) for name, call in calls.items()}

    def found(self, text: str) -> str:
        """Return what the expression `text` asked, and the answers, in one line.

        Of a whole object only the fields are told that the expression looks at.
        """
        told: list[str] = []
        for call, value in self.answers.items():
            fields = list(_fields_asked(text, call)) if isinstance(value, Mapping) else []
            told += [f"{call}{path} is {quoted(get_in(value, keys), 200)}" for path, keys in fields]
            if not fields:
                told.append(f"{call} is {quoted(value, 200)}")
        return ", ".join(dict.fromkeys(told))

    def _noting(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(call)

        def noting(*arguments: Any) -> Any:
            try:
                signature.bind(*arguments)
            except TypeError as error:
                raise InputError(f"{name}(): {error}") from None
            value = call(*arguments)
            self.answers[f"{name}({', '.join(repr(each) for each in arguments)})"] = value
            return value

        return noting

    def _reference(self, text: Any) -> Reference:
        if not isinstance(text, str):
            raise InputError(f"{quoted(text)} names no object, needs a text like deployment/web")
        return parse_reference(text, self._kinds)

    def _find(self, text: Any, cluster: Any) -> Manifest | None:
        reference = self._reference(text)
        if cluster != HUB:
            check_cluster(str(cluster), self._world.clusters())
        return self._world.find(reference.key(str(cluster)))

    def _ready(self, text: Any, cluster: Any = None) -> int:
        names = self._world.clusters() if cluster is None else [cluster]
        found = [self._find(text, name) for name in names]
        return sum(ready_count(each) for each in found if each is not None)

    def _replicas(self, text: Any, cluster: Any = HUB) -> int:
        found = self._find(text, cluster)
        if found is None:
            return 0
        spec = spec_of(found)
        count = spec.get("replicas", spec.get("parallelism"))
        if count is None:
            return 1 if found.get("kind") in {"Deployment", "ReplicaSet", "StatefulSet"} else 0
        return int(count)

    def _clusters(self, text: Any) -> list[str]:
        reference = self._reference(text)
        kind = "ResourceBinding" if reference.namespace else "ClusterResourceBinding"
        name = binding_name(reference.kind.kind, reference.name)
        binding = self._world.find(Key(HUB, BINDING_API, kind, reference.namespace, name))
        targets = get_in(binding, ("spec", "clusters")) or ()
        return sorted(str(target.get("name")) for target in targets)

    def _ledger(self) -> Ledger:
        watch = self._world.watch
        if watch is None:
            raise InputError("nobody measures applications here")
        return watch.ledger

    def _app(self, text: Any) -> Key:
        return self._reference(text).key()

    def _serving(self, text: Any, cluster: Any = None) -> int:
        if cluster is not None:
            check_cluster(str(cluster), self._world.clusters())
        return self._ledger().serving(self._app(text), cluster)

    def _exists(self, text: Any, cluster: Any = HUB) -> bool:
        return self._find(text, cluster) is not None

    def _status(self, text: Any, cluster: Any = HUB) -> Mapping[str, Any]:
        found = self._find(text, cluster)
        return {} if found is None else dict(status_of(found))

    def _object(self, text: Any, cluster: Any = HUB) -> Mapping[str, Any]:
        return dict(self._find(text, cluster) or {})


def _fields_asked(text: str, call: str) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Yield the paths that follow a call in an expression: as written, and as keys."""
    for match in _CALL.finditer(text):
        words = [match[2] or match[3] or "", *filter(None, (match[4], match[5]))]
        if call != f"{match[1]}({', '.join(repr(word) for word in words)})":
            continue
        keys: list[str | int] = []
        end = match.end()
        while (field := _FIELD.match(text, end)) is not None:
            name = field[1] or field[2] or field[3]
            keys.append(name if name is not None else int(field[4]))
            end = field.end()
        if keys:
            yield text[match.end() : end], tuple(keys)


def ready_count(manifest: Manifest) -> int:
    """Return how much of an object is ready: pods of a workload, else 1 or 0."""
    status = status_of(manifest)
    kind = manifest.get("kind")
    if kind == "DaemonSet":
        return int(status.get("numberReady") or 0)
    if kind in {"Deployment", "ReplicaSet", "StatefulSet"} or "readyReplicas" in status:
        return int(status.get("readyReplicas") or 0)
    if kind == "Job":
        return int(status.get("ready") or 0)
    found = condition(manifest, "Ready")
    return 1 if found is None or found.get("status") == "True" else 0
