"""What `fedlab run` prints of many objects: groups, the worst first, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from lab.commands.context import Check, Happening, ObjectChange, Played
from lab.commands.printers.applications import outcome_lines
from lab.commands.printers.failover_tellings import decisions
from lab.commands.printers.placed import placed_lines
from lab.commands.printers.played import short_answers
from lab.commands.printers.readiness import Copies, readiness
from lab.commands.printers.verdicts import law_lines
from lab.core.invariants import Violation
from lab.core.manifest import Manifest
from lab.core.model import HUB, Key
from lab.core.outcomes import AppOutcome, Target
from lab.core.outcomes.outcome import Recovery

# ── in the members ─────────────────────────────────────────────────────────────────────────────


def deployment(name: str, ready: int, wanted: int = 2) -> Manifest:
    return {
        "kind": "Deployment",
        "metadata": {"namespace": "default", "name": name, "labels": {"app": name}},
        "spec": {"replicas": wanted},
        "status": {"readyReplicas": ready},
    }


def test_many_objects_are_grouped_by_readiness_the_least_ready_first() -> None:
    found = [(f"m{cluster}", deployment(f"app-{n:02}", 0 if n == 7 and cluster == 2 else 2))
             for cluster in (1, 2, 3) for n in range(20)]  # fmt: skip
    assert list(placed_lines(found, verbose=False)) == [
        "In the members",
        "  m2  Deployment default/app-07  0/2 ready",
        "  m1, m3  Deployments default/app-00 … app-19 (20)  2/2 ready each",
        "  m2  Deployments default/app-00, app-01, app-02 and 16 more  2/2 ready each",
        "  (-v shows each, with its labels and annotations)",
        "",
    ]
    assert len(list(placed_lines(found, verbose=True))) > 60 * 3


def test_of_very_many_ready_ones_it_does_not_matter_how_many_replicas_they_have() -> None:
    found = [(f"m{cluster}", deployment(f"app-{n}", n + cluster % 5, n + cluster % 5))
             for cluster in range(30) for n in range(1, 5)]  # fmt: skip
    assert list(placed_lines(found, verbose=False))[1:-2] == [
        "  m0 … m29 (30)  Deployments default/app-1 … app-4 (4)  all ready"
    ]


def test_a_few_objects_are_shown_with_their_labels() -> None:
    lines = list(placed_lines([("m1", deployment("web", 2))], verbose=False))
    assert lines[1:4] == ["  m1  Deployment default/web  2/2 ready", "    labels", "      app: web"]


# ── applications ───────────────────────────────────────────────────────────────────────────────


def outcome(name: str, below_s: float, verdict: Any = "met", why: str = "") -> AppOutcome:
    target = Target(Key(HUB, "apps/v1", "Deployment", "default", name), rto_s=60.0, declared=True)
    recovery = Recovery(None, below_s, below_s)
    return AppOutcome(target, 1.0, 2, 2, 2, [recovery], below_s, below_s, 1, [], verdict, why)


def test_many_applications_are_grouped_by_verdict_the_worst_first() -> None:
    outcomes = [outcome(f"app-{n:02}", float(n)) for n in range(1, 21)]
    outcomes[4] = replace(outcomes[4], verdict="missed", why="5s below")
    lines = list(outcome_lines(outcomes, verbose=False))
    names = [line.split()[0] for line in lines[2:-2]]
    assert names == [
        "deployment/app-05", "deployment/app-20", "deployment/app-19", "deployment/app-18", "…",
    ]  # fmt: skip
    assert lines[-3:] == [
        "  … and 16 more: met, below target 1s to 17s",
        "  (the worst of each verdict; -v shows all)",
        "",
    ]
    assert len(list(outcome_lines(outcomes, verbose=True))) == 23


def test_a_reason_is_broken_below_its_column() -> None:
    why = "it was below its target for much longer than anybody could have wanted"
    lines = list(outcome_lines([outcome("web", 90.0, "missed", why)], verbose=False, width=90))
    column = lines[1].index("VERDICT")
    assert "STATE" not in lines[1]
    assert lines[2][column:].startswith("missed: it was")
    assert lines[3][:column].isspace()
    assert max(map(len, lines)) <= 90


# ── checks ─────────────────────────────────────────────────────────────────────────────────────

MANY = ", ".join(f'clusters(\'deployment/app-{n}\') is ["east", "west"]' for n in range(100))
ONE = 'clusters(\'deployment/app-0\') is ["east", "west"]'
ANSWERS: dict[str, tuple[bool, str, str]] = {
    "a few": (True, "ready('deployment/a') is 1, now() is 2.0", ""),
    "many": (
        True, MANY, ", ".join(MANY.split(", clusters")[:1]) + ", clusters" +
        ", clusters".join(MANY.split(", clusters")[1:3]) + ", … and 97 more",
    ),
    "a whole object": (
        True, "object('deployment/a') is {" + "x" * 200, "object('deployment/a') is {…}",
    ),
    "no call at all": (True, "after 3s: as written", ""),
}  # fmt: skip


@pytest.mark.parametrize(("passed", "message", "want"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_are_cut_after_three(passed: bool, message: str, want: str) -> None:
    assert short_answers(Check("it", passed, message, 0.0)) == (want or message)


def test_of_a_check_that_failed_the_deciding_answer_is_told() -> None:
    text = short_answers(Check("it", False, f"{MANY}, ready('deployment/b') is 0", 0.0))
    assert text.startswith(ONE)
    assert text.endswith("… and 98 more, the last: ready('deployment/b') is 0")


# ── readiness ──────────────────────────────────────────────────────────────────────────────────

WEB = Key(HUB, "apps/v1", "Deployment", "default", "web")
READY: dict[str, tuple[int, Sequence[int], Sequence[str]]] = {
    "divided": (1, (1, 3, 4), ["4/4 ready, counted on the hub"]),
    "divided, one too many for a moment": (1, (4, 5, 4), ["4/4 ready, counted on the hub"]),
    "divided, lost and found": (
        1, (4, 2, 3, 4),
        [f"{n}/4 ready, counted on the hub" for n in (4, 2, 4)],
    ),
    "never whole": (1, (1, 2), ["2/4 ready, counted on the hub"]),
    "duplicated": (
        3, (4, 8, 12, 11),
        [f"{n} ready in all clusters together, 4 wanted in each of 3" for n in (12, 11)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("copies", "ready", "want"), READY.values(), ids=READY.keys())
def test_readiness(copies: int, ready: Sequence[int], want: Sequence[str]) -> None:
    wanted = Copies()
    clusters = [{"name": f"m{n}", "replicas": 4} for n in range(copies)]
    kind = "Divided" if copies == 1 else "Duplicated"
    scheduling = {"replicaScheduling": {"replicaSchedulingType": kind}}
    wanted.note(0.0, {"spec": {"clusters": clusters, "placement": scheduling}})
    changes = [
        ObjectChange(float(n), "MODIFIED", WEB, deployment("web", count, 4))
        for n, count in enumerate(ready, 1)
    ]
    assert [words for _, words in readiness(changes, WEB, wanted)] == want


# ── taints that move nothing ───────────────────────────────────────────────────────────────────


class Told:
    """A world in which a cluster is tainted twice, and is a target from second 5 on."""

    def __init__(self, *times_s: float) -> None:
        detail = {
            "kind": "eviction",
            "explanation": {"answer": "never", "because": "no", "taints": ["a:NoSchedule"]},
        }
        key = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", "m1")
        self._found = [Happening(n, time, "decision", "taint-manager", key, detail)
                       for n, time in enumerate(times_s)]  # fmt: skip

    def happenings(self, types: Sequence[str] = (), key: Key | None = None) -> Sequence[Happening]:
        return self._found

    def changes(self, cluster: str, api: str, kind: str, after_s: float) -> list[ObjectChange]:
        binding: Mapping[str, Any] = {"spec": {"clusters": [{"name": "m1"}]}}
        key = Key(HUB, api, kind, "default", "web-deployment")
        found = [ObjectChange(5.0, "ADDED", key, binding), ObjectChange(9.0, "DELETED", key, {})]
        return found if kind == "ResourceBinding" else []


@pytest.mark.parametrize(
    ("times_s", "want"),
    [((4.0,), []), ((6.0, 7.0, 8.0), [6.0]), ((4.0, 9.5), []), ((4.0, 5.5), [5.5])],
    ids=["nothing is bound yet", "once per taint", "nothing is bound", "as soon as it matters"],
)
def test_a_taint_that_moves_nothing_is_told_if_there_was_something_to_move(
    times_s: Sequence[float], want: Sequence[float]
) -> None:
    told = list(decisions(Told(*times_s)))  # type: ignore[arg-type]
    assert [each.time_s for each in told] == want
    assert {each.line for each in told} <= {"nothing leaves m1 for taint a:NoSchedule: no"}


# ── notes ──────────────────────────────────────────────────────────────────────────────────────


def remark(name: str, message: str) -> Violation:
    key = Key(HUB, "apps/v1", "Deployment", "default", name)
    return Violation("Q2", "same-end-state", 60.0, key, message, remark=True)


def moved(count: int) -> list[Violation]:
    text = "is on member2: {}, without the faults on member1: {}: its policy allows both"
    return [remark(f"app-{n}", text.format(n, n)) for n in range(count)]


def notes(remarks: Sequence[Violation], *, verbose: bool = False) -> list[str]:
    played = Played("s", "s.yaml", 0, cast(Any, None), (), remarks=remarks, laws=13)
    return list(law_lines(played, verbose=verbose))[2:]


def test_many_notes_of_one_gist_are_one_line() -> None:
    other = remark("web", "its taints are a:NoExecute, none without the faults")
    assert notes([*moved(6), other]) == [
        "  NOTE  Q2 same-end-state  Deployment default/app-0: is on member2: 0, without the faults "
        "on member1: 0: its policy allows both; and so for 5 more (Deployment default/app-1, "
        "Deployment default/app-2, Deployment default/app-3, …; -v shows all)",
        "  NOTE  Q2 same-end-state  Deployment default/web: its taints are a:NoExecute, none "
        "without the faults",
    ]
    assert len(notes([*moved(6), other], verbose=True)) == 7


def test_a_few_notes_of_one_gist_stand_one_by_one() -> None:
    assert len(notes(moved(3))) == 3
    assert not any("and so for" in line for line in notes(moved(3)))


def test_of_very_many_different_notes_the_rest_is_counted() -> None:
    found = [remark(f"app-{n}", f"{n} pods are ready, {n + 1} without the faults")
             for n in range(14)]  # fmt: skip
    assert notes(found)[-1] == "  … and 4 more notes (-v shows all)"
    assert len(notes(found)) == 11
