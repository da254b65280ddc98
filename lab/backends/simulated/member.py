"""A simulated member cluster: an API server in memory, and models of what a cluster does with it.

Requests come over a network with latency, held to each client's rate limit. Whoever holds the
member in hand may read and write its `store` directly: the models listen to the store itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import simpy

from lab.backends.simulated.agenda import Agenda
from lab.backends.simulated.api.admission import Admission
from lab.backends.simulated.api.api_faults import NO_SPACE, ApiFaults
from lab.backends.simulated.api.delivery import Delivery
from lab.backends.simulated.api.journal import Journal
from lab.backends.simulated.api.link import Link
from lab.backends.simulated.api.requests import Requests
from lab.backends.simulated.api.subscription import Subscription
from lab.backends.simulated.api.subscriptions import Subscriptions
from lab.backends.simulated.api.urls import unreachable
from lab.backends.simulated.controllers import build_models
from lab.backends.simulated.faults import PLAYS, MemberFault
from lab.backends.simulated.nodes.node_collection import NodeCollection
from lab.backends.simulated.nodes.node_control import NodeControl
from lab.backends.simulated.pod_collection import PodCollection
from lab.backends.simulated.pods.nodes import NodeTable
from lab.backends.simulated.probe import Capacity, api_enablements
from lab.backends.simulated.timings import Timings, parse_timings
from lab.backends.simulated.workbench import Workbench
from lab.backends.simulated.workloads.service import Listener as ServiceListener
from lab.backends.simulated.workloads.service import Service, ServiceCount
from lab.core.errors import ApiError
from lab.core.fleet import ClusterSpec
from lab.core.kinds import MEMBER_KINDS, KindRegistry
from lab.core.model import (
    Action,
    Answered,
    Event,
    Key,
    Observed,
    Probe,
    ProbeResult,
    Subscribe,
    Synced,
    key_of,
)
from lab.core.workqueue import TokenBucket
from lab.store.api_store import ApiStore
from lab.store.changes import Change

_CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
LEAD_S = 7200.0
"""How long before anybody looks the objects of `ClusterSpec.manifests` were created."""


class SimulatedMember:
    """One member cluster in a SimPy environment; an ApiServer.

    Args:
        env: The clock all members share.
        spec: What the cluster is made of.
        emit: Where events go; called at the time they arrive at the hub.
        seed: Of all chance in this member.
        kinds: What it serves; default: a plain Kubernetes cluster without `spec.missing_apis`.
        timings: How long things take; default: `spec.timings` over the built-in ones.
        api_qps: Rate limit of one client of this member (requests a second).
        api_burst: How many requests a client may send at once.

    Attributes:
        name: The cluster's name.
        store: The API server itself, for direct reads and writes.
        plays: The kinds of faults this backend plays, each with the parts that play it.
    """

    plays: ClassVar[Mapping[str, tuple[type[MemberFault], ...]]] = PLAYS

    def __init__(
        self,
        env: simpy.Environment,
        spec: ClusterSpec,
        emit: Callable[[Event], None],
        *,
        seed: int,
        kinds: KindRegistry | None = None,
        timings: Timings | None = None,
        api_qps: float = 40.0,
        api_burst: int = 60,
    ) -> None:
        self.name, self.spec = spec.name, spec
        self._emit, self._seed = emit, seed
        self._qps, self._burst = api_qps, api_burst
        self.timings = timings if timings is not None else parse_timings(spec.timings)
        served = kinds if kinds is not None else MEMBER_KINDS()
        served = served.without(spec.missing_apis)
        self._admission = Admission()
        self.store = ApiStore(
            spec.name,
            served,
            uid_seed=f"{spec.name}/{seed}",
            defaulting=True,
            admit=self._admission,
        )
        self._agenda = Agenda(env, LEAD_S if spec.manifests else 0.0)
        self.nodes = NodeTable(spec, self.generator("nodes"), self.timings.node_lease_renewal)
        self.bench = Workbench(
            spec.name, self.store, self._agenda, self.nodes, self.timings, self.generator
        )
        self.pods = self.bench.pods
        identity = f"{spec.name}/{seed}"
        pod_collection = PodCollection(self.bench, identity)
        node_collection = NodeCollection(self.bench, identity, spec.kubernetes_version)
        pod_collection.announce_to(self.store.register_virtual(pod_collection))
        node_collection.announce_to(self.store.register_virtual(node_collection))
        self._capacity = Capacity(self.bench)
        self._enablements: list[dict[str, Any]] | None = None
        self.store.listen(self._kinds_changed, *_CRD)
        self._buckets: dict[str, TokenBucket] = {}
        self.link = Link()
        self.link.listen(self._link_changed)
        self.api_faults = ApiFaults()
        delivery = Delivery(self._agenda, self._answer, self.chance("delivery"))
        self.subscriptions = Subscriptions(self._subscription, self.link, delivery, self._answer)
        self.full: dict[int, None] = {}
        """Faults by which the API server's disk is full."""
        self.clocks: dict[int, float] = {}
        """How far the API server's clock is ahead (s), by fault."""
        self.journal = Journal(self.store)
        self._agenda.on_instant = self.journal.note
        self._requests = Requests(
            spec.name,
            served,
            self._agenda,
            self.link,
            self.api_faults,
            spec.latency_s,
            self._carry_out,
            self._emit,
            lambda client, now_s: self._bucket(client).reserve(now_s),
        )
        self._faults: dict[int, tuple[MemberFault, ...]] = {}
        self.control = NodeControl(self.bench, node_collection, spec.kubernetes_version)
        self._service = Service(self.bench)
        build_models(self.bench)
        for manifest in spec.manifests:
            self.store.create(dict(manifest), self._agenda.now_s)
        self._agenda.go_live()

    def chance(self, purpose: str) -> random.Random:
        """Return a source of chance of its own for one purpose."""
        return random.Random(f"{self._seed}/{self.name}/{purpose}")

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a source of chance that draws whole columns, for one purpose."""
        return np.random.default_rng(self.chance(purpose).getrandbits(128))

    @property
    def api_up(self) -> bool:
        """Whether the cluster's own components reach its API server."""
        return self.bench.api.up

    # ── the truth of service ───────────────────────────────────────────────────────────────────

    @property
    def service(self) -> Mapping[Key, ServiceCount]:
        """How every top-level workload stands now."""
        return self._service.counts()

    @property
    def on_service(self) -> list[ServiceListener]:
        """Called with (time, key, count) when a workload's count changes, once an instant."""
        return self._service.listeners

    # ── faults ─────────────────────────────────────────────────────────────────────────────────

    def begin_fault(
        self, number: int, kind: str, parameters: Mapping[str, Any], now_s: float
    ) -> None:
        """Let a fault strike; it lasts until `end_fault` of the same number.

        Args:
            number: The fault's trace record.
            kind: One of `plays`.
            parameters: Resolved and typed; what is missing has its default.
            now_s: The present time.
        """
        assert number not in self._faults, f"fault {number} has begun already"
        parts = tuple(part(self, number, parameters) for part in self.plays[kind])
        self._faults[number] = parts
        for part in parts:
            part.begin(now_s)

    def end_fault(self, number: int, now_s: float) -> None:
        """Let a fault be over; nothing happens if it is not active."""
        for part in reversed(self._faults.pop(number, ())):
            part.end(now_s)

    # ── the API server ─────────────────────────────────────────────────────────────────────────

    def submit(self, request: int, action: Action, client: str, now_s: float) -> None:
        """Accept an action; it is carried out after half the latency, answered after all of it."""
        sent_s = now_s if isinstance(action, Probe) else self._bucket(client).reserve(now_s)

        def arrive(at_s: float) -> None:
            if not self.link.clear:
                self._requests.arrive(request, action, client, sent_s, at_s)
            else:
                self._answer(self._carry_out(request, action, at_s))

        self._agenda.at(sent_s + self.spec.latency_s / 2, arrive)

    def _carry_out(self, request: int, action: Action, now_s: float) -> Event:
        """Do what a request asks for and return the answer."""
        if isinstance(action, Probe):
            self.link.heard_s = now_s + self.spec.latency_s / 2
            return self.probe_now()
        if isinstance(action, Subscribe):
            return self._subscribe(request, action)
        try:
            after = self.store.execute(action, now_s)
        except ApiError as error:
            return Answered(request, action, error=error)
        return Answered(request, action, object=after)

    def _answer(self, event: Event) -> None:
        """Send an event to the hub. What has left arrives, in the order it was sent."""
        arrives_s = self._agenda.now_s + self.spec.latency_s / 2
        self._agenda.at(arrives_s, lambda _: self._emit(event))

    def _link_changed(self, now_s: float) -> None:
        well = self.link.running and not self.full
        self._admission.broken = None if well else self._broken

    def _broken(self, operation: str) -> ApiError | None:
        """Return what a person's write meets."""
        if not self.link.running:
            return unreachable(self.name, self.link)
        if operation == "DELETE" or self._requests.serving:
            return None
        return ApiError(500, "InternalError", NO_SPACE)

    def _kinds_changed(self, change: Change) -> None:
        self._enablements = None

    def _subscribe(self, request: int, action: Subscribe) -> Event:
        api_version, kind = action.api_version, action.kind
        try:
            found = self.store.list(api_version, kind)
        except ApiError as error:
            # Not served: like an informer without its API, it never syncs.
            return Answered(request, action, error=error)
        self.subscriptions.begin(api_version, kind, found)
        for manifest in found:
            self._answer(Observed(key_of(manifest, self.name), manifest, initial=True))
        self._answer(Synced(self.name, api_version, kind))
        return Answered(request, action)

    def _subscription(self, api_version: str, kind: str, group: Subscriptions) -> Subscription:
        return Subscription(
            self.name,
            api_version,
            kind,
            self.store,
            self._agenda,
            self.link,
            self.api_faults,
            self._answer,
            self.spec.latency_s,
            self.chance(f"reflector/{api_version}/{kind}"),
            group,
        )

    def probe_now(self) -> ProbeResult:
        """Return what a probe sees at this moment, without any network between."""
        if self._enablements is None:
            self._enablements = api_enablements(self.store.kinds, self.spec.extra_apis)
        facts = {
            "kubernetesVersion": self.spec.kubernetes_version,
            "apiEnablements": self._enablements,
            **self._capacity.facts(),
        }
        return ProbeResult(self.name, online=True, healthy=True, facts=facts)

    def _bucket(self, client: str) -> TokenBucket:
        if client not in self._buckets:
            self._buckets[client] = TokenBucket(self._qps, self._burst)
        return self._buckets[client]
