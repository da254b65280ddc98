"""How long the phases of a failure took, read from the trace of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lab.core.manifest import Manifest, condition, get_in, spec_of, status_of
from lab.core.model import HUB, Key
from lab.engine.trace import TraceRecord

Test = Callable[[TraceRecord], bool]


def phases(records: Sequence[TraceRecord], steps: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return phase to seconds, for the phases that came."""
    changes = [each for each in records if each.type == "change" and each.key is not None]
    at = {step["do"]: float(step["at"]) for step in steps}
    found = dict(_first_apply(changes, steps))
    lost = next((s["target"]["cluster"] for s in steps if s["do"] == "killApiServer"), "")
    if lost:
        found |= _failure(changes, at, lost)
    for index, step in enumerate(steps):
        if step["do"] == "scale":
            write_s = _when(changes, at["scale"], _in_member(step["target"]["name"]))
            _put(found, f"step{index}_scale_to_member_write", write_s, at["scale"])
    return found


def _first_apply(
    changes: Sequence[TraceRecord], steps: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, float]]:
    """The phases of the first workload with a policy, from the policy on."""
    policy = next(o for o in steps[0]["objects"] if o["kind"] == "PropagationPolicy")
    name = policy["metadata"]["name"]
    stored_s = _when(changes, 0.0, lambda r: _is(r, "PropagationPolicy", name))
    assert stored_s is not None
    tests: dict[str, Test] = {
        "policy_to_binding": lambda r: _binding(r, name),
        "policy_to_clusters_set": lambda r: _binding(r, name) and bool(_spec(r).get("clusters")),
        "policy_to_scheduled": lambda r: _binding(r, name) and _true(r.after, "Scheduled"),
        "policy_to_member": _in_member(name),
        "policy_to_fully_applied": lambda r: _binding(r, name) and _true(r.after, "FullyApplied"),
        "policy_to_all_healthy": lambda r: _is(r, "Deployment", name) and _ready(r.after),
    }
    for phase, test in tests.items():
        time_s = _when(changes, stored_s, test)
        if time_s is not None:
            yield phase, round(time_s - stored_s, 6)


def _failure(
    changes: Sequence[TraceRecord], at: Mapping[str, float], lost: str
) -> dict[str, float]:
    found: dict[str, float] = {}
    kill_s = at["killApiServer"]
    down_s = _when(changes, kill_s, lambda r: _cluster(r, lost) and not _true(r.after, "Ready"))
    _put(found, "kill_to_notready", down_s, kill_s)
    if down_s is None:
        return found
    for effect in ("NoSchedule", "NoExecute"):
        time_s = _when(changes, down_s, _tainted(lost, effect))
        _put(found, f"notready_to_{effect.lower()}_taint", time_s, down_s)
    evictions = {
        _key(r).name: r.time_s
        for r in reversed(changes)
        if r.time_s >= down_s and _evicted(r, lost)
    }
    first = min(evictions, key=lambda name: evictions[name])
    _put(found, "notready_to_evicted", evictions[first], down_s)
    _put(found, "notready_to_last_evicted", max(evictions.values()), down_s)
    _replacements(found, changes, evictions)
    back_s = at.get("restoreApiServer")
    if back_s is not None:
        up_s = _when(changes, back_s, lambda r: _cluster(r, lost) and _true(r.after, "Ready"))
        _put(found, "restore_to_ready", up_s, back_s)
        assert up_s is not None
        clean_s = _when(changes, up_s, lambda r: _cluster(r, lost) and not _spec(r).get("taints"))
        _put(found, "ready_to_taints_gone", clean_s, up_s)
        space = f"karmada-es-{lost}"
        gone = [
            r.time_s
            for r in changes
            if r.time_s >= up_s and r.after is None and _key(r)[2:4] == ("Work", space)
        ]
        _put(found, "ready_to_old_works_gone", max(gone, default=None), up_s)
    if "rebalance" in at:
        write_s = _when(changes, at["rebalance"], lambda r: _key(r).cluster != HUB and _workload(r))
        _put(found, "rebalance_to_member_write", write_s, at["rebalance"])
    return found


