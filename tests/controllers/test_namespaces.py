"""Namespace sync: which namespaces go where, and when."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.namespaces import NamespaceSync
from lab.core.manifest import Manifest
from lab.core.model import Create
from tests.controllers.fakes import SETTINGS, changed, cluster, hub_key, keys, obj, queues, view_for

FLEET = [cluster("member1"), obj("v1", "Namespace", "karmada-es-member1")]
SKIP = {"namespace.karmada.io/skip-auto-propagation": "true"}


def controller() -> NamespaceSync:
    return NamespaceSync(SETTINGS, queues)


def namespace(name: str, **metadata: Any) -> dict[str, Any]:
    return obj("v1", "Namespace", name, **metadata)


CASES: dict[str, Any] = {
    "an ordinary one": (namespace("team"), True),
    "default": (namespace("default"), False),
    "kube-*": (namespace("kube-system"), False),
    "karmada's own": (namespace("karmada-system"), False),
    "an execution space": (namespace("karmada-es-x"), False),
    "with the skip label": (namespace("team", labels=SKIP), False),
    "being deleted": (namespace("team", deletionTimestamp="t"), False),
}


@pytest.mark.parametrize(("manifest", "want"), CASES.values(), ids=CASES.keys())
def test_which_go(manifest: Manifest, want: bool) -> None:
    loop = controller()
    plan = loop.reconcile(view_for(loop, *FLEET, manifest), hub_key(manifest), 0.0)
    assert bool(plan.actions) is want


def test_the_work_belongs_to_the_namespace() -> None:
    loop = controller()
    team = namespace("team")
    (create,) = loop.reconcile(view_for(loop, *FLEET, team), hub_key(team), 0.0).actions
    assert isinstance(create, Create)
    assert create.key.namespace == "karmada-es-member1"
    assert create.object["metadata"]["ownerReferences"][0]["name"] == "team"
    view = view_for(loop, *FLEET, team, create.object)
    assert loop.reconcile(view, hub_key(team), 0.0).actions == []


def test_a_new_member_gets_all_of_them() -> None:
    loop = controller()
    view = view_for(loop, namespace("a"), namespace("b"))
    assert keys(changed(view, loop, cluster("member2"))) == ["Namespace a", "Namespace b"]
    assert changed(view, loop, cluster("member2", "False"), cluster("member2")) == []


def test_cluster_overrides_bring_the_namespaces_they_name() -> None:
    loop = controller()
    view = view_for(loop, namespace("a"), namespace("b"))

    def policy(*selectors: dict[str, str]) -> dict[str, Any]:
        spec = {"resourceSelectors": list(selectors)}
        return obj("policy.karmada.io/v1alpha1", "ClusterOverridePolicy", "cop", spec=spec)

    named = {"apiVersion": "v1", "kind": "Namespace", "name": "b"}
    assert keys(changed(view, loop, policy(named))) == ["Namespace b"]
    every = {"apiVersion": "v1", "kind": "Namespace"}
    assert keys(changed(view, loop, policy(every))) == ["Namespace a", "Namespace b"]
    assert changed(view, loop, policy({"apiVersion": "apps/v1", "kind": "Deployment"})) == []
