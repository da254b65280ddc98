"""What can be wrong with one manifest: kind, metadata, fields, and the rules of workloads.

Pure; the caller knows file and line. An unknown kind passes (it may be a custom resource), but the
near miss of a known one does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from lab.core.admission.names import (
    brief,
    cluster_name_errors,
    dns_1035_errors,
    dns_label_errors,
    dns_subdomain_errors,
    label_key_errors,
    label_value_errors,
    path_segment_errors,
)
from lab.core.admission.structure import Problem, problems
from lab.core.errors import nearest, quoted
from lab.core.fields import OBJECT_META, fields_of
from lab.core.kinds import KindRegistry
from lab.core.manifest import Manifest
from lab.scenario.workload_checks import workload_problems

_RBAC = "rbac.authorization.k8s.io"
_METADATA = ("metadata",)
_SLIP = 0.82
"""How alike two API groups are if one is a slip of the pen for the other."""


def manifest_problems(manifest: Manifest, kinds: KindRegistry) -> list[Problem]:
    """Return what is wrong with a manifest, the most telling first."""
    found = list(_type_problems(manifest, kinds))
    if found:
        return found
    api_version, name = str(manifest["apiVersion"]), str(manifest["kind"])
    kind = kinds.get(api_version, name)
    field_type = kind.field_type if kind else None
    if field_type is not None:
        found = problems(manifest, field_type)
    else:
        metadata = manifest.get("metadata")
        found = problems({} if metadata is None else metadata, fields_of(OBJECT_META), _METADATA)
    if any(problem.path[:1] == ("metadata",) for problem in found):
        return found
    found += _metadata_problems(manifest, kinds)
    if not found:
        found += workload_problems(manifest)
    return found


def _type_problems(manifest: Manifest, kinds: KindRegistry) -> Iterator[Problem]:
    for field in ("apiVersion", "kind"):
        value = manifest.get(field)
        if value is None or value == "":
            hint = nearest(field, [str(key) for key in manifest])
            also = f' — is "{hint}" meant?' if hint else ""
            yield Problem((field,), f"{field} is missing{also}")
        elif not isinstance(value, str):
            yield Problem((field,), f"{field} is {quoted(value)}, needs a text")
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if isinstance(api_version, str) and isinstance(kind, str) and api_version and kind:
        message = kind_message(api_version, kind, kinds)
        if message:
            yield Problem(("kind",), message)


def kind_message(api_version: str, kind: str, kinds: KindRegistry) -> str:
    """Return what is wrong with a kind in an API version; empty if it may be meant as it stands."""
    if kinds.get(api_version, kind) is not None or kind.endswith("List"):
        return ""
    every = kinds.all()
    group = api_version.rpartition("/")[0]
    no_match = f"no matches for kind {quoted(kind)} in version {quoted(api_version)}"
    served = [each.api_version for each in every if each.kind == kind and each.group == group]
    if served:
        return f'{no_match} — did you mean "{served[0]}"?'
    if any(each.api_version == api_version for each in every):
        here = [each.kind for each in every if each.api_version == api_version]
        close = nearest(kind, here)
        if close:
            return f'{no_match} — did you mean "{close}"?'
        elsewhere = _elsewhere(kind, kinds)
        if elsewhere:
            return f"{no_match} — {elsewhere}"
        return no_match
    if any(each.group == group for each in every):
        versions = sorted({each.api_version for each in every if each.group == group})
        return f"{no_match} — the group has {', '.join(versions)}"
    exact = [each for each in every if each.kind == kind]
    groups = sorted({each.group for each in exact} - {""})
    # Near in full only: networking.gke.io has a MultiClusterService of its own.
    close_groups = get_close_matches(group or api_version, groups, n=1, cutoff=_SLIP)
    if close_groups:
        version = next(each.api_version for each in exact if each.group == close_groups[0])
        return f'{no_match} — did you mean "{version}"?'
    return ""


def _elsewhere(kind: str, kinds: KindRegistry) -> str:
    close = nearest(kind, sorted({each.kind for each in kinds.all()}))
    if close is None:
        return ""
    version = next(each.api_version for each in kinds.all() if each.kind == close)
    return f'did you mean "{close}" of "{version}"?'


def _metadata_problems(manifest: Manifest, kinds: KindRegistry) -> Iterator[Problem]:
    metadata = manifest.get("metadata") or {}
    name, prefix = metadata.get("name") or "", metadata.get("generateName") or ""
    if not name and not prefix:
        yield Problem(("metadata",), "metadata.name is missing")
    if name:
        for text in _name_errors(manifest, name, kinds)[:1]:
            yield Problem(("metadata", "name"), f"metadata.name is {quoted(name)}: {brief(text)}")
    namespace = metadata.get("namespace") or ""
    if namespace:
        for text in dns_label_errors(namespace)[:1]:
            message = f"metadata.namespace is {quoted(namespace)}: {brief(text)}"
            yield Problem(("metadata", "namespace"), message)
    for key, value in (metadata.get("labels") or {}).items():
        path = ("metadata", "labels", key)
        for text in label_key_errors(key)[:1]:
            yield Problem(path, f"label key {quoted(key)}: {brief(text)}", at_key=True)
        for text in label_value_errors(value or "")[:1]:
            yield Problem(path, f"label {quoted(key)} is {quoted(value)}: {brief(text)}")
    for key in metadata.get("annotations") or {}:
        for text in label_key_errors(key.lower())[:1]:
            path = ("metadata", "annotations", key)
            yield Problem(path, f"annotation key {quoted(key)}: {brief(text)}", at_key=True)


def _name_errors(manifest: Manifest, name: str, kinds: KindRegistry) -> list[str]:
    group, _, _ = str(manifest["apiVersion"]).rpartition("/")
    kind = manifest["kind"]
    if group == _RBAC or (group == "apiregistration.k8s.io"):
        return path_segment_errors(name)
    if group == "" and kind == "Namespace":
        return dns_label_errors(name)
    if group == "" and kind == "Service":
        return dns_1035_errors(name)
    if group == "cluster.karmada.io" and kind == "Cluster":
        return cluster_name_errors(name)
    if kinds.get(str(manifest["apiVersion"]), kind) is None and ":" in name:
        return path_segment_errors(name)
    return dns_subdomain_errors(name)
