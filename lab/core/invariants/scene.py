"""What laws look at: the objects as they stand, what changed, and what was known a moment ago.

A control plane decides on what it has observed, and writes a request later. So a law that judges a
decision by the state of a cluster grants it `LAG_S`: what was right within that time counts.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lab.core.binding import resource_key
from lab.core.cluster import Cluster, cluster_of
from lab.core.duration import format_duration
from lab.core.invariants.violation import Finding
from lab.core.labels import (
    BINDING_API,
    BINDING_NAME,
    BINDING_NAMESPACE,
    CLUSTER_API,
    CLUSTER_BINDING_NAME,
    EXECUTION_PREFIX,
    POLICY_API,
    WORK_API,
    WORK_NAME,
    WORK_NAMESPACE,
)
from lab.core.manifest import Manifest, annotations_of, condition, get_in, spec_of
from lab.core.model import HUB, Key
from lab.core.settings import KarmadaSettings
from lab.core.work import work_name

if TYPE_CHECKING:
    from lab.core.invariants.end_state import EndState

Kind = tuple[str, str]
BINDING: Kind = (BINDING_API, "ResourceBinding")
CLUSTER_BINDING: Kind = (BINDING_API, "ClusterResourceBinding")
BINDINGS = (BINDING, CLUSTER_BINDING)
WORK: Kind = (WORK_API, "Work")
CLUSTER: Kind = (CLUSTER_API, "Cluster")
POLICIES: tuple[Kind, Kind] = (
    (POLICY_API, "PropagationPolicy"),
    (POLICY_API, "ClusterPropagationPolicy"),
)

LAG_S = 10.0
"""How old what a decision was made on may be."""


class Objects(Protocol):
    """All API servers: the hub ("") and the members by name."""

    def find(self, key: Key) -> Manifest | None:
        """Return an object as it stands, or None."""

    def list(self, cluster: str, api_version: str, kind: str) -> Sequence[Manifest]:
        """Return the objects of a kind; none if the server does not have the kind."""

    def kinds(self, cluster: str) -> Iterable[Kind]:
        """Return (apiVersion, kind) of everything a server stores, each kind once."""

    def clusters(self) -> Sequence[str]:
        """Return the names of all members, joined or not."""


class Record(Protocol):
    """The part of a trace record that laws read (`lab.engine.trace.TraceRecord` fits)."""

    @property
    def number(self) -> int:
        """Position in the trace, from 1."""

    @property
    def time_s(self) -> float:
        """Second of the run."""

    @property
    def type(self) -> str:
        """What happened: change, action, decision, fault and so on."""

    @property
    def actor(self) -> str:
        """Who did it."""

    @property
    def key(self) -> Key | None:
        """What it was about."""

    @property
    def cause(self) -> int:
        """Number of the record that led to it."""

    @property
    def before(self) -> Manifest | None:
        """The object before a change."""

    @property
    def after(self) -> Manifest | None:
        """The object after a change."""

    @property
    def detail(self) -> Mapping[str, Any]:
        """What else there is to say."""


class Count(Protocol):
    """How a workload of a member truly fares (`ServiceCount` of a member fits)."""

    @property
    def desired(self) -> int:
        """Pods it should have."""

    @property
    def ready(self) -> int:
        """Pods that are ready by the API's word."""

    @property
    def serving(self) -> int:
        """Ready pods on nodes that live."""


class Change(NamedTuple):
    """One object changed, as its own API server wrote it."""

    time_s: float
    key: Key
    before: Manifest | None
    after: Manifest | None
    record: int
    """Number of the trace record that says so, or of the last one about the object."""
    actor: str
    """Who wrote it: a controller, "user", a step; the cluster's name for a member's own doing."""
    cause: int = 0


