"""Faults of a member's API server and of the network between it and the control plane."""

from __future__ import annotations

from collections.abc import Mapping

from lab.backends.simulated.api.link import Break
from lab.backends.simulated.faults.answers import ANSWER_FAULTS
from lab.backends.simulated.faults.base import MemberFault
from lab.backends.simulated.faults.storage import STORAGE_FAULTS
from lab.backends.simulated.faults.watches import WATCH_FAULTS


class _Broken(MemberFault):
    """A fault that breaks parts of the link for as long as it lasts."""

    def breaks(self) -> tuple[Break, ...]:
        """Return what is broken."""
        raise NotImplementedError

    def begin(self, now_s: float) -> None:
        """Break it."""
        for each in self.breaks():
            self.member.link.breaks(each, now_s)

    def end(self, now_s: float) -> None:
        """Mend it."""
        for each in self.breaks():
            self.member.link.mends(each, now_s)


class ApiServerDown(_Broken):
    """The API server's process is killed: its host refuses connections, pods run on."""

    def breaks(self) -> tuple[Break, ...]:
        """Return what is broken."""
        return (Break.REFUSING,)


class ApiOutage(_Broken):
    """The API's part of a cluster's outage: its hosts are gone and answer nothing at all."""

    def breaks(self) -> tuple[Break, ...]:
        """Return what is broken."""
        return (Break.DARK,)


class Partition(_Broken):
    """The network loses packets in one direction or both."""

    def breaks(self) -> tuple[Break, ...]:
        """Return what is broken."""
        return _DIRECTIONS[self.parameters.get("direction") or "both"]


_DIRECTIONS: Mapping[str, tuple[Break, ...]] = {
    "both": (Break.TO_MEMBER, Break.FROM_MEMBER),
    "to-member": (Break.TO_MEMBER,),
    "from-member": (Break.FROM_MEMBER,),
}


API_FAULTS: Mapping[str, type[MemberFault]] = {
    "ApiServerDown": ApiServerDown,
    "ClusterOutage": ApiOutage,
    "Partition": Partition,
    **ANSWER_FAULTS,
    **WATCH_FAULTS,
    **STORAGE_FAULTS,
}
"""Kind to what plays it."""
