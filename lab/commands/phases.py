"""How long each stage of an answer took: from a fault (or a step) to service restored.

For every fault of a run, or every step of a run without faults, and for every application: when
its service fell below what is wanted, when the cluster was seen to be down and tainted, when the
application was evicted, scheduled anew, applied and ready again. Read from what was recorded.

The phases of an answer come in order and end when service is back. What a later step or another
fault led to is not part of it, though what follows when a person evicts an application from a
struck cluster is. Below target and ready again are the dip that outcomes tell as the RTO.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.commands.explain_event import chain_of
from lab.commands.get import CLUSTER
from lab.commands.printers.tellings import template_of
from lab.commands.service import Service, services
from lab.core.duration import format_duration
from lab.core.manifest import condition, spec_of
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import Happening, ObjectChange, World
    from lab.core.manifest import Manifest
    from lab.core.outcomes.target import Target
    from lab.runs.stored import Sample

PHASES = ("below", "detect", "taint", "evict", "schedule", "apply", "ready")
BINDINGS = (("work.karmada.io/v1alpha2", "ResourceBinding"),
            ("work.karmada.io/v1alpha2", "ClusterResourceBinding"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class AppPhases:
    """What became of one application after one fault: phase to second of the run."""

    app: Key
    at_s: Mapping[str, float]
    """Phases that never came are missing."""
    why: Mapping[str, str] = field(default_factory=dict)
    """Why a phase is missing although something of its kind happened."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A fault, or a step, and what it led to until the next one.

    Attributes:
        number: Of its record.
        time_s: When it came.
        until_s: When the next one came, or the run ended.
        name: Of the fault or step.
        what: `ClusterOutage on member1`, empty for a step.
        clusters: Those that the fault is about.
        apps: The applications it did something to.
    """

    number: int
    time_s: float
    until_s: float
    name: str
    what: str = ""
    clusters: tuple[str, ...] = ()
    apps: tuple[AppPhases, ...] = ()


@dataclass(slots=True)
class _App:
    """The whole past of one application."""

    app: Key
    bindings: list[ObjectChange] = field(default_factory=list)
    wanted: list[tuple[float, int]] = field(default_factory=list)
    """Replicas asked for on the hub; empty if the kind has none."""
    members: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)
    """Of each member: when its object was made or its spec changed (True), or it went (False)."""
    service: Service = field(default_factory=Service)


@dataclass(slots=True)
class _Answer:
    """One fault (or step) and one application, while its phases are gathered."""

    world: World
    anchor: Anchor
    own: set[int]
    """Records of the anchor, and of a person's steps that evicted from the struck clusters."""
    end_s: float
    at_s: dict[str, float] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    def takes(self, phase: str, time_s: float, record: int = 0, *, follows: bool = False) -> bool:
        """Tell whether something at a moment belongs to this answer; if not, keep why.

        Args:
            phase: Which phase it would be.
            time_s: When it came.
            record: The record that it is or follows, 0: not known.
            follows: Whoever caused it, it belongs here, and so does what else that led to.
        """
        anchor = self.anchor
        if not anchor.time_s <= time_s <= anchor.until_s:
            return False
        after = format_duration(round(time_s - anchor.time_s, 1))
        other = self._other(record)
        if other is not None and follows:
            self.own.add(other.number)
            other = None
        if other is not None:
            word = other.type if other.type == "fault" else "step"
            self.why.setdefault(phase, f"+{after} was by {word} {_name(other)}")
        elif time_s > self.end_s:
            self.why.setdefault(phase, f"+{after} was after it was ready again")
        else:
            return True
        return False

    def _other(self, record: int) -> Happening | None:
        """Return the later step or other fault that led to a record, None if there is none."""
        chain = chain_of(self.world, record)
        if any(each.number in self.own for each in chain):
            return None
        return next(
            (
                each
                for each in chain
                if each.type in {"fault", "step"} and each.number > self.anchor.number
            ),
            None,
        )


