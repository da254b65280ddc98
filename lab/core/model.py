"""The words that rooms exchange: keys, events that go into the engine, actions that come out.

Everything here is frozen data. An event says what was seen; an action says what should be done by
one API server; a Plan is a controller's whole answer. Nothing here knows time's source.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from lab.core.errors import ApiError
from lab.core.manifest import Manifest, name_of, namespace_of

HUB = ""
"""The `cluster` of a key that lives in the hub (no member can have this name)."""


class Key(NamedTuple):
    """The name of one object, in the hub (`cluster == HUB`) or in a member."""

    cluster: str
    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.cluster}/" if self.cluster else ""
        inside = f"{self.namespace}/" if self.namespace else ""
        return f"{place}{self.kind} {inside}{self.name}"


def key_of(manifest: Manifest, cluster: str = HUB) -> Key:
    """Return the key of a manifest as it stands (the namespace is not defaulted)."""
    return Key(
        cluster,
        str(manifest.get("apiVersion") or ""),
        str(manifest.get("kind") or ""),
        namespace_of(manifest),
        name_of(manifest),
    )


# ── events: what was seen ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Observed:
    """An object appeared or changed (`object`), or is gone (`object` is None, `old` the last one).

    `initial` marks the answer to a subscription's first list.
    """

    key: Key
    object: Manifest | None
    old: Manifest | None = None
    initial: bool = False


@dataclass(frozen=True, slots=True)
class Synced:
    """The first list of a subscription is complete: from now on absence means absence."""

    cluster: str
    api_version: str
    kind: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An API server's answer to one action: the object after it, or the error."""

    request: int
    action: Action
    object: Manifest | None = None
    error: ApiError | None = None


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a health probe and status collection of a member returned.

    `online` = the API answered at all; `healthy` = it answered 200. `facts` is what Karmada writes
    into Cluster.status while healthy: {kubernetesVersion, apiEnablements, nodeSummary,
    resourceSummary}; empty when not healthy. `nodes` are (allocatable, requested) resource maps in
    `resource_value` units, for the resource models; absent when not healthy.
    """

    cluster: str
    online: bool
    healthy: bool
    message: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


Event = Observed | Synced | Answered | ProbeResult


# ── actions: what should be done ───────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Create:
    """Create an object; refused AlreadyExists if its name is taken."""

    cluster: str
    object: Manifest

    @property
    def key(self) -> Key:
        """The object's key."""
        return key_of(self.object, self.cluster)


@dataclass(frozen=True, slots=True)
class Update:
    """Replace an object (or one subresource). With metadata.resourceVersion it may conflict."""

    cluster: str
    object: Manifest
    subresource: Literal["", "status", "scale"] = ""

    @property
    def key(self) -> Key:
        """The object's key."""
        return key_of(self.object, self.cluster)


PatchType = Literal["json", "merge", "strategic"]


@dataclass(frozen=True, slots=True)
class Patch:
    """Patch an object; `body` is a list of operations for "json", else a map."""

    key: Key
    body: Any
    patch_type: PatchType = "merge"
    subresource: Literal["", "status", "scale"] = ""

    @property
    def cluster(self) -> str:
        """The cluster of the key."""
        return self.key.cluster


@dataclass(frozen=True, slots=True)
class Apply:
    """Server-side apply."""

    cluster: str
    object: Manifest
    field_manager: str
    force: bool = False

    @property
    def key(self) -> Key:
        """The object's key."""
        return key_of(self.object, self.cluster)


