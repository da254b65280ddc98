"""get, describe and events: tables as the tools print them."""

import json
from pathlib import Path

import pytest
import yaml

from lab.core.manifest import timestamp
from tests.commands.world import TestWorld, deployment

POD = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "web-1", "namespace": "default", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "nginx", "image": "nginx"}], "nodeName": "n1"},
    "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [
        {"name": "nginx", "ready": True, "restartCount": 0, "image": "nginx", "imageID": "",
         "state": {"running": {"startedAt": timestamp(0)}}}]},
}  # fmt: skip
BINDING = {
    "apiVersion": "work.karmada.io/v1alpha2", "kind": "ResourceBinding",
    "metadata": {"name": "web-deployment", "namespace": "default"},
    "spec": {"resource": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
             "clusters": [{"name": "member1", "replicas": 2}]},
    "status": {"conditions": [
        {"type": "Scheduled", "status": "True", "reason": "Success", "message": "ok",
         "lastTransitionTime": timestamp(0)}]},
}  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> TestWorld:
    made = TestWorld(tmp_path)
    made.put({**deployment(), "status": {"replicas": 2, "readyReplicas": 1, "updatedReplicas": 2,
                                         "availableReplicas": 1}})  # fmt: skip
    made.put(BINDING)
    managed = deployment()
    managed["metadata"]["labels"]["karmada.io/managed"] = "true"
    made.put(managed, "member1")
    made.put(POD, "member1")
    made.put(deployment("local"), "member2")
    made.stores.now_s = 65.0
    return made


TABLES = {
    "deployment on the hub": (
        "kubectl get deploy",
        "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\nweb    1/2     2            1           65s",
    ),
    "wide": (
        "kubectl get deploy -o wide",
        "NAME   READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES   SELECTOR\n"
        "web    1/2     2            1           65s   nginx        nginx    app=web",
    ),
    "karmada's columns": (
        "kubectl get rb -A",
        "NAMESPACE   NAME             SCHEDULED   FULLYAPPLIED   AGE\n"
        "default     web-deployment   True                       65s",
    ),
    "member rows": (
        "karmadactl get deploy -s members",
        "NAME    CLUSTER   READY   UP-TO-DATE   AVAILABLE   AGE   ADOPTION\n"
        "web     member1   0/2     0            0           65s   Y\n"
        "local   member2   0/2     0            0           65s   N",
    ),
    "hub and members": (
        "karmadactl get deploy -s all -C member1",
        "NAME   CLUSTER   READY   UP-TO-DATE   AVAILABLE   AGE   ADOPTION\n"
        "web    Karmada   1/2     2            1           65s   -\n"
        "web    member1   0/2     0            0           65s   Y",
    ),
    "pods have no adoption": (
        "fedlab get pods -C member1",
        "NAME    CLUSTER   READY   STATUS    RESTARTS   AGE\n"
        "web-1   member1   1/1     Running   0          65s",
    ),
    "several kinds": (
        "kubectl get deploy,rb",
        "NAME                  READY   UP-TO-DATE   AVAILABLE   AGE\n"
        "deployment.apps/web   1/2     2            1           65s\n\n"
        "NAME                                             SCHEDULED   FULLYAPPLIED   AGE\n"
        "resourcebinding.work.karmada.io/web-deployment   True                       65s",
    ),
    "clusters": (
        "kubectl get clusters -o wide",
        "NAME      VERSION   MODE   READY     AGE   ZONES    REGION   PROVIDER   API-ENDPOINT"
        "   PROXY-URL\n"
        "member1             Push   Unknown   65s   <none>   <none>   <none>                    <none>\n"  # noqa: E501
        "member2             Push   Unknown   65s   <none>   <none>   <none>                    <none>",  # noqa: E501
    ),
    "by name": ("kubectl get deploy/web -o name", "deployment.apps/web"),
    "a path": ("kubectl get deploy web -o jsonpath='{.spec.replicas}'", "2"),
    "nothing there": ("kubectl get jobs", "No resources found in default namespace."),
    "nothing anywhere": ("kubectl get jobs -A", "No resources found"),
    "no such object": (
        "kubectl get deploy x", 'Error from server (NotFound): deployments.apps "x" not found',
    ),
    "a label selector": ("kubectl get deploy -l app=other", "No resources found in default namespace."),  # noqa: E501
    "a field selector": ("kubectl get rb --field-selector metadata.name=web-deployment -o name",
                         "resourcebinding.work.karmada.io/web-deployment"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "answer"), TABLES.values(), ids=TABLES.keys())
