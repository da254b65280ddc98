"""Claims get a volume of their own, and take it with them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.backends.simulated.world import World


def claim(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "default"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "3Gi"}},
            **spec,
        },
    }


def volumes(world: World) -> list[Any]:
    return list(world.store.list("v1", "PersistentVolume"))


def test_a_claim_is_bound_after_a_while() -> None:
    world = World({"volumeProvision": "2s"})
    world.create(claim())
    world.run(1)
    assert world.status("PersistentVolumeClaim", "data").get("phase") != "Bound"
    assert volumes(world) == []
    world.run(3)
    status = world.status("PersistentVolumeClaim", "data")
    assert (status["phase"], status["capacity"]) == ("Bound", {"storage": "3Gi"})
    [volume] = volumes(world)
    assert (
        world.get("PersistentVolumeClaim", "data")["spec"]["volumeName"]
        == (volume["metadata"]["name"])
    )
    assert volume["status"] == {"phase": "Bound"}
    assert volume["spec"]["claimRef"]["name"] == "data"
    assert volume["spec"]["capacity"] == {"storage": "3Gi"}


@pytest.mark.parametrize("given", ["fast", None], ids=["a class named", "the default class"])
def test_the_class_of_the_volume_is_that_of_the_claim(given: str | None) -> None:
    world = World()
    world.create(claim(**({"storageClassName": given} if given else {})))
    world.run(5)
    assert volumes(world)[0]["spec"]["storageClassName"] == (given or "standard")


def test_the_volume_goes_with_its_claim_and_a_new_claim_gets_a_new_one() -> None:
    world = World()
    world.create(claim())
    world.run(5)
    before = volumes(world)[0]["metadata"]["name"]
    world.delete("PersistentVolumeClaim", "data")
    world.run(6)
    assert volumes(world) == []
    world.create(claim())
    world.run(11)
    [after] = volumes(world)
    assert after["metadata"]["name"] != before


def test_a_claim_that_is_replaced_at_once_leaves_no_volume_behind() -> None:
    world = World()
    world.create(claim())
    world.run(5)
    world.delete("PersistentVolumeClaim", "data")
    world.create(claim())
    world.run(10)
    assert len(volumes(world)) == 1
