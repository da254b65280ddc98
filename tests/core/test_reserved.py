"""What is never propagated."""

from __future__ import annotations

import pytest

from lab.core.errors import InputError
from lab.core.reserved import is_auto_propagated_namespace, is_skipped_namespace, is_template
from lab.core.settings import KarmadaSettings

DEFAULTS = KarmadaSettings()

TEMPLATES = {
    "a config map of a user": ("v1", "ConfigMap", "default", "a", True),
    "in Karmada's own namespace": ("v1", "ConfigMap", "karmada-system", "a", False),
    "in an execution space": ("v1", "ConfigMap", "karmada-es-member1", "a", False),
    "in a skipped namespace": ("v1", "ConfigMap", "kube-system", "a", False),
    "a namespace that only begins alike": ("v1", "ConfigMap", "my-kube-x", "a", True),
    "an event": ("v1", "Event", "default", "a", False),
    "a new event": ("events.k8s.io/v1", "Event", "default", "a", False),
    "a lease": ("coordination.k8s.io/v1", "Lease", "default", "a", False),
    "a policy": ("policy.karmada.io/v1alpha1", "PropagationPolicy", "default", "a", False),
    "a rebalancer": ("apps.karmada.io/v1alpha1", "WorkloadRebalancer", "", "a", False),
    "a cluster role": ("rbac.authorization.k8s.io/v1", "ClusterRole", "", "a", True),
}


@pytest.mark.parametrize("case", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_templates(case: tuple[str, str, str, str, bool]) -> None:
    api_version, kind, namespace, name, want = case
    metadata = {"name": name, "namespace": namespace}
    manifest = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    assert is_template(manifest, DEFAULTS) is want


def test_the_api_server_s_own_config_map_stays_even_where_nothing_is_skipped() -> None:
    metadata = {"name": "extension-apiserver-authentication", "namespace": "kube-system"}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    assert not is_template(manifest, KarmadaSettings(skipped_propagating_namespaces=""))


def test_skip_patterns_cover_whole_names_and_say_when_they_are_broken() -> None:
    two = KarmadaSettings(skipped_propagating_namespaces="kube-.*, ops")
    assert is_skipped_namespace("ops", two)
    assert not is_skipped_namespace("devops", two)
    with pytest.raises(InputError, match="no regular expression"):
        is_skipped_namespace("a", KarmadaSettings(skipped_propagating_namespaces="("))


NAMESPACES = {
    "of a user": ("shop", {}, True),
    "default": ("default", {}, False),
    "skipped": ("kube-public", {}, False),
    "labelled, in any case": ("a", {"namespace.karmada.io/skip-auto-propagation": "True"}, False),
}


@pytest.mark.parametrize(("name", "labels", "want"), NAMESPACES.values(), ids=NAMESPACES.keys())
def test_namespaces(name: str, labels: dict[str, str], want: bool) -> None:
    manifest = {"kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    assert is_auto_propagated_namespace(manifest, DEFAULTS) is want
