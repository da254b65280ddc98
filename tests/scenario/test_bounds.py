"""Files that are too much, and documents that are no manifests: one clear error, soon."""

import time
from pathlib import Path

import pytest

from lab.core.errors import InputError
from lab.scenario.load import parse_scenario
from lab.scenario.source import load_manifests, parse_manifests

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
SCENARIO = "apiVersion: fedlab.dev/v1alpha1\nkind: Scenario\nmetadata: {name: s}\nspec: {}\n"

TOO_MUCH = {
    "documents": ("---\na: 1\n" * 1_000_000, "f:40001:1: more than 20000 documents in one file"),
    "values": ("- 1\n" * 900_000, "f:500000:3: more than 500000 values in one file"),
    "levels": ("[" * 10_000, "f:1:101: nested deeper than 100 levels"),
}


@pytest.mark.parametrize(("text", "message"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_a_file_that_is_too_much_is_refused_soon(text: str, message: str) -> None:
    began = time.process_time()
    with pytest.raises(InputError) as caught:
        parse_manifests(text, "f")
    assert str(caught.value) == message
    assert time.process_time() - began < 3


def test_a_scenario_inside_a_folder_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CONFIG)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    assert [each.manifest["kind"] for each in load_manifests(tmp_path)] == ["ConfigMap"]
    files = [tmp_path / "a.yaml", tmp_path / "scenario.yaml"]
    assert len(load_manifests(files, skip_own=True)) == 1


def test_a_scenario_by_name_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SCENARIO)
    with pytest.raises(InputError, match=r'other\.yaml:1:1: "Scenario" of .* is no manifest'):
        load_manifests(tmp_path / "other.yaml")
    text = (
        SCENARIO.replace("{}", "")
        + "  fleet: {clusters: [{name: m1}]}\n  manifests: [other.yaml]\n"
    )
    with pytest.raises(InputError, match="is no manifest"):
        parse_scenario(text, str(tmp_path / "s.yaml"))


OWN_KINDS = {
    "GKE": ("networking.gke.io/v1", "MultiClusterService"),
    "Cluster API": ("cluster.x-k8s.io/v1beta1", "Cluster"),
}


@pytest.mark.parametrize(("version", "kind"), OWN_KINDS.values(), ids=OWN_KINDS.keys())
def test_another_projects_kind_of_a_known_name_is_its_own(version: str, kind: str) -> None:
    text = CONFIG.replace("v1", version).replace("ConfigMap", kind)
    assert parse_manifests(text)[0].manifest["apiVersion"] == version


def test_a_tab_is_named_whatever_ends_the_lines() -> None:
    for end in ("\n", "\r\n", "\r"):
        with pytest.raises(InputError, match=r"f:2:1: not YAML: a tab"):
            parse_manifests(f"a:{end}\tb: 1{end}", "f")


FLEET = (
    SCENARIO.replace("{}\n", "\n").replace("spec: ", "spec:")
    + "  fleet: {clusters: [{name: m1}]}\n"
)
NEVER_RIGHT = {
    "a call with too much": ("expect: [{name: a, cel: now('x') == 1.0}]", "takes 0 arguments"),
    "a call with too little": ("expect: [{name: a, cel: ready() == 1}]", "takes 1 or 2 arguments"),
    "no condition": ("expect: [{name: a, cel: 1 + 1}]", "the expression is always 2, needs true"),
    "types that do not fit": ("expect: [{name: a, cel: \"1 + 'a' == 2\"}]", "No such overload"),
    "a division by zero": ("expect: [{name: a, cel: 1 / 0 == 1}]", "division by zero"),
    "no time at all": ("horizon: 0s", "s.yaml:6:12: the run ends at 0s, needs more than 0"),
    "a hundred years": ("horizon: 876000h", "at most 720h (30 days)"),
    "a step in a hundred years": ("steps: [{at: 876000h, run: x}]", "at most 720h (30 days)"),
    "a seed no file can hold": (f"seed: {2**63}", "needs 9223372036854775807 or less"),
    "a field too high up": ("settings: {featureGates: {}}", 'it belongs into "karmada"'),
    "a misspelt setting": ("settings: {karmda: {}}", 'did you mean "karmada"'),
    "a field like no other": ("settings: {zzz: {}}", "(there are karmada, members)"),
}


