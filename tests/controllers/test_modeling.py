"""Nodes fall into resource grades."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.modeling import NodeResources, allocatable_modelings

GI = 2**30


def grade(number: int, cpu: str, memory: str) -> dict[str, Any]:
    ranges = [{"name": "cpu", "min": cpu}, {"name": "memory", "min": memory}]
    return {"grade": number, "ranges": ranges}


MODELS = [grade(0, "0", "0"), grade(1, "1", "4Gi"), grade(2, "2", "16Gi"), grade(3, "4", "32Gi")]


def node(
    cpu: int, memory_gi: int, used_cpu: int = 0, pods: int = 0, room: int = 110
) -> NodeResources:
    used = {"cpu": used_cpu, "pods": pods} if pods else {}
    return {"cpu": cpu, "memory": memory_gi * GI, "pods": room}, used


CASES = {
    "the poorer resource decides": ([node(4000, 8)], [0, 1, 0, 0]),
    "used cpu counts": ([node(4000, 64, used_cpu=3500, pods=2)], [1, 0, 0, 0]),
    "the last grade has no end": ([node(64000, 512)], [0, 0, 0, 1]),
    "exactly at a bound belongs to the higher grade": ([node(2000, 16)], [0, 0, 1, 0]),
    "counting stops at a node without a free pod slot": (
        [node(2000, 16), node(2000, 16, pods=110), node(2000, 16)],
        [0, 0, 1, 0],
    ),
    "no nodes": ([], [0, 0, 0, 0]),
}


@pytest.mark.parametrize(("nodes", "want"), CASES.values(), ids=CASES.keys())
def test_allocatable_modelings(nodes: list[NodeResources], want: list[int]) -> None:
    found = allocatable_modelings(MODELS, nodes)
    assert found is not None
    assert [entry["count"] for entry in found] == want
    assert [entry["grade"] for entry in found] == [0, 1, 2, 3]


def test_without_models_there_is_no_list() -> None:
    assert allocatable_modelings([], [node(4000, 8)]) is None