@dataclass(slots=True)
class Bounds:
    """What a scenario may set about the laws. Times in seconds."""

    leftover_s: float = 300.0
    """S2, Q3: how long what should be gone from a cluster that can be reached may stand. Karmada
    tries again ever more rarely while a cluster is away, and so comes late when it is back."""
    rollout_s: float = 60.0
    """S2: how long a cluster may have more pods than it should while it scales down."""
    cool_down_s: float = 600.0
    """Q4: how long a cluster that a binding was evicted from must not get it back."""
    moves_per_hour: int = 6
    """Q4: how often a binding may be evicted from a cluster within an hour."""
    settle_s: float = 30.0
    """Q: nothing but statuses may have changed for so long, or the end is not quiet."""
    converge_s: float | None = None
    """Q1: T(policy); None: computed from the policies and settings."""


Look = Callable[[], Iterable[Finding]]


@dataclass(slots=True)
class Timers:
    """Moments at which a law wants to look again. Nothing here moves time: others' news do."""

    _due: list[tuple[float, int, str, Look]] = field(default_factory=list)
    _number: int = 0
    next_s: float = float("inf")

    def at(self, time_s: float, law: str, look: Look) -> None:
        """Have a law (by id) take a look at `time_s`, or at the first news after it."""
        self._number += 1
        heapq.heappush(self._due, (time_s, self._number, law, look))
        self.next_s = self._due[0][0]

    def pop(self, now_s: float) -> tuple[str, Look] | None:
        """Return the next look that is due with the id of its law, or None."""
        if not self._due or self._due[0][0] > now_s:
            return None
        _, _, law, look = heapq.heappop(self._due)
        self.next_s = self._due[0][0] if self._due else float("inf")
        return law, look


@dataclass(slots=True)
class Scene:
    """The world of a run as all laws share it."""

    objects: Objects
    settings: KarmadaSettings = field(default_factory=KarmadaSettings)
    bounds: Bounds = field(default_factory=Bounds)
    now_s: float = 0.0
    timers: Timers = field(default_factory=Timers)
    numbers: dict[Key, int] = field(default_factory=dict)
    """The number of the last trace record about an object."""
    serving: dict[Key, int] = field(default_factory=dict)
    """Pods that truly serve, by member object; absent: nobody counts there."""
    disturbed_s: float = 0.0
    """When somebody or a fault last interfered."""
    changed_s: float = 0.0
    """When an object of the hub last changed (Clusters left out: they report all the time)."""
    faults: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Faults in force, by name."""
    had_faults: bool = False
    people: set[str] = field(default_factory=set)
    """Actors of steps and of lines that somebody gave."""
    meddled: bool = False
    """People wrote to the hub while a fault was in force."""
    reference: Callable[[], EndState] | None = None
    """Plays the same run without its faults and returns its end."""
    extra_lag_s: float = 0.0
    """How much older than usual what controllers see may be, as a fault delays it."""
    notes: list[str] = field(default_factory=list)
    """What could not be judged, and why."""
    _clusters: dict[str, list[tuple[float, Cluster | None]]] = field(default_factory=dict)
    """What a cluster was until when (s), as far as placement cares; oldest first."""
    _not_ready_s: dict[str, float] = field(default_factory=dict)
    _ready_s: dict[str, float] = field(default_factory=dict)

    # ── clusters ───────────────────────────────────────────────────────────────────────────────

    def cluster_changed(self, change: Change) -> None:
        """Remember what a Cluster was before a change that placement could notice."""
        before, after, name = change.before, change.after, change.key.name
        was, now = _is_ready(before), _is_ready(after)
        if was and not now:
            self._not_ready_s[name] = change.time_s
        if now and not was:
            self._ready_s[name] = change.time_s
            self._not_ready_s.pop(name, None)
        if before is not None and after is not None:
            same = before.get("spec") == after.get("spec") and _placing(before) == _placing(after)
            if same:
                return
        past = self._clusters.setdefault(change.key.name, [])
        past.append((change.time_s, None if before is None else cluster_of(before)))
        while past and past[0][0] < change.time_s - 2 * (LAG_S + self.extra_lag_s):
            past.pop(0)

    def cluster(self, name: str) -> Cluster | None:
        """Return a Cluster of the hub as it stands, parsed."""
        found = self.objects.find(Key(HUB, *CLUSTER, "", name))
        return None if found is None else cluster_of(found)

    def cluster_versions(self, name: str) -> Sequence[Cluster | None]:
        """Return what a cluster is, and what it was when a decision may have been made on it."""
        lag_s = LAG_S + self.extra_lag_s
        past = self._clusters.get(name, ())
        earlier = [was for until_s, was in reversed(past) if until_s >= self.now_s - lag_s]
        return [self.cluster(name), *earlier]

    def ready(self, name: str) -> bool:
        """Tell whether a cluster is joined and its Ready condition True."""
        return _is_ready(self.objects.find(Key(HUB, *CLUSTER, "", name)))

    def ready_since_s(self, name: str) -> float:
        """Return since when a cluster is Ready (-infinity: as long as we look), infinity: not."""
        if not self.ready(name):
            return float("inf")
        return self._ready_s.get(name, float("-inf"))

    def not_ready_since_s(self, name: str) -> float:
        """Return since when a cluster is joined and not Ready; infinity: it is, or unknown."""
        found = self.objects.find(Key(HUB, *CLUSTER, "", name))
        if found is None or _is_ready(found):
            return float("inf")
        return self._not_ready_s.get(name, float("inf"))

    def pulls(self, name: str) -> bool:
        """Tell whether a cluster's own agent writes to it."""
        found = self.objects.find(Key(HUB, *CLUSTER, "", name))
        return found is not None and spec_of(found).get("syncMode") == "Pull"

    # ── who belongs to whom ────────────────────────────────────────────────────────────────────

    def work_of(self, manifest: Manifest) -> Manifest | None:
        """Return the Work that a member object says it comes from, if that stands."""
        marks = annotations_of(manifest)
        namespace, name = marks.get(WORK_NAMESPACE), marks.get(WORK_NAME)
        if not namespace or not name:
            return None
        return self.objects.find(Key(HUB, *WORK, namespace, name))

    def work_for(self, template: Key, cluster: str) -> Manifest | None:
        """Return the Work that carries a template to a cluster, or None."""
        name = work_name(template.kind, template.name, template.namespace)
        return self.objects.find(Key(HUB, *WORK, EXECUTION_PREFIX + cluster, name))

    def bindings(self) -> list[tuple[Key, Manifest]]:
        """Return all bindings with their keys."""
        return [
            (hub_key(manifest), manifest)
            for kind in BINDINGS
            for manifest in self.objects.list(HUB, *kind)
        ]


