"""Faults of the control plane itself: its API server, its watches, its processes and their clocks.

The counterpart of a member's `begin_fault` and `end_fault`, for the hub and what runs beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.processes import process_named
from lab.engine.delivery import Delivery
from lab.engine.engine import Engine
from lab.engine.hub_faults import HubFaults
from lab.engine.processes import LEASE_S, MOMENTS, Moment

RENEW_DEADLINE_S = 10.0
"""How long a leader tries to renew its lease before it gives up and exits (Karmada v1.19
`leader-elect-renew-deadline`)."""
RESTARTS_S = (10.0, 300.0)
"""First and longest wait of a kubelet before it starts a container again that keeps failing."""


class ControlPlaneFaults:
    """Plays faults on the hub and the processes of the control plane.

    Args:
        engine: What runs them.
    """

    KINDS = HubFaults.KINDS | Delivery.KINDS | {"ClockSkew", "ControllerCrash"}

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._active: dict[int, tuple[str, Mapping[str, Any]]] = {}
        self._cut: dict[str, set[int]] = {}
        engine.processes.can_start = self._reaches_hub

    def process(self, name: str) -> str:
        """Return the full name of a process: `scheduler` is `karmada-scheduler`.

        Raises:
            InputError: The control plane has no such process.
        """
        return process_named(name, self._engine.processes.names)

    def begin_fault(
        self, number: int, kind: str, parameters: Mapping[str, Any], now_s: float
    ) -> None:
        """Let a fault begin.

        Args:
            number: The record that tells of it, the cause of what follows.
            kind: One of `KINDS`.
            parameters: Typed values; times in seconds, shares from 0 to 1.
            now_s: Second of the run.
        """
        engine = self._engine
        self._active[number] = (kind, parameters)
        if kind in Delivery.KINDS:
            engine.delivery.begin(number, kind, parameters, now_s)
        if kind in HubFaults.KINDS:
            engine.hub.begin_fault(number, kind, parameters)
        if kind == "ApiServerDown":
            engine.call_at(now_s + RENEW_DEADLINE_S, lambda at_s: self._leases_lost(number, at_s))
        elif kind == "ClockSkew":
            self._set_clocks()
        elif kind == "ControllerCrash":
            self._order_crash(number, parameters, now_s)

    def end_fault(self, number: int, now_s: float) -> None:
        """Let a fault end."""
        engine = self._engine
        kind, parameters = self._active.pop(number)
        if kind in Delivery.KINDS:
            engine.delivery.end(number, now_s)
        if kind in HubFaults.KINDS:
            engine.hub.end_fault(number)
        if kind == "ClockSkew":
            self._set_clocks()
        elif kind == "ControllerCrash":
            client = self.process(str(parameters["process"]))
            engine.processes.spare(client, number)
            if engine.processes.down_by(client) == number:
                engine.processes.start(client, now_s, number)

    def _order_crash(self, number: int, parameters: Mapping[str, Any], now_s: float) -> None:
        processes = self._engine.processes
        client = self.process(str(parameters["process"]))
        given = parameters.get("restartAfter")
        restart_after_s = LEASE_S if given is None else float(given)
        write = parameters.get("write")
        if write is None:
            processes.crash(client, now_s, number, restart_after_s)
            return
        acknowledged = parameters.get("acknowledged", True)
        moment: Moment = parameters.get("moment") or (
            "acknowledged" if acknowledged else "unacknowledged"
        )
        assert moment in MOMENTS
        processes.crash_at(client, int(write), moment, restart_after_s, number)

    def _set_clocks(self) -> None:
        processes = self._engine.processes
        for name in processes.names:
            processes.set_skew(name, 0.0)
        for kind, given in self._active.values():
            if kind == "ClockSkew":
                wanted = given.get("process")
                for name in [self.process(str(wanted))] if wanted else processes.names:
                    processes.set_skew(
                        name, round(processes.skew_s(name) + float(given["offset"]), 6)
                    )

    # ── agents ─────────────────────────────────────────────────────────────────────────────────

    def cut_off(self, client: str, number: int, now_s: float, *, dead: bool = False) -> None:
        """Part a process from the hub (an agent behind a network that fails), by fault `number`.

        It keeps its memory until its lease is lost; `dead` means that it ends at once.
        """
        self._cut.setdefault(client, set()).add(number)
        processes = self._engine.processes
        processes.hold(client)
        if dead:
            self._exit(client, number, now_s)
        else:
            self._engine.call_at(
                now_s + RENEW_DEADLINE_S, lambda at_s: self._lease_lost(client, number, at_s)
            )

    def reconnect(self, client: str, number: int) -> None:
        """Let a process reach the hub again, as far as fault `number` kept it from doing so."""
        self._cut.get(client, set()).discard(number)
        if not self._cut.get(client):
            self._engine.processes.release(client)

    # ── leader election ────────────────────────────────────────────────────────────────────────

    def _leases_lost(self, number: int, now_s: float) -> None:
        if number in self._active:
            for client in self._engine.processes.names:
                self._exit(client, number, now_s)

    def _lease_lost(self, client: str, number: int, now_s: float) -> None:
        if number in self._cut.get(client, ()):
            self._exit(client, number, now_s)

    def _exit(self, client: str, number: int, now_s: float) -> None:
        """Without the hub a leader cannot renew its lease: it exits, and fails to start again."""
        if self._engine.processes.is_up(client):
            crash = self._engine.processes.crash(client, now_s, number, None)
            self._start_later(client, crash, now_s, 0.0)

    def _start_later(self, client: str, crash: int, now_s: float, wait_s: float) -> None:
        first_s, longest_s = RESTARTS_S

        def attempt(at_s: float) -> None:
            if self._engine.processes.is_up(client):
                return
            if self._reaches_hub(client):
                self._engine.processes.start(client, at_s, crash)
            else:
                self._start_later(client, crash, at_s, min(max(first_s, wait_s * 2), longest_s))

        self._engine.call_at(now_s + wait_s, attempt)

    def _reaches_hub(self, client: str) -> bool:
        return not self._engine.hub.faults.down and not self._cut.get(client)
