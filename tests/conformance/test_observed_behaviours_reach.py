"""What propagates at all: reserved places, namespaces, cluster-scoped and unknown kinds."""

from __future__ import annotations

import pytest

from tests.conformance.manifests import cluster_policy, deployment, override, policy, thing
from tests.conformance.observed import ALL, Play

BOTH = ["member1", "member2"]
CRD = "CustomResourceDefinition/gadgets.example.com"


@pytest.mark.parametrize("namespace", ["karmada-system", "karmada-cluster", "kube-system"])
def test_reserved_namespaces_never_propagate(namespace: str) -> None:
    play = Play()
    data = thing(f"ConfigMap/{namespace}/settings", data={"a": "b"})
    play.settle(cluster_policy(selects="ConfigMap"), data, thing("ConfigMap/fine", data={}))
    assert play.holders(f"ConfigMap/{namespace}/settings") == set()
    assert play.marks(f"ConfigMap/{namespace}/settings") == set()
    assert play.holders("ConfigMap/fine") == ALL


def test_karmadas_own_kinds_never_propagate() -> None:
    selector = [{"apiVersion": "policy.karmada.io/v1alpha1", "kind": "OverridePolicy"}]
    play = Play().settle(policy(selects=selector), override("o", (None, {})))
    assert play.marks("OverridePolicy/o") == set()


def test_a_template_claimed_by_another_controller_is_left_alone() -> None:
    held = deployment(labels={"resourcetemplate.karmada.io/claimed-by": "somebody"})
    play = Play().settle(policy(), held)
    assert play.find("ResourceBinding/web-deployment") is None
    assert play.marks("Deployment/web") == {"resourcetemplate.karmada.io/claimed-by"}


def test_namespaces_go_to_every_member_and_leave_everywhere() -> None:
    skipped = thing(
        "Namespace/quiet", labels={"namespace.karmada.io/skip-auto-propagation": "true"}
    )
    play = Play().settle(thing("Namespace/shop"), skipped, thing("Namespace/kube-shop"))
    assert play.holders("Namespace/shop") == ALL
    assert play.holders("Namespace/quiet") == set()
    assert play.holders("Namespace/kube-shop") == set()
    play.delete("Namespace/shop")
    play.settle()
    assert play.holders("Namespace/shop") == set()
    assert play.find("Namespace/shop") is None


def test_a_cluster_scoped_template_gets_a_cluster_binding() -> None:
    role = thing("ClusterRole/reader", rules=[])
    play = Play().settle(cluster_policy(selects="ClusterRole", clusters=BOTH), role)
    bound = play.get("ClusterResourceBinding/reader-clusterrole")
    assert [each["name"] for each in bound["spec"]["clusters"]] == BOTH
    assert play.holders("ClusterRole/reader") == set(BOTH)
    play.delete("ClusterRole/reader")
    play.settle()
    assert play.holders("ClusterRole/reader") == set()


def test_a_crd_goes_out_first_and_then_its_objects() -> None:
    names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"}
    served = {"name": "v1", "served": True, "storage": True}
    served["schema"] = {
        "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    }
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [served]}
    gadget = {**thing("Gadget/one"), "apiVersion": "example.com/v1", "spec": {"size": 3}}
    selects = [{"apiVersion": "example.com/v1", "kind": "Gadget"}]
    play = Play().settle(thing(CRD, spec=spec), policy(selects=selects, clusters=BOTH), gadget)
    play.wait(15.0)
    assert play.verdict("Scheduled", "one-gadget") == ("False", "NoClusterFit"), "no API there"
    play.settle(cluster_policy("crds", selects="CustomResourceDefinition"))
    assert play.holders(CRD) == ALL
    play.wait(15.0)  # the clusters' APIs are read again
    assert play.targets("one-gadget") == {}, "and that wakes nothing by itself"
    play.settle({**gadget, "spec": {"size": 4}})
    stores = {name: play.federation.store_of(name) for name in ALL}
    found = {name for name, store in stores.items() if store.list("example.com/v1", "Gadget")}
    assert found == set(BOTH)
