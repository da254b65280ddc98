"""Whether a member's own components reach its API server: controllers, scheduler and kubelets.

While it is shut nothing is written: what they would do waits, and what becomes of containers and
machines meanwhile is only written down once it opens again. Controllers that could not renew their
leader's lease for long start again, which takes them a moment and lets them forget what they knew.
"""

from __future__ import annotations

from collections.abc import Callable

from lab.backends.simulated.agenda import Agenda, Task


class ApiGate:
    """Shut as often as it was shut and not yet opened, so that faults may overlap.

    Args:
        agenda: The member's calendar.
        renew_deadline_s: Controllers live through an outage of this length.
        retry_s: How long they need to work again after a longer one.
    """

    def __init__(self, agenda: Agenda, renew_deadline_s: float, retry_s: float) -> None:
        self._agenda = agenda
        self._renew_deadline_s, self._retry_s = renew_deadline_s, retry_s
        self._reasons = 0
        self._waiting: list[tuple[Task, bool]] = []
        self.shut_s = float("-inf")
        """When it was last shut."""
        self.resume_s = float("-inf")
        """From when on controllers work (again)."""
        self.restarted = False
        """Whether the last outage made controllers start again."""
        self.on_shut: list[Callable[[float], None]] = []
        self.on_open: list[Callable[[float], None]] = []
        """Called with the time; before what waited goes on."""

    @property
    def up(self) -> bool:
        """Tell whether the API server can be reached."""
        return not self._reasons

    def shut(self, now_s: float) -> None:
        """The API server stops to answer."""
        self._reasons += 1
        if self._reasons == 1:
            self.shut_s = now_s
            for listener in self.on_shut:
                listener(now_s)

    def open(self, now_s: float) -> None:
        """One reason for its silence is gone; with the last one everything goes on."""
        assert self._reasons > 0, "a gate is opened as often as it was shut"
        self._reasons -= 1
        if self._reasons:
            return
        self.restarted = now_s - self.shut_s > self._renew_deadline_s
        self.resume_s = round(now_s + (self._retry_s if self.restarted else 0.0), 6)
        for listener in self.on_open:
            listener(now_s)
        waiting, self._waiting = self._waiting, []
        for task, of_node in waiting:
            self._agenda.at(now_s if of_node else self.resume_s, task)

    def hold(self, task: Task, *, of_node: bool = False) -> bool:
        """Keep a task for later while it cannot be done; tell whether it was kept.

        Args:
            task: What needs the API server.
            of_node: It is a kubelet's, not a controller's.
        """
        if self._reasons:
            self._waiting.append((task, of_node))
            return True
        if not of_node and self._agenda.now_s < self.resume_s:
            self._agenda.at(self.resume_s, task)
            return True
        return False
