"""A plan of damaged objects: an error of the house, or a plan; never another exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.core.errors import LabError
from lab.planning import plan
from tests.planning.test_plan import (
    ARTICLE_OVERRIDES,
    ARTICLE_POLICY,
    NGINX,
    TWO,
    deployment,
    obj,
    policy,
)

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.sampled_from(["", "[x]", "\x1b[31m", "../..", "a\nb", "1e999", "true"]),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just([[]]),
    st.just({"a": None}),
    st.just(["a", 1]),
)
BINDING = obj(
    "ResourceBinding",
    "b",
    "work.karmada.io/v1alpha2",
    spec={
        "resource": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "default",
            "name": "web",
        },
        "replicas": 2,
        "placement": {"clusterAffinities": [{"affinityName": "a", "clusterNames": ["member1"]}]},
        "clusters": [{"name": "member1", "replicas": 1}],
        "requiredBy": [{"name": "x", "namespace": "default", "clusters": [{"name": "member2"}]}],
        "gracefulEvictionTasks": [{"fromCluster": "member1", "purgeMode": "Gracefully"}],
        "suspension": {"dispatchingOnClusters": {"clusterNames": ["member2"]}},
    },
)
SEED: list[Any] = [
    *TWO,
    NGINX,
    ARTICLE_POLICY,
    ARTICLE_OVERRIDES,
    deployment(volumes=[{"configMap": {"name": "cfg"}}]),
    obj("ConfigMap", "cfg", data={"a": "{}"}),
    obj("Job", "pi", "batch/v1", spec={"parallelism": 2, "completions": 3, "template": {}}),
    obj("Ingress", "in", "networking.k8s.io/v1", spec={"tls": [{"secretName": "s"}]}),
    obj("Custom", "x", "x.io/v1", spec={"replicas": 1}),
    policy("all", target=("x.io/v1", "Custom"), propagateDeps=True),
    policy("jobs", target=("batch/v1", "Job"), propagateDeps=True),
    policy("ins", target=("networking.k8s.io/v1", "Ingress"), propagateDeps=True),
    BINDING,
]


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a document."""
    if isinstance(node, dict):
        below = [(key, value) for key, value in node.items()]
    elif isinstance(node, list):
        below = list(enumerate(node))
    else:
        return [path]
    found = [path] if path else []
    for step, value in below:
        found += places(value, (*path, step))
    return found


PLACES = places(SEED)


@settings(
    derandomize=True, max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=2))
def test_damage(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    objects = json.loads(json.dumps(SEED))
    for path, junk in changes:
        node: Any = objects
        try:
            for step in path[:-1]:
                node = node[step]
            node[path[-1]] = json.loads(json.dumps(junk))
        except (KeyError, IndexError, TypeError):
            continue
    try:
        found = plan(objects)
    except LabError:
        return
    json.dumps(found.to_dict())