def anchors_of(
    world: World, samples: Sequence[Sample], targets: Iterable[Target] = ()
) -> list[Anchor]:
    """Return the faults of a run with what they led to; of a run without faults, the steps.

    Args:
        world: The run at its end.
        samples: What served (`lab.commands.reporting.series.service_samples`).
        targets: What applications are held against; all replicas by default.
    """
    anchors = _anchors(world)
    apps = _apps(world, services(world, samples, targets))
    clusters = world.changes(HUB, *CLUSTER, -1e9)
    return [
        Anchor(
            each.number, each.time_s, each.until_s, each.name, each.what, each.clusters,
            tuple(
                phases
                for app in apps
                if (phases := _phases(world, each, app, clusters)).at_s
            ),
        )
        for each in anchors
    ]  # fmt: skip


def _anchors(world: World) -> list[Anchor]:
    faults: dict[str, Happening] = {}
    for record in world.happenings(("fault",)):
        if record.detail.get("phase") == "begin":
            faults.setdefault(str(record.detail.get("fault") or record.number), record)
    begun = [*faults.values()] or [
        record
        for record in world.happenings(("step",))
        if record.time_s >= 0 and not record.cause  # a line of a step is caused by the step
    ]
    ends = [*(record.time_s for record in begun[1:]), world.now_s]
    return [_anchor(record, end_s) for record, end_s in zip(begun, ends, strict=True)]


def _anchor(record: Happening, until_s: float) -> Anchor:
    detail = record.detail
    if record.type == "fault":
        clusters = tuple(str(each) for each in detail.get("clusters") or ())
        what = f"{detail.get('kind')} on {', '.join(clusters) or 'the hub'}"
        name = str(detail.get("fault") or "")
        return Anchor(record.number, record.time_s, until_s, name, what, clusters)
    return Anchor(record.number, record.time_s, until_s, _name(record))


def _name(record: Happening) -> str:
    detail = record.detail
    return str(detail.get("fault") or detail.get("step") or detail.get("text") or record.actor)


# ── the past of each application ───────────────────────────────────────────────────────────────


def _apps(world: World, fared: Mapping[Key, Service]) -> list[_App]:
    apps: dict[Key, _App] = {}
    for binding in BINDINGS:
        for change in world.changes(HUB, *binding, -1e9):
            key = template_of(change.object)
            if key is not None:
                apps.setdefault(key, _App(key)).bindings.append(change)
    for api_version, kind in sorted({key[1:3] for key in apps}):
        for cluster in world.members():
            seen: dict[Key, Any] = {}
            for change in world.changes(cluster, api_version, kind, -1e9):
                app = apps.get(change.key._replace(cluster=HUB))
                if app is not None:
                    _member(app, cluster, change, seen)
    for key, app in apps.items():
        app.service = fared.get(key, app.service)
    return [apps[key] for key in sorted(apps)]


def _member(app: _App, cluster: str, change: ObjectChange, seen: dict[Key, Any]) -> None:
    deleted = change.type == "DELETED"
    spec = None if deleted else spec_of(change.object)
    if spec != seen.get(change.key):
        app.members.setdefault(cluster, []).append((change.time_s, not deleted))
        seen[change.key] = spec


# ── the phases ─────────────────────────────────────────────────────────────────────────────────


def _phases(world: World, anchor: Anchor, app: _App, clusters: Iterable[ObjectChange]) -> AppPhases:
    service = _service(anchor, app.service)
    own = {anchor.number}
    if anchor.clusters:
        own |= {each.number for each in world.happenings(("fault",)) if _name(each) == anchor.name}
    # A step is there to change something: what it leads to is its own, served before or not.
    end_s = service.get("ready", anchor.until_s) if anchor.what else anchor.until_s
    answer = _Answer(world, anchor, own, end_s)
    used = _used(app, anchor.time_s)
    about = [name for name in anchor.clusters if name in used]
    if about:
        _see_down(answer, about, clusters)
    _move(answer, app, about)
    at_s = {**answer.at_s, **service}
    if "below" not in at_s and not {"evict", "schedule"} & set(at_s) and not about:
        return AppPhases(app.app, {})
    why = {name: answer.why[name] for name in PHASES if name in answer.why and name not in at_s}
    return AppPhases(app.app, {name: at_s[name] for name in PHASES if name in at_s}, why)


