from __future__ import annotations

from typing import Any

from lab.core.model import HUB, Index, Key, Observed, ProbeResult, Synced
from lab.engine.view import ObjectView


def pod(name: str, node: str, cluster: str = HUB) -> Observed:
    key = Key(cluster, "v1", "Pod", "default", name)
    manifest: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"nodeName": node},
    }
    return Observed(key, manifest)


def names(found: Any) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in found]


BY_NODE = Index("by-node", "hub", "v1", "Pod", lambda pod: (pod["spec"]["nodeName"],))


def test_index_follows_changes_and_deletions() -> None:
    view = ObjectView([BY_NODE, BY_NODE])
    view.receive(pod("a", "n1"))
    view.receive(pod("b", "n1"))
    assert names(view.by_index("by-node", "n1")) == ["a", "b"]
    view.receive(pod("a", "n2"))
    assert names(view.by_index("by-node", "n1")) == ["b"]
    assert names(view.by_index("by-node", "n2")) == ["a"]
    gone = pod("b", "n1")
    view.receive(Observed(gone.key, None, gone.object))
    assert names(view.by_index("by-node", "n1")) == []
    assert view.get(gone.key) is None


def test_hub_index_does_not_see_members() -> None:
    view = ObjectView([BY_NODE])
    view.receive(pod("a", "n1", "member1"))
    assert names(view.by_index("by-node", "n1", "member1")) == []
    assert names(view.list("member1", "v1", "Pod")) == ["a"]


def test_list_filters_by_namespace() -> None:
    view = ObjectView()
    view.receive(pod("a", "n1"))
    assert names(view.list(HUB, "v1", "Pod", "default")) == ["a"]
    assert names(view.list(HUB, "v1", "Pod", "other")) == []


def test_forgetting_a_member_drops_objects_probe_and_sync() -> None:
    view = ObjectView()
    view.receive(pod("a", "n1", "member1"))
    view.receive(Synced("member1", "v1", "Pod"))
    view.receive(ProbeResult("member1", True, True))
    assert view.synced("member1", "v1", "Pod")
    view.forget("member1")
    assert not view.synced("member1", "v1", "Pod")
    assert view.probe("member1") is None
    assert names(view.list("member1", "v1", "Pod")) == []


def test_index_does_not_take_another_groups_kind_of_the_same_name() -> None:
    view = ObjectView([BY_NODE])
    other = pod("a", "n1")
    view.receive(Observed(other.key._replace(api_version="example.io/v1"), other.object))
    assert names(view.by_index("by-node", "n1")) == []
