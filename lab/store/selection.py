"""Field selectors: which fields a list of each kind may be narrowed by, and how they are read.

Source: the field label conversions in `k8s.io/kubernetes/pkg/apis/*/v1` and the custom resource
handler. Anything else is refused with the server's own text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.core.kinds import Kind
from lab.core.manifest import Manifest, get_in
from lab.core.selectors import EVERYTHING, Selector
from lab.store import refusals
from lab.store.virtual import FieldTerms

_EVENT_OBJECT = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_LABELS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    ("", "Node"): ("spec.unschedulable",),
    ("", "Namespace"): ("status.phase",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP", "spec.type"),
    ("", "ReplicationController"): ("status.replicas",),
    ("apps", "ReplicaSet"): ("status.replicas",),
    ("batch", "Job"): ("status.successful",),
    ("certificates.k8s.io", "CertificateSigningRequest"): ("spec.signerName",),
    ("", "Event"): (
        *(f"involvedObject.{part}" for part in _EVENT_OBJECT),
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    ("events.k8s.io", "Event"): (
        *(f"regarding.{part}" for part in _EVENT_OBJECT),
        "reason",
        "reportingController",
        "type",
    ),
}
# Kinds whose conversion names unsupported labels in its own words.
_OWN_WORDS = {("", "Pod"), ("", "Node"), ("", "Namespace"), ("", "Secret"), ("", "Service")}
_OWN_WORDS |= {("", "Event"), ("events.k8s.io", "Event"), ("", "ReplicationController")}
_DEFAULTS = {"spec.unschedulable": "false", "spec.hostNetwork": "false"}

Match = Callable[[Manifest], bool]


def check_fields(kind: Kind, terms: FieldTerms) -> None:
    """Refuse field selector terms the kind does not support.

    Raises:
        ApiError: BadRequest, as the server says it.
    """
    for path, _, _ in terms:
        if path == "metadata.name" or (path == "metadata.namespace" and kind.namespaced):
            continue
        if path in _LABELS.get((kind.group, kind.kind), ()):
            continue
        if kind.custom or (kind.group, kind.kind) in _OWN_WORDS:
            raise refusals.bad_request(f"field label not supported: {path}")
        raise refusals.bad_request(
            f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
        )


def matcher(labels: Selector, terms: FieldTerms) -> Match | None:
    """Return a test for objects, or None if every object passes."""
    if labels is EVERYTHING or not labels.requirements:
        if not terms:
            return None
        return lambda manifest: _fields_match(manifest, terms)
    if not terms:
        return lambda manifest: labels.matches(manifest["metadata"].get("labels") or {})
    return lambda manifest: (
        labels.matches(manifest["metadata"].get("labels") or {}) and _fields_match(manifest, terms)
    )


def _fields_match(manifest: Manifest, terms: FieldTerms) -> bool:
    return all((_value(manifest, path) == value) is equal for path, value, equal in terms)


def _value(manifest: Manifest, path: str) -> str:
    if path == "status.successful":
        path = "status.succeeded"
    if path == "source":
        path = "source.component"
    if path == "status.podIPs":
        ips = get_in(manifest, ("status", "podIPs")) or ()
        return ",".join(str(each.get("ip")) for each in ips)
    value = get_in(manifest, path.split("."))
    if value is None:
        numeric = path in {"status.replicas", "status.succeeded"}
        return "0" if numeric else _DEFAULTS.get(path, "")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
