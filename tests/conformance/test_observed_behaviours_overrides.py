"""Override policies on their way into members: order, reach, edits, and what cannot apply."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.manifest import annotations_of, labels_of
from tests.conformance.manifests import cluster_policy, deployment, override, policy, thing
from tests.conformance.observed import Play

WEB = "Deployment/web"
BOTH = ["member1", "member2"]


def labels(operator: str = "add", **value: str) -> dict[str, Any]:
    return {"labelsOverrider": [{"operator": operator, "value": value}]}


def json_patch(path: str, value: Any, operator: str = "replace") -> dict[str, Any]:
    return {"plaintext": [{"path": path, "operator": operator, "value": value}]}


def played(*overrides: Any, template: Any = None) -> Play:
    """Return a play with a Deployment in two members, made after its override policies."""
    return Play().settle(*overrides, policy(clusters=BOTH), template or deployment())


def tier(play: Play, cluster: str = "member1") -> str | None:
    return labels_of(play.get(WEB, cluster)).get("tier")


def test_the_articles_overriders_give_exactly_these_labels_and_annotations() -> None:
    marks = [
        {"operator": "add", "value": {"env": "skoala-dev"}},
        {"operator": "add", "value": {"env-stat": "skoala-stage"}},
        {"operator": "remove", "value": {"for": "for"}},
        {"operator": "replace", "value": {"bar": "test"}},
    ]
    notes = [
        {"operator": "add", "value": {"env": "skoala-stage"}},
        {"operator": "remove", "value": {"bom": "bom"}},
        {"operator": "replace", "value": {"emma": "sophia"}},
    ]
    rules = [
        (["member2"], {"labelsOverrider": marks}),
        (["member1"], {"annotationsOverrider": notes}),
    ]
    play = played(override("o", *rules))

    def own(found: Any) -> dict[str, str]:
        return {
            key: value
            for key, value in found.items()
            if "karmada.io" not in key and "kubernetes.io" not in key
        }

    assert own(labels_of(play.get(WEB, "member2"))) == {
        "app": "web",
        "env": "skoala-dev",
        "env-stat": "skoala-stage",
    }
    assert own(annotations_of(play.get(WEB, "member2"))) == {}
    assert own(labels_of(play.get(WEB, "member1"))) == {"app": "web"}
    assert own(annotations_of(play.get(WEB, "member1"))) == {"env": "skoala-stage"}
    bookkeeping = {
        "karmada.io/managed",
        "propagationpolicy.karmada.io/permanent-id",
        "resourcebinding.karmada.io/permanent-id",
        "work.karmada.io/permanent-id",
        "resourcebinding.karmada.io/namespace",
        "resourcebinding.karmada.io/name",
        "work.karmada.io/namespace",
        "work.karmada.io/name",
        "work.karmada.io/conflict-resolution",
        "resourcetemplate.karmada.io/uid",
        "resourcetemplate.karmada.io/generation",
        "resourcetemplate.karmada.io/managed-labels",
        "resourcetemplate.karmada.io/managed-annotations",
    }
    for name in BOTH:
        assert bookkeeping <= play.marks(WEB, name)
        assert play.marks(WEB, name) - bookkeeping <= {
            "propagationpolicy.karmada.io/namespace",
            "propagationpolicy.karmada.io/name",
        }


@pytest.mark.parametrize(
    ("operator", "given", "left"),
    [
        pytest.param("add", {"for": "new"}, "new", id="add overwrites a key that exists"),
        pytest.param("replace", {"none": "x"}, "other", id="replace never creates"),
        pytest.param("remove", {"for": "for"}, None, id="remove looks at the key only"),
    ],
)
def test_label_operators(operator: str, given: dict[str, str], left: str | None) -> None:
    play = played(
        override("o", (None, labels(operator, **given))),
        template=deployment(labels={"for": "other"}),
    )
    found = labels_of(play.get(WEB, "member1"))
    assert found.get("for") == left
    assert "none" not in found


@pytest.mark.parametrize(
    ("overrides", "winner"),
    [
        pytest.param(
            [
                override("a", (None, labels(tier="namespaced"))),
                override("z", (None, labels(tier="wide")), kind="ClusterOverridePolicy"),
            ],
            "namespaced",
            id="namespaced after cluster-wide",
        ),
        pytest.param(
            [
                override("a", (None, labels(tier="name")), selects=WEB),
                override("b", (None, labels(tier="kind")), selects="Deployment"),
                override("z", (None, labels(tier="all"))),
            ],
            "name",
            id="the least specific selector first",
        ),
        pytest.param(
            [override("b", (None, labels(tier="b"))), override("a", (None, labels(tier="a")))],
            "b",
            id="ties by name",
        ),
        pytest.param(
            [override("a", (None, labels(tier="1")), (BOTH, labels(tier="2")))],
            "2",
            id="the rules of a policy in order",
        ),
        pytest.param(
            [
                override(
                    "a",
                    (None, {**json_patch("/metadata/labels/tier", "p", "add"), **labels(tier="l")}),
                )
            ],
            "p",
            id="plaintext after labels",
        ),
    ],
)
def test_of_several_overrides_the_last_one_wins(overrides: list[Any], winner: str) -> None:
    assert tier(played(*overrides)) == winner


def test_a_namespaced_override_matches_what_the_cluster_wide_one_made() -> None:
    made = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "labelSelector": {"matchLabels": {"a": "b"}},
        }
    ]
    play = played(
        override("wide", (None, labels(a="b")), kind="ClusterOverridePolicy"),
        override("near", (None, labels(tier="seen")), selects=made),
    )
    assert tier(play) == "seen"


def test_an_override_works_on_a_template_of_a_cluster_wide_policy_and_only_in_its_clusters() -> (
    None
):
    play = Play().settle(
        override("o", (["member2"], labels(tier="two"))),
        cluster_policy(clusters=BOTH),
        deployment(),
    )
    assert (tier(play), tier(play, "member2")) == (None, "two")


def test_overrides_come_last_so_they_can_overwrite_replicas() -> None:
    play = played(override("o", (["member1"], json_patch("/spec/replicas", 9))))
    assert play.members(WEB) == {"member1": 9, "member2": 4}


def test_an_edit_of_an_override_renders_again_and_its_deletion_takes_it_back() -> None:
    play = played(override("o", (None, labels(tier="one"))))
    play.settle(override("o", (["member2"], labels(tier="two"))))
    assert (tier(play), tier(play, "member2")) == (None, "two")
    play.delete("OverridePolicy/o")
    play.settle()
    assert (tier(play), tier(play, "member2")) == (None, None)


def test_an_override_that_cannot_apply_stops_only_its_own_cluster() -> None:
    play = played(override("o", (["member1"], json_patch("/spec/strategy/none/such", 1))))
    assert play.members(WEB) == {"member2": 4}
    assert set(play.works()) == {"member2"}
    assert play.verdict("FullyApplied") == ("False", "FullyAppliedFailed")
    assert play.verdict("Scheduled") == ("True", "Success")
    assert play.events("ApplyOverridePolicyFailed")
    tries = [each["time_s"] for each in play.events("SyncWorkFailed") if "Binding" in each["about"]]
    assert len(tries) > 2
    assert tries[-1] - tries[-2] > tries[1] - tries[0], "retries back off"
    play.settle(override("o", (["member1"], labels(tier="one"))))
    play.wait(30.0)
    assert play.members(WEB) == {"member1": 4, "member2": 4}
    assert play.verdict("FullyApplied") == ("True", "FullyAppliedSuccess")


def test_a_path_without_its_leading_slash_is_accepted() -> None:
    play = played(override("o", (["member1"], json_patch("spec/replicas", 9))))
    assert play.find("OverridePolicy/o") is not None
    assert play.members(WEB).get("member2") == 4


def test_an_override_that_stops_applying_leaves_what_stands() -> None:
    play = played()
    play.apply(override("o", (["member1"], json_patch("/none/such", 1))))
    play.scale(WEB, 6)
    play.settle()
    assert play.members(WEB) == {"member1": 4, "member2": 6}


def test_namespaces_are_overridden_by_cluster_wide_overrides_only() -> None:
    play = Play().settle(
        override("wide", (["member1"], labels(tier="wide")), kind="ClusterOverridePolicy"),
        override("near", (None, labels(tier="near"))),
        thing("Namespace/shop"),
    )
    found = {name: labels_of(play.get("Namespace/shop", name)).get("tier") for name in BOTH}
    assert found == {"member1": "wide", "member2": None}
