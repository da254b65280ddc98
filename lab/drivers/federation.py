"""A federation: the hub, its controllers and its member clusters, with time under control.

The same object serves scenario runs, sessions and tests. It boots before second 0, so that a run
begins with clusters that have joined and are Ready, as a user's fleet would be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import simpy

from lab.backends.simulated.member import SimulatedMember
from lab.backends.simulated.timings import parse_timings
from lab.controllers import build_controllers
from lab.controllers.scope import agent_of
from lab.core.admission import admit
from lab.core.errors import InputError, did_you_mean
from lab.core.fleet import ClusterSpec, FleetSpec
from lab.core.kinds import HUB_KINDS
from lab.core.manifest import Manifest
from lab.core.model import HUB, Controller, Key
from lab.core.settings import KarmadaSettings
from lab.drivers.agents import LOCAL_S, PullMember
from lab.drivers.estimators import MemberEstimators
from lab.drivers.injector import Injector
from lab.drivers.simulation import SimulationDriver
from lab.engine.control_plane import ControlPlaneFaults
from lab.engine.engine import Engine
from lab.engine.hub import Hub
from lab.engine.trace import Trace
from lab.store.api_store import SYSTEM_NAMESPACES, ApiStore

BOOT_S = 60.0
"""How long before second 0 the fleet is put together."""

PERSONS_WRITE_S = 0.01
"""What one write of a person's tool takes: kubectl sends the objects of a file one by one."""

