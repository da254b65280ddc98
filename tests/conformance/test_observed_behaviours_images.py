"""Image overriders on their way into members."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.manifests import deployment, override, policy
from tests.conformance.observed import Play

WEB = "Deployment/web"
BOTH = ["member1", "member2"]
DIGEST = "nginx@sha256:" + "a" * 64


def settled(rules: Any, template: Any) -> Play:
    return Play().settle(rules, policy(clusters=BOTH), template)


def image(component: str, operator: str, value: str) -> dict[str, Any]:
    rule = {"component": component, "operator": operator, "value": value}
    return {"imageOverrider": [rule]}


def image_of(play: Play, cluster: str = "member1") -> Any:
    return play.get(WEB, cluster)["spec"]["template"]["spec"]["containers"][0]["image"]


def test_plaintext_wins_over_the_image_overrider() -> None:
    path = "/spec/template/spec/containers/0/image"
    both = {
        **image("Tag", "replace", "1.0"),
        "plaintext": [{"path": path, "operator": "replace", "value": "other:2"}],
    }
    assert image_of(settled(override("o", (None, both)), deployment())) == "other:2"


@pytest.mark.parametrize(
    ("overriders", "before", "after"),
    [
        pytest.param(
            image("Tag", "add", "-x"), DIGEST, DIGEST, id="Tag add to a digest is nothing"
        ),
        pytest.param(image("Tag", "replace", "1.0"), DIGEST, "nginx:1.0", id="Tag for a digest"),
        pytest.param(image("Tag", "add", "-x"), "nginx:1", "nginx:1-x", id="Tag add appends"),
        pytest.param(
            image("Registry", "add", "r.example"), "nginx:1", "r.example/nginx:1", id="Registry add"
        ),
        pytest.param(
            image("Repository", "replace", "own/web"),
            "h:5000/a:1",
            "h:5000/own/web:1",
            id="Repository",
        ),
    ],
)
def test_image_overriders(overriders: Any, before: str, after: str) -> None:
    play = settled(override("o", (["member1"], overriders)), deployment(image=before))
    assert (image_of(play), image_of(play, "member2")) == (after, before)
