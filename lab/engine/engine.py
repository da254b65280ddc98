"""Events and the time go in, actions go out. The engine never sleeps, reads a clock or starts a
thread.

A reconcile's actions are sent one after the other, each when the one before is answered, as a
worker of a real controller does; until the last answer the key is in flight and holds the worker.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.core.errors import ApiError
from lab.core.model import (
    HUB,
    Action,
    Answered,
    ApiServer,
    Controller,
    Due,
    Event,
    Key,
    Note,
    Observed,
    Probe,
    ProbeResult,
    Subscribe,
    Synced,
    Update,
)
from lab.engine.causes import Causes
from lab.engine.delivery import Delivery
from lab.engine.hub import Hub
from lab.engine.loop import Flight, Loops
from lab.engine.processes import Processes
from lab.engine.trace import Trace
from lab.engine.view import ObjectView

EVENT = ("v1", "Event")
"""No controller watches Events, and the trace has the notes they are made of."""
LEASE = ("coordination.k8s.io/v1", "Lease")
"""A renewed lease is no news: controllers see it, the trace does not tell of it."""

CLUSTER = ("cluster.karmada.io/v1alpha1", "Cluster")


class EngineError(Exception):
    """A controller runs in circles: a bug in the lab (or a faithful hot loop), never a user's."""


