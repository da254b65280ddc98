"""scenario new: a scenario file to begin with, small and complete."""

from __future__ import annotations

from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

_TEMPLATE = """\
# yaml-language-server: $schema=scenario.schema.json
# (fedlab scenario schema > scenario.schema.json lets editors complete and check this file)
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata:
  name: {name}
spec:
  description: Six replicas over two of three clusters; then twelve.
  seed: 42
  horizon: 5m
  fleet:
    clusters:
      - name: member1
        provider: aws
        region: us-east-1
        nodePools: [{{name: general, nodes: 3, cpu: "4", memory: 16Gi}}]
      - name: member2
        provider: gcp
        region: europe-west4
        nodePools: [{{name: general, nodes: 3, cpu: "4", memory: 16Gi}}]
      - name: member3
        provider: aws
        region: us-west-2
        nodePools: [{{name: general, nodes: 3, cpu: "4", memory: 16Gi}}]
  manifests:
    - apiVersion: apps/v1
      kind: Deployment
      metadata: {{name: web, labels: {{app: web}}}}
      spec:
        replicas: 6
        selector: {{matchLabels: {{app: web}}}}
        template:
          metadata: {{labels: {{app: web}}}}
          spec:
            containers:
              - name: web
                image: nginx:1.27
                resources: {{requests: {{cpu: 250m, memory: 128Mi}}}}
    - apiVersion: policy.karmada.io/v1alpha1
      kind: PropagationPolicy
      metadata: {{name: web}}
      spec:
        resourceSelectors:
          - {{apiVersion: apps/v1, kind: Deployment, name: web}}
        placement:
          clusterAffinity: {{clusterNames: [member1, member2]}}
          replicaScheduling:
            replicaSchedulingType: Divided
            replicaDivisionPreference: Weighted
            weightPreference:
              staticWeightList:
                - {{targetCluster: {{clusterNames: [member1]}}, weight: 2}}
                - {{targetCluster: {{clusterNames: [member2]}}, weight: 1}}
  steps:
    - {{name: more load, at: 1m, run: kubectl scale deployment/web --replicas=12}}
  expect:
    - {{name: all are ready, within: 2m, after: more load, cel: "ready('deployment/web') == 12"}}
    - name: two thirds run in member1
      at: 5m
      cluster: member1
      object:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: web}}
        spec: {{replicas: 8}}
"""


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from pathlib import Path

    from lab.core.admission.names import dns_subdomain_errors
    from lab.core.errors import InputError

    path = context.directory / args.text("file")
    name = Path(args.text("file")).stem
    if dns_subdomain_errors(name):
        raise InputError(
            f'"{name}" cannot be a scenario\'s name: small letters, digits and "-", as in '
            "lose-a-region.yaml"
        )
    if path.suffix not in {".yaml", ".yml"}:
        raise InputError(f"{path} needs a name that ends in .yaml")
    if path.exists() and not args.on("force"):
        raise InputError(f"{path} exists already (--force writes over it)")
    try:
        path.write_text(_TEMPLATE.format(name=name), "utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    return Result(f"{args.text('file')} written; play it with: fedlab run {args.text('file')}")


VERB = Verb(
    "scenario new",
    "write a small, complete scenario file to begin with",
    "Scenarios",
    run,
    (Argument("file", "where to write it"),),
    (Flag("force", "write over a file that is there", type="bool", default=False),),
    examples=("scenario new lose-a-region.yaml",),
)
