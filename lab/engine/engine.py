"""Events and the time go in, actions go out. The engine never sleeps, reads a clock or starts a
thread.

A reconcile's actions are sent one after the other, each when the one before is answered, as a
worker of a real controller does; until the last answer the key is in flight and holds the worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    Plan,
    Probe,
    ProbeResult,
    Queue,
    Subscribe,
)
from lab.engine.hub import Hub
from lab.engine.trace import Trace
from lab.engine.view import ObjectView

NO_NEWS = frozenset({("v1", "Event"), ("coordination.k8s.io/v1", "Lease")})
"""Kinds whose changes are no news: no controller watches them and the trace has their notes."""

CLUSTER = ("cluster.karmada.io/v1alpha1", "Cluster")


class EngineError(Exception):
    """A controller runs in circles: a bug in the lab (or a faithful hot loop), never a user's."""


@dataclass(slots=True)
class _Flight:
    """One reconcile whose actions are still being carried out."""

    index: int
    key: Key
    plan: Plan
    cause: int
    sent: int = 0


@dataclass(slots=True)
class _Loop:
    """A controller with its queue and the work it has in flight."""

    controller: Controller
    queue: Queue
    in_flight: int = 0
    causes: dict[Key, int] = field(default_factory=dict)
    touched: bool = True
    _due_s: float | None = None

    def due_s(self) -> float | None:
        """Return when the queue is due, None if never or if all workers are busy."""
        if self.in_flight >= self.controller.workers:
            return None
        if self.touched:  # asking a queue costs more than all else here
            self._due_s, self.touched = self.queue.next_due_s(), False
        return self._due_s


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
        self._hub = hub
        self._servers = servers
        self._loops = [_Loop(each, each.make_queue()) for each in controllers]
        self._limit = reconciles_per_instant
        self._instant: tuple[float, dict[tuple[int, Key], int]] = (float("-inf"), {})
        self._requests = 0
        self._flights: dict[int, _Flight] = {}
        self._sent: dict[int, int] = {}
        self._now_s = float("-inf")
        self._cause = 0
        self._actor = "user"
        hub.store.listen(self._hub_changed)

    # ── events in ──────────────────────────────────────────────────────────────────────────────

    def acting(self, actor: str, now_s: float, cause: int = 0) -> None:
        """Say who writes to the hub from now on, outside of any controller (a person, a step)."""
        self._actor, self._cause, self._now_s = actor, cause, now_s

    def _hub_changed(self, change: Any) -> None:
        manifest = change.object
        kind = (manifest["apiVersion"], manifest["kind"])
        if kind in NO_NEWS:
            return
        metadata = manifest["metadata"]
        key = Key(HUB, *kind, metadata.get("namespace", ""), metadata["name"])
        deleted = change.type == "DELETED"
        event = Observed(key, None if deleted else manifest, manifest if deleted else change.old)
        self._take_in(event, self._actor, self._cause)
        if deleted and kind == CLUSTER:
            self.view.forget(key.name)  # unjoined: its informers stop

    def receive(self, event: Event, now_s: float) -> None:
        """Take in what a member reported."""
        self._now_s = now_s
        if isinstance(event, Answered):
            self._answered(event)
        elif isinstance(event, Observed):
            if self.view.get(Probe(event.key.cluster).key._replace(cluster=HUB)) is not None:
                self._take_in(event, event.key.cluster, 0)
        else:
            cause = 0
            if isinstance(event, ProbeResult):
                word = "healthy" if event.healthy else "not healthy"
                detail = {"result": word if event.online else "unreachable"}
                key = Probe(event.cluster).key
                cause = self._probed(event, key, detail)
            self._spread(event, cause)

    def _probed(self, event: ProbeResult, key: Key, detail: Mapping[str, str]) -> int:
        """Trace a probe only when its outcome is news; thousands a day say the same."""
        before = self.view.probe(event.cluster)
        if before and (before.online, before.healthy) == (event.online, event.healthy):
            return 0
        return self.trace.add(self._now_s, "probe", event.cluster, key, detail=detail)

    def _take_in(self, event: Observed, actor: str, cause: int) -> None:
        old = self.view.get(event.key) if event.key.cluster != HUB else event.old
        if event.object is None and old is None:
            return
        if event.object is not None and event.object == old:
            return
        number = self.trace.add(
            self._now_s,
            "change",
            actor,
            event.key,
            cause=cause,
            before=old if event.object is not None else event.old or old,
            after=event.object,
        )
        self.last_change_s = self._now_s
        self._spread(event, number)

    def _spread(self, event: Event, cause: int) -> None:
        self.view.receive(event)
        for loop in self._loops:
            for due in loop.controller.keys_for(event, self.view):
                loop.causes[due.key] = cause
                loop.queue.add(due, self._now_s)
                loop.touched = True

    # ── actions out ────────────────────────────────────────────────────────────────────────────

    def enqueue(self, controller: str, key: Key, now_s: float) -> None:
        """Put a key into a controller's queue from outside (the boot, a test)."""
        for loop in self._loops:
            if loop.controller.name == controller:
                loop.queue.add(Due(key), now_s)
                loop.touched = True
                return
        raise KeyError(controller)

    def run_due(self, now_s: float) -> float | None:
        """Do all that is due at `now_s`; return when to call again (s), None if nothing waits."""
        self._now_s = now_s
        while True:
            if self._hub.run_next(now_s, self._starting, self._answered):
                continue
            index = self._next_loop(now_s)
            if index is None:
                break
            self._reconcile(index, now_s)
        self._actor, self._cause = "user", 0
        times = [due_s for loop in self._loops if (due_s := loop.due_s()) is not None]
        if (hub_s := self._hub.next_due_s()) is not None:
            times.append(hub_s)
        return min(times, default=None)

    def _next_loop(self, now_s: float) -> int | None:
        best: tuple[float, int] | None = None
        for index, loop in enumerate(self._loops):
            due_s = loop.due_s()
            if due_s is not None and due_s <= now_s and (best is None or due_s < best[0]):
                best = (due_s, index)
        return None if best is None else best[1]

    def _reconcile(self, index: int, now_s: float) -> None:
        loop = self._loops[index]
        key = loop.queue.pop(now_s)
        loop.touched = True
        if key is None:
            return
        self._count(index, key, now_s)
        cause = loop.causes.pop(key, 0)
        plan = loop.controller.reconcile(self.view, key, now_s)
        loop.in_flight += 1
        name = loop.controller.name
        for decision in plan.decisions:
            detail = {
                "kind": decision.kind,
                "summary": decision.summary,
                "explanation": decision.explanation,
            }
            cause = self.trace.add(
                now_s, "decision", name, decision.key, cause=cause, detail=detail
            )
        for note in plan.notes:
            self._note(note, loop.controller, cause)
        self._advance(_Flight(index, key, plan, cause))

    def _note(self, note: Note, controller: Controller, cause: int) -> None:
        detail = {"type": note.type, "reason": note.reason, "message": note.message}
        self.trace.add(
            self._now_s, "note", controller.name, note.regarding, cause=cause, detail=detail
        )
        self._hub.record(note, controller.client, self._now_s)

    def _count(self, index: int, key: Key, now_s: float) -> None:
        if self._instant[0] != now_s:
            self._instant = (now_s, {})
        counts = self._instant[1]
        counts[index, key] = counts.get((index, key), 0) + 1
        if counts[index, key] > self._limit:
            name = self._loops[index].controller.name
            raise EngineError(
                f"{name} reconciled {key} more than {self._limit} times at {now_s:.6f} s "
                "without time going on: it runs in circles"
            )

    def _advance(self, flight: _Flight) -> None:
        """Send the flight's next action, or end it."""
        loop = self._loops[flight.index]
        plan = flight.plan
        if flight.sent == len(plan.actions):
            self._land(flight, plan.error)
            return
        action = plan.actions[flight.sent]
        flight.sent += 1
        self._requests += 1
        request = self._requests
        self._flights[request] = flight
        name = loop.controller.name
        if isinstance(action, Probe | Subscribe):
            self._sent[request] = flight.cause
        else:
            self._sent[request] = self.trace.add(
                self._now_s,
                "action",
                name,
                action.key,
                cause=flight.cause,
                detail={"verb": _verb(action)},
            )
        server = self._hub if action.cluster == HUB else self._servers.get(action.cluster)
        if server is not None:
            server.submit(request, action, loop.controller.client, self._now_s)
        if isinstance(action, Probe):  # answered by a ProbeResult of its own, which wakes the key
            del self._flights[request], self._sent[request]
            self._advance(flight)
        if server is None:
            self._nobody_there(request, action)

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
        flight = self._flights[request]
        self._actor = self._loops[flight.index].controller.name
        self._cause = self._sent[request]

    def _answered(self, answer: Answered) -> None:
        flight = self._flights.pop(answer.request, None)
        cause = self._sent.pop(answer.request, 0)
        if flight is None:
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

    def _land(self, flight: _Flight, error: str | None) -> None:
        loop = self._loops[flight.index]
        loop.in_flight -= 1
        loop.touched = True
        if error is None:
            loop.queue.done(flight.key, self._now_s)
            if flight.plan.requeue_after_s is not None:
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


def _verb(action: Action) -> str:
    subresource = getattr(action, "subresource", "")
    return type(action).__name__.lower() + (f" {subresource}" if subresource else "")
