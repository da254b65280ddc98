"""What a member does about its nodes: machines, the controllers that watch them, joined up."""

from __future__ import annotations

from lab.backends.simulated.nodes.disks import Disks
from lab.backends.simulated.nodes.machines import Machines, Nodes
from lab.backends.simulated.nodes.node_collection import NodeCollection
from lab.backends.simulated.nodes.node_lifecycle import NodeLifecycle
from lab.backends.simulated.nodes.pod_gc import PodGc
from lab.backends.simulated.nodes.shrinking import Shrinking
from lab.backends.simulated.nodes.taint_eviction import TaintEviction
from lab.backends.simulated.workbench import Workbench


class NodeControl:
    """The nodes' part of one member.

    Attributes:
        machines: Which machines run.
        lifecycle: Notices silent nodes and taints them.
        eviction: Deletes pods that outstay a taint.
        gc: Deletes pods whose node is gone.
        disks: Which disks are full.
        shrinking: What is missing of the nodes.
    """

    def __init__(self, bench: Workbench, nodes: NodeCollection, kubernetes_version: str) -> None:
        self.machines = Machines(bench)
        self.lifecycle = NodeLifecycle(bench, kubernetes_version)
        self.eviction = TaintEviction(bench)
        self.gc = PodGc(bench)
        self.disks = Disks(bench, self.lifecycle)
        self.machines.on_back.append(self.disks.back)
        self.shrinking = Shrinking(bench, self.machines, self.lifecycle, nodes)
        self.machines.on_lost.append(self.lifecycle.lost)
        self.machines.on_back.append(self.lifecycle.back)
        self.machines.rejoin = nodes.rejoin
        self.lifecycle.tell, self.lifecycle.told = nodes.before, nodes.after
        self.lifecycle.on_taints = self.eviction.nodes_changed
        nodes.on_taints = self._taints_changed
        nodes.on_gone = self._gone

    def _taints_changed(self, rows: Nodes, now_s: float) -> None:
        self.eviction.nodes_changed(rows, now_s)
        self.gc.taints_changed(rows, now_s)

    def _gone(self, row: int, now_s: float) -> None:
        self.gc.node_gone(row, now_s)
        self.lifecycle.gone(now_s)