def _replacements(
    found: dict[str, float], changes: Sequence[TraceRecord], evictions: Mapping[str, float]
) -> None:
    """The phases of whichever binding came first in each."""
    phases: dict[str, list[float]] = {}
    for name, evicted_s in evictions.items():
        workload = name.removesuffix("-deployment")
        tests: dict[str, Test] = {
            "new_clusters": _both(_named(name), _grew),
            "member_write": _in_member(workload),
            "replacement_ready": _both(_in_member(workload), lambda r: _ready(r.after)),
            "task_cleared": _both(_named(name), _cleared),
        }
        for phase, test in tests.items():
            time_s = _when(changes, evicted_s, test)
            if time_s is not None:
                phases.setdefault(phase, []).append(round(time_s - evicted_s, 6))
    for phase, times in phases.items():
        if phase == "task_cleared":
            found["evicted_to_task_cleared_first"] = min(times)
            found["evicted_to_task_cleared_last"] = max(times)
        else:
            found[f"evicted_to_{phase}"] = min(times)


def _put(found: dict[str, float], phase: str, time_s: float | None, since_s: float) -> None:
    if time_s is not None:
        found[phase] = round(time_s - since_s, 6)


def _when(changes: Sequence[TraceRecord], since_s: float, test: Test) -> float | None:
    return next((r.time_s for r in changes if r.time_s >= since_s and test(r)), None)


# ── what a change is about ─────────────────────────────────────────────────────────────────────


def _key(record: TraceRecord) -> Key:
    assert record.key is not None
    return record.key


def _is(record: TraceRecord, kind: str, name: str) -> bool:
    return _key(record).cluster == HUB and (_key(record).kind, _key(record).name) == (kind, name)


def _both(left: Test, right: Test) -> Test:
    return lambda r: left(r) and right(r)


def _named(name: str) -> Test:
    return lambda r: _key(r).name == name


def _binding(record: TraceRecord, workload: str) -> bool:
    return _is(record, "ResourceBinding", f"{workload}-deployment")


def _cluster(record: TraceRecord, name: str) -> bool:
    return _is(record, "Cluster", name) and record.after is not None


def _workload(record: TraceRecord) -> bool:
    return _key(record).kind == "Deployment" and record.after is not None


def _in_member(name: str) -> Test:
    return lambda r: _key(r).cluster != HUB and _key(r).name == name and _workload(r)


def _spec(record: TraceRecord) -> Mapping[str, Any]:
    return spec_of(record.after or {})


def _true(manifest: Manifest | None, kind: str) -> bool:
    return (condition(manifest or {}, kind) or {}).get("status") == "True"


def _ready(manifest: Manifest | None) -> bool:
    wanted = get_in(manifest, ("spec", "replicas"))
    return manifest is not None and (status_of(manifest).get("readyReplicas") or 0) >= wanted


def _tainted(cluster: str, effect: str) -> Test:
    def test(record: TraceRecord) -> bool:
        taints = _spec(record).get("taints") or ()
        return _cluster(record, cluster) and any(each.get("effect") == effect for each in taints)

    return test


def _tasks(manifest: Manifest | None) -> Sequence[Mapping[str, Any]]:
    return spec_of(manifest or {}).get("gracefulEvictionTasks") or ()


def _evicted(record: TraceRecord, cluster: str) -> bool:
    if _key(record).kind != "ResourceBinding" or _tasks(record.before):
        return False
    return any(task.get("fromCluster") == cluster for task in _tasks(record.after))


def _grew(record: TraceRecord) -> bool:
    if _key(record).kind != "ResourceBinding":
        return False
    before = spec_of(record.before or {}).get("clusters")
    return _spec(record).get("clusters") != before and not _evicted(record, "")


def _cleared(record: TraceRecord) -> bool:
    return bool(_tasks(record.before)) and not _tasks(record.after)
