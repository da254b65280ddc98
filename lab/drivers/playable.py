"""Whether a backend can play a fault: known before a run begins."""

from __future__ import annotations

from lab.core.errors import InputError
from lab.core.faults import Fault, Selection, parts_of, select
from lab.core.faults.selection import TargetError
from lab.core.fleet import FleetSpec
from lab.core.model import HUB
from lab.core.processes import process_named
from lab.core.settings import KarmadaSettings


def refusal(fault: Fault, fleet: FleetSpec) -> str:
    """Return why simulated clusters cannot play a fault, empty if they can."""
    from lab.backends.simulated.faults import PLAYS
    from lab.engine.control_plane import ControlPlaneFaults

    try:
        between = fault.parameters.get("between")
        selection = Selection() if between else select(fault, fleet, 0)
    except TargetError as error:
        return f"{fault.kind}: {error}"
    for part in parts_of(fault, selection, fleet):
        known = ControlPlaneFaults.KINDS if part.cluster == HUB else PLAYS
        if part.kind not in known:
            where = "the hub" if part.cluster == HUB else "simulated clusters"
            return f"{fault.kind} cannot be played: {where} cannot fail by {part.kind}"
    return ""


def stranger(fault: Fault, fleet: FleetSpec, karmada: KarmadaSettings) -> str:
    """Return why there is no such process as a fault names, empty if there is one."""
    from lab.controllers import process_names

    name = fault.parameters.get("process")
    if name is None:
        return ""
    agents = [spec.name for spec in fleet.clusters if spec.sync_mode == "Pull"]
    try:
        process_named(str(name), process_names(karmada, agents))
    except InputError as error:
        return f"{fault.kind}: {error}"
    return ""


def check_playable(fault: Fault, fleet: FleetSpec, karmada: KarmadaSettings) -> None:
    """Refuse a fault that simulated clusters and this control plane cannot play.

    Raises:
        InputError: It cannot be played; the message has the reason.
    """
    why = refusal(fault, fleet) or stranger(fault, fleet, karmada)
    if why:
        raise InputError(why)
