"""The objects of a plan, sorted by what they are for, and brought into the form the hub has them.

Policies pass admission (defaults and refusals); templates get the API server's defaults that matter
here; Cluster objects and bindings are taken exactly as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.core.admission import admit
from lab.core.errors import InputError
from lab.core.kinds import HUB_KINDS, KindRegistry, crd_kinds
from lab.core.labels import BINDING_API, CLUSTER_API, POLICY_API
from lab.core.manifest import Manifest, drop_in, get_in, name_of, namespace_of, set_in
from lab.core.model import Key, key_of
from lab.core.reserved import is_reserved_api
from lab.core.settings import KarmadaSettings
from lab.planning.defaults import with_api_defaults
from lab.planning.shape import check_shape

_POLICIES = ("PropagationPolicy", "ClusterPropagationPolicy")
_OVERRIDES = ("OverridePolicy", "ClusterOverridePolicy")
_BINDINGS = ("ResourceBinding", "ClusterResourceBinding")
_MAX_NESTED_LISTS = 8


@dataclass(slots=True)
class PlanInputs:
    """What `plan` was given, by kind; every map is in the order given."""

    clusters: dict[str, Manifest] = field(default_factory=dict)
    policies: list[Manifest] = field(default_factory=list)
    cluster_policies: list[Manifest] = field(default_factory=list)
    override_policies: list[Manifest] = field(default_factory=list)
    bindings: dict[Key, Manifest] = field(default_factory=dict)
    templates: dict[Key, Manifest] = field(default_factory=dict)
    ignored: list[Manifest] = field(default_factory=list)
    """Objects of Karmada's own that a plan has no use for."""

    def priority_of(self, name: str) -> int | None:
        """Return the value of a PriorityClass, None if there is none of that name."""
        key = Key("", "scheduling.k8s.io/v1", "PriorityClass", "", name)
        found = self.templates.get(key)
        return None if found is None else int(found.get("value") or 0)


def read_objects(objects: Iterable[Manifest], settings: KarmadaSettings) -> PlanInputs:
    """Sort the objects of a plan; of two with the same name the later one counts.

    Raises:
        InputError: Something is no Kubernetes object, or there is no Cluster among them.
        ApiError: Admission refuses a policy.
    """
    given = list(_flat(objects, 0))
    kinds = HUB_KINDS()
    for manifest in given:
        if manifest.get("kind") == "CustomResourceDefinition":
            for kind in crd_kinds(manifest):
                kinds.add(kind)
    unique: dict[Key, Manifest] = {}
    for manifest in given:
        homed = _in_namespace(manifest, kinds)
        unique[key_of(homed)] = homed
    inputs = PlanInputs()
    for key, manifest in unique.items():
        _sort(inputs, key, manifest, settings)
    if not inputs.clusters:
        raise InputError(
            "there is no Cluster among the objects: a plan needs at least one object of "
            f'apiVersion "{CLUSTER_API}" and kind "Cluster"'
        )
    return inputs


def _sort(inputs: PlanInputs, key: Key, manifest: Manifest, settings: KarmadaSettings) -> None:
    place = (key.api_version, key.kind)
    if place == (CLUSTER_API, "Cluster"):
        inputs.clusters[key.name] = manifest
    elif key.api_version == POLICY_API and key.kind in (*_POLICIES, *_OVERRIDES):
        admitted = admit("CREATE", manifest, None, 0.0, settings)
        assert admitted is not None
        if key.kind in _OVERRIDES:
            inputs.override_policies.append(admitted)
        elif key.kind == "PropagationPolicy":
            inputs.policies.append(admitted)
        else:
            inputs.cluster_policies.append(admitted)
    elif key.api_version == BINDING_API and key.kind in _BINDINGS:
        inputs.bindings[key] = manifest
    elif is_reserved_api(*place):
        inputs.ignored.append(manifest)
    else:
        inputs.templates[key] = with_api_defaults(manifest)


def _flat(objects: Iterable[Any], depth: int) -> Iterator[Manifest]:
    """Yield the objects, and the items of lists among them."""
    if isinstance(objects, Mapping | str | bytes):
        raise InputError(f"a plan needs a list of objects, found {type(objects).__name__}")
    if depth > _MAX_NESTED_LISTS:
        raise InputError("lists of objects are nested too deep")
    for index, manifest in enumerate(objects):
        if not isinstance(manifest, Mapping):
            raise InputError(
                f"object {index} is {type(manifest).__name__}, needs a map with apiVersion, kind "
                "and metadata"
            )
        kind = _text(manifest, index, "kind")
        items = manifest.get("items")
        if kind.endswith("List") and isinstance(items, list):
            yield from _flat(items, depth + 1)
            continue
        _text(manifest, index, "apiVersion")
        _text(manifest, index, "metadata", "name")
        check_shape(manifest)
        yield manifest


def _text(manifest: Manifest, index: int, *path: str) -> str:
    value = get_in(manifest, path)
    if isinstance(value, str) and value:
        return value
    kind = manifest.get("kind")
    what = f"object {index}" + (f" ({kind})" if isinstance(kind, str) and kind else "")
    found = "missing" if value is None else f"{value!r}, needs a text"
    raise InputError(f"{what}: {'.'.join(path)} is {found}")


def _in_namespace(manifest: Manifest, kinds: KindRegistry) -> Manifest:
    """Put a namespaced object without a namespace into `default`, as kubectl does.

    A kind nobody declared is taken for namespaced, as most custom resources are.
    """
    known = kinds.get(str(manifest.get("apiVersion")), str(manifest.get("kind")))
    if known is not None and not known.namespaced:
        return drop_in(manifest, ("metadata", "namespace")) if namespace_of(manifest) else manifest
    if namespace_of(manifest):
        return manifest
    return set_in(manifest, ("metadata", "namespace"), "default")


def reference_of(manifest: Manifest) -> dict[str, str]:
    """Return {apiVersion, kind, namespace?, name} of an object."""
    reference = {
        "apiVersion": str(manifest.get("apiVersion") or ""),
        "kind": str(manifest.get("kind") or ""),
        "namespace": namespace_of(manifest),
        "name": name_of(manifest),
    }
    return {key: value for key, value in reference.items() if value}
