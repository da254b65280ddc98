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


NODE_FAULTS: Mapping[str, type[MemberFault]] = {
    "NodeLoss": NodeLoss,
    "ApiServerDown": OwnComponents,
    "ClusterOutage": OutageOfNodes,
}
"""Kind to what plays it."""
