"""How much of an object is ready, by its own status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lab.core.errors import InputError, Location
from lab.core.kinds import HUB_KINDS
from lab.core.manifest import Manifest
from lab.core.model import HUB, Key
from lab.scenario.calls import HELPERS, check_calls
from lab.scenario.expression import compile_expression
from lab.scenario.helpers import Asked, ready_count


def condition(status: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status}]}


READY: dict[str, tuple[str, dict[str, Any], int]] = {
    "a Deployment": ("Deployment", {"replicas": 3, "readyReplicas": 2}, 2),
    "a Deployment without a status yet": ("Deployment", {}, 0),
    "a StatefulSet": ("StatefulSet", {"readyReplicas": 1, "availableReplicas": 0}, 1),
    "a DaemonSet": ("DaemonSet", {"numberReady": 4, "numberAvailable": 1}, 4),
    "a Job": ("Job", {"ready": 2, "succeeded": 1}, 2),
    "a Job that is over": ("Job", {"succeeded": 1}, 0),
    "a custom workload": ("Rollout", {"readyReplicas": 5}, 5),
    "something with a condition": ("Cluster", condition("True"), 1),
    "something that is not ready": ("Pod", condition("False"), 0),
    "something nobody knows": ("Cluster", condition("Unknown"), 0),
    "something that has no readiness": ("ConfigMap", {}, 1),
    "something with odd conditions": ("Gadget", {"conditions": ["Ready", {"type": 1}]}, 1),
    "something with conditions in words": ("Gadget", {"conditions": "none"}, 1),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "want"), READY.values(), ids=READY.keys())
def test_ready_count(kind: str, status: dict[str, Any], want: int) -> None:
    assert ready_count({"kind": kind, "status": status}) == want


CLUSTER = {"spec": {"taints": [{"key": "down"}]}, "status": {"remedyActions": []}}
TOLD: dict[str, tuple[str, str]] = {
    "a field": (
        "size(object('cluster/a').spec.taints) == 1",
        'object(\'cluster/a\').spec.taints is [{"key": "down"}]',
    ),
    "an entry of a list": (
        "object('cluster/a').spec.taints[0].key == 'down'",
        "object('cluster/a').spec.taints[0].key is \"down\"",
    ),
    "a quoted key, and a method": (
        "object('cluster/a')['spec'].taints.exists(t, t.key == 'down')",
        "object('cluster/a')['spec'].taints is [{\"key\": \"down\"}]",
    ),
    "a field that is not there": (
        "has(object('cluster/a').spec.nothing)",
        "object('cluster/a').spec.nothing is null",
    ),
    "nothing of it": ("size(object('cluster/a')) > 0", "object('cluster/a') is {\"spec\""),
}


@pytest.mark.parametrize(("text", "want"), TOLD.values(), ids=TOLD.keys())
def test_of_an_object_the_fields_asked_for_are_told(text: str, want: str) -> None:
    asked = Asked(None, None)  # type: ignore[arg-type]
    asked.answers["object('cluster/a')"] = CLUSTER
    assert asked.found(text).startswith(want)


class TwoClusters:
    """A hub with two Clusters, of which one is joined; a Pod in a member."""

    def __init__(self) -> None:
        taints = [{"key": "a", "effect": "NoSchedule"},
                  {"key": "b", "value": "c", "effect": "NoExecute"}]  # fmt: skip
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        cluster = ("cluster.karmada.io/v1alpha1", "Cluster", "")
        self._objects: Mapping[Key, Manifest] = {
            Key(HUB, *cluster, "tainted"): {"spec": {"taints": taints}, "status": ready},
            Key("tainted", "v1", "Pod", "default", "web"): {
                "status": {"conditions": [{"type": "PodScheduled", "status": "False"}]}
            },
        }

    def clusters(self) -> list[str]:
        return ["tainted", "new"]

    def find(self, key: Key) -> Manifest | None:
        return self._objects.get(key)


def answer(text: str) -> Any:
    expression = compile_expression(text, Location("s.yaml"), HELPERS)
    check_calls(expression, HUB_KINDS(), ["tainted", "new"])
    asked = Asked(TwoClusters(), HUB_KINDS())  # type: ignore[arg-type]
    return expression.evaluate(asked.functions())


ANSWERS: dict[str, tuple[str, Any]] = {
    "a condition": ("condition('cluster/tainted', 'Ready')", "True"),
    "a condition that is not there": ("condition('cluster/tainted', 'Sound')", ""),
    "a condition of nothing": ("condition('cluster/new', 'Ready')", ""),
    "a condition in a member": ("condition('pod/web', 'PodScheduled', 'tainted')", "False"),
    "a condition only of the hub's": ("condition('pod/web', 'PodScheduled')", ""),
    "taints": ("taints('tainted')", ["a:NoSchedule", "b:NoExecute"]),
    "one of them": ("'b:NoExecute' in taints('tainted')", True),
    "no taints": ("taints('new')", []),
    "in double quotes": ('size(taints( "tainted" ))', 2),
}


@pytest.mark.parametrize(("text", "want"), ANSWERS.values(), ids=ANSWERS.keys())
def test_conditions_and_taints(text: str, want: Any) -> None:
    assert answer(text) == want


REFUSED: dict[str, tuple[str, str]] = {
    "a condition of no object": ("condition('tainted', 'Ready') == ''", "names no object"),
    "a condition without its type": ("condition('cluster/new') == ''", "takes 2 or 3 arguments"),
    "a condition of a number": ("condition('cluster/new', 1) == ''", "1 names no condition"),
    "a condition nowhere": ("condition('pod/web', 'Ready', 'nw') == ''", 'did you mean "new"'),
    "taints of no cluster": ("taints('tained') == []", 'did you mean "tainted"'),
    "taints of an object": ("taints('cluster/new') == []", "no cluster"),
    "taints of nobody": ("taints() == []", "taints() takes 1 argument, here: 0"),
    "taints of a number": ("taints(1 + 1) == []", 'no cluster "2"'),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_calls_that_make_no_sense(text: str, message: str) -> None:
    with pytest.raises(InputError, match="cel: ") as caught:
        answer(text)
    assert message in caught.value.message


def test_texts_are_told_with_their_question() -> None:
    asked = Asked(TwoClusters(), HUB_KINDS())  # type: ignore[arg-type]
    text = "condition('cluster/tainted', 'Ready') == 'True' && taints('tainted') == []"
    asked.functions()["condition"]("cluster/tainted", "Ready")
    asked.functions()["taints"]("tainted")
    assert asked.found(text) == (
        "condition('cluster/tainted', 'Ready') is \"True\", "
        'taints(\'tainted\') is ["a:NoSchedule", "b:NoExecute"]'
    )
