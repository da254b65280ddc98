"""State that is moved with an application: what was carried over, and how old it was.

State is involved where the workload is a StatefulSet, or its policy has statePreservation rules.
Each eviction of such an application is one move. Karmada carries over what the rules pick out of
the status that the old cluster had reported last (preservedLabelState of the eviction task); with
no rules, or nothing picked, no state is carried over. The age of what was carried over is the time
from the first change of the member's own status that the report did not have, to the eviction: 0
if the report was up to date.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.eviction import tasks_of
from lab.core.interpreter.fields import InterpretError
from lab.core.interpreter.status import reflect_status
from lab.core.manifest import Manifest, get_in, spec_of, status_of
from lab.core.model import HUB, Key
from lab.core.outcomes.outcome import StateMove

_REMEMBERED = 64


class StateWatch:
    """Hears of statuses in members and of eviction tasks in the hub."""

    def __init__(self) -> None:
        self._stateful: dict[Key, None] = {}
        self._seen: dict[Key, deque[tuple[float, Manifest]]] = {}
        self._moves: dict[Key, list[StateMove]] = {}

    def saw(self, time_s: float, key: Key, before: Manifest | None, after: Manifest | None) -> None:
        """Remember since when a member's object has the status it has."""
        if not self._stateful or after is None or key._replace(cluster=HUB) not in self._stateful:
            return
        if before is None or before.get("status") is not after.get("status"):
            self._seen.setdefault(key, deque(maxlen=_REMEMBERED)).append((time_s, after))

    def binding(self, time_s: float, app: Key, before: Manifest | None, after: Manifest) -> None:
        """Look for evictions that are new."""
        if not has_state(app, after):
            return
        self._stateful[app] = None
        tasks = tasks_of(after)
        if not tasks or before is None:
            return
        known = {task.get("fromCluster") for task in tasks_of(before)}
        for task in tasks:
            cluster = str(task.get("fromCluster"))
            if cluster in known:
                continue
            labels = task.get("preservedLabelState") or {}
            age_s = self._age_s(time_s, app._replace(cluster=cluster), _reported(before, cluster))
            move = StateMove(time_s, cluster, bool(labels), age_s if labels else 0.0, dict(labels))
            self._moves.setdefault(app, []).append(move)

    def moves(self, app: Key) -> Sequence[StateMove]:
        """Return the moves of an application's state, oldest first."""
        return self._moves.get(app, ())

    def _age_s(self, time_s: float, key: Key, reported: Any) -> float:
        unreported_s = time_s
        for since_s, manifest in reversed(self._seen.get(key, ())):
            try:
                status = reflect_status(manifest)
            except InterpretError:
                break  # not the hub's object: nobody reports it
            if status == reported:
                break
            unreported_s = since_s
        return time_s - unreported_s


def has_state(app: Key, binding: Manifest) -> bool:
    """Tell whether an application has state that a move could lose."""
    if app.kind == "StatefulSet":
        return True
    failover: Mapping[str, Any] = spec_of(binding).get("failover") or {}
    return any(
        get_in(failover, (part, "statePreservation", "rules"))
        for part in ("application", "cluster")
    )


def _reported(binding: Manifest, cluster: str) -> Any:
    for item in status_of(binding).get("aggregatedStatus") or ():
        if item.get("clusterName") == cluster:
            return item.get("status")
    return None
