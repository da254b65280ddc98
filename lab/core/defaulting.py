"""What an API server fills in when a field is left out, for the fields the lab's models read.

Source: `k8s.io/kubernetes/pkg/apis/*/v1/defaults.go` (1.36); custom resources get the defaults of
their OpenAPI schema. Nothing is changed in place, and an object that lacks nothing is returned as
it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.core.facts import table
from lab.core.kinds import Kind
from lab.core.manifest import Manifest, get_in

_Map = Mapping[str, Any]
_CONTAINER_LISTS = ("initContainers", "containers")


def default_object(manifest: Manifest, kind: Kind, old: Manifest | None = None) -> Manifest:
    """Return an object with its API's defaults.

    Args:
        manifest: The object; metadata.uid must be set for a new Job (its selector needs it).
        kind: Its kind.
        old: The stored object, if this is an update: a spec it shares has its defaults already.

    Example:
        >>> from lab.core.kinds import MEMBER_KINDS
        >>> secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
        >>> default_object(secret, MEMBER_KINDS().resolve("secret"))["type"]
        'Opaque'
    """
    if old is not None and old.get("spec") is manifest.get("spec") is not None:
        return manifest
    if kind.custom:
        schema = _schema(kind)
        return manifest if schema is None else _from_schema(manifest, schema)
    rule = _RULES.get((kind.group, kind.kind))
    if rule is None:
        return manifest
    if rule is _secret:
        return rule(manifest)
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping):
        return manifest
    if rule is _job_spec:
        spec = _job_selector(manifest, spec, old)
    new = rule(spec)
    return manifest if new is manifest.get("spec") else {**manifest, "spec": new}


def _filled(given: _Map, **defaults: Any) -> _Map:
    missing = {key: value for key, value in defaults.items() if given.get(key) is None}
    return {**given, **missing} if missing else given


def _replaced(given: _Map, key: str, value: Any) -> _Map:
    return given if given.get(key) is value else {**given, key: value}


def _inside(given: _Map, key: str, rule: Callable[[_Map], _Map]) -> _Map:
    inner = given.get(key)
    return _replaced(given, key, rule(inner)) if isinstance(inner, Mapping) else given


def _each(given: _Map, key: str, rule: Callable[[_Map], _Map]) -> _Map:
    items = given.get(key)
    if not isinstance(items, list):
        return given
    new = [rule(item) if isinstance(item, Mapping) else item for item in items]
    same = all(one is other for one, other in zip(items, new, strict=True))
    return given if same else {**given, key: new}


# ── pods ───────────────────────────────────────────────────────────────────────────────────────


def pod_spec(spec: _Map) -> _Map:
    """Return a pod's spec with restart policy, grace period, pull policies and port protocols."""
    spec = _filled(spec, restartPolicy="Always", terminationGracePeriodSeconds=30)
    for key in _CONTAINER_LISTS:
        spec = _each(spec, key, _container)
    return spec


def _container(container: _Map) -> _Map:
    if container.get("imagePullPolicy") is None:
        image = str(container.get("image") or "")
        container = {**container, "imagePullPolicy": _pull_policy(image)}
    return _each(container, "ports", lambda port: _filled(port, protocol="TCP"))


def _pull_policy(image: str) -> str:
    """Always for `latest` and for no tag at all; a digest without a tag is not pulled again."""
    name, at, _ = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    latest = tag == "latest" or (not tag and not at)
    return "Always" if latest else "IfNotPresent"


def _requests_from_limits(container: _Map) -> _Map:
    # Only pods get this: a template keeps what was written.
    limits = get_in(container, ("resources", "limits"))
    if not isinstance(limits, Mapping):
        return container
    requests = get_in(container, ("resources", "requests")) or {}
    missing = {name: value for name, value in limits.items() if name not in requests}
    if not missing:
        return container
    return {
        **container,
        "resources": {**container["resources"], "requests": {**requests, **missing}},
    }


def _pod(spec: _Map) -> _Map:
    spec = pod_spec(spec)
    for key in _CONTAINER_LISTS:
        spec = _each(spec, key, _requests_from_limits)
    return spec


def _template(spec: _Map) -> _Map:
    return _inside(spec, "template", lambda template: _inside(template, "spec", pod_spec))


# ── workloads ──────────────────────────────────────────────────────────────────────────────────


