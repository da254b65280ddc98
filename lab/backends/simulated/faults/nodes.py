"""Faults of a member's nodes and pods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.faults.base import MemberFault


class NodeLoss(MemberFault):
    """Machines stop with all their pods; they come back when it ends.

    Parameters: `nodes`, names; absent: all nodes there are.
    """

    _rows: npt.NDArray[np.int64]

    def begin(self, now_s: float) -> None:
        """Stop the machines."""
        names: Sequence[str] | None = self.parameters.get("nodes")
        machines = self.member.control.machines
        self._rows = machines.all_rows() if names is None else machines.rows(names)
        machines.stop(self._rows, now_s)

    def end(self, now_s: float) -> None:
        """Let them run again."""
        self.member.control.machines.start(self._rows, now_s)


class OwnComponents(MemberFault):
    """What an API server's end means inside its cluster: controllers and kubelets write nothing."""

    def begin(self, now_s: float) -> None:
        """Shut them out."""
        self.member.bench.api.shut(now_s)

    def end(self, now_s: float) -> None:
        """Let them in again."""
        self.member.bench.api.open(now_s)


class OutageOfNodes(NodeLoss):
    """The inner half of a cluster's outage: every machine stops, and nothing is written."""

    def begin(self, now_s: float) -> None:
        """Stop all machines."""
        self.member.bench.api.shut(now_s)
        self._rows = self.member.control.machines.all_rows()
        self.member.control.machines.stop(self._rows, now_s)

    def end(self, now_s: float) -> None:
        """Let them run again."""
        super().end(now_s)
        self.member.bench.api.open(now_s)


class CapacityLoss(MemberFault):
    """A share of what the nodes offer is gone.

    Parameters: `share`, 0 to 1.
    """

    def begin(self, now_s: float) -> None:
        """Take it away."""
        share = float(self.parameters.get("share", 0.5))
        self.member.control.shrinking.shrink(self.number, share, now_s)

    def end(self, now_s: float) -> None:
        """Give it back."""
        self.member.control.shrinking.give_back(self.number, now_s)


class BadImage(MemberFault):
    """An image cannot be pulled: new pods that use it wait; running ones go on.

    Parameters: `image`, a glob over the names of images.
    """

    def begin(self, now_s: float) -> None:
        """Let pulls fail."""
        self.member.bench.lifecycle.spoil(self.number, str(self.parameters["image"]))

    def end(self, now_s: float) -> None:
        """Let pulls succeed again."""
        self.member.bench.lifecycle.mend(self.number, now_s)


class SlowStart(MemberFault):
    """Pods take longer to become ready.

    Parameters: `factor`, how many times as long; `delay`, how much longer on top of that (s).
    """

    def begin(self, now_s: float) -> None:
        """Slow starts down."""
        factor = float(self.parameters.get("factor", 1.0))
        delay_s = float(self.parameters.get("delay", 0.0))
        self.member.bench.lifecycle.slow_down(self.number, factor, delay_s)

    def end(self, now_s: float) -> None:
        """Let new pods start as before."""
        self.member.bench.lifecycle.speed_up(self.number)


class FullDiskOfNodes(MemberFault):
    """The nodes' disks are full, if the fault is about those (`disk: nodes`).

    Parameters: `disk`; `nodes`, names; absent: all nodes there are.
    """

    _rows: npt.NDArray[np.int64]

    def begin(self, now_s: float) -> None:
        """Fill the disks."""
        names: Sequence[str] | None = self.parameters.get("nodes")
        machines = self.member.control.machines
        self._rows = machines.all_rows() if names is None else machines.rows(names)
        if self.parameters.get("disk") == "nodes":
            self.member.control.disks.fill(self._rows, now_s)

    def end(self, now_s: float) -> None:
        """Make room on them."""
        if self.parameters.get("disk") == "nodes":
            self.member.control.disks.clear(self._rows, now_s)


NODE_FAULTS: Mapping[str, type[MemberFault]] = {
    "NodeLoss": NodeLoss,
    "ApiServerDown": OwnComponents,
    "ClusterOutage": OutageOfNodes,
    "CapacityLoss": CapacityLoss,
    "BadImage": BadImage,
    "SlowStart": SlowStart,
    "FullDisk": FullDiskOfNodes,
}
"""Kind to what plays it."""