def _is_ready(cluster: Manifest | None) -> bool:
    if cluster is None:
        return False
    ready = condition(cluster, "Ready")
    return ready is not None and ready.get("status") == "True"


def _placing(cluster: Manifest) -> Any:
    metadata = cluster.get("metadata") or {}
    return metadata.get("labels"), metadata.get("deletionTimestamp")


def hub_key(manifest: Manifest) -> Key:
    """Return the key of a hub object."""
    metadata = manifest.get("metadata") or {}
    return Key(
        HUB,
        str(manifest.get("apiVersion") or ""),
        str(manifest.get("kind") or ""),
        str(metadata.get("namespace") or ""),
        str(metadata.get("name") or ""),
    )


def binding_of_work(work: Manifest) -> Key | None:
    """Return the key of the binding a Work was made for; None: it was made for something else."""
    marks = annotations_of(work)
    if marks.get(BINDING_NAMESPACE) and marks.get(BINDING_NAME):
        return Key(HUB, *BINDING, marks[BINDING_NAMESPACE], marks[BINDING_NAME])
    if marks.get(CLUSTER_BINDING_NAME):
        return Key(HUB, *CLUSTER_BINDING, "", marks[CLUSTER_BINDING_NAME])
    return None


def carried(work: Manifest | None) -> Manifest | None:
    """Return the object a Work carries, None if it carries none that could be read."""
    found = None if work is None else get_in(work, ("spec", "workload", "manifests", 0))
    return found if isinstance(found, Mapping) else None


def member_object(binding: Manifest, cluster: str) -> Key:
    """Return the key of a binding's object in a member."""
    return resource_key(binding)._replace(cluster=cluster)


def span(seconds: float) -> str:
    """Return a time span as messages say it.

    Example:
        >>> span(90.0000004)
        '1m30s'
    """
    return format_duration(round(seconds, 3))
