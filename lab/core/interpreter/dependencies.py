"""InterpretDependency: what else must be where a template goes.

Modelled on Karmada v1.19 `native/dependencies.go`, `pkg/util/helper/pod.go` and
`pkg/util/lifted/visitpod.go`. Go walks sets here, so the order is not a fact: ours is config maps,
secrets, service accounts, volume claims, each by name. Services, autoscalers and RBAC are not
followed by Karmada.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab.core.interpreter.fields import InterpretError, described, items, mapping, pod_spec_path
from lab.core.manifest import Manifest, get_in, name_of, namespace_of

Reference = dict[str, Any]

_SECRET_SOURCES = (
    ("azureFile", ("secretName",)),
    ("cephfs", ("secretRef", "name")),
    ("cinder", ("secretRef", "name")),
    ("flexVolume", ("secretRef", "name")),
    ("projected", None),
    ("rbd", ("secretRef", "name")),
    ("secret", ("secretName",)),
    ("scaleIO", ("secretRef", "name")),
    ("iscsi", ("secretRef", "name")),
    ("storageos", ("secretRef", "name")),
    ("csi", ("nodePublishSecretRef", "name")),
)
"""Volume sources that name a secret, in the order in which the first one present is taken."""


def _containers(pod_spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for group in ("initContainers", "containers", "ephemeralContainers"):
        yield from items(pod_spec, group)


def _environment(pod_spec: Mapping[str, Any], ref: str, key_ref: str) -> Iterator[Any]:
    for container in _containers(pod_spec):
        for source in items(container, "envFrom"):
            yield get_in(source, (ref, "name"))
        for variable in items(container, "env"):
            yield get_in(variable, ("valueFrom", key_ref, "name"))


def _config_maps(pod_spec: Mapping[str, Any]) -> Iterator[Any]:
    yield from _environment(pod_spec, "configMapRef", "configMapKeyRef")
    for volume in items(pod_spec, "volumes"):
        if volume.get("projected") is not None:
            for source in items(volume, "projected", "sources"):
                yield get_in(source, ("configMap", "name"))
        else:
            yield get_in(volume, ("configMap", "name"))


def _secrets(pod_spec: Mapping[str, Any]) -> Iterator[Any]:
    for reference in items(pod_spec, "imagePullSecrets"):
        yield reference.get("name")
    yield from _environment(pod_spec, "secretRef", "secretKeyRef")
    for volume in items(pod_spec, "volumes"):
        for source, path in _SECRET_SOURCES:
            if volume.get(source) is None:
                continue
            if path is not None:
                yield get_in(volume, (source, *path))
            else:
                for part in items(volume, source, "sources"):
                    yield get_in(part, ("secret", "name"))
            break


def _volume_claims(pod_spec: Mapping[str, Any]) -> Iterator[Any]:
    for volume in items(pod_spec, "volumes"):
        yield get_in(volume, ("persistentVolumeClaim", "claimName"))


def pod_dependencies(pod_spec: Mapping[str, Any], namespace: str) -> list[Reference]:
    """Return what a pod refers to: config maps, secrets, its service account, volume claims."""
    account = pod_spec.get("serviceAccountName")
    groups = (
        ("ConfigMap", _config_maps(pod_spec)),
        ("Secret", _secrets(pod_spec)),
        ("ServiceAccount", iter(() if account == "default" else (account,))),
        ("PersistentVolumeClaim", _volume_claims(pod_spec)),
    )
    return [
        {"apiVersion": "v1", "kind": kind, "namespace": namespace, "name": name}
        for kind, names in groups
        for name in sorted({str(name) for name in names if name})
    ]


def _pod_owner(template: Manifest) -> list[Reference]:
    pod_spec = mapping(template, *pod_spec_path(template))
    return pod_dependencies(pod_spec, namespace_of(template))


def _stateful_set(template: Manifest) -> list[Reference]:
    """Claims that the set makes itself in each member are placeholders here, not dependencies."""
    own = {name_of(claim) for claim in items(template, "spec", "volumeClaimTemplates")}
    return [
        reference
        for reference in _pod_owner(template)
        if reference["kind"] != "PersistentVolumeClaim" or reference["name"] not in own
    ]


def _ingress(template: Manifest) -> list[Reference]:
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "namespace": namespace_of(template),
            "name": str(tls.get("secretName") or ""),
        }
        for tls in items(template, "spec", "tls")
    ]


def _service_import(template: Manifest) -> list[Reference]:
    derived = f"derived-{name_of(template)}"
    namespace = namespace_of(template)
    return [
        {"apiVersion": "v1", "kind": "Service", "namespace": namespace, "name": derived},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "namespace": namespace,
            "labelSelector": {"matchLabels": {"kubernetes.io/service-name": derived}},
        },
    ]


HOOKS: Mapping[tuple[str, str], Callable[[Manifest], list[Reference]]] = {
    ("apps/v1", "Deployment"): _pod_owner,
    ("apps/v1", "ReplicaSet"): _pod_owner,
    ("apps/v1", "DaemonSet"): _pod_owner,
    ("apps/v1", "StatefulSet"): _stateful_set,
    ("batch/v1", "Job"): _pod_owner,
    ("batch/v1", "CronJob"): _pod_owner,
    ("v1", "Pod"): _pod_owner,
    ("networking.k8s.io/v1", "Ingress"): _ingress,
    ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"): _service_import,
}


def checked_dependencies(template: Manifest, references: list[Reference]) -> list[Reference]:
    """Return the references if every one says what it refers to.

    Raises:
        InterpretError: One has no apiVersion, no kind, or neither name nor label selector.
    """
    for index, reference in enumerate(references):
        for field in ("apiVersion", "kind"):
            if not reference.get(field):
                raise InterpretError(f"{described(template)}: dependencies[{index}] has no {field}")
        if not reference.get("name") and reference.get("labelSelector") is None:
            raise InterpretError(
                f"{described(template)}: dependencies[{index}] ({reference['kind']}) has neither "
                "a name nor a labelSelector"
            )
    return references
