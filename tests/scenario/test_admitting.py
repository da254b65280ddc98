"""A manifest that a webhook refuses stops a scenario before anything is applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.core.errors import InputError
from lab.scenario.load import load_scenario

HEAD = """\
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: refused}
spec:
  fleet: {clusters: [{name: member1}]}
"""
POLICY = """\
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: web}
spec:
  resourceSelectors:
    - {apiVersion: apps/v1, kind: Deployment}
  placement:
    spreadConstraints:
      - {spreadByField: cluster, minGroups: 3, maxGroups: 2}
"""
PLACES = {
    "a manifest": "  manifests: [policy.yaml]\n",
    "a step": "  steps: [{name: later, at: 1m, apply: policy.yaml}]\n",
}


@pytest.mark.parametrize("body", PLACES.values(), ids=PLACES.keys())
def test_a_refusal_is_told_at_its_field(tmp_path: Path, body: str) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(HEAD + body)
    with pytest.raises(InputError, match="maxGroups") as raised:
        load_scenario(scenario)
    location = raised.value.location
    assert location is not None
    assert Path(location.file).name == "policy.yaml"
    assert location.line in {8, 9}


def test_a_step_that_wants_the_refusal_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    scenario = tmp_path / "scenario.yaml"
    step = "  steps: [{name: later, at: 1m, apply: policy.yaml, refused: maxGroups}]\n"
    scenario.write_text(HEAD + step)
    assert load_scenario(scenario).steps[0].refused == "maxGroups"


def test_an_object_of_an_unknown_kind_goes_to_the_current_namespace(tmp_path: Path) -> None:
    (tmp_path / "gadget.yaml").write_text(
        "apiVersion: example.io/v1\nkind: Gadget\nmetadata: {name: one}\n"
    )
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(HEAD + "  manifests: [gadget.yaml]\n")
    manifest = load_scenario(scenario).manifests[0].manifest
    assert manifest["metadata"]["namespace"] == "default"
