"""The kinds an API server serves, and the words kubectl knows them by."""

from __future__ import annotations

import pytest

from lab.core.errors import InputError
from lab.core.kinds import HUB_KINDS, MEMBER_KINDS, Kind, crd_kinds, guess

HUB = HUB_KINDS()

WORDS = {
    "short name": ("deploy", "apps/v1", "Deployment"),
    "plural": ("deployments", "apps/v1", "Deployment"),
    "singular": ("deployment", "apps/v1", "Deployment"),
    "kind as written": ("Deployment", "apps/v1", "Deployment"),
    "plural and group": ("deployments.apps", "apps/v1", "Deployment"),
    "plural, version and group": ("deployments.v1.apps", "apps/v1", "Deployment"),
    "core kind": ("po", "v1", "Pod"),
    "Karmada short name": ("rb", "work.karmada.io/v1alpha2", "ResourceBinding"),
    "old version by full name": (
        "resourcebindings.v1alpha1.work.karmada.io",
        "work.karmada.io/v1alpha1",
        "ResourceBinding",
    ),
    "newest version is preferred": ("hpa", "autoscaling/v2", "HorizontalPodAutoscaler"),
    "core group wins": ("events", "v1", "Event"),
    "other group by name": ("events.events.k8s.io", "events.k8s.io/v1", "Event"),
    "clusters of Karmada": ("clusters", "cluster.karmada.io/v1alpha1", "Cluster"),
}


@pytest.mark.parametrize(("word", "api_version", "kind"), WORDS.values(), ids=WORDS.keys())
def test_resolve(word: str, api_version: str, kind: str) -> None:
    found = HUB.resolve(word)
    assert (found.api_version, found.kind) == (api_version, kind)


def test_unknown_word_names_the_nearest() -> None:
    with pytest.raises(InputError) as raised:
        HUB.resolve("deploymnets")
    assert str(raised.value) == (
        'the server doesn\'t have a resource type "deploymnets" — did you mean "deployments"?'
    )


def test_a_member_has_no_karmada_kinds() -> None:
    with pytest.raises(InputError):
        MEMBER_KINDS().resolve("propagationpolicy")
    assert MEMBER_KINDS().get("work.karmada.io/v1alpha2", "ResourceBinding") is None


def test_facts_of_a_kind() -> None:
    pod = HUB.resolve("pods")
    assert (pod.plural, pod.singular, pod.namespaced) == ("pods", "pod", True)
    assert "status" in pod.subresources
    assert [column.name for column in pod.columns if column.priority == 0][:3] == [
        "Name",
        "Ready",
        "Status",
    ]
    assert not HUB.resolve("nodes").namespaced
    work = HUB.resolve("works")
    assert work.custom
    assert work.columns[2].json_path == '.status.conditions[?(@.type=="Applied")].status'
    assert not HUB.resolve("clusters").custom


GUESSES = {
    "plain": ("Widget", "widgets.example.com"),
    "ends in y": ("Policy", "policies.example.com"),
    "ends in s": ("Redis", "redises.example.com"),
    "endpoints stay": ("MyEndpoints", "myendpoints.example.com"),
}


@pytest.mark.parametrize(("kind", "resource"), GUESSES.values(), ids=GUESSES.keys())
def test_guess(kind: str, resource: str) -> None:
    assert guess("example.com/v1", kind).resource == resource


def test_registries_are_ones_own() -> None:
    one, other = MEMBER_KINDS(), MEMBER_KINDS()
    one.add(Kind("example.com/v1", "Widget", "widgets", "widget"))
    assert one.resolve("widget").kind == "Widget"
    with pytest.raises(InputError):
        other.resolve("widget")


MISSING = {
    "a kind": ("apps/v1/Deployment", "apps/v1", "Deployment", True),
    "a version": ("apps/v1", "apps/v1", "StatefulSet", True),
    "a core kind": ("v1/Pod", "v1", "Pod", True),
    "another kind stays": ("apps/v1/Deployment", "apps/v1", "StatefulSet", False),
}


@pytest.mark.parametrize(
    ("api", "api_version", "kind", "gone"), MISSING.values(), ids=MISSING.keys()
)
def test_without(api: str, api_version: str, kind: str, gone: bool) -> None:
    registry = MEMBER_KINDS().without([api])
    assert (registry.get(api_version, kind) is None) is gone
    assert registry.is_missing(api_version, kind) is gone


def test_category() -> None:
    kinds = {kind.kind for kind in HUB.in_category("all")}
    assert {"Pod", "Service", "Deployment", "Job"} <= kinds
    versions = [k.api_version for k in HUB.in_category("karmada-io") if k.kind == "ResourceBinding"]
    assert versions == ["work.karmada.io/v1alpha2"]


def test_kinds_of_a_definition() -> None:
    crd = {
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"]},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}},
                {"name": "v1beta1", "served": True},
                {"name": "v1alpha1", "served": False},
            ],
        }
    }
    kinds = crd_kinds(crd)
    assert [kind.api_version for kind in kinds] == ["example.com/v1", "example.com/v1beta1"]
    assert kinds[0].custom
    assert kinds[0].subresources == ("status",)
    registry = MEMBER_KINDS()
    for kind in kinds:
        registry.add(kind)
    assert registry.resolve("wd").api_version == "example.com/v1"
