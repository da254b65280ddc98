"""Policy reconcilers: release, finalizer, preemption."""

from __future__ import annotations

from typing import Any

from lab.controllers.lineage import POLICY
from lab.controllers.policies import PolicyReconciler
from lab.core.manifest import Manifest, labels_of, set_in
from lab.core.model import Update
from lab.core.settings import KarmadaSettings
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
from tests.controllers.test_detector import POLICY_ID, claimed

PREEMPTING = SETTINGS.with_gates(PropagationPolicyPreemption=True)


def controller(settings: KarmadaSettings = SETTINGS) -> PolicyReconciler:
    return PolicyReconciler(POLICY, settings, queues)


def binding() -> dict[str, Any]:
    resource = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "default",
        "name": "web",
    }
    made = obj(
        "work.karmada.io/v1alpha2",
        "ResourceBinding",
        "web-deployment",
        "default",
        spec={"resource": resource},
    )
    return dict(claimed(made))


def written(actions: Any) -> list[Manifest]:
    assert all(isinstance(action, Update) for action in actions)
    return [action.object for action in actions]


def test_deletion_frees_binding_and_template_before_the_finalizer() -> None:
    loop = controller()
    going = set_in(policy(), ("metadata", "deletionTimestamp"), "t")
    view = view_for(
        loop, going, claimed(deployment()), binding(), claimed(deployment("other"), "x")
    )
    rb, template, last = written(loop.reconcile(view, hub_key(going), 0.0).actions)
    assert (rb["kind"], template["kind"], last["kind"]) == (
        "ResourceBinding",
        "Deployment",
        "PropagationPolicy",
    )
    assert POLICY_ID not in labels_of(rb)
    assert POLICY_ID not in labels_of(template)
    assert last["metadata"]["finalizers"] == []


def test_an_edit_frees_what_is_no_longer_selected() -> None:
    loop = controller()
    view = view_for(loop, policy("pp", target="other"), claimed(deployment()), binding())
    freed = written(loop.reconcile(view, hub_key(policy()), 0.0).actions)
    assert [each["kind"] for each in freed] == ["Deployment", "ResourceBinding"]
    still = view_for(loop, policy(), claimed(deployment()), binding())
    assert loop.reconcile(still, hub_key(policy()), 0.0).actions == []


def test_preemption_needs_gate_word_and_priority() -> None:
    rival = policy("rival", priority=5, preemption="Always")
    objects = (claimed(deployment()), policy(), rival)
    loop = controller()
    assert loop.reconcile(view_for(loop, *objects), hub_key(rival), 0.0).actions == []
    loop = controller(PREEMPTING)
    plan = loop.reconcile(view_for(loop, *objects), hub_key(rival), 0.0)
    (taken,) = written(plan.actions)
    assert labels_of(taken)[POLICY_ID] == "id-rival"
    assert plan.notes[0].message == (
        "Propagation policy(default/rival) preempted propagation policy(default/pp) successfully"
    )


def test_a_lower_priority_brings_rivals_highest_first() -> None:
    loop = controller(PREEMPTING)
    old = policy(priority=9)
    new = {**policy(priority=1), "metadata": {**policy()["metadata"], "generation": 2}}
    rivals = [policy(f"r{n}", priority=n, preemption="Always") for n in (3, 7, 9)]
    view = view_for(loop, *rivals, policy("never", priority=5))
    assert keys(changed(view, loop, new, old)) == [
        "PropagationPolicy default/pp",
        "PropagationPolicy default/r7",
        "PropagationPolicy default/r3",
    ]


def test_labels_alone_do_not_bring_a_policy() -> None:
    loop = controller()
    assert changed(view_for(loop), loop, policy(), policy()) == []
