"""Cluster: served by Karmada's aggregated API server, so its refusals are "is invalid" ones.

Modelled on Karmada v1.19 `pkg/registry/cluster`, `pkg/apis/cluster/{mutation,validation}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from lab.core.admission.field_errors import (
    FieldError,
    Path,
    duplicate,
    invalid,
    invalid_object,
    not_supported,
    required,
)
from lab.core.admission.names import cluster_name_errors, label_key_errors, label_value_errors
from lab.core.admission.request import Request
from lab.core.manifest import Manifest, name_of, set_in, spec_of, timestamp
from lab.core.quantity import parse_quantity

UNBOUNDED = 2**63 - 1
_CPU = (0, 1, 2, 4, 8, 16, 32, 64, 128, None)
_MEMORY_GI = (0, 4, 16, 32, 64, 128, 256, 512, 1024, None)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_URL_FORM = "; desired format: hostname, hostname:port, IP or IP:port"


def default_resource_models() -> list[Mapping[str, Any]]:
    """Return the nine grades a cluster gets that brings none of its own."""

    def memory(gibibytes: int | None) -> str:
        if gibibytes is None:
            return str(UNBOUNDED)
        if gibibytes and gibibytes % 1024 == 0:
            return f"{gibibytes // 1024}Ti"
        return f"{gibibytes}Gi" if gibibytes else "0"

    def cpu(cores: int | None) -> str:
        return str(UNBOUNDED if cores is None else cores)

    return [
        {
            "grade": grade,
            "ranges": [
                {"name": "cpu", "min": cpu(_CPU[grade]), "max": cpu(_CPU[grade + 1])},
                {
                    "name": "memory",
                    "min": memory(_MEMORY_GI[grade]),
                    "max": memory(_MEMORY_GI[grade + 1]),
                },
            ],
        }
        for grade in range(9)
    ]


def default(cluster: Manifest, request: Request) -> Manifest:
    """Fill in resource models."""
    spec = dict(spec_of(cluster))
    if request.settings.gate("CustomizedClusterResourceModeling"):
        models = spec.get("resourceModels")
        if models:
            spec["resourceModels"] = _standardized(models)
        elif request.is_create:
            spec["resourceModels"] = default_resource_models()
    return cluster if spec == spec_of(cluster) else set_in(cluster, ("spec",), spec)


def canonical(cluster: Manifest, request: Request) -> Manifest:
    """Stamp NoExecute taints and move zone into zones: after validation, as the real one does."""
    spec = dict(spec_of(cluster))
    if any(_wants_stamp(taint) for taint in spec.get("taints") or ()):
        spec["taints"] = [
            {**taint, "timeAdded": timestamp(request.now_s)} if _wants_stamp(taint) else taint
            for taint in spec["taints"]
        ]
    if spec.get("zone") and not spec.get("zones"):
        spec["zones"] = [spec.pop("zone")]
    return cluster if spec == spec_of(cluster) else set_in(cluster, ("spec",), spec)


def _wants_stamp(taint: Mapping[str, Any]) -> bool:
    return taint.get("effect") == "NoExecute" and not taint.get("timeAdded")


def _standardized(models: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    ordered = sorted(models, key=lambda model: model.get("grade") or 0)

    def ranges(model: Mapping[str, Any], bound: str, value: str) -> Mapping[str, Any]:
        return {**model, "ranges": [{**r, bound: value} for r in model.get("ranges") or ()]}

    ordered[0] = ranges(ordered[0], "min", "0")
    ordered[-1] = ranges(ordered[-1], "max", str(UNBOUNDED))
    return ordered


def validate(cluster: Manifest, request: Request) -> None:
    """Refuse what the aggregated API server refuses.

    Raises:
        ApiError: Invalid, with all field errors.
    """
    del request
    name = name_of(cluster)
    path: Path = ("metadata", "name")
    errors = [invalid(path, name, text) for text in cluster_name_errors(name)]
    errors += _spec_errors(spec_of(cluster))
    if errors:
        raise invalid_object("Cluster.cluster.karmada.io", name, errors)


def _spec_errors(spec: Mapping[str, Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    mode = spec.get("syncMode") or ""
    if not mode:
        errors.append(required(("spec", "syncMode")))
    if mode not in {"Push", "Pull"}:
        errors.append(not_supported(("spec", "syncMode"), mode, ["Pull", "Push"]))
    if spec.get("apiEndpoint"):
        errors += _endpoint_errors(str(spec["apiEndpoint"]))
    for name in ("secretRef", "impersonatorSecretRef"):
        reference = spec.get(name)
        if reference is not None:
            errors += [
                required(("spec", name, part))
                for part in ("namespace", "name")
                if not reference.get(part)
            ]
    if spec.get("proxyURL"):
        errors += _proxy_errors(str(spec["proxyURL"]))
    for name in ("provider", "region"):
        texts = label_value_errors(str(spec.get(name) or ""))
        if texts:
            errors.append(invalid(("spec", name), spec[name], "; ".join(texts)))
    for zone in spec.get("zones") or ():
        texts = label_value_errors(str(zone))
        if texts:
            errors.append(invalid(("spec", "Zones"), zone, "; ".join(texts)))
    if spec.get("zone") and spec.get("zones"):
        errors.append(invalid(("spec", "spec"), spec, "Zone and Zones cannot co-exist"))
    errors += _taint_errors(spec.get("taints") or ())
    models = spec.get("resourceModels") or ()
    text = _models_error(models)
    if text:
        errors.append(invalid(("spec", "resourceModels"), _shown_models(models), text))
    return errors


def _endpoint_errors(endpoint: str) -> list[FieldError]:
    path: Path = ("spec", "apiEndpoint")
    try:
        parts = _split(endpoint)
    except ValueError as error:
        text = f"apiEndpoint must be a valid URL: {error}{_URL_FORM}"
        return [invalid(path, endpoint, text)]
    errors = []
    if not parts.netloc:
        errors.append(invalid(path, "", f"host must be provided{_URL_FORM}"))
    if "@" in parts.netloc:
        user = parts.netloc.rpartition("@")[0]
        errors.append(invalid(path, user, "user information is not permitted in the URL"))
    if parts.fragment:
        text = "fragments are not permitted in the URL"
        errors.append(invalid(path, parts.fragment, text))
    if parts.query:
        text = "query parameters are not permitted in the URL"
        errors.append(invalid(path, parts.query, text))
    return errors


def _split(url: str) -> SplitResult:
    """Return the parts of a URL.

    Raises:
        ValueError: It is none; with the text of Go's `url.Parse`.
    """
    if not _SCHEME.match(url):
        if url.startswith(":"):
            raise ValueError(f"parse {json.dumps(url)}: missing protocol scheme")
        if ":" in url.partition("/")[0]:
            text = "first path segment in URL cannot contain colon"
            raise ValueError(f"parse {json.dumps(url)}: {text}")
    parts = urlsplit(url)
    host, colon, port = parts.netloc.rpartition("@")[2].rpartition(":")
    if colon and not port.isdigit() and port and "]" not in port and host:
        raise ValueError(
            f"parse {json.dumps(url)}: invalid port {json.dumps(colon + port)} after host"
        )
    return parts


def _proxy_errors(proxy: str) -> list[FieldError]:
    path: Path = ("spec", "proxyURL")
    try:
        scheme = _split(proxy).scheme
    except ValueError as error:
        return [invalid(path, proxy, f"apiEndpoint must be a valid URL: {error}")]
    if scheme in {"http", "https", "socks5"}:
        return []
    text = f'unsupported scheme "{scheme}", must be http, https, or socks5'
    return [invalid(path, proxy, text)]


def _taint_errors(taints: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        path: Path = ("spec", "taints", index)
        key, effect = str(taint.get("key") or ""), str(taint.get("effect") or "")
        errors += [invalid((*path, "key"), key, text) for text in label_key_errors(key)]
        value = str(taint.get("value") or "")
        texts = label_value_errors(value)
        if texts:
            errors.append(invalid((*path, "value"), value, ";".join(texts)))
        if not effect:
            errors.append(required((*path, "effect")))
        elif effect not in {"NoSchedule", "NoExecute"}:
            words = ["NoSchedule", "NoExecute"]
            errors.append(not_supported((*path, "effect"), effect, words))
        if (key, effect) in seen:
            others = ("value", "effect", "timeAdded")
            shown = {"key": key, **{name: taint[name] for name in others if taint.get(name)}}
            error = duplicate(path, shown)
            text = f"{error.message}: taints must be unique by key and effect pair"
            errors.append(FieldError(path, error.reason, text))
        seen.add((key, effect))
    return errors


def _shown_models(models: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return resource models as the server's internal type writes them."""
    return [
        {
            "Grade": model.get("grade") or 0,
            "Ranges": [
                {name.capitalize(): entry.get(name) for name in ("name", "min", "max")}
                for entry in model.get("ranges") or ()
            ],
        }
        for model in models
    ]


def _models_error(models: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong with resource models in grade order; empty if nothing is."""
    before: Mapping[str, Any] | None = None
    for index, model in enumerate(models):
        ranges = model.get("ranges") or ()
        if before is not None:
            if model.get("grade") == before.get("grade"):
                return "The grade of each models should not be the same"
            if len(before.get("ranges") or ()) != len(ranges):
                return "The number of resource types should be the same"
        for place, entry in enumerate(ranges):
            least, most = parse_quantity(entry.get("min", 0)), parse_quantity(entry.get("max", 0))
            if most <= least:
                return "The max value of each resource must be greater than the min value"
            if before is None:
                if least != 0:
                    return "The min value of each resource in the first model should be 0"
            elif before["ranges"][place].get("name") != entry.get("name"):
                return "The resource types of each models should be the same"
            elif parse_quantity(before["ranges"][place].get("max", 0)) != least:
                return "Model intervals for resources must be contiguous and non-overlapping"
            if index == len(models) - 1 and most != UNBOUNDED:
                return "The max value of each resource in the last model should be MaxInt64"
        before = model
    return ""
