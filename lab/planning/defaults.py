"""The API server's defaults that change where a template goes: how many replicas it wants.

Source: `pkg/apis/apps/v1/defaults.go` and `pkg/apis/batch/v1/defaults.go` of Kubernetes v1.36.
"""

from __future__ import annotations

from lab.core.kinds import HUB_KINDS
from lab.core.manifest import Manifest, get_in, set_in, spec_of
from lab.store.generation import generation_rule, starts_at

_REPLICAS = frozenset(
    {("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet")}
)


def with_api_defaults(template: Manifest) -> Manifest:
    """Return a template as the hub's API server would have stored it, where a plan can tell."""
    place = (str(template.get("apiVersion")), str(template.get("kind")))
    spec = spec_of(template)
    if place in _REPLICAS and spec.get("replicas") is None:
        template = set_in(template, ("spec", "replicas"), 1)
    elif place == ("batch/v1", "Job"):
        if spec.get("completions") is None and spec.get("parallelism") is None:
            template = set_in(template, ("spec", "completions"), 1)
        if spec.get("parallelism") is None:
            template = set_in(template, ("spec", "parallelism"), 1)
    if get_in(template, ("metadata", "generation")) is None:
        for field, value in starts_at(generation_rule(HUB_KINDS().kind_of(template))).items():
            template = set_in(template, ("metadata", field), value)
    return template


def next_generation(old: Manifest, new: Manifest) -> Manifest:
    """Return `new` with the generation an API server would give it after `old`."""
    rule = generation_rule(HUB_KINDS().kind_of(new))
    if rule is None or not rule(old, new):
        return new
    before = int(get_in(old, ("metadata", "generation")) or 0)
    return set_in(new, ("metadata", "generation"), before + 1)
