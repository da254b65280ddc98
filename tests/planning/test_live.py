"""Plans against what a real control plane and its three members came to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.core.kinds import MEMBER_KINDS
from lab.planning import Plan, plan

FILE = Path(__file__).parent.parent / "conformance" / "karmada-live-scenarios.jsonl"
SCENARIOS = [json.loads(line) for line in FILE.read_text().splitlines()]


def apis() -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, str]]] = {}
    for kind in MEMBER_KINDS().all():
        entry = {"name": kind.plural, "kind": kind.kind}
        groups.setdefault(kind.api_version, []).append(entry)
    return [{"groupVersion": group, "resources": found} for group, found in groups.items()]


def clusters(fleet: dict[str, Any]) -> list[dict[str, Any]]:
    enabled = apis()
    fields = ("provider", "region", "zones", "taints", "syncMode")
    return [
        {
            "apiVersion": "cluster.karmada.io/v1alpha1",
            "kind": "Cluster",
            "metadata": {"name": each["name"], "labels": each["labels"]},
            "spec": {name: each[name] for name in fields},
            "status": {"apiEnablements": enabled},
        }
        for each in fleet["clusters"]
    ]


def applied_until(scenario: dict[str, Any], step: int) -> list[dict[str, Any]] | None:
    """What was applied up to a step; None when something else was done as well."""
    steps = scenario["steps"][: step + 1]
    if any(each["do"] not in {"apply", "wait"} for each in steps):
        return None
    return [obj for each in steps for obj in each.get("objects", [])]


def moments() -> list[Any]:
    """Checkpoints that applying alone has led to, and that do not depend on capacity."""
    found = []
    for scenario in SCENARIOS:
        for checkpoint in scenario["checkpoints"]:
            objects = applied_until(scenario, checkpoint["after_step"])
            if objects and checkpoint["settled"] and "dynamicWeight" not in json.dumps(objects):
                uids = scenario.get("templateUids", {})
                name = f"{scenario['id']} after step {checkpoint['after_step']}"
                case = (scenario["fleet"], objects, uids, checkpoint["state"])
                found.append(pytest.param(case, id=name))
    return found


def with_uids(objects: list[Any], uids: dict[str, str]) -> list[Any]:
    result = []
    for obj in objects:
        metadata = obj["metadata"]
        place = metadata.get("namespace", "default")
        uid = uids.get(f"{obj['kind']}/{place}/{metadata['name']}")
        result.append({**obj, "metadata": {**metadata, "uid": uid}} if uid else obj)
    return result


def own(marks: dict[str, str] | None) -> dict[str, str]:
    return {key: value for key, value in (marks or {}).items() if "karmada.io/" not in key}


def seen(plan_: Plan, cluster: str) -> list[Any]:
    rows = []
    for manifest in plan_.manifests[cluster]:
        metadata, spec = manifest["metadata"], manifest.get("spec") or {}
        pod = (spec.get("template") or {}).get("spec") or {}
        rows.append(
            (
                manifest["kind"],
                metadata["name"],
                spec.get("replicas"),
                own(metadata.get("labels")),
                own(metadata.get("annotations")),
                [container["image"] for container in pod.get("containers") or ()],
                manifest.get("data"),
            )
        )
    return sorted(rows, key=str)


def recorded(members: list[Any]) -> list[Any]:
    rows = [
        (
            each["kind"],
            each["name"],
            each.get("replicas"),
            own(each["labels"]),
            own(each["annotations"]),
            [container["image"] for container in each.get("containers") or ()],
            each.get("data"),
        )
        for each in members
        if each["managed"] and each["kind"] != "Namespace"
    ]
    return sorted(rows, key=str)


MOMENTS = moments()


def test_there_is_something_to_compare() -> None:
    assert len(MOMENTS) >= 6


@pytest.mark.parametrize("case", MOMENTS)
def test_members_hold_what_was_planned(case: Any) -> None:
    fleet, objects, uids, state = case
    found = plan([*clusters(fleet), *with_uids(objects, uids)])
    for cluster, members in state["members"].items():
        assert seen(found, cluster) == recorded(members), cluster


@pytest.mark.parametrize("case", MOMENTS)
def test_bindings_and_works_have_the_recorded_names(case: Any) -> None:
    fleet, objects, uids, state = case
    found = plan([*clusters(fleet), *with_uids(objects, uids)])
    bindings = {
        (entry["name"], json.dumps(entry["clusters"], sort_keys=True), entry["replicas"] or 0)
        for entry in state["bindings"]
    }
    assert bindings == {
        (
            each.manifest["metadata"]["name"],
            json.dumps(each.clusters, sort_keys=True),
            each.manifest["spec"].get("replicas", 0),
        )
        for each in found.bindings
    }
    works = {(entry["cluster"], entry["name"]) for entry in state["works"]}
    assert works == {
        (cluster, work["metadata"]["name"])
        for cluster, held in found.works.items()
        for work in held
    }
