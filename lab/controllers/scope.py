"""Whose members a loop looks after: the controller manager's Push members, or an agent's own one.

Source: Karmada v1.19 `pkg/util/helper/predicate.go`, `cmd/agent/app/agent.go`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.controllers.lineage import MANAGER, cluster_key
from lab.core.manifest import spec_of
from lab.core.model import View

AGENT = "karmada-agent"


def agent_of(cluster: str) -> str:
    """Return the name of the process that looks after a Pull member."""
    return f"{AGENT}/{cluster}"


@dataclass(frozen=True, slots=True)
class Scope:
    """The members of one process.

    Attributes:
        client: The process.
        own: The one member of an agent; empty: all that are not in Pull mode.
    """

    client: str
    own: str = ""

    def covers(self, view: View, cluster: str | None) -> bool:
        """Tell whether a member is looked after by this process."""
        if self.own or not cluster:
            return cluster == self.own and bool(cluster)
        found = view.get(cluster_key(cluster))
        return found is None or spec_of(found).get("syncMode") != "Pull"


PUSH_MEMBERS = Scope(MANAGER)


def agent_scope(cluster: str) -> Scope:
    """Return the scope of a Pull member's agent."""
    return Scope(agent_of(cluster), cluster)