def _used(app: _App, at_s: float) -> dict[str, int]:
    """Return the clusters that an application was scheduled to at a moment."""
    state: Manifest | None = None
    for change in app.bindings:
        if change.time_s >= at_s:
            break
        state = None if change.type == "DELETED" else change.object
    return {} if state is None else _clusters(state)


def _clusters(binding: Manifest) -> dict[str, int]:
    return {
        str(each.get("name")): int(each.get("replicas") or 0)
        for each in spec_of(binding).get("clusters") or ()
    }


def _see_down(answer: _Answer, names: Sequence[str], changes: Iterable[ObjectChange]) -> None:
    """Note when the first of the clusters was not Ready any more, and was tainted."""
    hard = False
    before: dict[str, Manifest] = {}
    for change in changes:
        name, old = change.key.name, before.get(change.key.name, {})
        before[name] = change.object
        if name not in names:
            continue
        was, now = (str((condition(each, "Ready") or {}).get("status")) for each in
                    (old, change.object))  # fmt: skip
        if now != "True" and was == "True" and answer.takes("detect", change.time_s):
            answer.at_s.setdefault("detect", change.time_s)
        added = [each for each in _taints(change.object) if each not in _taints(old)]
        if not added or not answer.takes("taint", change.time_s):
            continue
        answer.at_s.setdefault("taint", change.time_s)
        if "NoExecute" in {effect for _, effect in added} and not hard:
            answer.at_s["taint"], hard = change.time_s, True


def _taints(cluster: Manifest) -> list[tuple[str, str]]:
    return [
        (str(each.get("key")), str(each.get("effect")))
        for each in spec_of(cluster).get("taints") or ()
    ]


def _move(answer: _Answer, app: _App, about: Sequence[str]) -> None:
    """Note when the application left the clusters, and when other ones got it instead."""
    gained: dict[str, float] = {}
    before: dict[str, int] = {}
    tasks: set[str] = set()
    for change in app.bindings:
        now = {} if change.type == "DELETED" else _clusters(change.object)
        due = {
            str(each.get("fromCluster"))
            for each in spec_of(change.object).get("gracefulEvictionTasks") or ()
        }
        left = {name for name in before if name not in now} | (due - tasks)
        more = [name for name in now if now[name] > before.get(name, -1)]
        before, tasks = now, due
        when = change.time_s, change.record
        if left & set(about) and answer.takes("evict", *when, follows=True):
            answer.at_s.setdefault("evict", change.time_s)
        if more and answer.takes("schedule", *when):
            for name in more:
                gained.setdefault(name, change.time_s)
    if not gained:
        return
    answer.at_s["schedule"] = min(gained.values())
    applied = []
    for name, after_s in gained.items():
        moments = [t for t, there in app.members.get(name, ()) if there and t >= after_s]
        if not moments or not answer.takes("apply", moments[0]):
            answer.why.setdefault("apply", f"{name} did not get it")
            return
        applied.append(moments[0])
    answer.at_s["apply"] = max(applied)


def _service(anchor: Anchor, service: Service) -> dict[str, float]:
    """Return when service fell below target and was back: of a fault, the dip that is its RTO."""
    if anchor.what:
        dips = [each for each in service.dips if each.cause == anchor.number]
    else:
        dips = [each for each in service.dips if anchor.time_s <= each.from_s < anchor.until_s]
    if dips:
        worst = max(dips, key=lambda each: each.length_s(float("inf")))
        back = {} if worst.back_s is None else {"ready": worst.back_s}
        return {"below": worst.from_s, **back}
    if anchor.what:
        return {}
    met = [each for each in service.met_s if anchor.time_s <= each <= anchor.until_s]
    return {"ready": met[0]} if met else {}
