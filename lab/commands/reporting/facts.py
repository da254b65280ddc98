"""Everything a report says of a run, gathered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.commands.explain_event import chain_of, step_data
from lab.commands.phases import Anchor, anchors_of
from lab.commands.printers.records import place
from lab.commands.printers.timeline import timeline
from lab.commands.reporting.series import (
    AppSeries,
    ClusterSeries,
    app_series,
    cluster_series,
    service_samples,
)
from lab.commands.service import targets_of
from lab.runs.summary import RunSummary, summarise

if TYPE_CHECKING:
    from lab.commands.context import Happening
    from lab.commands.printers.told import Told
    from lab.commands.recorded import RecordedWorld
    from lab.runs.stored import StoredViolation, Verdict


@dataclass(frozen=True, slots=True)
class Band:
    """A time in which a fault was in force."""

    name: str
    kind: str
    from_s: float
    to_s: float
    clusters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of a controller, with what it was made of."""

    number: int
    time_s: float
    actor: str
    about: str
    kind: str
    summary: str
    text: str
    """The explanation, as `fedlab explain` prints it."""
    cause: int


@dataclass(frozen=True, slots=True)
class Breach:
    """A violation with its chain of causes."""

    violation: StoredViolation
    chain: Sequence[dict[str, Any]]

    @property
    def expected(self) -> bool:
        """Tell whether the scenario knows that this law breaks here."""
        return bool(self.violation.detail.get("expected"))


@dataclass(frozen=True, slots=True)
class Report:
    """A run, as reports tell it."""

    summary: RunSummary
    meta: dict[str, Any]
    end_s: float
    records: int
    bands: Sequence[Band]
    apps: Sequence[AppSeries]
    clusters: Sequence[ClusterSeries]
    anchors: Sequence[Anchor]
    outcomes: Sequence[dict[str, Any]]
    checks: Sequence[Verdict]
    undecided: Sequence[str]
    errors: Sequence[str]
    breaches: Sequence[Breach]
    timeline: Sequence[Told]
    decisions: Sequence[Decision]
    inputs: Sequence[str]


def report_of(world: RecordedWorld) -> Report:
    """Return what there is to tell of a run."""
    reader = world.reader
    meta = reader.meta
    checks = reader.verdicts()
    decided = {each.name for each in checks}
    order = {str(name): index for index, name in enumerate(meta.get("expectations") or ())}
    samples = service_samples(world, reader.samples())
    return Report(
        summary=summarise(reader.path),
        meta=meta,
        end_s=max(reader.end_s, 1e-3),
        records=reader.record_count(),
        bands=_bands(world),
        apps=app_series(world, samples),
        clusters=cluster_series(world, samples),
        anchors=anchors_of(world, samples, targets_of(meta.get("outcomes") or ())),
        outcomes=[each for each in meta.get("outcomes") or () if isinstance(each, dict)],
        checks=sorted(checks, key=lambda each: order.get(each.name, len(order))),
        undecided=[name for name in order if name not in decided],
        errors=[str(each) for each in meta.get("errors") or ()],
        breaches=[_breach(world, each) for each in reader.violations()],
        timeline=timeline(world),
        decisions=[_decision(each) for each in world.happenings(("decision",)) if each.time_s >= 0],
        inputs=[each.path for each in reader.inputs() if each.kind == "file"],
    )


def _bands(world: RecordedWorld) -> list[Band]:
    """Return when faults were in force; each pulse of one is a band of its own."""
    open_: dict[str, Happening] = {}
    found: list[Band] = []
    for record in world.happenings(("fault",)):
        name = str(record.detail.get("fault") or record.number)
        if record.detail.get("phase") == "begin":
            open_.setdefault(name, record)
        elif (begun := open_.pop(name, None)) is not None:
            found.append(_band(begun, record.time_s))
    found += [_band(record, world.now_s) for record in open_.values()]
    return sorted(found, key=lambda each: (each.from_s, each.name))


def _band(begun: Happening, to_s: float) -> Band:
    detail = begun.detail
    clusters = tuple(str(each) for each in detail.get("clusters") or ())
    name, kind = str(detail.get("fault") or ""), str(detail.get("kind") or "")
    return Band(name, kind, begun.time_s, to_s, clusters)


def _breach(world: RecordedWorld, violation: StoredViolation) -> Breach:
    chain = chain_of(world, violation.cause)
    return Breach(violation, [step_data(world, chain, index) for index in range(len(chain))])


def _decision(record: Happening) -> Decision:
    detail = record.detail
    return Decision(
        record.number,
        record.time_s,
        record.actor,
        "" if record.key is None else place(record.key),
        str(detail.get("kind") or ""),
        str(detail.get("summary") or ""),
        explanation_text(str(detail.get("kind") or ""), detail.get("explanation")),
        record.cause,
    )


def explanation_text(kind: str, explanation: Any) -> str:
    """Return an explanation as text: the scheduler's as `fedlab explain` has it, others as YAML."""
    if not explanation:
        return ""
    if kind == "schedule":
        from lab.core.scheduling.explain import render_explanation

        try:
            return "\n".join(render_explanation(explanation))
        except (KeyError, TypeError, AttributeError):
            pass  # written by another version: its words are shown as they are
    from lab.commands.printers.documents import to_yaml

    return to_yaml(explanation)