@pytest.mark.parametrize(("part", "message"), NEVER_RIGHT.values(), ids=NEVER_RIGHT.keys())
def test_what_can_never_be_right_is_told_at_load(part: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_scenario(f"{FLEET}  {part}\n", "s.yaml")
    assert message in str(caught.value)


def test_a_policy_that_names_a_cluster_of_nobody_is_remarked_upon() -> None:
    policy = (
        "  manifests:\n  - apiVersion: policy.karmada.io/v1alpha1\n    kind: PropagationPolicy\n"
        "    metadata: {name: p}\n    spec:\n"
        "      resourceSelectors: [{apiVersion: apps/v1, kind: Deployment}]\n"
        "      placement: {clusterAffinity: {clusterNames: [m1, mm1]}}\n"
    )
    assert parse_scenario(FLEET + policy, "s.yaml").notes == (
        's.yaml:12:56: the fleet has no cluster "mm1" — did you mean "m1"?',
    )
    assert parse_scenario(FLEET + policy.replace(", mm1", ""), "s.yaml").notes == ()


POD = """apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: c
    image: i
"""
RESOURCES = {
    "below nothing": ("requests: {memory: -1Gi}", 'requests.memory is "-1Gi", needs 0 or more'),
    "above the limit": (
        "requests: {cpu: 2}, limits: {cpu: 1500m}",
        'requests.cpu is 2, more than its limit "1500m"',
    ),
    "no quantity": ("requests: {cpu: 5oom}", "needs a quantity"),
}


@pytest.mark.parametrize(("resources", "message"), RESOURCES.values(), ids=RESOURCES.keys())
def test_resources_that_a_server_refuses(resources: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_manifests(f"{POD}    resources: {{{resources}}}\n", "f")
    assert message in str(caught.value)
    assert str(caught.value).startswith("f:8:")


def test_resources_as_they_should_be() -> None:
    right = "    resources: {requests: {cpu: 1, memory: null}, limits: {cpu: 1000m}}\n"
    assert parse_manifests(POD + right, "f")[0].manifest["kind"] == "Pod"


POOL = "{name: a, nodes: 1, cpu: 4, memory: 8Gi}"
FLEETS = {
    "a member called hub": ("name: m1", "name: hub", '"hub" means the hub'),
    "more memory than there is": ("memory: 8Gi", "memory: 10P", "needs 9P or less"),
    "more pods than a node has": ("cpu: 4", "cpu: 4, pods: 1000000", "needs 100000 or less"),
    "a grade without ranges": (
        POOL, f"{POOL}], resourceModels: [{{grade: 0}}", "ranges is missing",
    ),
    "a grade of nothing": (
        POOL, f"{POOL}], resourceModels: [{{grade: 0, ranges: []}}", "is empty, needs 1 or more",
    ),
    "a range without an end": (
        POOL,
        f"{POOL}], resourceModels: [{{grade: 0, ranges: [{{name: cpu, min: 0, max: null}}]}}",
        "max is null, needs",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), FLEETS.values(), ids=FLEETS.keys())
def test_fleets_that_no_machine_room_has(old: str, new: str, message: str) -> None:
    text = FLEET.replace("{name: m1}", f"{{name: m1, nodePools: [{POOL}]}}")
    assert parse_scenario(text, "s.yaml").fleet.clusters
    with pytest.raises(InputError) as caught:
        parse_scenario(text.replace(old, new), "s.yaml")
    assert message in str(caught.value)


def test_a_folder_of_nothing_but_scenarios_is_said(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SCENARIO)
    with pytest.raises(InputError, match="holds no manifest, only scenarios: name one"):
        load_manifests(tmp_path)
