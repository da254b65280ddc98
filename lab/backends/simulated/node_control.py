"""What a member does about its nodes: machines, the controllers that watch them, joined up."""

from __future__ import annotations

from lab.backends.simulated.machines import Machines
from lab.backends.simulated.node_collection import NodeCollection
from lab.backends.simulated.node_lifecycle import NodeLifecycle
from lab.backends.simulated.taint_eviction import TaintEviction
from lab.backends.simulated.workbench import Workbench


class NodeControl:
    """The nodes' part of one member.

    Attributes:
        machines: Which machines run.
        lifecycle: Notices silent nodes and taints them.
        eviction: Deletes pods that outstay a taint.
    """

    def __init__(self, bench: Workbench, nodes: NodeCollection, kubernetes_version: str) -> None:
        self.machines = Machines(bench)
        self.lifecycle = NodeLifecycle(bench, kubernetes_version)
        self.eviction = TaintEviction(bench)
        self.machines.on_lost.append(self.lifecycle.lost)
        self.machines.on_back.append(self.lifecycle.back)
        self.machines.rejoin = nodes.rejoin
        self.lifecycle.tell, self.lifecycle.told = nodes.before, nodes.after
        self.lifecycle.on_taints = self.eviction.nodes_changed
        nodes.on_taints = self.eviction.nodes_changed
