"""All laws, in the order of their ids, and how a scenario names them."""

from __future__ import annotations

from collections.abc import Sequence

from lab.core.errors import InputError, did_you_mean, quoted
from lab.core.invariants.law import Law
from lab.core.invariants.q1_converges import Converges
from lab.core.invariants.q2_same_end_state import SameEndState
from lab.core.invariants.q3_no_orphans import NoOrphans
from lab.core.invariants.q4_no_ping_pong import NoPingPong
from lab.core.invariants.q5_status_recount import StatusRecount
from lab.core.invariants.q6_replayable import Replayable
from lab.core.invariants.s1_replicas_conserved import ReplicasConserved
from lab.core.invariants.s2_no_surplus import NoSurplus
from lab.core.invariants.s3_residency import Residency
from lab.core.invariants.s4_taints_respected import TaintsRespected
from lab.core.invariants.s5_stateful_at_most_one import StatefulAtMostOne
from lab.core.invariants.s6_no_overcommit import NoOvercommit
from lab.core.invariants.s7_versions_grow import VersionsGrow
from lab.core.invariants.s8_no_write_to_lost import NoWriteToLost

LAWS: Sequence[type[Law]] = (
    ReplicasConserved,
    NoSurplus,
    Residency,
    TaintsRespected,
    StatefulAtMostOne,
    NoOvercommit,
    VersionsGrow,
    NoWriteToLost,
    Converges,
    SameEndState,
    NoOrphans,
    NoPingPong,
    StatusRecount,
    Replayable,
)


def law_id(word: str) -> str:
    """Return the id of a law named by id or name.

    Raises:
        InputError: There is no such law.
    """
    for law in LAWS:
        if word.upper() == law.id or word == law.name:
            return law.id
    names = [name for law in LAWS for name in (law.name, law.id)]
    hint = (
        did_you_mean(word, names)
        or f" (they are: {', '.join(f'{law.id} {law.name}' for law in LAWS)})"
    )
    raise InputError(f"no invariant is named {quoted(word)}{hint}")


def law_of(word: str) -> type[Law]:
    """Return a law by id or name.

    Raises:
        InputError: There is no such law.
    """
    wanted = law_id(word)
    return next(law for law in LAWS if law.id == wanted)
