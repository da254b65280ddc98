"""How long things take in a simulated member, and how the defaults are overridden.

Scenario form, for all members or under one cluster's `timings`:
`settings: {members: {podStart: 1s, imageBandwidth: 50Mi}}`; see docs/timings.md for the source of
every default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any

from lab.backends.simulated.distribution import (
    Distribution,
    fixed,
    parse_distribution,
    parse_duration,
    table,
)
from lab.core.errors import InputError, did_you_mean, quoted
from lab.core.quantity import int_value
from lab.core.settings import setting_name

_MIB = 2**20

IMAGE_SIZES: Mapping[str, int] = {
    "busybox": 2 * _MIB,
    "alpine": 4 * _MIB,
    "pause": 1 * _MIB,
    "nginx": 70 * _MIB,
    "httpd": 60 * _MIB,
    "redis": 45 * _MIB,
    "postgres": 150 * _MIB,
    "mysql": 230 * _MIB,
    "node": 390 * _MIB,
    "python": 360 * _MIB,
    "ubuntu": 30 * _MIB,
}
"""Compressed sizes, rounded, of well-known images (by the last word of their name)."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Every duration and rate of a member's model. Names in a scenario are these, in camelCase."""

    pod_start: Distribution = field(default_factory=lambda: table(0.9, 1.8, 3.2, 5.0, 6.5))
    """From bound (and image present) to containers running."""
    readiness_delay: Distribution = field(default_factory=lambda: fixed(0.0))
    """From running to ready, beyond a readiness probe's initialDelaySeconds."""
    image_pull: bool = True
    """False: every image is on every node from the start."""
    image_bandwidth: float = 50 * _MIB
    """Bytes a second a node gets from its registry; pulls on one node follow one another."""
    image_size_default: float = 100 * _MIB
    image_sizes: Mapping[str, int] = field(default_factory=lambda: dict(IMAGE_SIZES))
    bad_images: tuple[str, ...] = (r"^([^/]*\.)?invalid(:\d+)?/",)
    """Regular expressions of images that cannot be pulled. Default: hosts below `.invalid`."""
    crash_images: tuple[str, ...] = ()
    """Regular expressions of images whose containers exit with code 1 after `crashAfter`."""
    crash_after: Distribution = field(default_factory=lambda: fixed(1.0))
    back_off_initial: float = 10.0
    back_off_max: float = 300.0
    back_off_reset: float = 600.0
    """A container that ran this long starts again without back-off."""
    node_starts_per_second: float = 5.0
    """Pods one kubelet starts each second; 0 means no limit."""
    termination: Distribution = field(default_factory=lambda: table(0.1, 0.6, 1.5, 5.0, 30.0))
    """From deletion to gone, at most the pod's own grace period."""
    job_duration: Distribution = field(default_factory=lambda: fixed(5.0))
    """How long the pod of a Job runs, unless its template says so by annotation."""
    controller_sync: float = 0.01
    """From a change to the controller that acts on it having acted."""
    pod_creation_rate: float = 20.0
    pod_creation_burst: int = 30
    slow_start_delay: float = 0.02
    """Between the batches 1, 2, 4, … of pods a controller creates (one API round trip)."""
    scheduler_delay: float = 0.01
    scheduler_rate: float = 300.0
    """Pods a second the scheduler can decide."""
    bind_rate: float = 50.0
    bind_burst: int = 100
    scheduler_back_off_initial: float = 1.0
    scheduler_back_off_max: float = 10.0
    volume_provision: Distribution = field(default_factory=lambda: fixed(1.0))
    load_balancer: Distribution = field(default_factory=lambda: fixed(30.0))
    """Until a Service of type LoadBalancer has an address; `never` where no provider gives one."""
    endpoint_slice_delay: float = 0.1
    node_lease_renewal: float = 10.0
    node_monitor_period: float = 5.0
    """How often the node-lifecycle controller looks at all nodes."""
    node_monitor_grace: float | None = None
    """Silence after which a node is Unknown; None: by version, 40 s up to 1.31, then 50 s."""
    node_eviction_rate: float = 0.1
    """Nodes a second and zone that are given the NoExecute taint."""
    secondary_node_eviction_rate: float = 0.01
    """The same in a zone of which much is unhealthy, if it is large; none if it is not."""
    large_cluster_size: int = 50
    """A zone of more nodes than this is large."""
    unhealthy_zone_threshold: float = 0.55
    """Share of a zone's nodes that is much."""
    not_ready_toleration: float = 300.0
    unreachable_toleration: float = 300.0
    """What the API server adds to every pod that says nothing itself."""
    node_return: Distribution = field(default_factory=lambda: fixed(1.0))
    """From a machine's return to its kubelet saying so."""
    node_controller_rate: float = 20.0
    node_controller_burst: int = 30
    """Requests a second of the node-lifecycle and of the taint-eviction controller."""
    pod_gc_period: float = 20.0
    pod_gc_quarantine: float = 40.0
    """How long a node must be gone until the pods that were on it are deleted."""
    disk_check: float = 10.0
    """How often a kubelet looks at its disk, and evicts one pod if it is full."""
    disk_pressure_transition: float = 300.0
    """How long a disk must have room until its pressure is over."""
    leader_renew_deadline: float = 10.0
    """Without the API server for longer, the controllers of the cluster start again."""
    leader_retry: float = 2.0
    """From the return of the API server to such controllers working again."""
    resolution: float | None = None
    """Grid that pod changes fall on; None: from 1 ms (up to 200 pods) to 1 s (over 5,000)."""


