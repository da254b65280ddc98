"""Keeps a meter for every application of a run: told of templates, serving pods and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from lab.core.binding import resource_key
from lab.core.invariants.scene import BINDINGS, Count, Record
from lab.core.manifest import Manifest, is_deleting, spec_of
from lab.core.model import HUB, Key
from lab.core.outcomes.meter import Meter
from lab.core.outcomes.outcome import AppOutcome, FaultRecord, outcome_of
from lab.core.outcomes.state import StateWatch
from lab.core.outcomes.target import Target

KINDS = frozenset(
    {
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "DaemonSet"),
    }
)
"""Workloads that are to serve for ever; a Job is to end."""


class Ledger:
    """All applications of one run.

    A federated application is a resource template that has a binding; its pods are those of the
    objects of its name in all members. What only a member has is an application of its own.

    Args:
        targets: What was asked for; every other application gets the default target.
        clusters: Names of all members.
        now_s: The second of the run.
    """

    def __init__(
        self, targets: Iterable[Target], clusters: Sequence[str], now_s: Callable[[], float]
    ) -> None:
        self._targets = {target.app: target for target in targets}
        self._clusters = clusters
        self._now_s = now_s
        self._meters: dict[Key, Meter] = {}
        self._counts: dict[Key, tuple[int, int]] = {}
        self._asked: dict[Key, int | None] = {}
        self._bound: dict[Key, None] = {}
        self._faults: dict[str, FaultRecord] = {}
        self._blamed = 0
        self._state = StateWatch()
        self.news = 0
        """How often a count of serving pods was told."""

    # ── what is told ───────────────────────────────────────────────────────────────────────────

    def hear(self, record: Record) -> None:
        """Take in a trace record: templates, bindings, faults and steps."""
        key = record.key
        if record.type == "change":
            if key is None or key.cluster != HUB:
                return
            kind = (key.api_version, key.kind)
            if kind in KINDS:
                self._template(record.time_s, key, record.after)
            elif kind in BINDINGS:
                self._binding(record.time_s, record.before, record.after)
        elif record.type == "fault":
            self._fault(record)
        elif record.type == "step" and not self._in_force():
            self._blamed = 0

    def saw(self, time_s: float, key: Key, before: Manifest | None, after: Manifest | None) -> None:
        """Take in a change of a member's object: only its state matters here."""
        if (key.api_version, key.kind) in KINDS:
            self._state.saw(time_s, key, before, after)

    def served(self, time_s: float, key: Key, count: Count) -> None:
        """Take in how many pods of a member's workload serve."""
        if (key.api_version, key.kind) not in KINDS:
            return
        self.news += 1
        self._counts[key] = (count.desired, count.serving)
        app = key._replace(cluster=HUB)
        if app in self._bound:
            self._measure(time_s, app)
        elif app not in self._asked:
            self._measure(time_s, key)

    # ── what came of it ────────────────────────────────────────────────────────────────────────

    def outcomes(self) -> tuple[AppOutcome, ...]:
        """Return what came of every application up to now, federated ones first.

        What was declared as a target and never came is there too: a name that was misspelt must
        not pass for a target that was met.
        """
        absent = [app for app, each in self._targets.items() if each.declared]
        apps = sorted({*self._meters, *absent})
        return tuple(self._outcome(app) for app in apps)

    def outcome(self, app: Key) -> AppOutcome | None:
        """Return what came of one application up to now; None: there is none of that name."""
        return self._outcome(app) if app in self._meters else None

    def meter(self, app: Key) -> Meter | None:
        """Return what measures an application; None: there is none of that name."""
        return self._meters.get(app)

    def apps(self) -> Sequence[Key]:
        """Return all applications, federated ones first."""
        return sorted(self._meters)

    def serving(self, app: Key, cluster: str | None = None) -> int:
        """Return how many pods of an application serve now, in all members or in one."""
        names = self._clusters if cluster is None else [cluster]
        if app.cluster != HUB:
            names = [app.cluster]
        return sum(self._counts.get(app._replace(cluster=name), (0, 0))[1] for name in names)

    def rto_s(self, app: Key) -> float:
        """Return the longest time below target so far, one that goes on included (s)."""
        meter = self._meters.get(app)
        return 0.0 if meter is None else meter.longest_s(self._now_s())

    def below_s(self, app: Key) -> float:
        """Return all time below target so far (s)."""
        meter = self._meters.get(app)
        return 0.0 if meter is None else meter.total_s(self._now_s())

    def lost(self, app: Key) -> int:
        """Return the most pods that were missing at a moment."""
        meter = self._meters.get(app)
        return 0 if meter is None else meter.lost

    def _outcome(self, app: Key) -> AppOutcome:
        moves, faults = self._state.moves(app), list(self._faults.values())
        meter = self._meters.get(app)
        if meter is not None:
            return outcome_of(meter, faults, moves, self._now_s())
        found = outcome_of(Meter(self._targets[app]), faults, moves, self._now_s())
        return replace(found, verdict="never reached", why=self._why_absent(app))

    def _why_absent(self, app: Key) -> str:
        if app in self._asked:
            return "no policy propagates it"
        if app.cluster != HUB and app._replace(cluster=HUB) in self._bound:
            return "not measured alone: it is part of an application of the hub"
        return "there was no such workload"

    # ── within ─────────────────────────────────────────────────────────────────────────────────

    def _template(self, time_s: float, key: Key, after: Manifest | None) -> None:
        asked: int | None = 0
        if after is not None and not is_deleting(after):
            asked = None  # as many as its members want
            if key.kind != "DaemonSet":
                given = spec_of(after).get("replicas")
                asked = 1 if given is None else int(given)
        self._asked[key] = asked
        if key in self._bound:
            self._measure(time_s, key)

    def _binding(self, time_s: float, before: Manifest | None, after: Manifest | None) -> None:
        if after is None:
            return
        app = resource_key(after)
        if (app.api_version, app.kind) not in KINDS:
            return
        if app not in self._bound:
            self._bound[app] = None
            for cluster in self._clusters:
                self._meters.pop(app._replace(cluster=cluster), None)
            self._measure(time_s, app)
        self._state.binding(time_s, app, before, after)

    def _measure(self, time_s: float, app: Key) -> None:
        meter = self._meters.get(app)
        if meter is None:
            target = self._targets.get(app) or Target(app)
            meter = self._meters[app] = Meter(target)
        if app.cluster != HUB:
            desired, serving = self._counts.get(app, (0, 0))
        else:
            counts = [self._counts.get(app._replace(cluster=each)) for each in self._clusters]
            serving = sum(each[1] for each in counts if each is not None)
            asked = self._asked.get(app, 0)
            desired = sum(e[0] for e in counts if e is not None) if asked is None else asked
        meter.update(time_s, desired, serving, self._blamed)

    def _fault(self, record: Record) -> None:
        detail = record.detail
        name, kind = str(detail.get("fault") or ""), str(detail.get("kind") or "")
        known = self._faults.get(name)
        if detail.get("phase") == "begin":
            if known is None:
                known = FaultRecord(record.number, name, kind, record.time_s)
            self._faults[name] = replace(known, end_s=None)
        elif known is not None:  # a pulse of it, or all of it, is over
            self._faults[name] = replace(known, end_s=record.time_s)
        if known is not None:
            self._blamed = known.number

    def _in_force(self) -> bool:
        return any(each.end_s is None for each in self._faults.values())
