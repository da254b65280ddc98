from __future__ import annotations

from typing import Any

import pytest

from lab.core.errors import ApiError
from tests.backends.simulated.world import World, template, workload

BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "negative replicas": (
        "Deployment",
        {"replicas": -3},
        'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -3: '
        "must be greater than or equal to 0",
    ),
    "surge that is no percentage": (
        "Deployment",
        {"strategy": {"rollingUpdate": {"maxSurge": "many"}}},
        'spec.strategy.rollingUpdate.maxSurge: Invalid value: "many": a valid percent string',
    ),
    "labels the selector does not match": (
        "StatefulSet",
        {"template": template("other")},
        'spec.template.metadata.labels: Invalid value: {"app":"other"}: '
        "`selector` does not match template `labels`",
    ),
    "unknown operator": (
        "DaemonSet",
        {"selector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}},
        "is not a valid label selector operator",
    ),
    "negative parallelism": ("Job", {"parallelism": -1}, "spec.parallelism: Invalid value: -1"),
    "schedule": ("CronJob", {"schedule": "now and then"}, "spec.schedule: Invalid value"),
    "time zone": (
        "CronJob",
        {"schedule": "* * * * *", "timeZone": "Mars/Olympus"},
        "unknown time zone Mars/Olympus",
    ),
}


@pytest.mark.parametrize(("kind", "spec", "words"), BAD.values(), ids=BAD.keys())
def test_refused(kind: str, spec: dict[str, Any], words: str) -> None:
    manifest = workload(kind)
    if kind == "CronJob":
        manifest["spec"] = {"jobTemplate": {"spec": {"template": template()}}}
    manifest["spec"].update(spec)
    world = World()
    with pytest.raises(ApiError) as caught:
        world.create(manifest)
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert words in str(caught.value)
    world.run(5)
    assert world.pods() == {}


def test_an_edit_is_checked_as_well() -> None:
    world = World()
    world.create(workload("Deployment", replicas=2))
    world.run(3)
    with pytest.raises(ApiError):
        world.patch("Deployment", "web", {"spec": {"replicas": -1}})
    assert world.run(5).status("Deployment", "web")["readyReplicas"] == 2
