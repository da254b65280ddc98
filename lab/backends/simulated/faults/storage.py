"""Faults of what is below an API server: its disk, its journal, its clock."""

from __future__ import annotations

from collections.abc import Mapping

from lab.backends.simulated.api.api_faults import NO_SPACE
from lab.backends.simulated.api.link import Break
from lab.backends.simulated.faults.answers import Hindrance
from lab.backends.simulated.faults.base import MemberFault
from lab.core.errors import ApiError
from lab.core.model import Action, Create, Delete, Patch, Probe, Subscribe, Update


class FullEtcd(Hindrance):
    """etcd's disk is full: whatever would take room is refused, whoever writes.

    Reads, health checks and deletions that leave nothing behind go on.
    """

    def __bool__(self) -> bool:
        return (self.parameters.get("disk") or "etcd") == "etcd"

    def begin(self, now_s: float) -> None:
        """Fill it; controllers and kubelets of the member cannot write either."""
        if self:
            self.member.bench.api.shut(now_s)
            self.member.full[self.number] = None
            super().begin(now_s)

    def end(self, now_s: float) -> None:
        """Make room."""
        if self:
            del self.member.full[self.number]
            super().end(now_s)
            self.member.bench.api.open(now_s)

    def refusal(self, action: Action, now_s: float) -> ApiError | None:
        """Return the refusal of a write that takes room; its own errors come first."""
        if isinstance(action, Probe | Subscribe):
            return None
        store = self.member.store
        before = store.find(action.key)
        try:
            if isinstance(action, Create):
                store.create(action.object, now_s, dry_run=True)
            elif isinstance(action, Update):
                after = store.update(
                    action.object, now_s, subresource=action.subresource, dry_run=True
                )
                if after == before:
                    return None
            elif isinstance(action, Patch):
                after = store.patch(
                    action.key,
                    action.body,
                    action.patch_type,
                    now_s,
                    subresource=action.subresource,
                    dry_run=True,
                )
                if after == before:
                    return None
        except ApiError as error:
            return error
        if isinstance(action, Delete) and (before is None or not _holds(before, action)):
            return None
        return ApiError(500, "InternalError", NO_SPACE)


def _holds(before: Mapping[str, object], action: Delete) -> bool:
    """Tell whether a deletion has to be written down before it can be carried out."""
    meta = before.get("metadata")
    held = isinstance(meta, Mapping) and bool(meta.get("finalizers"))
    return held or action.propagation != "Background" or action.key.kind in ("Pod", "Namespace")


class TornJournal(MemberFault):
    """The API server and its store go down and come back without the last writes.

    Momentary: both at once. While it lasts, the API server is down.
    """

    def begin(self, now_s: float) -> None:
        """Stop them."""
        lost_s = float(self.parameters.get("lose") or 5.0)
        self._version = self.member.journal.version_at(now_s - lost_s)
        self.member.link.breaks(Break.REFUSING, now_s)
        self.member.bench.api.shut(now_s)

    def end(self, now_s: float) -> None:
        """Start them again; every client lists anew."""
        self.member.store.rewind(self._version)
        self.member.bench.api.open(now_s)
        self.member.link.mends(Break.REFUSING, now_s)


class ClockSkew(MemberFault):
    """The clock of the API server's machine is wrong; it shows in the times the server writes."""

    def begin(self, now_s: float) -> None:
        """Set it wrong."""
        offset_s = self.parameters.get("offset")
        self.member.clocks[self.number] = 60.0 if offset_s is None else float(offset_s)
        self._set()

    def end(self, now_s: float) -> None:
        """Set it right."""
        del self.member.clocks[self.number]
        self._set()

    def _set(self) -> None:
        """Offsets of several faults add up."""
        self.member.store.set_clock(sum(self.member.clocks.values()))


STORAGE_FAULTS: Mapping[str, type[MemberFault]] = {
    "FullDisk": FullEtcd,
    "TornJournal": TornJournal,
    "ClockSkew": ClockSkew,
}
"""Kind to what plays it."""
