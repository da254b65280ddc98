"""A small run with a fault in it, played once for all tests that only read."""

from __future__ import annotations

from pathlib import Path

from lab.session import Session

SCENARIO = """\
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: %(name)s}
spec:
  description: A cluster is lost & <b>what it ran</b> moves.
  seed: 3
  horizon: 6m
  settings:
    karmada:
      featureGates: {Failover: true}
      enableNoExecuteTaintEviction: true
    members: {imagePull: false, podStart: 1s}
  fleet:
    clusters:
    - {name: east, region: us, nodePools: [{name: general, nodes: 2, cpu: "8", memory: 16Gi}]}
    - {name: west, region: eu, nodePools: [{name: general, nodes: 2, cpu: "8", memory: 16Gi}]}
  manifests: [web.yaml]
  steps:
  - {name: outage, at: 1m, fault: {kind: ApiServerDown, target: {cluster: east}, for: 3m}}
  - {name: person taints, at: 2m, run: "karmadactl taint clusters east down=yes:NoExecute"}
  - {name: more, at: 5m, apply: extra/more.yaml}
  expect:
  - {name: four at first, at: 59s, cel: "ready('deployment/web') == 4"}
  - {name: moved, within: 1m, after: person taints, cel: "clusters('deployment/web') == ['west']"}
  - {name: never true, cel: "1 == 2"}
"""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
---
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: web}
spec:
  resourceSelectors: [{apiVersion: apps/v1, kind: Deployment}]
  placement:
    replicaScheduling:
      replicaSchedulingType: Divided
      replicaDivisionPreference: Weighted
"""
MORE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data: {text: "<script>alert(1)</script>"}
"""


def write_scenario(folder: Path, name: str = "lost") -> Path:
    """Write the scenario and its files; return its path."""
    (folder / "extra").mkdir(parents=True, exist_ok=True)
    (folder / "scenario.yaml").write_text(SCENARIO % {"name": name})
    (folder / "web.yaml").write_text(WEB)
    (folder / "extra" / "more.yaml").write_text(MORE)
    return folder / "scenario.yaml"


def play(folder: Path, *, seed: int | None = None, name: str = "lost") -> Path:
    """Play the scenario into a run file beside it; return the file."""
    out = folder / f"{name}-{seed}.run"
    with Session.open(write_scenario(folder, name), seed=seed, out=out) as session:
        session.play()
    return out
