"""Whatever a user and the members do, the control plane comes to rest in a consistent state."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.core.manifest import labels_of, name_of, namespace_of, spec_of
from lab.core.model import HUB, Key
from tests.controllers.harness import Plane
from tests.controllers.test_plane import DIVIDED, override, to, web

MEMBERS = ("member1", "member2", "member3")
NAMES = ("web", "shop")
POLICY_API = "policy.karmada.io/v1alpha1"
WORK_API = "work.karmada.io/v1alpha1"
BINDING_API = "work.karmada.io/v1alpha2"

PLACEMENTS: dict[str, dict[str, Any]] = {
    "everywhere": {},
    "two": to("member1", "member2"),
    "one": to("member3"),
    "divided": {**to("member1", "member2"), "replicaScheduling": DIVIDED},
    "labelled": {"clusterAffinity": {"labelSelector": {"matchLabels": {"env": "prod"}}}},
}

STEPS = st.one_of(
    st.tuples(st.just("template"), st.sampled_from(NAMES), st.integers(0, 5)),
    st.tuples(st.just("no-template"), st.sampled_from(NAMES)),
    st.tuples(st.just("policy"), st.sampled_from(NAMES), st.sampled_from(sorted(PLACEMENTS))),
    st.tuples(st.just("no-policy"), st.sampled_from(NAMES)),
    st.tuples(st.just("override"), st.sampled_from(MEMBERS)),
    st.tuples(st.just("no-override")),
    st.tuples(st.just("label"), st.sampled_from(MEMBERS), st.sampled_from(["prod", None])),
    st.tuples(st.just("edit"), st.sampled_from(MEMBERS), st.sampled_from(NAMES)),
    st.tuples(st.just("remove"), st.sampled_from(MEMBERS), st.sampled_from(NAMES)),
    st.tuples(st.just("kill"), st.sampled_from(MEMBERS)),
    st.tuples(st.just("heal"), st.sampled_from(MEMBERS)),
    st.tuples(st.just("unjoin"), st.sampled_from(MEMBERS)),
    st.tuples(st.just("wait"), st.sampled_from([0.003, 0.02, 1.0, 45.0])),
)


def key(kind: str, name: str, cluster: str = HUB) -> Key:
    api_version = "apps/v1" if kind == "Deployment" else POLICY_API
    return Key(cluster, api_version, kind, "default", name)


def do(plane: Plane, step: tuple[Any, ...]) -> None:
    word, *rest = step
    if word == "template":
        made = web(rest[1])
        made["metadata"]["name"] = rest[0]
        plane.write(made)
    elif word == "no-template" and plane.store.find(key("Deployment", rest[0])):
        plane.delete(key("Deployment", rest[0]))
    elif word == "policy":
        selector = {"apiVersion": "apps/v1", "kind": "Deployment", "name": rest[0]}
        spec = {
            "resourceSelectors": [{**selector, "namespace": "default"}],
            "placement": PLACEMENTS[rest[1]],
        }
        metadata = {"name": rest[0], "namespace": "default"}
        kind = "PropagationPolicy"
        plane.write({"apiVersion": POLICY_API, "kind": kind, "metadata": metadata, "spec": spec})
    elif word == "no-policy" and plane.store.find(key("PropagationPolicy", rest[0])):
        plane.delete(key("PropagationPolicy", rest[0]))
    elif word == "override":
        labels = [{"operator": "add", "value": {"env": "dev"}}]
        plane.write(override("op", rest[0], labelsOverrider=labels))
    elif word == "no-override" and plane.store.find(key("OverridePolicy", "op")):
        plane.delete(key("OverridePolicy", "op"))
    elif word == "label" and plane.get("Cluster", rest[0], ""):
        place = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", rest[0])
        plane.patch(place, {"metadata": {"labels": {"env": rest[1]}}})
    elif word in {"edit", "remove"} and plane.member(rest[0], "Deployment", rest[1]):
        place = key("Deployment", rest[1], rest[0])
        if word == "edit":
            plane.patch(place, {"spec": {"replicas": 17}}, rest[0])
        else:
            plane.delete(place, rest[0])
    elif word == "kill":
        plane.members[rest[0]].up = False
    elif word == "heal":
        plane.members[rest[0]].restore()
    elif word == "unjoin" and plane.get("Cluster", rest[0], ""):
        plane.delete(Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", rest[0]))
    elif word == "wait":
        plane.run(rest[0])


def problems(plane: Plane) -> list[str]:
    """Return what does not fit together on the hub and in the members."""
    found: list[str] = []
    bindings = plane.store.list(BINDING_API, "ResourceBinding")
    wanted = {
        (str(target["name"]), str(spec_of(each)["resource"]["name"])): target.get("replicas", 0)
        for each in bindings
        for target in spec_of(each).get("clusters") or ()
    }
    works = {
        (namespace_of(work).removeprefix("karmada-es-"), name_of(work).rsplit("-", 1)[0])
        for work in plane.store.list(WORK_API, "Work")
    }
    found += [f"no Work for {place}" for place in wanted.keys() - works]
    found += [f"Work without binding {place}" for place in works - wanted.keys()]
    objects = {}
    for name, member in plane.members.items():
        if plane.get("Cluster", name, "") is None:
            continue  # who leaves while dead leaves its objects behind, as in Karmada
        for each in member.store.list("apps/v1", "Deployment"):
            if labels_of(each).get("karmada.io/managed") == "true":
                objects[name, name_of(each)] = spec_of(each)["replicas"]
    found += [f"not in its member: {place}" for place in wanted.keys() - objects.keys()]
    found += [f"left behind in {place}" for place in objects.keys() - wanted.keys()]
    for each in bindings:
        template = plane.get("Deployment", str(spec_of(each)["resource"]["name"]))
        if template is None:
            found.append(f"binding {name_of(each)} without template")
            continue
        for (member, name), replicas in objects.items():
            claimed = labels_of(template).get("propagationpolicy.karmada.io/permanent-id")
            if name == name_of(template) and claimed and (member, name) in wanted:
                want = wanted[member, name] if spec_of(each).get("replicas") else 0
                if replicas != want:
                    found.append(f"{member} has {replicas} of {name}, should have {want}")
    return found


@settings(
    derandomize=True,
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_it_comes_to_rest_in_order(steps: list[tuple[Any, ...]]) -> None:
    plane = Plane(*MEMBERS)
    for name in NAMES:
        do(plane, ("template", name, 2))
        do(plane, ("policy", name, "everywhere"))
    do(plane, ("wait", 1.0))
    for step in steps:
        do(plane, step)
    for member in plane.members.values():
        member.restore()
    plane.run(200.0)  # back-off of what waited for a dead member doubles from 5 ms
    assert problems(plane) == []
    quiet_since_s = plane.engine.last_change_s
    plane.run(60.0)
    assert plane.engine.last_change_s == quiet_since_s, "it goes on writing"
