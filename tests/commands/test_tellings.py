"""What a timeline tells, and what it leaves out since it is no news."""

from __future__ import annotations

from typing import Any, cast

from lab.commands.context import Happening, ObjectChange, World
from lab.commands.printers import failover_tellings, tellings
from lab.core.model import HUB, Key

WEB = Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", "web-deployment")


def bound(time_s: float, *targets: tuple[str, int]) -> ObjectChange:
    clusters = [{"name": name, "replicas": replicas} for name, replicas in targets]
    binding = {
        "apiVersion": WEB.api_version,
        "kind": WEB.kind,
        "metadata": {"namespace": "default", "name": WEB.name},
        "spec": {"clusters": clusters},
    }
    return ObjectChange(time_s, "MODIFIED" if time_s else "ADDED", WEB, binding)


def test_the_same_targets_in_another_order_are_no_news() -> None:
    changes = [
        bound(0.0, ("west", 2)),
        bound(1.0, ("west", 2), ("east", 2)),
        bound(1.1, ("east", 2), ("west", 2)),
        bound(2.0, ("east", 3), ("west", 1)),
    ]
    texts = [each.text for each in tellings.bindings(changes)]
    assert texts[2:] == [
        "ResourceBinding default/web-deployment scheduled to west:2, east:2 (was west:2)",
        "ResourceBinding default/web-deployment scheduled to east:3, west:1 (was east:2, west:2)",
    ]


class Decided:
    """Stands for a world in which only decisions were made."""

    def __init__(self, *decisions: tuple[float, dict[str, Any]]) -> None:
        self._records = [
            Happening(number, time_s, "decision", "taint-manager", WEB, detail)
            for number, (time_s, detail) in enumerate(decisions, start=1)
        ]

    def happenings(self, types: tuple[str, ...]) -> list[Happening]:
        return [each for each in self._records if each.type in types]


def queued(turn_s: float) -> dict[str, Any]:
    explanation = {"answer": "now", "ahead": 0, "turn": turn_s}
    return {
        "kind": "eviction",
        "summary": f"to leave west, {turn_s:g} s",
        "explanation": explanation,
    }


def test_a_queue_that_is_empty_is_not_told_of() -> None:
    leaves = {"kind": "eviction", "summary": "leaves west now", "explanation": {}}
    world = Decided((5.0, queued(5.0)), (5.0, leaves), (6.0, queued(8.0)))
    told = [each.text for each in failover_tellings.decisions(cast(World, world))]
    place = "ResourceBinding default/web-deployment"
    assert told == [f"{place}: leaves west now", f"{place}: to leave west, 8 s"]