class Engine:
    """Runs the controllers over what was observed and what they asked for.

    Args:
        controllers: The loops; ties in time go by this order.
        hub: The hub, whose changes the engine must be told of (`observe_hub`).
        servers: Member name to API server.
        trace: Where everything is written down.
        reconciles_per_instant: How often one key may be reconciled by one controller without
            time going on, before that counts as a hot loop.
    """

    def __init__(
        self,
        controllers: Sequence[Controller],
        hub: Hub,
        servers: Mapping[str, ApiServer],
        trace: Trace,
        *,
        reconciles_per_instant: int = 100,
    ) -> None:
        self.view = ObjectView(index for each in controllers for index in each.indexes)
        self.trace = trace
        self.last_change_s = float("-inf")
        self.causes = Causes()
        self.delivery = Delivery()
        self.hub = hub
        self._servers = servers
        self.loops = Loops(controllers)
        self.processes = Processes(self)
        self._timers: list[tuple[float, int, Callable[[float], None]]] = []
        self._limit = reconciles_per_instant
        self._instant: tuple[float, dict[tuple[int, Key], int]] = (float("-inf"), {})
        self._requests = 0
        self._flights: dict[int, Flight] = {}
        self._sent: dict[int, int] = {}
        self._now_s = float("-inf")
        self._cause = 0
        self._actor = "user"
        hub.store.listen(self._hub_changed)

    @property
    def now_s(self) -> float:
        """The second of the run that the engine is at."""
        return self._now_s

    def boot(self, now_s: float) -> None:
        """Begin the trace: whatever nothing else has caused, the boot has."""
        self.causes.root = self.trace.add(now_s, "step", "boot", None)
        self.acting("boot", now_s, self.causes.root)

    # ── events in ──────────────────────────────────────────────────────────────────────────────

    def acting(self, actor: str, now_s: float, cause: int = 0) -> None:
        """Say who writes to the hub from now on, outside of any controller (a person, a step)."""
        self._actor, self._cause, self._now_s = actor, cause, now_s

    def _hub_changed(self, change: Any) -> None:
        manifest = change.object
        kind = (manifest["apiVersion"], manifest["kind"])
        if kind == EVENT:
            return
        metadata = manifest["metadata"]
        key = Key(HUB, *kind, metadata.get("namespace", ""), metadata["name"])
        deleted = change.type == "DELETED"
        event = Observed(key, None if deleted else manifest, manifest if deleted else change.old)
        if kind == LEASE:
            self._arrives(event, self._cause)
            return
        self._take_in(event, self._actor, self._cause)
        if deleted and kind == CLUSTER:  # unjoined: its informers stop
            self.view.forget(key.name)
            self.causes.forget(key.name)
            self.processes.unsubscribe(key.name)

    def receive(self, event: Event, now_s: float) -> None:
        """Take in what a member reported."""
        self._now_s = now_s
        if isinstance(event, Answered):
            self._answered(event)
        elif isinstance(event, Observed):
            if self.processes.watches(event.key[:3]) and self._registered(event.key.cluster):
                self._take_in(event, event.key.cluster, self.causes.of_object(event.key))
        elif isinstance(event, ProbeResult):
            self._spread(event, self._probed(event))
        elif self.processes.watches((event.cluster, event.api_version, event.kind)):
            for key, gone in self.processes.not_seen_again(event):
                self._take_in(Observed(key, None, gone), event.cluster, self.causes.of_object(key))
            self._spread(event, self.causes.of_member(event.cluster))

    def _registered(self, cluster: str) -> bool:
        return self.view.get(Key(HUB, *CLUSTER, "", cluster)) is not None

    def _probed(self, event: ProbeResult) -> int:
        """Trace a probe only when its outcome is news; thousands a day say the same."""
        before, cause = self.view.probe(event.cluster), self.causes.of_member(event.cluster)
        if before and (before.online, before.healthy) == (event.online, event.healthy):
            return cause
        word = "healthy" if event.healthy else "not healthy"
        detail = {"result": word if event.online else "unreachable"}
        key = Probe(event.cluster).key
        return self.trace.add(self._now_s, "probe", event.cluster, key, cause=cause, detail=detail)

    def _take_in(self, event: Observed, actor: str, cause: int) -> None:
        member = event.key.cluster != HUB
        old = self.view.get(event.key) if member else event.old
        seen_before = member and old is None and self.processes.known(event.key)
        before = old or seen_before or None
        if event.object is None and before is None:
            return
        if event.object is not None and event.object == before:
            # No news, but it arrived: a process that started again lists what it knew in its former
            # life, or a watch said the same thing twice.
            if seen_before or not event.initial:
                self._spread(event, cause or self.causes.root)
            return
        number = self.trace.add(
            self._now_s,
            "change",
            actor,
            event.key,
            cause=cause or self.causes.root,
            before=before if event.object is not None else event.old or before,
            after=event.object,
        )
        self.last_change_s = self._now_s
        if member:
            self.causes.touch(event.key, number)
            self._spread(event, number)
        else:
            self._arrives(event, number)

    def _arrives(self, event: Observed, cause: int) -> None:
        """Let a change of the hub reach the controllers: now, or when a fault lets it through."""
        if self.delivery.prompt:
            self._spread(event, cause)
        else:
            self.delivery.take(event, cause, self._now_s)

    def _spread(self, event: Event, cause: int) -> None:
        self.view.receive(event)
        for loop in self.loops.hearing(event):
            if loop.up:
                for due in loop.controller.keys_for(event, self.view):
                    if isinstance(event, Synced):  # what waits for a list knows its own cause
                        loop.ask(due, loop.causes.get(due.key, cause), self._now_s)
                    else:
                        loop.ask(due, cause, self._now_s)

    # ── actions out ────────────────────────────────────────────────────────────────────────────

    def enqueue(self, controller: str, key: Key, now_s: float) -> None:
        """Put a key into a controller's queue from outside (the boot, a test)."""
        for loop in self.loops:
            if loop.controller.name == controller:
                loop.ask(Due(key), self.causes.root, now_s)
                return
        raise KeyError(controller)

    def call_at(self, due_s: float, call: Callable[[float], None]) -> None:
        """Call `call(now_s)` at a second of the run, before anything else that is due then."""
        self._requests += 1
        heapq.heappush(self._timers, (round(due_s, 6), self._requests, call))

    def run_due(self, now_s: float) -> float | None:
        """Do all that is due at `now_s`; return when to call again (s), None if nothing waits."""
        self._now_s = now_s
        while True:
            while self._timers and self._timers[0][0] <= now_s:
                heapq.heappop(self._timers)[2](now_s)
            for event, cause in self.delivery.arrived(now_s):
                self._spread(event, cause)
            if self.hub.run_next(now_s, self._starting, self._answered):
                continue
            index = self._next_loop(now_s)
            if index is None:
                break
            self._reconcile(index, now_s)
        self._actor, self._cause = "user", 0
        planned = self.loops.next_due()
        others = (planned and planned[0], self.hub.next_due_s(), self.delivery.next_due_s())
        times = [due_s for due_s in others if due_s is not None]
        if self._timers:
            times.append(self._timers[0][0])
        return min(times, default=None)

    def _next_loop(self, now_s: float) -> int | None:
        planned = self.loops.next_due()
        return planned[1] if planned is not None and planned[0] <= now_s else None

    def _reconcile(self, index: int, now_s: float) -> None:
        loop = self.loops[index]
        key = loop.queue.pop(now_s)
        loop.touch()
        if key is None:
            return
        self._count(index, key, now_s)
        cause = loop.causes.pop(key, 0) or self.causes.root
        if key[1:3] == CLUSTER:  # time may have woken it: a silence has a cause of its own
            cause = max(cause, self.causes.of_member(key.name))
        own_s = now_s + self.processes.skew_s(loop.controller.client)
        plan = loop.controller.reconcile(self.view, key, own_s)
        loop.in_flight += 1
        name = loop.controller.name
        flight = Flight(index, key, plan, cause, loop.life)
        for decision in plan.decisions:
            detail = {
                "kind": decision.kind,
                "summary": decision.summary,
                "explanation": decision.explanation,
            }
            flight.decided[decision.key] = self.trace.add(
                now_s, "decision", name, decision.key, cause=cause, detail=detail
            )
        for due in plan.follow:
            loop.ask(due, flight.decided.get(due.key._replace(cluster=HUB), cause), now_s)
        for note in plan.notes:
            self._note(note, loop.controller, flight.cause_of(note.regarding))
        self._advance(flight)

    def _note(self, note: Note, controller: Controller, cause: int) -> None:
        detail = {"type": note.type, "reason": note.reason, "message": note.message}
        self.trace.add(
            self._now_s, "note", controller.name, note.regarding, cause=cause, detail=detail
        )
        self.hub.record(note, controller.client, self._now_s)

    def _count(self, index: int, key: Key, now_s: float) -> None:
        if self._instant[0] != now_s:
            self._instant = (now_s, {})
        counts = self._instant[1]
        counts[index, key] = counts.get((index, key), 0) + 1
        if counts[index, key] > self._limit:
            name = self.loops[index].controller.name
            raise EngineError(
                f"{name} reconciled {key} more than {self._limit} times at {now_s:.6f} s "
                "without time going on: it runs in circles"
            )

    def _advance(self, flight: Flight) -> None:
        """Send the flight's next action, or end it."""
        loop = self.loops[flight.index]
        plan = flight.plan
        if flight.sent == len(plan.actions):
            self._land(flight, plan.error)
            return
        action = plan.actions[flight.sent]
        if loop.held and action.cluster == HUB:
            self._cut_off(flight, action)
            return
        if self.processes.crashes_before(loop.controller.client, action):
            return
        flight.sent += 1
        self._requests += 1
        request = self._requests
        self._flights[request] = flight
        name = loop.controller.name
        if isinstance(action, Probe | Subscribe):
            self._sent[request] = flight.cause_of(action.key)
        else:
            self._sent[request] = self.trace.add(
                self._now_s,
                "action",
                name,
                action.key,
                cause=flight.cause_of(action.key),
                detail=_asked(action),
            )
            if action.cluster != HUB:
                self.causes.touch(action.key, self._sent[request])
        if isinstance(action, Subscribe):
            self.processes.subscribed(loop.controller.client, action)
            loop.causes.setdefault(flight.key, flight.cause)
        server = self.hub if action.cluster == HUB else self._servers.get(action.cluster)
        if server is not None:
            server.submit(request, action, loop.controller.client, self._now_s)
            if self.processes.crashes_unacknowledged(loop.controller.client, action):
                return
        if isinstance(action, Probe):  # answered by a ProbeResult of its own, which wakes the key
            del self._flights[request], self._sent[request]
            self._advance(flight)
        if server is None:
            self._nobody_there(request, action)

    def _cut_off(self, flight: Flight, action: Action) -> None:
        """Answer for a hub that a process cannot reach now: what its plan had left is not sent."""
        self._requests += 1
        self._flights[self._requests] = flight
        self._sent[self._requests] = flight.cause
        error = ApiError(503, "ServiceUnavailable", "dial tcp: i/o timeout")
        self._answered(Answered(self._requests, action, error=error))

    def _nobody_there(self, request: int, action: Action) -> None:
        """Answer for a Cluster that somebody registered without a member behind it."""
        text = f"no cluster answers at {action.cluster}: dial tcp: no such host"
        if isinstance(action, Probe):
            self.receive(ProbeResult(action.cluster, False, False, text), self._now_s)
            return
        error = ApiError(503, "ServiceUnavailable", text)
        self._answered(Answered(request, action, error=error))

    def _starting(self, request: int) -> None:
        """The hub begins to carry out a request: its changes are caused by that action."""
        flight = self._flights.get(request)
        if flight is not None:
            self._actor = self.loops[flight.index].controller.name
        self._cause = self._sent.get(request, self.causes.root)

    def _answered(self, answer: Answered) -> None:
        flight = self._flights.pop(answer.request, None)
        cause = self._sent.pop(answer.request, 0)
        if flight is None or flight.life != self.loops[flight.index].life:
            return  # nobody waits for it: its process has crashed since
        client = self.loops[flight.index].controller.client
        if self.processes.crashes_acknowledged(client, answer.action):
            return
        if answer.error is None:
            self._spread(answer, cause)
            self._advance(flight)
            return
        error = answer.error
        self.trace.add(
            self._now_s,
            "refusal",
            answer.action.cluster or "hub",
            answer.action.key,
            cause=cause,
            detail={"code": error.code, "reason": error.reason, "message": error.message},
        )
        self._spread(answer, cause)
        self._land(flight, error.message)

    def _land(self, flight: Flight, error: str | None) -> None:
        loop = self.loops[flight.index]
        loop.in_flight -= 1
        loop.touch()
        if error is None:
            loop.queue.done(flight.key, self._now_s)
            if flight.plan.requeue_after_s is not None:
                loop.causes.setdefault(flight.key, flight.cause)
                loop.queue.add(Due(flight.key, flight.plan.requeue_after_s), self._now_s)
            return
        if flight.plan.error is not None:
            self.trace.add(
                self._now_s,
                "error",
                loop.controller.name,
                flight.key,
                cause=flight.cause,
                detail={"message": error},
            )
        loop.causes.setdefault(flight.key, flight.cause)
        loop.queue.failed(flight.key, flight.plan, error, self._now_s)


def _asked(action: Action) -> Mapping[str, str]:
    """Return what an action asks for, and the version it is based on if it names one."""
    detail = {"verb": _verb(action)}
    if isinstance(action, Update):
        version = action.object["metadata"].get("resourceVersion")
        if version:
            detail["basedOn"] = str(version)
    return detail


def _verb(action: Action) -> str:
    subresource = getattr(action, "subresource", "")
    return type(action).__name__.lower() + (f" {subresource}" if subresource else "")
