"""Dependencies distributor: attached bindings come, change and lose their referrer."""

from __future__ import annotations

import json
from typing import Any

from lab.controllers.dependencies import DependenciesDistributor
from lab.core.binding import depended_by_label
from lab.core.interpreter import native_interpreter
from lab.core.manifest import Manifest, annotations_of, labels_of, set_in
from lab.core.model import Create, Update
from tests.controllers.fakes import (
    SETTINGS,
    changed,
    deployment,
    hub_key,
    keys,
    obj,
    queues,
    view_for,
)

LABEL = depended_by_label("default", "web-deployment")
FINALIZER = "karmada.io/binding-dependencies-distributor"
DEPENDENCIES = "resourcebinding.karmada.io/dependencies"


def controller() -> DependenciesDistributor:
    return DependenciesDistributor(SETTINGS, native_interpreter(SETTINGS), queues)


def config(name: str = "conf") -> dict[str, Any]:
    return obj("v1", "ConfigMap", name, "default")


def template(*names: str) -> Manifest:
    sources = [{"configMapRef": {"name": name}} for name in names]
    path = ("spec", "template", "spec", "containers", 0, "envFrom")
    return set_in(deployment(), path, sources)


def referrer(*targets: str, name: str = "web-deployment", **spec: Any) -> dict[str, Any]:
    resource = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "default",
        "name": "web",
    }
    body = {
        "resource": resource,
        "propagateDeps": True,
        "clusters": [{"name": target} for target in targets],
        "placement": {},
        **spec,
    }
    return obj(
        "work.karmada.io/v1alpha2",
        "ResourceBinding",
        name,
        "default",
        spec=body,
        labels={"resourcebinding.karmada.io/permanent-id": f"id-{name}"},
    )


def settled(*objects: Manifest, rb: Manifest) -> list[Manifest]:
    """Everything as it stands once the distributor has nothing left to do."""
    known = {hub_key(each): each for each in (*objects, rb)}
    loop = controller()
    for _ in range(3):
        plan = loop.reconcile(view_for(loop, *known.values()), hub_key(rb), 0.0)
        for action in plan.actions:
            assert isinstance(action, Create | Update)
            known[action.key] = action.object
    assert not plan.actions
    return list(known.values())


def find(objects: list[Manifest], name: str) -> Manifest:
    return next(each for each in objects if each["metadata"]["name"] == name)


def test_an_attached_binding_follows_its_referrer() -> None:
    loop = controller()
    rb = referrer("member1")
    view = view_for(loop, template("conf"), config(), rb)
    marked, attached = loop.reconcile(view, hub_key(rb), 0.0).actions
    assert isinstance(marked, Update)
    assert marked.object["metadata"]["finalizers"] == [FINALIZER]
    assert json.loads(annotations_of(marked.object)[DEPENDENCIES])[0]["name"] == "conf"
    assert isinstance(attached, Create)
    spec = attached.object["spec"]
    assert attached.key.name == "conf-configmap"
    assert "placement" not in spec
    assert spec["requiredBy"][0]["clusters"] == [{"name": "member1"}]
    assert labels_of(attached.object)[LABEL] == "id-web-deployment"


def test_a_missing_dependency_is_waited_for() -> None:
    loop = controller()
    rb = referrer("member1")
    (marked,) = loop.reconcile(view_for(loop, template("late"), rb), hub_key(rb), 0.0).actions
    assert isinstance(marked, Update)
    view = view_for(loop, template("late"), marked.object)
    assert keys(changed(view, loop, config("late"))) == ["ResourceBinding default/web-deployment"]
    assert changed(view, loop, config("other")) == []


def test_a_dependency_no_longer_referred_to_loses_its_referrer() -> None:
    rb = referrer("member1")
    before = settled(template("conf"), config(), rb=rb)
    loop = controller()
    now = [each for each in before if each["kind"] != "Deployment"]
    view = view_for(loop, *now, template())
    actions = loop.reconcile(view, hub_key(rb), 0.0).actions
    detached = next(a.object for a in actions if a.key.name == "conf-configmap")  # type: ignore[union-attr]
    assert "requiredBy" not in detached["spec"]
    assert LABEL not in labels_of(detached)


def test_the_referrers_deletion_detaches_then_frees_it() -> None:
    before = settled(template("conf"), config(), rb=referrer("member1"))
    going = set_in(find(before, "web-deployment"), ("metadata", "deletionTimestamp"), "t")
    loop = controller()
    view = view_for(loop, *before, going)
    detached, freed = loop.reconcile(view, hub_key(going), 0.0).actions
    assert detached.key.name == "conf-configmap"
    assert isinstance(freed, Update)
    assert FINALIZER not in freed.object["metadata"]["finalizers"]


def test_turning_propagation_off_detaches_too() -> None:
    before = settled(template("conf"), config(), rb=referrer("member1"))
    off = set_in(find(before, "web-deployment"), ("spec", "propagateDeps"), False)
    loop = controller()
    actions = loop.reconcile(view_for(loop, *before, off), hub_key(off), 0.0).actions
    assert [action.key.name for action in actions] == ["conf-configmap", "web-deployment"]


def test_new_clusters_reach_the_attached_binding() -> None:
    before = settled(template("conf"), config(), rb=referrer("member1"))
    moved = set_in(find(before, "web-deployment"), ("spec", "clusters"), [{"name": "member2"}])
    loop = controller()
    (update,) = loop.reconcile(view_for(loop, *before, moved), hub_key(moved), 0.0).actions
    assert isinstance(update, Update)
    assert update.object["spec"]["requiredBy"][0]["clusters"] == [{"name": "member2"}]


def test_referrers_that_disagree_are_told() -> None:
    first = settled(template("conf"), config(), rb=referrer("member1"))
    rb = referrer("member2", name="other-deployment", conflictResolution="Overwrite")
    loop = controller()
    plan = loop.reconcile(view_for(loop, *first, rb), hub_key(rb), 0.0)
    attached = next(a.object for a in plan.actions if a.key.name == "conf-configmap")  # type: ignore[union-attr]
    assert attached["spec"]["conflictResolution"] == "Overwrite"
    assert len(attached["spec"]["requiredBy"]) == 2
    assert "DependencyPolicyConflict" in [note.reason for note in plan.notes]


EVENTS: dict[str, Any] = {
    "new, without clusters": (None, referrer(), False),
    "new, with clusters": (None, referrer("m"), True),
    "a status change": (referrer("m"), {**referrer("m"), "status": {"a": 1}}, False),
    "propagation off from the start": (None, referrer("m", propagateDeps=False), False),
}


def test_binding_events() -> None:
    for name, (old, new, want) in EVENTS.items():
        loop = controller()
        assert bool(changed(view_for(loop), loop, new, old)) is want, name
    loop = controller()
    off = set_in(referrer("m", propagateDeps=False), ("metadata", "generation"), 2)
    assert changed(view_for(loop), loop, off, referrer("m"))
