"""propagateDeps: what a workload refers to follows it, in a binding without a placement."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.manifests import DIVIDED, deployment, policy, thing
from tests.conformance.observed import ALL, Play

SETTINGS = "ConfigMap/settings"
BOUND = "settings-configmap"


def reader(name: str = "web", replicas: int = 4) -> Any:
    """Return a Deployment that takes its environment from the ConfigMap."""
    made = deployment(replicas, name)
    container = made["spec"]["template"]["spec"]["containers"][0]
    container["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    return made


def follows(name: str = "web", clusters: Any = ("member1", "member2"), **spec: Any) -> Any:
    return policy(name, selects=f"Deployment/{name}", clusters=clusters, propagateDeps=True, **spec)


def settings(**data: str) -> Any:
    return thing(SETTINGS, data=data)


def snapshots(play: Play) -> dict[str, list[str]]:
    """Return the referrers of the ConfigMap, and the clusters each asks for."""
    listed = play.binding(BOUND)["spec"].get("requiredBy") or ()
    return {each["name"]: [c["name"] for c in each["clusters"]] for each in listed}


def test_a_dependency_gets_a_second_binding_that_is_never_scheduled() -> None:
    play = Play().settle(settings(a="b"), follows(), reader())
    assert play.holders(SETTINGS) == {"member1", "member2"}
    spec = play.binding(BOUND)["spec"]
    assert spec.get("placement") is None
    assert spec.get("clusters") in (None, [])
    assert snapshots(play) == {"web-deployment": ["member1", "member2"]}
    assert play.verdict("Scheduled", BOUND) == ("", "")
    assert play.verdict("FullyApplied", BOUND) == ("True", "FullyAppliedSuccess")


def test_without_propagate_deps_nothing_follows() -> None:
    alone = policy(clusters=["member1"])
    play = Play().settle(settings(), alone, reader())
    assert play.holders(SETTINGS) == set()
    assert play.find(f"ResourceBinding/{BOUND}") is None
    play.settle(policy(clusters=["member1"], propagateDeps=True))
    assert play.holders(SETTINGS) == {"member1"}, "until it is switched on"


def test_it_follows_when_its_referrer_moves_and_when_it_changes_itself() -> None:
    play = Play().settle(settings(a="1"), follows(), reader())
    play.settle(follows(clusters=["member3"]))
    assert play.holders(SETTINGS) == {"member3"}
    play.settle(settings(a="2"))
    assert play.get(SETTINGS, "member3")["data"] == {"a": "2"}


def test_its_binding_stays_after_the_parent_is_gone_with_no_clusters() -> None:
    play = Play().settle(settings(), follows(), reader())
    play.delete("Deployment/web")
    play.settle()
    assert play.find("ResourceBinding/web-deployment") is None
    assert snapshots(play) == {}
    assert play.binding(BOUND)["spec"].get("clusters") in (None, [])
    assert play.holders(SETTINGS) == set()
    assert play.find(SETTINGS) is not None


def test_a_reference_that_is_dropped_takes_the_dependency_away() -> None:
    play = Play().settle(settings(), follows(), reader())
    play.settle(deployment())
    assert snapshots(play) == {}
    assert play.holders(SETTINGS) == set()


def test_a_dependency_that_is_missing_follows_when_it_appears() -> None:
    play = Play().settle(follows(), reader())
    assert play.find(f"ResourceBinding/{BOUND}") is None
    assert play.verdict("FullyApplied")[0] == "True"
    play.settle(settings())
    assert play.holders(SETTINGS) == {"member1", "member2"}


def test_several_referrers_make_a_union_and_only_the_one_that_goes_takes_its_clusters() -> None:
    play = Play().settle(settings(), follows(clusters=["member1"]), reader())
    play.settle(follows("api", ["member2", "member3"]), reader("api"))
    assert snapshots(play) == {
        "web-deployment": ["member1"],
        "api-deployment": ["member2", "member3"],
    }
    assert play.holders(SETTINGS) == ALL
    play.delete("Deployment/api")
    play.settle()
    assert snapshots(play) == {"web-deployment": ["member1"]}
    assert play.holders(SETTINGS) == {"member1"}


@pytest.mark.parametrize(
    ("first", "second", "field", "winner"),
    [
        pytest.param(
            {"conflictResolution": "Overwrite"},
            {"conflictResolution": "Abort"},
            "conflictResolution",
            "Overwrite",
            id="Overwrite wins",
        ),
        pytest.param(
            {"preserveResourcesOnDeletion": False},
            {"preserveResourcesOnDeletion": True},
            "preserveResourcesOnDeletion",
            True,
            id="to preserve wins",
        ),
    ],
)
def test_of_referrers_that_disagree(first: Any, second: Any, field: str, winner: Any) -> None:
    play = Play().settle(settings(), follows(**first), reader())
    assert not play.events("DependencyPolicyConflict")
    play.settle(follows("api", ["member3"], **second), reader("api"))
    assert play.binding(BOUND)["spec"][field] == winner
    assert play.events("DependencyPolicyConflict")


def test_a_dependency_with_its_own_policy_keeps_its_clusters_and_gains_the_union() -> None:
    own = policy("own", selects=SETTINGS, clusters=["member3"])
    play = Play().settle(settings(), own, follows(clusters=["member1"]), reader())
    assert play.targets(BOUND) == {"member3": None}
    assert snapshots(play) == {"web-deployment": ["member1"]}
    assert play.holders(SETTINGS) == {"member1", "member3"}
    play.delete("Deployment/web")
    play.settle()
    assert play.holders(SETTINGS) == {"member3"}


def test_clusters_that_get_no_replicas_get_no_dependency() -> None:
    play = Play().settle(
        settings(),
        policy(propagateDeps=True, placement=DIVIDED, clusters=["member1", "member2"]),
        reader(replicas=1),
    )
    assert play.holders(SETTINGS) == play.holders("Deployment/web")
    assert len(play.holders(SETTINGS)) == 1


@pytest.mark.parametrize(
    ("word", "spec"),
    [
        pytest.param(
            "Secret/keys", {"imagePullSecrets": [{"name": "keys"}]}, id="image pull secret"
        ),
        pytest.param("ServiceAccount/bot", {"serviceAccountName": "bot"}, id="service account"),
        pytest.param(
            "PersistentVolumeClaim/disk",
            {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "disk"}}]},
            id="volume claim",
        ),
    ],
)
def test_what_a_pod_template_refers_to_follows(word: str, spec: Any) -> None:
    made = dict(thing(word))
    if word.startswith("Persistent"):
        made["spec"] = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
    play = Play().settle(made, follows(), deployment(**spec))
    assert play.holders(word) == {"member1", "member2"}


def test_a_service_in_front_of_a_workload_does_not_follow() -> None:
    front = thing("Service/web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})
    play = Play().settle(front, follows(), reader())
    assert play.holders("Service/web") == set()
