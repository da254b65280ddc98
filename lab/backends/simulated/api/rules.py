"""Rules a member's API server checks beyond types, for the kinds its models act on.

Source: k8s.io/kubernetes `pkg/apis/{apps,batch,policy}/validation`, v1.36. Only what the models
rely on, or what an override or a template edit can plausibly break.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from lab.core.errors import ApiError, Cause
from lab.core.manifest import EPOCH, Manifest, get_in, name_of, spec_of
from lab.core.selectors import parse_label_selector

_SELECTING = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
_AT_LEAST_0: tuple[tuple[str, ...], ...] = (
    ("replicas",),
    ("minReadySeconds",),
    ("revisionHistoryLimit",),
    ("progressDeadlineSeconds",),
    ("parallelism",),
    ("completions",),
    ("backoffLimit",),
    ("activeDeadlineSeconds",),
    ("ttlSecondsAfterFinished",),
    ("startingDeadlineSeconds",),
    ("successfulJobsHistoryLimit",),
    ("failedJobsHistoryLimit",),
    ("updateStrategy", "rollingUpdate", "partition"),
)
_INT_OR_PERCENT: tuple[tuple[str, ...], ...] = (
    ("strategy", "rollingUpdate", "maxSurge"),
    ("strategy", "rollingUpdate", "maxUnavailable"),
    ("updateStrategy", "rollingUpdate", "maxSurge"),
    ("updateStrategy", "rollingUpdate", "maxUnavailable"),
    ("minAvailable",),
    ("maxUnavailable",),
)
_GROUPS = {"apps/v1": "apps", "batch/v1": "batch", "policy/v1": "policy"}
_PERCENT = re.compile(r"[0-9]+%")
_NOT_NEGATIVE = "must be greater than or equal to 0"


def check(manifest: Manifest) -> None:
    """Refuse an object that breaks a rule.

    Raises:
        ApiError: Invalid (422), with all causes.
    """
    group = _GROUPS.get(str(manifest.get("apiVersion")))
    if group is None:
        return
    causes = list(_causes(manifest))
    if causes:
        parts = [f"{cause.field}: {cause.message}" for cause in causes]
        text = parts[0] if len(parts) == 1 else "[" + ", ".join(parts) + "]"
        what = f'{manifest.get("kind")}.{group} "{name_of(manifest)}"'
        raise ApiError(422, "Invalid", f"{what} is invalid: {text}", causes)


def _causes(manifest: Manifest) -> Iterator[Cause]:
    spec = spec_of(manifest)
    for path in _AT_LEAST_0:
        value = get_in(spec, path)
        if isinstance(value, int) and value < 0:
            yield _invalid(path, value, _NOT_NEGATIVE)
    for path in _INT_OR_PERCENT:
        value = get_in(spec, path)
        if isinstance(value, str) and not _PERCENT.fullmatch(value):
            yield _invalid(
                path,
                value,
                "a valid percent string must be a numeric string followed by an ending '%' "
                "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
            )
        elif isinstance(value, int) and value < 0:
            yield _invalid(path, value, _NOT_NEGATIVE)
    if manifest.get("kind") in _SELECTING:
        yield from _selector(manifest)
    if manifest.get("kind") == "CronJob":
        yield from _schedule(manifest)


def _selector(manifest: Manifest) -> Iterator[Cause]:
    selector = get_in(manifest, ("spec", "selector"))
    labels = get_in(manifest, ("spec", "template", "metadata", "labels")) or {}
    if not selector:
        return
    try:
        matches = parse_label_selector(selector).matches(labels)
    except ValueError as error:
        yield _invalid(("selector",), selector, str(error))
        return
    if not matches:
        path = ("template", "metadata", "labels")
        yield _invalid(path, labels, "`selector` does not match template `labels`")


def _schedule(manifest: Manifest) -> Iterator[Cause]:
    schedule = str(spec_of(manifest).get("schedule") or "")
    try:
        CronSim(schedule, EPOCH)
    except CronSimError as error:
        yield _invalid(("schedule",), schedule, str(error))
    zone = spec_of(manifest).get("timeZone")
    if zone is not None:
        try:
            ZoneInfo(str(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield _invalid(("timeZone",), zone, f"unknown time zone {zone}")


def _invalid(path: Sequence[str], value: object, why: str) -> Cause:
    shown = json.dumps(value, separators=(",", ":"))
    return Cause(".".join(("spec", *path)), "FieldValueInvalid", f"Invalid value: {shown}: {why}")
