"""The detector: claims, bindings, the waiting list, lazy policies."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.detector import Detector
from lab.core.interpreter import native_interpreter
from lab.core.manifest import (
    Manifest,
    annotations_of,
    labels_of,
    set_in,
    with_annotations,
    with_labels,
)
from lab.core.model import Answered, Create, Update
from tests.controllers.fakes import (
    SETTINGS,
    changed,
    deployment,
    hub_key,
    keys,
    obj,
    policy,
    queues,
    view_for,
)

POLICY_ID = "propagationpolicy.karmada.io/permanent-id"
KEY = hub_key(deployment())


def controller() -> Detector:
    return Detector(SETTINGS, native_interpreter(SETTINGS), queues)


def claimed(template: Manifest, name: str = "pp") -> Manifest:
    marked = with_labels(template, {POLICY_ID: f"id-{name}"})
    return with_annotations(
        marked,
        {
            "propagationpolicy.karmada.io/namespace": "default",
            "propagationpolicy.karmada.io/name": name,
        },
    )


def test_an_unclaimed_template_is_claimed_by_the_best_policy() -> None:
    loop = controller()
    view = view_for(loop, deployment(), policy("low"), policy("high", priority=3))
    plan = loop.reconcile(view, KEY, 0.0)
    (update,) = plan.actions
    assert isinstance(update, Update)
    assert annotations_of(update.object)["propagationpolicy.karmada.io/name"] == "high"
    assert labels_of(update.object)[POLICY_ID] == "id-high"
    told = plan.decisions[0].explanation["candidates"]
    assert [(each["name"], each["wins"]) for each in told] == [
        ("default/high", True),
        ("default/low", False),
    ]


def test_a_claimed_template_gets_its_binding() -> None:
    loop = controller()
    view = view_for(loop, claimed(deployment()), policy(placement={"clusterAffinity": {}}))
    plan = loop.reconcile(view, KEY, 0.0)
    (create,) = plan.actions
    assert isinstance(create, Create)
    binding = create.object
    assert binding["metadata"]["name"] == "web-deployment"
    assert binding["metadata"]["ownerReferences"][0]["uid"] == "uid-web"
    assert binding["spec"]["replicas"] == 2
    assert binding["spec"]["placement"] == {"clusterAffinity": {}}
    assert [note.reason for note in plan.notes] == ["ApplyPolicySucceed"]


def bound(loop: Detector, template: Manifest, by: Manifest) -> Manifest:
    (create,) = loop.reconcile(view_for(loop, template, by), KEY, 0.0).actions
    assert isinstance(create, Create)
    return create.object


def test_a_binding_in_order_is_not_written_again() -> None:
    loop = controller()
    template = claimed(deployment())
    standing = bound(loop, template, policy())
    view = view_for(loop, template, policy(), standing)
    assert loop.reconcile(view, KEY, 0.0).actions == ()


def test_a_sync_keeps_what_the_scheduler_wrote() -> None:
    loop = controller()
    template = claimed(deployment())
    standing = set_in(bound(loop, template, policy()), ("spec", "clusters"), [{"name": "m"}])
    scaled = set_in(template, ("spec", "replicas"), 9)
    (update,) = loop.reconcile(view_for(loop, scaled, policy(), standing), KEY, 0.0).actions
    assert isinstance(update, Update)
    assert update.object["spec"]["replicas"] == 9
    assert update.object["spec"]["clusters"] == [{"name": "m"}]


def test_a_binding_of_an_earlier_template_is_waited_out() -> None:
    loop = controller()
    standing = bound(loop, claimed(deployment()), policy())
    reborn = claimed(deployment(uid="another"))
    plan = loop.reconcile(view_for(loop, reborn, policy(), standing), KEY, 0.0)
    assert plan.actions == ()
    assert "different owner reference UID" in (plan.error or "")
    assert plan.notes[0].reason == "ApplyPolicyFailed"


ERRORS: dict[str, Any] = {
    "its policy is being deleted": (
        set_in(policy(), ("metadata", "deletionTimestamp"), "t"),
        "policy(default/pp) is being deleted",
    ),
    "overrides are missing": (policy(dependentOverrides=["op"]), "waiting for dependent overrides"),
    "its policy selects it no more": (policy("pp", target="other"), None),
}


@pytest.mark.parametrize(("by", "error"), ERRORS.values(), ids=ERRORS.keys())
def test_a_claimed_template_that_cannot_be_synced(by: Manifest, error: str | None) -> None:
    loop = controller()
    plan = loop.reconcile(view_for(loop, claimed(deployment()), by), KEY, 0.0)
    assert (plan.actions, plan.error) == ((), error)


def test_marks_of_a_policy_that_is_gone_come_off() -> None:
    loop = controller()
    template = claimed(deployment())
    standing = bound(loop, template, policy())
    actions = loop.reconcile(view_for(loop, template, standing), KEY, 0.0).actions
    assert [action.key.kind for action in actions] == ["ResourceBinding", "Deployment"]
    assert all(POLICY_ID not in labels_of(action.object) for action in actions)  # type: ignore[union-attr]


def test_without_a_policy_it_waits_until_one_selects_it() -> None:
    loop = controller()
    view = view_for(loop, deployment())
    first = loop.reconcile(view, KEY, 0.0)
    assert (first.actions, first.requeue_after_s) == ((), 0.005)
    assert loop.reconcile(view, KEY, 0.005).requeue_after_s is None
    assert changed(view, loop, policy("pp", target="other")) == []
    assert keys(changed(view, loop, policy())) == ["Deployment default/web"]


def test_a_policy_edit_brings_the_templates_it_has() -> None:
    loop = controller()
    template = claimed(deployment())
    view = view_for(loop, template, policy(), bound(loop, template, policy()))
    edited = {**policy(priority=1), "metadata": {**policy()["metadata"], "generation": 2}}
    assert keys(changed(view, loop, edited, policy())) == ["Deployment default/web"]
    assert changed(view, loop, edited, edited) == []


def test_a_lazy_policy_refreshes_only_after_the_users_own_change() -> None:
    loop = controller()
    lazy = policy(activationPreference="Lazy")
    template = claimed(deployment())
    view = view_for(loop, template, lazy)
    assert keys(changed(view, loop, template, deployment())) == ["Deployment default/web"]
    assert loop.reconcile(view, KEY, 0.0).actions == ()  # only Karmada's marks changed
    scaled = set_in(template, ("spec", "replicas"), 3)
    assert keys(changed(view, loop, scaled, template)) == ["Deployment default/web"]
    (create,) = loop.reconcile(view, KEY, 1.0).actions
    assert isinstance(create, Create)
    from lab.core.errors import ApiError

    list(loop.keys_for(Answered(1, create, error=ApiError(500, "InternalError", "x")), view))
    assert len(loop.reconcile(view, KEY, 2.0).actions) == 1  # the refusal did not use it up


NO_TEMPLATES = {
    "a Work": obj("work.karmada.io/v1alpha1", "Work", "w", "karmada-es-m"),
    "an Event": obj("v1", "Event", "e", "default"),
    "in a system namespace": obj("v1", "ConfigMap", "c", "kube-system"),
    "in an execution namespace": obj("v1", "ConfigMap", "c", "karmada-es-m"),
}


@pytest.mark.parametrize("manifest", NO_TEMPLATES.values(), ids=NO_TEMPLATES.keys())
def test_what_is_never_propagated(manifest: Manifest) -> None:
    loop = controller()
    assert changed(view_for(loop), loop, manifest) == []


def test_status_changes_are_no_news() -> None:
    loop = controller()
    view = view_for(loop)
    new = {**deployment(resourceVersion="11"), "status": {"replicas": 2}}
    assert changed(view, loop, new, deployment()) == []
    assert keys(changed(view, loop, deployment(replicas=3), deployment())) == [
        "Deployment default/web"
    ]


def test_claimed_by_another_controller() -> None:
    loop = controller()
    taken = with_labels(deployment(), {"resourcetemplate.karmada.io/claimed-by": "mcs"})
    assert loop.reconcile(view_for(loop, taken, policy()), KEY, 0.0).actions == ()


def test_a_cluster_scoped_template_gets_a_cluster_binding() -> None:
    loop = controller()
    role = obj("rbac.authorization.k8s.io/v1", "ClusterRole", "reader")
    marks = {"clusterpropagationpolicy.karmada.io/permanent-id": "id"}
    role = with_labels(role, marks)
    role = with_annotations(role, {"clusterpropagationpolicy.karmada.io/name": "wide"})
    selectors = [{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}]
    wide = obj(
        "policy.karmada.io/v1alpha1",
        "ClusterPropagationPolicy",
        "wide",
        spec={"resourceSelectors": selectors, "placement": {}},
        labels=marks,
    )
    (create,) = loop.reconcile(view_for(loop, role, wide), hub_key(role), 0.0).actions
    assert create.key.kind == "ClusterResourceBinding"
    assert create.key.name == "reader-clusterrole"
