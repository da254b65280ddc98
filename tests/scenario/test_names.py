"""Names that only an expression knows are told when a scenario is read."""

from __future__ import annotations

import pytest

from lab.scenario.load import parse_scenario
from lab.session import Session, check_step_line

TEXT = """apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: test}
spec:
  horizon: 1m
  fleet:
    clusters:
    - name: member1
      manifests: [{apiVersion: v1, kind: ConfigMap, metadata: {name: here, namespace: default}}]
  manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {containers: [{name: main, image: nginx}]}
  steps:
  - {at: 10s, run: kubectl create configmap made}
  expect:
  - {name: it, cel: "%s"}
"""
NOTED = {
    "a slip": (
        "ready('deployment/wbe') == 0",
        "s.yaml:22:21: ready(\"deployment/wbe\"): nothing in the scenario makes such an object "
        '— did you mean "web"?',
    ),
    "another namespace": ("exists('deployment/other/web')", "nothing in the scenario makes"),
}  # fmt: skip
SILENT = {
    "what is applied": "ready('deployment/web') == 0",
    "what a command makes": "exists('configmap/made')",
    "what a member has": "exists('configmap/here', 'member1')",
    "what controllers make": "exists('resourcebinding/web-deployment') || exists('pod/web-1')",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("cel", "note"), NOTED.values(), ids=NOTED.keys())
def test_a_name_nobody_makes_is_noted(cel: str, note: str) -> None:
    scenario = parse_scenario(TEXT % cel, "s.yaml", check_line=check_step_line)
    assert any(note in each for each in scenario.notes), scenario.notes


@pytest.mark.parametrize("cel", SILENT.values(), ids=SILENT.keys())
def test_a_name_somebody_makes_is_not(cel: str) -> None:
    scenario = parse_scenario(TEXT % cel, "s.yaml", check_line=check_step_line)
    assert scenario.notes == ()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", ["rto", "minutes_below", "lost"])
def test_what_was_never_measured_passes_no_check(function: str) -> None:
    text = TEXT % f"{function}('deployment/wbe') < 1"
    scenario = parse_scenario(text, "s.yaml", check_line=check_step_line)
    with Session.open(scenario) as session:
        (check,) = session.play().checks
    assert not check.passed
    assert "no such application was ever measured" in check.message
