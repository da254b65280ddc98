"""A failure to schedule is told once, not once for each object it is noted on."""

from __future__ import annotations

from pathlib import Path

from lab.commands.printers.timeline import timeline
from lab.session import Session

SCENARIO = """\
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: nowhere}
spec:
  horizon: 30s
  fleet: {clusters: [{name: member1}]}
  manifests:
    - apiVersion: v1
      kind: ConfigMap
      metadata: {name: settings}
    - apiVersion: policy.karmada.io/v1alpha1
      kind: PropagationPolicy
      metadata: {name: gold}
      spec:
        resourceSelectors: [{apiVersion: v1, kind: ConfigMap, name: settings}]
        placement: {clusterAffinity: {labelSelector: {matchLabels: {tier: gold}}}}
"""


def test_a_failure_to_schedule_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    with Session.open(path) as session:
        session.play()
        lines = [each.line for each in timeline(session.world)]
    failures = [line for line in lines if "clusters are available" in line]
    assert len(failures) == 1
    assert "not scheduled: NoClusterFit" in failures[0]
