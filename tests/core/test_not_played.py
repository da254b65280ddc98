"""The list of what is not played agrees with the house: each name exists, and nothing reads it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from lab.core.kinds import HUB_KINDS
from lab.core.manifest import Manifest
from lab.core.not_played import (
    FLAGS,
    GATES,
    KINDS,
    manifest_without_effect,
    settings_without_effect,
)
from lab.core.settings import FEATURE_GATES, KarmadaSettings, karmada_settings

LAB = Path(__file__).parents[2] / "lab"
TABLES = {"not_played.py", "settings.py"}
POLICY_API = "policy.karmada.io/v1alpha1"


def readers(name: str) -> list[str]:
    """Files that read a setting, other than to tell a person about it."""
    form = re.compile(rf"\.{name}\b")
    return [
        path.name
        for path in sorted(LAB.rglob("*.py"))
        if path.name not in TABLES and path.parent.name != "lint" and form.search(path.read_text())
    ]


def test_every_name_exists() -> None:
    assert set(GATES) <= set(FEATURE_GATES)
    assert set(FLAGS) <= {item.name for item in fields(KarmadaSettings)}
    known = {(kind.api_version.rpartition("/")[0], kind.kind) for kind in HUB_KINDS().all()}
    assert set(KINDS) <= known


def test_every_setting_is_read_or_said_to_have_no_effect() -> None:
    read = {item.name for item in fields(KarmadaSettings) if readers(item.name)}
    silent = {item.name for item in fields(KarmadaSettings)} - read - set(FLAGS)
    assert silent <= {"feature_gates"}, "read through `gate`"


def test_every_gate_is_asked_for_or_said_to_have_no_effect() -> None:
    sources = [path.read_text() for path in LAB.rglob("*.py") if path.name not in TABLES]
    silent = [
        gate
        for gate in FEATURE_GATES
        if gate not in GATES and not any(f'gate("{gate}")' in source for source in sources)
    ]
    assert silent == []


def test_defaults_are_passed_over_in_silence() -> None:
    assert list(settings_without_effect(KarmadaSettings())) == []
    assert list(settings_without_effect(karmada_settings({"kubeApiQps": 5}))) == []


@pytest.mark.parametrize("gate", list(GATES))
def test_a_gate_is_told_with_its_path(gate: str) -> None:
    settings = KarmadaSettings().with_gates(**{gate: not FEATURE_GATES[gate]})
    ((path, text),) = settings_without_effect(settings)
    assert path == ("featureGates", gate)
    assert text.startswith(f"feature gate {gate} has no effect: ")


MANIFESTS: dict[str, tuple[Manifest, str]] = {
    "a kind nothing acts on": (
        {"apiVersion": "autoscaling.karmada.io/v1alpha1", "kind": "FederatedHPA"},
        "FederatedHPA is stored, and nothing acts on it: autoscaling is not played",
    ),
    "a policy that counts on failover": (
        {
            "apiVersion": POLICY_API,
            "kind": "PropagationPolicy",
            "spec": {"failover": {"cluster": {}}},
        },
        "spec.failover.cluster has no effect: feature gate Failover is off",
    ),
    "a policy": ({"apiVersion": POLICY_API, "kind": "PropagationPolicy", "spec": {}}, ""),
    "a kind of another group with the same name": ({"apiVersion": "x/v1", "kind": "Remedy"}, ""),
}


@pytest.mark.parametrize(("manifest", "want"), MANIFESTS.values(), ids=MANIFESTS.keys())
def test_manifest_without_effect(manifest: Manifest, want: str) -> None:
    assert manifest_without_effect(manifest, KarmadaSettings()) == want


FAILOVER = {
    "the gate is off": ({}, "feature gate Failover is off"),
    "eviction is off": (
        {"featureGates": {"Failover": True}},
        "enableNoExecuteTaintEviction is false",
    ),
    "all switches are on": (
        {"featureGates": {"Failover": True}, "enableNoExecuteTaintEviction": True},
        "",
    ),
}


@pytest.mark.parametrize(("given", "why"), FAILOVER.values(), ids=FAILOVER.keys())
def test_what_waits_for_a_switch_of_failover(given: dict[str, Any], why: str) -> None:
    settings = karmada_settings({**given, "resourceEvictionRate": 5})
    rate = [text for path, text in settings_without_effect(settings) if "Rate" in path[0]]
    assert rate == ([f"resourceEvictionRate has no effect: {why}"] if why else [])
    policy = MANIFESTS["a policy that counts on failover"][0]
    want = f"spec.failover.cluster has no effect: {why}" if why else ""
    assert manifest_without_effect(policy, settings) == want


def test_a_taint_policy_waits_for_the_gate() -> None:
    manifest = {"apiVersion": POLICY_API, "kind": "ClusterTaintPolicy", "spec": {}}
    want = "ClusterTaintPolicy is stored, and nothing acts on it: feature gate Failover is off"
    assert manifest_without_effect(manifest, KarmadaSettings()) == want
    on = KarmadaSettings().with_gates(Failover=True)
    assert manifest_without_effect(manifest, on) == ""
