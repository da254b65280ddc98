from __future__ import annotations

from typing import Any

import pytest

from lab.core.cluster_health import Heard, heard_of, silent_status
from lab.core.manifest import timestamp


def cluster(status: str | None = "True", reason: str = "ClusterReady") -> dict[str, Any]:
    made: dict[str, Any] = {"metadata": {"name": "m", "creationTimestamp": timestamp(5.0)}}
    if status is not None:
        ready = {"type": "Ready", "status": status, "reason": reason, "message": ""}
        made["status"] = {"conditions": [ready], "kubernetesVersion": "v1"}
    return made


def ready_of(manifest: dict[str, Any]) -> Any:
    return manifest["status"]["conditions"][0]


def lease(renewed: str) -> dict[str, Any]:
    return {"spec": {"renewTime": renewed}}


READY = ready_of(cluster())
EARLY, LATE = "2026-01-01T00:00:10.000000Z", "2026-01-01T00:00:20.100000Z"

WORDS: dict[str, tuple[dict[str, Any], Any, Heard | None, Heard]] = {
    "first sight": (cluster(), None, None, Heard(READY, 30.0)),
    "never posted: counted from its creation": (cluster(None), None, None, Heard(None, 5.0)),
    "nothing new": (cluster(), None, Heard(READY, 10.0), Heard(READY, 10.0)),
    "a new condition": (
        cluster("False"),
        None,
        Heard(READY, 10.0),
        Heard(ready_of(cluster("False")), 30.0),
    ),
    "the first condition": (cluster(), None, Heard(None, 10.0), Heard(READY, 30.0)),
    "the first lease": (cluster(), lease(EARLY), Heard(READY, 10.0), Heard(READY, 30.0, EARLY)),
    "a renewed lease": (
        cluster(),
        lease(LATE),
        Heard(READY, 10.0, EARLY),
        Heard(READY, 30.0, LATE),
    ),
    "the same lease": (cluster(), lease(LATE), Heard(READY, 10.0, LATE), Heard(READY, 10.0, LATE)),
    "a lease without a status": (
        cluster(None),
        lease(LATE),
        Heard(None, 5.0),
        Heard(None, 30.0, LATE),
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_what_counts_as_a_word(name: str) -> None:
    subject, renewed, before, want = WORDS[name]
    assert heard_of(subject, renewed, before, 30.0) == want


SILENCE: dict[str, tuple[dict[str, Any], float, str | None]] = {
    "within its grace": (cluster(), 50.0, None),
    "past its grace": (cluster(), 50.1, "ClusterStatusUnknown"),
    "not ready is no excuse": (cluster("False"), 50.1, "ClusterStatusUnknown"),
    "unknown already": (cluster("Unknown"), 99.0, None),
    "never posted, at its start": (cluster(None), 70.0, None),
    "never posted, and late": (cluster(None), 70.1, "ClusterStatusNeverUpdated"),
}


@pytest.mark.parametrize(("subject", "now_s", "want"), SILENCE.values(), ids=SILENCE.keys())
def test_silence(subject: dict[str, Any], now_s: float, want: str | None) -> None:
    heard = Heard(None, 10.0)
    found = silent_status(subject, heard, 40.0, 60.0, now_s)
    if want is None:
        assert found is None
        return
    assert found is not None
    (ready,) = found["status"]["conditions"]
    assert (ready["status"], ready["reason"]) == ("Unknown", want)
    assert ready["lastTransitionTime"] == timestamp(now_s)
    assert found["status"].get("kubernetesVersion") == subject.get("status", {}).get("kubernetesVersion")  # fmt: skip # noqa: E501
