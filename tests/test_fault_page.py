"""docs/faults.md says what the table of kinds says, and its examples play."""

from __future__ import annotations

import re

from lab.core.faults import KINDS
from lab.scenario.load import parse_scenario
from lab.session import Session, check_step_line
from tests.fault_page import MARK, PAGE, rendered

TEXT = PAGE.read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
HEAD = """apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: page}
spec:
  horizon: 20m
  fleet:
    clusters:
    - {name: member1, region: us-east-1, zones: [us-east-1a, us-east-1b], labels: {env: prod}}
    - {name: member2, region: us-west-2, labels: {env: prod}}
  manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 4
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {containers: [{name: web, image: "nginx:1.27"}]}
  - apiVersion: policy.karmada.io/v1alpha1
    kind: PropagationPolicy
    metadata: {name: web}
    spec:
      resourceSelectors: [{apiVersion: apps/v1, kind: Deployment, name: web}]
      placement:
        replicaScheduling: {replicaSchedulingType: Divided, replicaDivisionPreference: Weighted}
"""


def part(name: str, block: str) -> str:
    body = "\n".join(f"  {line}" for line in block.splitlines() if not line.startswith("#"))
    return f"  {name}:\n{body}\n"


def test_the_page_is_made_from_the_table() -> None:
    """If this fails: python -m tests.fault_page."""
    assert TEXT.partition(f"{MARK}\n\n")[2] == rendered()


def test_every_kind_has_a_section() -> None:
    assert re.findall(r"^### (\w+)$", TEXT, re.MULTILINE) == list(KINDS)


def test_the_examples_at_the_top_play_and_hold() -> None:
    steps, expect = (block for block in BLOCKS if block.startswith("# part: spec."))
    text = HEAD + part("steps", steps) + part("expect", expect)
    with Session.open(parse_scenario(text, "page.yaml", check_line=check_step_line)) as session:
        verdict = session.play()
    assert [each.error for each in verdict.steps if not each.ok] == []
    assert [each.message for each in verdict.checks if not each.passed] == []


def test_the_example_of_every_kind_can_be_loaded() -> None:
    own = [block for block in BLOCKS if not block.startswith("# part: spec.")]
    assert len(own) == len([kind for kind in KINDS.values() if not kind.refused])
    steps = "".join(own)
    scenario = parse_scenario(HEAD + part("steps", steps), "page.yaml", check_line=check_step_line)
    assert len(scenario.steps) == len(own)
    lines = re.findall(r"^# (fedlab inject .*)$", steps, re.MULTILINE)
    assert len(lines) == len(own)
    for line in lines:
        check_step_line(line)
