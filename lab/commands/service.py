"""When applications of a recorded run were below target: the measure that outcomes are told by.

What was recorded is told to the very ledger that measured the run while it was played, so no number
of a comparison or a report can be another one than that of the outcomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.commands.printers.tellings import template_of
from lab.core.invariants.scene import BINDINGS
from lab.core.model import HUB, Key
from lab.core.outcomes.ledger import KINDS, Ledger
from lab.core.outcomes.target import Target, parse_ready

if TYPE_CHECKING:
    from lab.commands.context import Happening, World
    from lab.core.manifest import Manifest
    from lab.core.outcomes.meter import Dip
    from lab.runs.stored import Sample


@dataclass(frozen=True, slots=True)
class Service:
    """How one application fared: its times below target, and when what was asked was first met."""

    dips: Sequence[Dip] = ()
    met_s: Sequence[float] = ()
    """When its target was met for the first time, and whenever one that was raised was."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A recorded happening or change, as the ledger reads trace records."""

    number: int
    time_s: float
    type: str
    actor: str = ""
    key: Key | None = None
    cause: int = 0
    before: Manifest | None = None
    after: Manifest | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def targets_of(outcomes: Iterable[Any]) -> list[Target]:
    """Return what applications were held against, from the outcomes that a run file keeps."""
    found = []
    for each in outcomes:
        where = each.get("object") if isinstance(each, dict) else None
        word = str(each.get("target") or "").split(",")[0] if where else ""
        if not where or len(where) != len(Key._fields) or word in {"", "all"}:
            continue
        ready = parse_ready(int(word) if word.isdecimal() else word)
        found.append(Target(Key(*where), ready))
    return found


def services(
    world: World, samples: Sequence[Sample], targets: Iterable[Target] = ()
) -> Mapping[Key, Service]:
    """Return how every application of the hub fared.

    Args:
        world: The run at its end.
        samples: What truly served.
        targets: What applications are held against; all replicas by default.
    """
    ledger = Ledger(targets, world.members(), lambda: world.now_s)
    pending: dict[Key, bool] = {}
    met_s: dict[Key, list[float]] = {}
    for time_s, app, told in _in_order(world, samples):
        if isinstance(told, _Told):
            ledger.hear(told)
        else:
            ledger.served(time_s, told.key, told)
        meter = None if app is None else ledger.meter(app)
        if app is None or meter is None:
            continue
        now = meter.pending
        if pending.get(app) and not now and meter.serving and time_s >= (meter.met_s or 0.0):
            met_s.setdefault(app, []).append(time_s)
        pending[app] = now
    found = {}
    for app in ledger.apps():
        meter = ledger.meter(app)
        if meter is not None and app.cluster == HUB:
            found[app] = Service(meter.all_dips(), met_s.get(app, ()))
    return found


def _in_order(
    world: World, samples: Sequence[Sample]
) -> Iterator[tuple[float, Key | None, _Told | Sample]]:
    told = [_happened(each) for each in world.happenings(("fault", "step"))]
    for kind in sorted({*KINDS, *BINDINGS}):
        told += _changes(world, kind)
    rows: list[tuple[float, int, Key | None, _Told | Sample]] = [
        (each.time_s, each.number, _app_of(each), each) for each in told
    ]
    last = max((each.number for each in told), default=0) + 1
    rows += [(each.time_s, last, each.key._replace(cluster=HUB), each) for each in samples]
    rows.sort(key=lambda each: each[:2])
    for time_s, _, app, item in rows:
        yield time_s, app, item


def _app_of(told: _Told) -> Key | None:
    if told.key is None or told.key[1:3] in KINDS:
        return told.key
    return template_of(told.after or told.before or {})


def _happened(record: Happening) -> _Told:
    return _Told(record.number, record.time_s, record.type, record.actor, record.key,
                 record.cause, detail=record.detail)  # fmt: skip


def _changes(world: World, kind: tuple[str, str]) -> Iterator[_Told]:
    before: dict[Key, Manifest] = {}
    for change in world.changes(HUB, *kind, -1e9):
        gone = change.type == "DELETED"
        old = before.pop(change.key, None)
        if not gone:
            before[change.key] = change.object
        yield _Told(change.record, change.time_s, "change", "", change.key, 0,
                    old, None if gone else change.object)  # fmt: skip