HUB_NAMESPACES = (*SYSTEM_NAMESPACES, "karmada-system", "karmada-cluster")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a run: Karmada's, and the simulated members' timings (scenario form)."""

    karmada: KarmadaSettings = field(default_factory=KarmadaSettings)
    members: Mapping[str, Any] = field(default_factory=dict)


class Federation:
    """A hub with simulated members, driven by virtual time.

    Args:
        fleet: The member clusters.
        settings: Gates, flags and timings.
        seed: Of all chance in the members.
    """

    def __init__(
        self, fleet: FleetSpec, settings: Settings | None = None, *, seed: int = 0
    ) -> None:
        self.fleet = fleet
        self.settings = settings or Settings()
        self.seed = seed
        self.trace = Trace()
        self._acting = ("user", 0)
        self._step = 0
        self._has_written = False
        self._driver = SimulationDriver(simpy.Environment(initial_time=-BOOT_S))
        karmada = self.settings.karmada
        store = ApiStore(
            HUB,
            HUB_KINDS(),
            uid_seed=f"hub/{seed}",
            defaulting=True,
            namespaces=(),  # made at boot, when the engine listens
            admit=lambda operation, new, old, now_s: admit(operation, new, old, now_s, karmada),
        )
        self.hub = Hub(store, karmada)
        self.members: dict[str, SimulatedMember] = {
            spec.name: self._member(spec) for spec in fleet.clusters
        }
        self._estimators = (
            MemberEstimators(self.members, karmada)
            if karmada.enable_scheduler_estimator or karmada.enable_descheduler
            else None
        )
        self.engine = Engine(self._controllers(), self.hub, self.members, self.trace)
        self.engine.processes.make = self._controllers
        self.control_plane = ControlPlaneFaults(self.engine)
        self.fault_servers: dict[str, SimulatedMember | PullMember] = {
            spec.name: PullMember(self.members[spec.name], self.control_plane, self._estimators)
            if spec.sync_mode == "Pull"
            else self.members[spec.name]
            for spec in fleet.clusters
        }
        self.injector = Injector(self)
        self._driver.attach(self.engine)
        self._boot()

    def _controllers(self) -> list[Controller]:
        return build_controllers(
            self.settings.karmada,
            estimators=self._estimators,
            pull_members=[spec.name for spec in self.fleet.clusters if spec.sync_mode == "Pull"],
        )

    def _member(self, spec: ClusterSpec) -> SimulatedMember:
        karmada = self.settings.karmada
        if spec.sync_mode == "Pull":  # its one client stands beside it, and is far from the hub
            self.hub.distance_s[agent_of(spec.name)] = spec.latency_s
            spec = replace(spec, latency_s=LOCAL_S)
        return SimulatedMember(
            self._driver.env,
            spec,
            self._driver.receive,
            seed=self.seed,
            timings=parse_timings({**self.settings.members, **spec.timings}),
            api_qps=karmada.cluster_api_qps,
            api_burst=karmada.cluster_api_burst,
        )

    def _boot(self) -> None:
        self.engine.boot(self.now_s)
        for name in HUB_NAMESPACES:
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self.hub.store.create(namespace, self.now_s)
        for spec in self.fleet.clusters:
            if spec.joined:
                self.hub.store.create(cluster_manifest(spec), self.now_s)
        self.run_until(0.0)

    # ── time ───────────────────────────────────────────────────────────────────────────────────

    @property
    def now_s(self) -> float:
        """Second of the run."""
        return self._driver.now_s

    def run_until(self, until_s: float) -> None:
        """Let time pass up to and including `until_s` (seconds of the run)."""
        self._driver.wake()
        self._driver.run_until(until_s)

    def run_until_quiet(self, settle_s: float = 5.0, limit_s: float = 3600.0) -> bool:
        """Let time pass until nothing has changed for `settle_s`; False if `limit_s` came first."""
        end_s = self.now_s + limit_s
        quiet_from_s = self.now_s
        while self.now_s < end_s:
            quiet_from_s = max(quiet_from_s, self.engine.last_change_s)
            # The clock has microseconds: an unrounded sum may lie past it and never be reached.
            target_s = round(min(end_s, quiet_from_s + settle_s), 6)
            if target_s <= self.now_s:
                return True
            self.run_until(target_s)
        return self.now_s - max(quiet_from_s, self.engine.last_change_s) >= settle_s

    def next_event_s(self) -> float:
        """Return when the next thing happens (s of the run), infinity if nothing will."""
        return math.inf if math.isinf(when := self._driver.next_event_s()) else round(when, 6)

    # ── a person's own hands ───────────────────────────────────────────────────────────────────

    def store_of(self, cluster: str) -> ApiStore:
        """Return the API server of the hub ("") or of a member, for a person's reads and writes.

        Writes belong between `acting` and the next `run_until`.

        Raises:
            InputError: No cluster of that name.
        """
        if cluster == HUB:
            return self.hub.store
        if cluster not in self.members:
            hint = did_you_mean(cluster, list(self.members))
            raise InputError(f'no cluster is named "{cluster}"{hint}')
        return self.members[cluster].store

    def acting(self, actor: str, detail: Mapping[str, Any] | None = None, *, cause: int = 0) -> int:
        """Say that `actor` does something now; what follows is traced as caused by it.

        `cause` is the record of a step whose part it is.
        """
        number = self.trace.add(self.now_s, "step", actor, None, cause=cause, detail=detail or {})
        self._acting = (actor, number)
        self._step = self._step if cause else number
        self._has_written = False
        self.engine.acting(actor, self.now_s, number)
        self._driver.wake()  # so that `next_event_s` knows that something is about to happen
        return number

    @property
    def acting_record(self) -> int:
        """The record of who acts now, 0 if nobody has yet."""
        return self._acting[1]

    @property
    def step_record(self) -> int:
        """The record of the step that is carried out, 0 if there was none yet."""
        return self._step

    def next_write(self, key: Key | None = None) -> None:
        """Say that whoever acts is about to write, and to which object.

        From the second write on, the one before has had the time of a request to arrive and be
        seen: the order of the objects in a file matters to a control plane.
        """
        if self._has_written:
            self.run_until(round(self.now_s + PERSONS_WRITE_S, 6))
            actor, number = self._acting
            self.engine.acting(actor, self.now_s, number)
            self._driver.wake()
        self._has_written = True
        if key is not None and key.cluster != HUB:
            self.engine.causes.touch(key, self._acting[1])


def cluster_manifest(spec: ClusterSpec) -> Manifest:
    """Return the Cluster object that registering a cluster makes (what `karmadactl join` sends)."""
    body: dict[str, Any] = {
        "syncMode": spec.sync_mode,
        "id": f"fedlab-{spec.name}",
        "apiEndpoint": f"https://{spec.name}.fedlab.invalid:6443",
    }
    if spec.provider:
        body["provider"] = spec.provider
    if spec.region:
        body["region"] = spec.region
    if spec.zones:
        body["zones"] = list(spec.zones)
    if spec.taints:
        body["taints"] = [dict(taint) for taint in spec.taints]
    if spec.resource_models:
        body["resourceModels"] = [dict(model) for model in spec.resource_models]
    metadata: dict[str, Any] = {"name": spec.name}
    if spec.labels:
        metadata["labels"] = dict(spec.labels)
    return {
        "apiVersion": "cluster.karmada.io/v1alpha1",
        "kind": "Cluster",
        "metadata": metadata,
        "spec": body,
    }
