"""What a person starts a scenario with: the JSON Schema for editors, and a first file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lab.core.admission.names import dns_subdomain_errors
from lab.core.errors import InputError, quoted
from lab.scenario.format import SCENARIO

_TEMPLATE = """\
# A scenario: a fleet, manifests, steps, and what must come of them.
# Play it:  fedlab run {name}.yaml        Check it:  fedlab scenario check {name}.yaml
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata:
  name: {name}
spec:
  description: Four replicas over two clusters; scaling up keeps the shares.
  seed: 1
  horizon: 5m
  fleet:
    clusters:
    - name: member1
      region: us-east-1
      zones: [us-east-1a]
      nodePools:
      - {{name: general, nodes: 3, cpu: "4", memory: 16Gi}}
    - name: member2
      region: europe-west4
      zones: [europe-west4-a]
      nodePools:
      - {{name: general, nodes: 3, cpu: "4", memory: 16Gi}}
  # Files and folders (relative to this file), or objects written out; applied at 0s.
  manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
      labels: {{app: web}}
    spec:
      replicas: 4
      selector:
        matchLabels: {{app: web}}
      template:
        metadata:
          labels: {{app: web}}
        spec:
          containers:
          - name: web
            image: nginx:1.27
            resources:
              requests: {{cpu: 250m, memory: 128Mi}}
  - apiVersion: policy.karmada.io/v1alpha1
    kind: PropagationPolicy
    metadata:
      name: web
    spec:
      resourceSelectors:
      - apiVersion: apps/v1
        kind: Deployment
        name: web
      placement:
        replicaScheduling:
          replicaSchedulingType: Divided
          replicaDivisionPreference: Weighted
          weightPreference:
            staticWeightList:
            - targetCluster: {{clusterNames: [member1]}}
              weight: 1
            - targetCluster: {{clusterNames: [member2]}}
              weight: 1
  # Steps play in the order of the file: at, after (with delay), or waitUntil a condition.
  steps:
  - name: scale up
    at: 1m
    run: kubectl scale deployment/web --replicas=8
  # Expectations: at, within, never, throughout; counted from the start or from a step.
  expect:
  - name: four replicas are ready
    within: 1m
    cel: ready('deployment/web') == 4
  - name: eight replicas are ready soon after the scale-up
    within: 1m
    after: scale up
    cel: ready('deployment/web') == 8
  - name: member2 has its half at the end
    cluster: member2
    object:
      apiVersion: apps/v1
      kind: Deployment
      metadata: {{name: web}}
      spec: {{replicas: 4}}
"""


def scenario_schema() -> Mapping[str, Any]:
    """Return the JSON Schema of scenario files (draft 2020-12)."""
    return SCENARIO


def schema_text() -> str:
    """Return the JSON Schema as text, as an editor wants it."""
    return json.dumps(SCENARIO, indent=2) + "\n"


def new_scenario(name: str) -> str:
    """Return the text of a first scenario that plays as it stands.

    Raises:
        InputError: The name cannot be the name of an object.
    """
    errors = dns_subdomain_errors(name)
    if errors:
        brief = errors[0].partition(" (e.g. ")[0]
        raise InputError(f"scenario name {quoted(name)}: {brief}")
    return _TEMPLATE.format(name=name)
