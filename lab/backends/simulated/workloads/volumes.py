"""PersistentVolumeClaims: bound to a volume of their own after a while, which goes with them."""

from __future__ import annotations

from typing import Any

from lab.backends.simulated.workbench import Workbench
from lab.core.manifest import (
    Manifest,
    get_in,
    is_deleting,
    name_of,
    namespace_of,
    set_in,
    spec_of,
    status_of,
    uid_of,
)
from lab.core.model import Key

_CLASS = "standard"


class Claims:
    """The volume provisioner and the binder. Every claim gets what it asks for."""

    api_version = "v1"
    kind = "PersistentVolumeClaim"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._due: dict[str, float] = {}
        self._volumes: dict[Key, str] = {}

    def reconcile(self, key: Key, now_s: float) -> None:
        """Bind a claim when its volume is ready; reclaim the volume of one that is gone."""
        claim = self._bench.store.find(key)
        if claim is None or self._volumes.get(key, _volume_name(claim)) != _volume_name(claim):
            self._reclaim(key, now_s)
        if claim is None or is_deleting(claim):
            return
        uid = uid_of(claim)
        if status_of(claim).get("phase") == "Bound":
            self._due.pop(uid, None)
            return
        due_s = self._due.get(uid)
        if due_s is None:
            wait = self._bench.timings.volume_provision
            due_s = round(now_s + float(wait.draw(1, self._bench.chance("volumes"))[0]), 6)
            self._due[uid] = due_s
        if now_s < due_s:
            if due_s != float("inf"):
                self._bench.ask(key, due_s - now_s)
            return
        volume = _volume_name(claim)
        self._volumes[key] = volume
        made = self._bench.create(self._volume(claim, volume), now_s)
        if made is not None:
            self._bench.write_status(made, {"phase": "Bound"}, now_s)
        bound = set_in(claim, ("spec", "volumeName"), volume)
        if not spec_of(claim).get("storageClassName"):
            bound = set_in(bound, ("spec", "storageClassName"), _CLASS)
        claim = self._bench.write(bound, now_s)
        status = {
            "phase": "Bound",
            "accessModes": spec_of(claim).get("accessModes") or [],
            "capacity": {"storage": _size(claim)},
        }
        self._bench.write_status(claim, status, now_s)

    def _volume(self, claim: Manifest, name: str) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "accessModes": spec_of(claim).get("accessModes") or [],
                "capacity": {"storage": _size(claim)},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "namespace": namespace_of(claim),
                    "name": name_of(claim),
                    "uid": uid_of(claim),
                },
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": spec_of(claim).get("storageClassName") or _CLASS,
                "volumeMode": spec_of(claim).get("volumeMode") or "Filesystem",
            },
        }

    def _reclaim(self, key: Key, now_s: float) -> None:
        volume = self._volumes.pop(key, None)
        if volume is not None:  # reclaim policy Delete
            self._bench.remove(Key(key.cluster, "v1", "PersistentVolume", "", volume), now_s)


def _volume_name(claim: Manifest) -> str:
    return f"pvc-{uid_of(claim)}"


def _size(claim: Manifest) -> str:
    return str(get_in(claim, ("spec", "resources", "requests", "storage")) or "1Gi")