def test_tables(world: TestWorld, line: str, answer: str) -> None:
    assert world.said(line) == answer


def test_json_and_yaml_say_the_same(world: TestWorld) -> None:
    one = json.loads(world.type("kubectl get deploy web -o json").text)
    assert yaml.safe_load(world.type("kubectl get deploy web -o yaml").text) == one
    many = json.loads(world.type("kubectl get deploy -o json").text)
    assert (many["kind"], many["items"]) == ("List", [one])


def test_the_past_can_be_read(world: TestWorld) -> None:
    world.type("kubectl scale deploy/web --replicas=5")
    now = "kubectl get deploy web -o jsonpath='{.spec.replicas}'"
    assert world.said(now) == "5"
    assert world.said(now.replace("kubectl", "fedlab") + " --at 30s") == "2"
    assert "has not come yet" in world.said(now + " --at 2h")


def test_hostile_names_are_harmless(world: TestWorld) -> None:
    rows = world.type("kubectl get cm -A").text
    world.put({"apiVersion": "example.com/v1", "kind": "Odd",
               "metadata": {"name": "x", "namespace": "default"}})  # fmt: skip
    work = {"apiVersion": "v1", "kind": "Event",
            "metadata": {"name": "e", "namespace": "default"},
            "involvedObject": {"kind": "Deployment", "name": "web", "namespace": "default"},
            "type": "Normal", "reason": "Bad\x1b[31m", "message": "a\nb\x1b]0;t\x07\u202e",
            "source": {"component": "x"}, "count": 1,
            "firstTimestamp": timestamp(1), "lastTimestamp": timestamp(1)}  # fmt: skip
    world.put(work)
    for line in ("kubectl get events", "kubectl describe deploy web", "fedlab events"):
        text = world.type(line).text
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
        assert "a\\nb" in text
    assert "\x1b" not in rows


def test_describe_shows_nested_fields_conditions_and_events(world: TestWorld) -> None:
    text = world.type("kubectl describe rb web-deployment").text
    assert "Name:         web-deployment\n" in text
    assert "API Version:  work.karmada.io/v1alpha2\n" in text
    assert "  Clusters:\n    Name:      member1\n    Replicas:  2\n" in text
    assert "  Scheduled   True     Success" in text
    assert text.endswith("Events:  <none>")


def test_a_live_session_refuses_to_wait(world: TestWorld) -> None:
    assert "-w needs a run that has ended" in world.said("kubectl get deploy -w")


def test_watch_shows_every_later_change(world: TestWorld) -> None:
    world.type("kubectl scale deploy/web --replicas=5")
    world.stores.now_s = 70.0
    world.type("kubectl delete deploy web")
    rows = world.type("fedlab get deploy -w", live=False).text.splitlines()
    assert [row.split()[:2] for row in rows] == [
        ["NAME", "READY"], ["web", "1/2"], ["web", "1/5"], ["web", "1/5"],
    ]  # fmt: skip


def test_a_kind_that_was_only_seen_can_be_asked_for(world: TestWorld) -> None:
    world.put({"apiVersion": "example.com/v1", "kind": "Odd",
               "metadata": {"name": "x", "namespace": "default"}})  # fmt: skip
    assert world.said("kubectl get odds") == "NAME   AGE\nx      0s"
    assert world.said("kubectl get odd/x -o name") == "odd.example.com/x"
    assert "doesn't have a resource type" in world.said("kubectl get evens")
