"""Each named trap is found in a file, at its line and column; what to write instead is silent.

`§` stands before the character that a finding must point at.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.cli.front import run_program

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {labels}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - {container}
---
"""
CONTAINER = "{name: web, image: 'nginx:1.27'}"
WITH_REQUESTS = "{name: web, image: nginx, resources: {requests: {cpu: 100m}}}"
WITH_SETTINGS = "{name: web, image: nginx, envFrom: [{configMapRef: {name: conf}}]}"
HEAD = """\
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata:
  name: web
spec:
  resourceSelectors:
  - {apiVersion: apps/v1, kind: Deployment, name: web}
"""
DYNAMIC = "{replicaSchedulingType: Divided, replicaDivisionPreference: Weighted, weightPreference: {dynamicWeight: AvailableReplicas}}"  # noqa: E501
STATIC = "{replicaSchedulingType: Divided, replicaDivisionPreference: Weighted}"
AGGREGATED = "{replicaSchedulingType: Divided, replicaDivisionPreference: Aggregated}"
TWO = "{spreadByField: cluster, minGroups: 2, maxGroups: 2}"
OVERRIDE = """\
---
apiVersion: policy.karmada.io/v1alpha1
kind: OverridePolicy
metadata: {name: differ}
spec:
  resourceSelectors:
  - {apiVersion: apps/v1, kind: Deployment, name: web}
  overrideRules:
  - overriders:
"""
HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 9
---
"""
BOTH = HEAD + "  - {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler}\n  placement: {}\n"


def web(container: str = CONTAINER, replicas: str = "2", labels: str = "{app: web}") -> str:
    return WEB.format(container=container, replicas=replicas, labels=labels)


def spread(constraint: str, division: str) -> str:
    return (
        web() + HEAD + "  placement:\n    spreadConstraints:\n"
        f"    - {constraint}\n    replicaScheduling: {division}\n"
    )


def rival(name: str, priority: int) -> str:
    head = HEAD.replace("  name: web\n", f"  name: {name}\n", 1)
    return f"{head}  priority: {priority}\n  placement: {{}}\n"


def groups(division: str) -> str:
    return (
        web() + HEAD + "  placement:\n    clusterAffinities:\n"
        "    - {affinityName: one, clusterNames: [east]}\n"
        f"    - {{affinityName: two, clusterNames: [west]}}\n    replicaScheduling: {division}\n"
    )


def override(entry: str) -> str:
    return web() + HEAD + "  placement: {}\n" + OVERRIDE + entry


TRAPS = {
    "maxGroups unset": (
        "max-groups-unset",
        spread("§{spreadByField: cluster, minGroups: 2}", DYNAMIC),
        spread(TWO, DYNAMIC),
    ),
    "static weights with a spread constraint": (
        "spread-ignored",
        spread(TWO, STATIC).replace("    - {spread", "    §- {spread"),
        spread(TWO, DYNAMIC),
    ),
    "zone alone": (
        "zone-alone",
        spread("§{spreadByField: zone, minGroups: 1, maxGroups: 2}", DYNAMIC),
        spread(TWO + "\n    - {spreadByField: zone, minGroups: 1, maxGroups: 2}", DYNAMIC),
    ),
    "aggregated does not use all its groups": (
        "aggregated-min-groups",
        spread(TWO.replace("minGroups: ", "minGroups: §"), AGGREGATED),
        spread(TWO, DYNAMIC),
    ),
    "groups that full clusters do not leave": (
        "affinities-never-fall-through",
        groups(STATIC).replace("    - {affinityName: one", "    §- {affinityName: one"),
        groups(DYNAMIC),
    ),
    "nothing fails over": (
        "no-failover",
        web() + HEAD + "  propagateDeps: true\n  failover:\n    cluster: §{purgeMode: Gracefully}\n"
        "  placement: {}\n",
        None,
    ),
    "dependencies not followed": (
        "dependencies-not-followed",
        web(WITH_SETTINGS) + HEAD.replace("  resourceS", "  §resourceS") + "  placement: {}\n",
        web(WITH_SETTINGS) + HEAD + "  propagateDeps: true\n  placement: {}\n",
    ),
    "an override that cannot apply": (
        "override-fails",
        override("      plaintext:\n      - §{path: /spec/x, operator: replace, value: 1}\n"),
        override("      plaintext:\n      - {path: /spec/x, operator: add, value: 1}\n"),
    ),
    "an override that does nothing": (
        "override-no-effect",
        override("      labelsOverrider:\n      - §{operator: replace, value: {bar: test}}\n"),
        override("      labelsOverrider:\n      - {operator: add, value: {bar: test}}\n"),
    ),
    "replicas 0 with requests": (
        "zero-replicas",
        web(WITH_REQUESTS, "§0") + HEAD + "  placement: {}\n",
        web(CONTAINER, "0") + HEAD + "  placement: {}\n",
    ),
    "a policy that can never win": (
        "never-wins",
        web() + rival("§low", 1) + "---\n" + rival("high", 5),
        web() + rival("high", 5),
    ),
    "an HPA fights": (
        "hpa-fights",
        HPA + web(labels="§{app: web}") + BOTH,
        HPA + web(labels="{resourcetemplate.karmada.io/retain-replicas: 'true'}") + BOTH,
    ),
    "a lazy policy": (
        "lazy-policy",
        web() + HEAD + "  activationPreference: §Lazy\n  placement: {}\n",
        web() + HEAD + "  placement: {}\n",
    ),
    "preemption without its gate": (
        "preemption-off",
        web() + HEAD + "  preemption: §Always\n  placement: {}\n",
        web() + HEAD + "  preemption: Never\n  placement: {}\n",
    ),
}


def findings(
    capsys: pytest.CaptureFixture[str], path: Path, text: str
) -> tuple[int, dict[str, tuple[int, int]]]:
    path.write_text(text)
    code = run_program(["lint", "-f", str(path), "-o", "json"])
    found = json.loads(capsys.readouterr().out)
    for each in found:
        assert each["file"] == str(path)
        assert each["why"]
        assert each["instead"]
    return code, {each["code"]: (each["line"], each["column"]) for each in reversed(found)}


@pytest.mark.parametrize(("code", "wrong", "right"), TRAPS.values(), ids=TRAPS.keys())
def test_a_trap_is_found_where_it_stands(
    code: str, wrong: str, right: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, _, after = wrong.partition("§")
    assert after, "the text has no mark"
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    exit_code, found = findings(capsys, tmp_path / "wrong.yaml", before + after)
    assert exit_code == 1
    assert found.get(code) == place
    if right is not None:
        assert code not in findings(capsys, tmp_path / "right.yaml", right)[1]


SOUND = """\
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: sound}
spec:
  settings:
    karmada:
      enableNoExecuteTaintEviction: true
      allowNoExecuteTaintPolicy: true
      featureGates: {Failover: true}
  fleet:
    clusters: [{name: east}, {name: west}]
---
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterTaintPolicy
metadata: {name: lost}
spec:
  addOnConditions: [{conditionType: Ready, operator: NotIn, statusValues: ["True"]}]
  removeOnConditions: [{conditionType: Ready, operator: In, statusValues: ["True"]}]
  taints: [{key: lost, effect: NoExecute}]
---
"""


def test_a_clean_set_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fleet, _, taints = SOUND.partition("---\n")
    (tmp_path / "fleet.yaml").write_text(fleet)
    (tmp_path / "clean.yaml").write_text(taints + spread(TWO, DYNAMIC))
    words = ["-f", str(tmp_path / "clean.yaml"), "--fleet", str(tmp_path / "fleet.yaml")]
    assert run_program(["lint", *words, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
