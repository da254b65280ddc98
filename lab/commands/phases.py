"""How long each stage of an answer took: from a fault (or a step) to service restored.

For every fault of a run, or every step of a run without faults, and for every application: when
its service fell below what is wanted, when the cluster was seen to be down and tainted, when the
application was evicted, scheduled anew, applied and ready again. Read from what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.commands.get import CLUSTER
from lab.commands.printers.tellings import template_of
from lab.core.manifest import condition, is_deleting, spec_of, status_of
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import Happening, ObjectChange, World
    from lab.core.manifest import Manifest
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
    ready: list[tuple[float, str, int]] = field(default_factory=list)


def anchors_of(world: World, samples: Sequence[Sample] = ()) -> list[Anchor]:
    """Return the faults of a run with what they led to; of a run without faults, the steps.

    Args:
        world: The run at its end.
        samples: What truly served. Without any, what members reported as ready counts.
    """
    anchors = _anchors(world)
    apps = _apps(world, samples)
    clusters = world.changes(HUB, *CLUSTER, -1e9)
    return [
        Anchor(
            each.number, each.time_s, each.until_s, each.name, each.what, each.clusters,
            tuple(
                phases
                for app in apps
                if (phases := _phases(each, app, clusters)).at_s
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
    name = str(detail.get("step") or detail.get("text") or record.actor)
    return Anchor(record.number, record.time_s, until_s, name)


# ── the past of each application ───────────────────────────────────────────────────────────────


def _apps(world: World, samples: Sequence[Sample]) -> list[_App]:
    apps: dict[Key, _App] = {}
    for binding in BINDINGS:
        for change in world.changes(HUB, *binding, -1e9):
            key = template_of(change.object)
            if key is not None:
                apps.setdefault(key, _App(key)).bindings.append(change)
    for api_version, kind in sorted({key[1:3] for key in apps}):
        for change in world.changes(HUB, api_version, kind, -1e9):
            _template(apps.get(change.key), change)
        for cluster in world.members():
            seen: dict[Key, Any] = {}
            for change in world.changes(cluster, api_version, kind, -1e9):
                app = apps.get(change.key._replace(cluster=HUB))
                if app is not None:
                    _member(app, cluster, change, seen, counted=not samples)
    for sample in samples:
        app = apps.get(sample.key._replace(cluster=HUB))
        if app is not None:
            app.ready.append((sample.time_s, sample.key.cluster, sample.serving))
    for app in apps.values():
        app.ready.sort(key=lambda each: each[0])
    return [apps[key] for key in sorted(apps)]


def _template(app: _App | None, change: ObjectChange) -> None:
    if app is None:
        return
    if change.type == "DELETED" or is_deleting(change.object):
        app.wanted.append((change.time_s, 0))
        return
    replicas = spec_of(change.object).get("replicas")
    if isinstance(replicas, int) and (not app.wanted or app.wanted[-1][1] != replicas):
        app.wanted.append((change.time_s, replicas))


def _member(
    app: _App, cluster: str, change: ObjectChange, seen: dict[Key, Any], *, counted: bool
) -> None:
    deleted = change.type == "DELETED"
    spec = None if deleted else spec_of(change.object)
    if spec != seen.get(change.key):
        app.members.setdefault(cluster, []).append((change.time_s, not deleted))
        seen[change.key] = spec
    if counted:
        ready = 0 if deleted else int(status_of(change.object).get("readyReplicas") or 0)
        app.ready.append((change.time_s, cluster, ready))


# ── the phases ─────────────────────────────────────────────────────────────────────────────────


def _phases(anchor: Anchor, app: _App, clusters: Iterable[ObjectChange]) -> AppPhases:
    at_s: dict[str, float] = {}
    used = _used(app, anchor.time_s)
    about = [name for name in anchor.clusters if name in used]
    if about:
        at_s |= _seen_down(anchor, about, clusters)
    evicted, gained = _moves(anchor, app, about)
    if evicted is not None:
        at_s["evict"] = evicted
    if gained:
        scheduled_s = min(gained.values())
        at_s["schedule"] = scheduled_s
        applied = [_applied(app, name, when_s, anchor.until_s) for name, when_s in gained.items()]
        if None not in applied:
            at_s["apply"] = max(each for each in applied if each is not None)
    at_s |= _service(anchor, app)
    if "below" not in at_s and not {"evict", "schedule"} & set(at_s):
        return AppPhases(app.app, {} if not about else at_s)
    return AppPhases(app.app, {name: at_s[name] for name in PHASES if name in at_s})


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


def _seen_down(
    anchor: Anchor, names: Sequence[str], changes: Iterable[ObjectChange]
) -> dict[str, float]:
    """Return when the first of the clusters was not Ready any more, and was tainted."""
    found: dict[str, float] = {}
    hard = False
    before: dict[str, Manifest] = {}
    for change in changes:
        name, old = change.key.name, before.get(change.key.name, {})
        before[name] = change.object
        if name not in names or not anchor.time_s <= change.time_s <= anchor.until_s:
            continue
        was, now = (str((condition(each, "Ready") or {}).get("status")) for each in
                    (old, change.object))  # fmt: skip
        if now != "True" and was == "True":
            found.setdefault("detect", change.time_s)
        added = [each for each in _taints(change.object) if each not in _taints(old)]
        if added and "taint" not in found:
            found["taint"] = change.time_s
        if "NoExecute" in {effect for _, effect in added} and not hard:
            found["taint"], hard = change.time_s, True
    return found


def _taints(cluster: Manifest) -> list[tuple[str, str]]:
    return [
        (str(each.get("key")), str(each.get("effect")))
        for each in spec_of(cluster).get("taints") or ()
    ]


def _moves(
    anchor: Anchor, app: _App, about: Sequence[str]
) -> tuple[float | None, dict[str, float]]:
    """Return when the application left the clusters, and when each other one was given more."""
    evicted: float | None = None
    gained: dict[str, float] = {}
    before: dict[str, int] = {}
    tasks: set[str] = set()
    for change in app.bindings:
        now = {} if change.type == "DELETED" else _clusters(change.object)
        due = {
            str(each.get("fromCluster"))
            for each in spec_of(change.object).get("gracefulEvictionTasks") or ()
        }
        if anchor.time_s <= change.time_s <= anchor.until_s:
            left = {name for name in before if name not in now} | (due - tasks)
            if evicted is None and left & set(about):
                evicted = change.time_s
            for name, replicas in now.items():
                if name not in before or replicas > before[name]:
                    gained.setdefault(name, change.time_s)
        before, tasks = now, due
    return evicted, gained


def _applied(app: _App, cluster: str, after_s: float, until_s: float) -> float | None:
    return next(
        (
            time_s
            for time_s, there in app.members.get(cluster, ())
            if there and after_s <= time_s <= until_s
        ),
        None,
    )


def _service(anchor: Anchor, app: _App) -> dict[str, float]:
    """Return when fewer replicas were ready than wanted, and when there were enough again."""
    if not app.wanted or not app.ready:
        return {}
    found: dict[str, float] = {}
    counts: dict[str, int] = {}
    wanted, moments = 0, sorted({t for t, _ in app.wanted} | {t for t, _, _ in app.ready})
    asked, told = iter([*app.wanted, (float("inf"), 0)]), iter([*app.ready, (float("inf"), "", 0)])
    next_asked, next_told = next(asked), next(told)
    for moment in sorted({*moments, anchor.time_s}):
        while next_asked[0] <= moment:
            wanted, next_asked = next_asked[1], next(asked)
        while next_told[0] <= moment:
            counts[next_told[1]], next_told = next_told[2], next(told)
        if not anchor.time_s <= moment <= anchor.until_s:
            continue
        enough = sum(counts.values()) >= wanted
        if not enough and "ready" not in found:
            found.setdefault("below", moment)
        elif enough and "below" in found:
            found.setdefault("ready", moment)
    return found
