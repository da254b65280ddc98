"""Columns agree with what real servers print; cells follow kubectl's rules; text is harmless."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.commands.printers import core_objects, pods, workloads
from lab.commands.printers.describe import words_of
from lab.commands.printers.documents import to_json, to_yaml
from lab.commands.printers.table import columns_of
from lab.commands.printers.text import columns, safe
from lab.commands.printers.timeline import clock
from lab.core.errors import InputError
from lab.core.jsonpath import find, render
from lab.core.kinds import HUB_KINDS, Kind
from lab.core.manifest import timestamp

_OWN_TABLE = {
    "Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service",
    "Node", "Namespace", "ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume",
    "PodDisruptionBudget", "Event", "EndpointSlice", "PropagationPolicy", "Lease", "Ingress",
    "ClusterPropagationPolicy", "OverridePolicy", "ClusterOverridePolicy", "ResourceBinding",
    "ClusterResourceBinding", "Work", "Cluster", "HorizontalPodAutoscaler", "FederatedHPA",
    "CronFederatedHPA", "FederatedResourceQuota", "ResourceInterpreterCustomization", "Endpoints",
    "WorkloadRebalancer", "ResourceQuota", "PriorityClass", "NetworkPolicy", "ServiceAccount",
    "ReplicationController", "Role", "ClusterRole", "CustomResourceDefinition", "LimitRange",
    "ServiceImport", "ServiceExport", "ClusterTaintPolicy", "MultiClusterService",
}  # fmt: skip
KINDS = [kind for kind in HUB_KINDS().all() if kind.kind in _OWN_TABLE and kind.columns]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.api_version} {kind.kind}")
def test_columns_are_those_of_real_servers(kind: Kind) -> None:
    ours = [(column.name, column.wide) for column in columns_of(kind)]
    theirs = [(column.name, column.priority > 0) for column in kind.columns]
    assert [(name.lower(), wide) for name, wide in ours] == [
        (name.lower(), wide) for name, wide in theirs
    ]


def container(**state: Any) -> dict[str, Any]:
    return {"name": "c", "ready": False, "restartCount": 0, **state}


RUNNING = {"state": {"running": {}}, "ready": True}
PODS = {
    "running": ({"phase": "Running", "containerStatuses": [container(**RUNNING)]}, "Running"),
    "pulling": (
        {"phase": "Pending", "containerStatuses": [
            container(state={"waiting": {"reason": "ContainerCreating"}})]},
        "ContainerCreating",
    ),
    "bad image": (
        {"phase": "Pending", "containerStatuses": [
            container(state={"waiting": {"reason": "ImagePullBackOff"}})]},
        "ImagePullBackOff",
    ),
    "killed for memory": (
        {"phase": "Running", "containerStatuses": [
            container(state={"terminated": {"reason": "OOMKilled", "exitCode": 137}})]},
        "OOMKilled",
    ),
    "ended by a signal": (
        {"phase": "Failed", "containerStatuses": [
            container(state={"terminated": {"signal": 9, "exitCode": 137}})]},
        "Signal:9",
    ),
    "ended with a code": (
        {"phase": "Failed", "containerStatuses": [container(state={"terminated": {"exitCode": 3}})]},  # noqa: E501
        "ExitCode:3",
    ),
    "first init container": (
        {"phase": "Pending", "initContainerStatuses": [
            container(name="i", state={"waiting": {"reason": "PodInitializing"}})]},
        "Init:0/1",
    ),
    "init container fails": (
        {"phase": "Pending", "initContainerStatuses": [
            container(name="i", state={"terminated": {"exitCode": 1, "reason": "Error"}})]},
        "Init:Error",
    ),
    "evicted": ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
    "not scheduled": ({"phase": "Pending"}, "Pending"),
    "gated": (
        {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]},
        "SchedulingGated",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("status", "word"), PODS.values(), ids=PODS.keys())
def test_the_status_word_of_a_pod(status: dict[str, Any], word: str) -> None:
    spec = {"containers": [{"name": "c"}], "initContainers": [{"name": "i"}]}
    pod = {"metadata": {"name": "p"}, "spec": spec, "status": status}
    assert pods.status_word(pod) == word
    deleting = {**pod, "metadata": {"name": "p", "deletionTimestamp": timestamp(1)}}
    ended = status["phase"] in {"Failed", "Succeeded"}
    assert pods.status_word(deleting) == (word if ended else "Terminating")


def test_restarts_say_how_long_ago() -> None:
    last = {"terminated": {"finishedAt": timestamp(40)}}
    pod = {"status": {"containerStatuses": [container(restartCount=3, lastState=last)]}}
    assert pods.restarts(pod, 100.0) == "3 (60s ago)"


def _cells(table: Any, manifest: dict[str, Any]) -> dict[str, str]:
    return {column.name: column.cell(manifest, 100.0) for column in table}


CELLS = {
    "a load balancer without address": (
        core_objects.SERVICE,
        {"spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]}},
        {"External-IP": "<pending>", "Port(s)": "80:30080/TCP", "Cluster-IP": "<none>"},
    ),
    "a cordoned node": (
        core_objects.NODE,
        {"metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}},
         "spec": {"unschedulable": True},
         "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}},
        {"Status": "NotReady,SchedulingDisabled", "Roles": "control-plane", "OS-Image": "<unknown>"},  # noqa: E501
    ),
    "a job without completions": (
        workloads.JOB, {"spec": {"parallelism": 4}, "status": {"succeeded": 1}},
        {"Completions": "1/1 of 4", "Status": "Running", "Duration": ""},
    ),
    "a finished job": (
        workloads.JOB,
        {"spec": {"completions": 2}, "status": {
            "succeeded": 2, "startTime": timestamp(10), "completionTime": timestamp(75),
            "conditions": [{"type": "Complete", "status": "True"}]}},
        {"Completions": "2/2", "Status": "Complete", "Duration": "65s"},
    ),
    "a budget": (
        workloads.DISRUPTION_BUDGET,
        {"spec": {"minAvailable": "50%"}, "status": {"disruptionsAllowed": 1}},
        {"Min Available": "50%", "Max Unavailable": "N/A", "Allowed Disruptions": "1"},
    ),
    "a claim": (
        core_objects.CLAIM,
        {"spec": {"storageClassName": "fast"}, "status": {
            "phase": "Bound", "accessModes": ["ReadWriteMany", "ReadWriteOnce"]}},
        {"Status": "Bound", "Access Modes": "RWO,RWX", "VolumeMode": "<unset>"},
    ),
    "an autoscaler": (
        workloads.AUTOSCALER,
        {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 5,
                  "metrics": [{"type": "Resource", "resource": {
                      "name": "cpu", "target": {"averageUtilization": 80}}}]}},
        {"Reference": "Deployment/web", "Targets": "cpu: <unknown>/80%", "MinPods": "<unset>"},
    ),
    "selectors with expressions": (
        workloads.DEPLOYMENT,
        {"spec": {"selector": {"matchLabels": {"b": "c"}, "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["y", "x"]},
            {"key": "d", "operator": "DoesNotExist"}]}}},
        {"Selector": "b=c,a in (x,y),!d", "Ready": "0/1"},
    ),
    "endpoints, many": (
        core_objects.ENDPOINT_SLICE,
        {"endpoints": [{"addresses": [f"10.0.0.{n}"]} for n in range(5)], "ports": []},
        {"Endpoints": "10.0.0.0,10.0.0.1,10.0.0.2 + 2 more...", "Ports": "<unset>"},
    ),
    "no creation time": (workloads.DEPLOYMENT, {}, {"Age": "<unknown>"}),
}  # fmt: skip


@pytest.mark.parametrize(("table", "manifest", "want"), CELLS.values(), ids=CELLS.keys())
def test_cells(table: Any, manifest: dict[str, Any], want: dict[str, str]) -> None:
    found = _cells(table, manifest)
    assert {name: found[name] for name in want} == want


DOCUMENT = {"a": [{"n": "x", "v": 1}, {"n": "y", "v": 2}], "b.c": {"d": "e"}, "f": True}
PATHS = {
    "a field": (".f", [True]),
    "an index": (".a[0].n", ["x"]),
    "the last": (".a[-1].v", [2]),
    "all": (".a[*].v", [1, 2]),
    "a slice": (".a[1:].n", ["y"]),
    "a condition": ('.a[?(@.n=="y")].v', [2]),
    "a comparison": (".a[?(@.v>1)].n", ["y"]),
    "a quoted key": ("['b.c'].d", ["e"]),
    "an escaped dot": (r".b\.c.d", ["e"]),
    "nothing there": (".x.y[3]", []),
    "with a dollar": ("$.f", [True]),
}


@pytest.mark.parametrize(("path", "want"), PATHS.values(), ids=PATHS.keys())
def test_jsonpath(path: str, want: list[Any]) -> None:
    assert find(path, DOCUMENT) == want


def test_jsonpath_templates() -> None:
    assert render('{range .a[*]}{.n}={.v}{"\\n"}{end}!', DOCUMENT) == "x=1\ny=2\n!"
    assert render("{.a[*].n}", DOCUMENT) == "x y"
    assert render("{range .none[*]}{.n}{end}", DOCUMENT) == ""
    for broken in ("{.a[}", "{end}"):
        with pytest.raises(InputError):
            render(broken, DOCUMENT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),  # noqa: E501
    max_leaves=10,
)  # fmt: skip


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3))
def test_yaml_and_json_read_back(data: dict[str, Any]) -> None:
    import json

    assert json.loads(to_json(data)) == data
    text = to_yaml(data)
    assert yaml.safe_load(text) == data
    assert not [c for c in text if ord(c) < 32 and c not in "\n"]


@settings(derandomize=True)
@given(st.lists(st.lists(st.text(max_size=6), min_size=2, max_size=4), min_size=1, max_size=4))
def test_a_table_has_one_line_per_row(rows: list[list[str]]) -> None:
    text = columns(rows)
    assert len(text.split("\n")) == len(rows)
    assert not [c for c in text if c != "\n" and not c.isprintable()]


@settings(derandomize=True)
@given(st.text())
def test_safe_text_is_printable(text: str) -> None:
    assert safe(text).isprintable()


def test_yaml_quotes_as_kubectl_does() -> None:
    data = {"a": "true", "b": "no", "c": "x\ny\n", "d": "esc\x1b", "e": "1.5", "f": ""}
    assert to_yaml(data) == 'a: "true"\nb: "no"\nc: |\n  x\n  y\nd: "esc\\e"\ne: "1.5"\nf: ""'


@pytest.mark.parametrize(
    ("field", "words"),
    [("apiVersion", "API Version"), ("clusterIP", "Cluster IP"), ("uid", "UID"),
     ("resourceSelectors", "Resource Selectors"), ("app.kubernetes.io/name", "app.kubernetes.io/name")],  # noqa: E501
)  # fmt: skip
def test_field_names_as_words(field: str, words: str) -> None:
    assert words_of(field) == words


def test_moments() -> None:
    assert [clock(t) for t in (0.1234, 59.9999, 75.5, 3723.0)] == [
        "0.123s", "1m00.000s", "1m15.500s", "1h02m03.000s",
    ]  # fmt: skip