Propagation = Literal["Background", "Foreground", "Orphan"]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an object; finalizers hold it back. `uid` is a precondition if given."""

    key: Key
    propagation: Propagation = "Background"
    uid: str = ""

    @property
    def cluster(self) -> str:
        """The cluster of the key."""
        return self.key.cluster


@dataclass(frozen=True, slots=True)
class Subscribe:
    """List and watch a kind of a member: Observed(initial=True)…, Synced, then live Observed."""

    cluster: str
    api_version: str
    kind: str

    @property
    def key(self) -> Key:
        """A key that names the subscription."""
        return Key(self.cluster, self.api_version, self.kind, "", "")


@dataclass(frozen=True, slots=True)
class Probe:
    """GET /readyz and collect the status of a member; answered by a ProbeResult, never refused."""

    cluster: str

    @property
    def key(self) -> Key:
        """A key that names the member."""
        return Key(self.cluster, "cluster.karmada.io/v1alpha1", "Cluster", "", self.cluster)


Action = Create | Update | Patch | Apply | Delete | Subscribe | Probe


# ── a controller and its answer ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Note:
    """A Kubernetes Event about an object: what `kubectl describe` shows at the end."""

    regarding: Key
    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision worth explaining: `explanation` is JSON-ready data, `summary` one line of it."""

    key: Key
    kind: str
    summary: str
    explanation: Mapping[str, Any]


class Due(NamedTuple):
    """A key to put into a controller's queue, now or later; higher priority leaves first."""

    key: Key
    after_s: float = 0.0
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a controller wants done about one key.

    Actions are submitted in order; the key stays in flight (it is not reconciled again, and holds
    one of the controller's workers) until all are answered. A refused action, or `error`, sends the
    key back through the controller's back-off; `requeue_after_s` brings it back at a set time.
    `follow` are further keys for the controller's own queue; what comes of one is caused by the
    decision about it (same kind, namespace and name), if there is one.
    """

    actions: Sequence[Action] = ()
    requeue_after_s: float | None = None
    notes: Sequence[Note] = ()
    decisions: Sequence[Decision] = ()
    error: str | None = None
    follow: Sequence[Due] = ()


NOTHING = Plan()


@dataclass(frozen=True, slots=True)
class Index:
    """A lookup the view keeps up to date: objects of one kind by the values `values` gives.

    `where` is "hub" or "members". `values` is called once per change of an object.
    """

    name: str
    where: Literal["hub", "members"]
    api_version: str
    kind: str
    values: Callable[[Manifest], Iterable[Hashable]]


class View(Protocol):
    """What was observed so far. Absent and not yet seen look alike, as in an informer cache."""

    def get(self, key: Key) -> Manifest | None:
        """Return an object, or None."""

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return objects of a kind, in the order of first sight; `namespace` None means all."""

    def by_index(self, name: str, value: Hashable, cluster: str = HUB) -> Sequence[Manifest]:
        """Return the objects of an index that have `value`, in the order of first sight."""

    def probe(self, cluster: str) -> ProbeResult | None:
        """Return the last probe result of a member, or None."""

    def synced(self, cluster: str, api_version: str, kind: str) -> bool:
        """Tell whether a member's kind is subscribed and its first list complete."""


class Queue(Protocol):
    """A controller's work queue. Keys are unique in it; order is total and deterministic."""

    def add(self, due: Due, now_s: float) -> None:
        """Ask for a reconcile of a key."""

    def next_due_s(self) -> float | None:
        """Return when the next key is due, None if there is none that time alone brings."""

    def pop(self, now_s: float) -> Key | None:
        """Take the next due key; it is in flight until `done` or `failed`."""

    def done(self, key: Key, now_s: float) -> None:
        """A reconcile succeeded: forget its back-off; run again if asked for meanwhile."""

    def failed(self, key: Key, plan: Plan, error: str, now_s: float) -> None:
        """A reconcile failed: bring the key back as the queue's back-off says."""


class Controller(Protocol):
    """One loop. It reads the view, answers with a plan, never waits and has no clock.

    State kept between calls must be plain data of the controller's own, standing for what the real
    one holds in memory (a debounce timer, the resourceVersion last applied).
    """

    name: str
    client: str
    """The process whose API client it shares: rate limits are per client and server."""
    workers: int
    indexes: Sequence[Index]

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Return the keys to reconcile because of an event; called after the view has it."""

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Return what should be done about `key`."""

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""


class ApiServer(Protocol):
    """Something that carries out actions and answers later with events."""

    def submit(self, request: int, action: Action, client: str, now_s: float) -> None:
        """Accept an action. The answer arrives as an event that names `request`."""
