"""The functions expressions may call: what they ask the world, and what it answered.

ready(ref[, cluster])     pods that are ready (1 for a ready object without replicas), by the
                          members' own status; without a cluster, the sum over all members
replicas(ref[, cluster])  spec.replicas of the template; with a cluster, of the object there
clusters(ref)             names of the clusters the scheduler has chosen, sorted
exists(ref[, cluster])    the object is there (without a cluster: in the hub)
status(ref[, cluster])    its status (an empty map if it has none)
object(ref[, cluster])    the whole object (an empty map if it is not there)
condition(ref, type[, cluster])
                          the status of one of its conditions (an empty text if it has none)
taints(cluster)           the taints of a Cluster, each as the text key:Effect
now()                     seconds since the start of the run
serving(ref[, cluster])   pods that truly serve: ready ones on nodes that live, API up or down
rto(ref)                  longest time below target so far (s), one that goes on included
minutes_below(ref)        all time below target so far (minutes)
lost(ref)                 the most pods that were missing at a moment
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from lab.core.binding import binding_name
from lab.core.errors import InputError, did_you_mean, quoted
from lab.core.kinds import KindRegistry
from lab.core.labels import BINDING_API, CLUSTER_API
from lab.core.manifest import Manifest, get_in, spec_of, status_of
from lab.core.model import HUB, Key
from lab.core.outcomes import Ledger
from lab.scenario.calls import check_cluster, fields_asked
from lab.scenario.reference import Reference, parse_reference
from lab.scenario.world import World


class Asked:
    """The helpers over one world; `answers` keeps what was asked, for the verdict's text."""

    def __init__(self, world: World, kinds: KindRegistry) -> None:
        self._world, self._kinds = world, kinds
        self.answers: dict[str, Any] = {}
        self.unmeasured: dict[str, None] = {}
        """What was asked of applications that were never there: their 0 means nothing."""

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Return the helpers by name."""
        calls: dict[str, Callable[..., Any]] = {
            "ready": self._ready,
            "replicas": self._replicas,
            "clusters": self._clusters,
            "exists": self._exists,
            "status": self._status,
            "object": self._object,
            "condition": self._condition,
            "taints": self._taints,
            "now": lambda: self._world.now_s,
            "serving": self._serving,
            "rto": lambda text: self._ledger().rto_s(self._measured(text)),
            "minutes_below": lambda text: self._ledger().below_s(self._measured(text)) / 60,
            "lost": lambda text: self._ledger().lost(self._measured(text)),
        }
        return {name: self._noting(name, call) for name, call in calls.items()}

    def found(self, text: str) -> str:
        """Return what the expression `text` asked, and the answers, in one line.

        Of a whole object only the fields are told that the expression looks at.
        """
        told: list[str] = []
        for call, value in self.answers.items():
            fields = list(fields_asked(text, call)) if isinstance(value, Mapping) else []
            told += [f"{call}{path} is {quoted(get_in(value, keys), 200)}" for path, keys in fields]
            if not fields:
                plain = round(value, 6) if isinstance(value, float) else value
                told.append(f"{call} is {quoted(plain, 200)}")
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

    def _measured(self, text: Any) -> Key:
        """Return an application, and note it if there is nothing to tell of it."""
        app, apps = self._app(text), self._ledger().apps()
        if app not in apps:
            hint = did_you_mean(app.name, [each.name for each in apps])
            said = f"{quoted(text)}: no such application was ever measured{hint}"
            self.unmeasured.setdefault(said)
        return app

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

    def _condition(self, text: Any, type_: Any, cluster: Any = HUB) -> str:
        if not isinstance(type_, str):
            raise InputError(f"{quoted(type_)} names no condition, needs a text like Ready")
        return _condition(self._find(text, cluster) or {}, type_)

    def _taints(self, cluster: Any) -> list[str]:
        check_cluster(str(cluster), self._world.clusters())
        found = self._world.find(Key(HUB, CLUSTER_API, "Cluster", "", str(cluster)))
        taints = spec_of(found or {}).get("taints") or ()
        return [f"{each.get('key')}:{each.get('effect')}" for each in taints]


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
    return 1 if _condition(manifest, "Ready") in {"", "True"} else 0


def _condition(manifest: Manifest, type_: str) -> str:
    """Return the status of a condition, empty if there is none; any kind's status may be odd."""
    entries = status_of(manifest).get("conditions")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and entry.get("type") == type_:
            return str(entry.get("status") or "")
    return ""