def _deployment(spec: _Map) -> _Map:
    spec = _filled(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = _filled(spec.get("strategy") or {}, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        bounds = _filled(strategy.get("rollingUpdate") or {}, maxUnavailable="25%", maxSurge="25%")
        strategy = _replaced(strategy, "rollingUpdate", bounds)
    return _template(_replaced(spec, "strategy", strategy))


def _replica_set(spec: _Map) -> _Map:
    return _template(_filled(spec, replicas=1))


def _stateful_set(spec: _Map) -> _Map:
    keep = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    spec = _filled(
        spec,
        replicas=1,
        revisionHistoryLimit=10,
        podManagementPolicy="OrderedReady",
        persistentVolumeClaimRetentionPolicy=keep,
    )
    strategy = _filled(spec.get("updateStrategy") or {}, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        bounds = _filled(strategy.get("rollingUpdate") or {}, partition=0)
        strategy = _replaced(strategy, "rollingUpdate", bounds)
    return _template(_replaced(spec, "updateStrategy", strategy))


def _daemon_set(spec: _Map) -> _Map:
    spec = _filled(spec, revisionHistoryLimit=10)
    strategy = _filled(spec.get("updateStrategy") or {}, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        bounds = _filled(strategy.get("rollingUpdate") or {}, maxUnavailable=1, maxSurge=0)
        strategy = _replaced(strategy, "rollingUpdate", bounds)
    return _template(_replaced(spec, "updateStrategy", strategy))


def _job_spec(spec: _Map) -> _Map:
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec = {**spec, "completions": 1, "parallelism": 1}
    per_index = spec.get("backoffLimitPerIndex") is not None
    replacement = "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed"
    return _template(
        _filled(
            spec,
            parallelism=1,
            backoffLimit=2**31 - 1 if per_index else 6,
            completionMode="NonIndexed",
            suspend=False,
            podReplacementPolicy=replacement,
        )
    )


def _job_selector(manifest: Manifest, spec: _Map, old: Manifest | None) -> _Map:
    """Give a new Job its selector and its pods the labels for it, as the Job strategy does."""
    meta = manifest["metadata"]
    if old is not None or spec.get("manualSelector") or not meta.get("uid"):
        return spec
    uid, name = meta["uid"], meta.get("name", "")
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    template = spec.get("template") or {}
    template_meta = template.get("metadata") or {}
    all_labels = {**(template_meta.get("labels") or {}), **labels}
    selector = spec.get("selector") or {}
    match = {**(selector.get("matchLabels") or {}), "batch.kubernetes.io/controller-uid": uid}
    return {
        **spec,
        "selector": {**selector, "matchLabels": match},
        "template": {**template, "metadata": {**template_meta, "labels": all_labels}},
    }


def _cron_job(spec: _Map) -> _Map:
    spec = _filled(
        spec,
        concurrencyPolicy="Allow",
        suspend=False,
        successfulJobsHistoryLimit=3,
        failedJobsHistoryLimit=1,
    )
    return _inside(spec, "jobTemplate", lambda job: _inside(job, "spec", _template))


# ── others ─────────────────────────────────────────────────────────────────────────────────────


def _service(spec: _Map) -> _Map:
    spec = _filled(spec, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        spec = _filled(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        spec = _filled(spec, externalTrafficPolicy="Cluster")

    def port(given: _Map) -> _Map:
        given = _filled(given, protocol="TCP")
        target = given.get("targetPort")
        if target in (None, 0, "") and given.get("port") is not None:
            given = {**given, "targetPort": given["port"]}
        return given

    return _each(spec, "ports", port)


def _autoscaler(spec: _Map) -> _Map:
    return _filled(spec, minReplicas=1)


def _claim(spec: _Map) -> _Map:
    return _filled(spec, volumeMode="Filesystem")


def _volume(spec: _Map) -> _Map:
    return _filled(spec, volumeMode="Filesystem", persistentVolumeReclaimPolicy="Retain")


def _secret(manifest: _Map) -> _Map:
    return _filled(manifest, type="Opaque")


_RULES: Mapping[tuple[str, str], Callable[[_Map], _Map]] = {
    ("", "Pod"): _pod,
    ("", "ReplicationController"): _replica_set,
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "Secret"): _secret,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("batch", "Job"): _job_spec,
    ("batch", "CronJob"): _cron_job,
}


# ── custom resources ───────────────────────────────────────────────────────────────────────────


def _schema(kind: Kind) -> _Map | None:
    if kind.schema is not None:
        return kind.schema
    entry = table("crds").get(f"{kind.api_version} {kind.kind}")
    return entry[0] if entry else None


_HOLDS: dict[int, tuple[_Map, bool]] = {}


def _holds_default(schema: _Map) -> bool:
    # Known by id, with the schema kept beside it so that the id stays its own.
    known = _HOLDS.get(id(schema))
    if known is None:
        inner = [*(schema.get("properties") or {}).values()]
        inner += [schema[k] for k in ("items", "additionalProperties") if k in schema]
        found = any(
            isinstance(each, Mapping) and ("default" in each or _holds_default(each))
            for each in inner
        )
        known = _HOLDS[id(schema)] = (schema, found)
    return known[1]


def _from_schema(value: Any, schema: _Map) -> Any:
    """Return a value with the defaults of a structural schema, at every depth."""
    if not _holds_default(schema):
        return value
    if isinstance(value, Mapping):
        changes: dict[str, Any] = {}
        for key, inner in (schema.get("properties") or {}).items():
            if key in value:
                new = _from_schema(value[key], inner)
                if new is not value[key]:
                    changes[key] = new
            elif "default" in inner:
                changes[key] = _from_schema(inner["default"], inner)
        more = schema.get("additionalProperties")
        if isinstance(more, Mapping):
            for key, item in value.items():
                new = _from_schema(item, more)
                if new is not item:
                    changes[key] = new
        return {**value, **changes} if changes else value
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        new_items = [_from_schema(item, schema["items"]) for item in value]
        if any(one is not other for one, other in zip(value, new_items, strict=True)):
            return new_items
    return value