_RATES = {
    "node_starts_per_second",
    "pod_creation_rate",
    "scheduler_rate",
    "bind_rate",
    "node_controller_rate",
}
_PACES = {"node_eviction_rate", "secondary_node_eviction_rate"}
_COUNTS = {"pod_creation_burst", "bind_burst", "large_cluster_size", "node_controller_burst"}
_PERIODS = {
    "node_lease_renewal": 1.0,
    "node_monitor_period": 1.0,
    "pod_gc_period": 1.0,
    "disk_check": 1.0,
}
"""What comes back again and again, and the shortest it may be (s)."""
_BYTES = {"image_bandwidth", "image_size_default"}
_PATTERNS = {"bad_images", "crash_images"}
_BACK_OFFS = {"back_off_initial", "back_off_max"}
_BACK_OFF_LEAST_S = 1.0
"""The least a kubelet can be set to; below it a crashing container would stop time."""


NAMES: Mapping[str, str] = {setting_name(item.name): item.name for item in fields(Timings)}
"""Scenario name to attribute."""

DEFAULTS = Timings()

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "fixed": {
        "podStart": "1s",
        "imagePull": False,
        "nodeStartsPerSecond": 0,
        "readinessDelay": 0,
        "termination": "100ms",
        "loadBalancer": "never",
    },
}
"""`fixed`: every scheduled pod is Ready after 1 s, as with the fake kubelets Karmada was observed
with; no chance is left.
"""


def parse_timings(given: Mapping[str, Any], base: Timings = DEFAULTS) -> Timings:
    """Return `base` with what a scenario overrides; `preset` changes many at once, first of all.

    Raises:
        InputError: An unknown name (the message has the nearest one) or a value of a wrong form.
    """
    changes: dict[str, Any] = {}
    if "preset" in given:
        preset = given["preset"]
        if preset not in PRESETS:
            hint = did_you_mean(str(preset), list(PRESETS))
            raise InputError(f"preset is {quoted(preset)}, needs one of {', '.join(PRESETS)}{hint}")
        base = parse_timings(PRESETS[preset], base)
    for name, value in given.items():
        if name == "preset":
            continue
        attribute = NAMES.get(name)
        if attribute is None:
            raise InputError(
                f"unknown timing {quoted(name)}{did_you_mean(str(name), [*NAMES, 'preset'])}"
            )
        changes[attribute] = _reader(attribute)(name, value)
    if "image_sizes" in changes:
        changes["image_sizes"] = {**base.image_sizes, **changes["image_sizes"]}
    return replace(base, **changes)


def _reader(attribute: str) -> Callable[[str, Any], Any]:
    if attribute in _RATES:
        return _rate
    if attribute in _COUNTS:
        return _count
    if attribute in _BYTES:
        return _bytes
    if attribute in _PATTERNS:
        return _patterns
    if attribute in _PACES:
        return _pace
    if attribute in _PERIODS:
        return lambda name, value: _at_least(name, value, _PERIODS[attribute])
    if attribute == "unhealthy_zone_threshold":
        return _share
    if attribute == "image_pull":
        return _switch
    if attribute == "image_sizes":
        return _sizes
    if attribute in ("resolution", "node_monitor_grace"):
        return lambda name, value: None if value == "auto" else parse_duration(name, value)
    if isinstance(getattr(DEFAULTS, attribute), Distribution):
        return parse_distribution
    if attribute in _BACK_OFFS:
        return _back_off
    return parse_duration


def _back_off(name: str, value: Any) -> float:
    return _at_least(name, value, _BACK_OFF_LEAST_S)


def _at_least(name: str, value: Any, least_s: float) -> float:
    seconds = parse_duration(name, value)
    if seconds < least_s:
        raise InputError(f"{name} is {quoted(value)}, needs {least_s:g}s or more")
    return seconds


def _pace(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise InputError(f"{name} is {quoted(value)}, needs a number a second, 0 for never")
    return float(value)


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(f"{name} is {quoted(value)}, needs a share of 0 to 1")
    return float(value)


def _rate(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise InputError(f"{name} is {quoted(value)}, needs a number a second, 0 for no limit")
    return float(value)


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{name} is {quoted(value)}, needs a whole number of 1 or more")
    return value


def _bytes(name: str, value: Any) -> float:
    try:
        size = int_value(value)
    except (ValueError, TypeError):
        size = 0
    if size <= 0:
        raise InputError(f"{name} is {quoted(value)}, needs a size such as 100Mi")
    return float(size)


def _switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{name} is {quoted(value)}, needs true or false")
    return value


def _sizes(name: str, value: Any) -> Mapping[str, int]:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} is {quoted(value)}, needs a map of image names to sizes")
    return {str(image): int(_bytes(f"{name}.{image}", size)) for image, size in value.items()}


def _patterns(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise InputError(f"{name} is {quoted(value)}, needs a list of regular expressions")
    for pattern in value:
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise InputError(
                f"{name}: {quoted(pattern)} is no regular expression: {error}"
            ) from None
    return tuple(value)


@lru_cache(maxsize=4096)
def image_matches(image: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether any of the regular expressions is found in an image's name."""
    return any(re.search(pattern, image) for pattern in patterns)


def untagged(image: str) -> str:
    """Return an image's name without tag and digest.

    Example:
        >>> untagged("registry:5000/web:1.2"), untagged("web@sha256:0")
        ('registry:5000/web', 'web')
    """
    name = image.split("@")[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


def image_size(image: str, timings: Timings) -> float:
    """Return the bytes to pull: by full name, by name without tag, by its last word, or default."""
    plain = untagged(image)
    for name in (image, plain, plain.rpartition("/")[2]):
        if name in timings.image_sizes:
            return float(timings.image_sizes[name])
    return timings.image_size_default
