from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.backends.simulated.distribution import parse_distribution
from lab.backends.simulated.timings import (
    NAMES,
    Timings,
    image_matches,
    image_size,
    parse_timings,
)
from lab.core.errors import InputError

GOOD: dict[str, tuple[dict[str, Any], str, Any]] = {
    "a fixed duration": ({"podStart": "1s"}, "pod_start.median_s", 1.0),
    "a number counts as seconds": ({"podStart": 2}, "pod_start.median_s", 2.0),
    "a table": ({"podStart": {"p50": "2s", "p100": "9s"}}, "pod_start.values_s", (2.0, 2.0, 9.0)),
    "never": ({"loadBalancer": "never"}, "load_balancer.median_s", float("inf")),
    "a plain delay": ({"controllerSync": "20ms"}, "controller_sync", 0.02),
    "a rate": ({"podCreationRate": 0}, "pod_creation_rate", 0.0),
    "a size": ({"imageBandwidth": "1Gi"}, "image_bandwidth", 2.0**30),
    "a switch": ({"imagePull": False}, "image_pull", False),
    "patterns": ({"badImages": ["broken"]}, "bad_images", ("broken",)),
    "automatic resolution": ({"resolution": "auto"}, "resolution", None),
    "a grace by version": ({"nodeMonitorGrace": "auto"}, "node_monitor_grace", None),
    "a grace": ({"nodeMonitorGrace": "20s"}, "node_monitor_grace", 20.0),
    "a slow pace": ({"secondaryNodeEvictionRate": 0.005}, "secondary_node_eviction_rate", 0.005),
    "a share": ({"unhealthyZoneThreshold": 0.7}, "unhealthy_zone_threshold", 0.7),
    "a preset": ({"preset": "fixed"}, "pod_start.values_s", (1.0,)),
    "a preset with a change": (
        {"podStart": "3s", "preset": "fixed"},
        "pod_start.values_s",
        (3.0,),
    ),
}


@pytest.mark.parametrize(("given", "path", "want"), GOOD.values(), ids=GOOD.keys())
def test_parse(given: dict[str, Any], path: str, want: Any) -> None:
    value: Any = parse_timings(given)
    for step in path.split("."):
        value = getattr(value, step)
    assert value == want


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown name": ({"podStrat": "1s"}, 'unknown timing "podStrat" — did you mean "podStart"?'),
    "no duration": ({"podStart": "soon"}, "podStart: not a duration"),
    "negative": ({"podStart": "-1s"}, "0 or more"),
    "a list": ({"podStart": ["1s"]}, "needs a duration"),
    "unknown quantile": ({"podStart": {"p95": "1s"}}, 'unknown quantile "p95"'),
    "falling table": ({"podStart": {"p0": "2s", "p50": "1s"}}, "must not fall"),
    "empty table": ({"podStart": {}}, "empty map"),
    "rate below 0": ({"bindRate": -1}, "bindRate is -1"),
    "burst 0": ({"bindBurst": 0}, "bindBurst is 0"),
    "no back-off": ({"backOffInitial": 0}, "backOffInitial is 0, needs 1s or more"),
    "a back-off that ends too soon": ({"backOffMax": "500ms"}, "needs 1s or more"),
    "switch as text": ({"imagePull": "no"}, "needs true or false"),
    "broken pattern": ({"badImages": ["("]}, "no regular expression"),
    "pattern as text": ({"badImages": "x"}, "needs a list"),
    "size 0": ({"imageSizes": {"nginx": "0"}}, "imageSizes.nginx"),
    "looks without end": ({"nodeMonitorPeriod": 0}, "nodeMonitorPeriod is 0, needs 1s or more"),
    "checks without end": ({"diskCheck": "10ms"}, "needs 1s or more"),
    "a share above 1": ({"unhealthyZoneThreshold": 55}, "needs a share of 0 to 1"),
    "a pace below 0": ({"nodeEvictionRate": -0.1}, "0 for never"),
    "unknown preset": ({"preset": "fixd"}, 'did you mean "fixed"?'),
}


@pytest.mark.parametrize(("given", "words"), BAD.values(), ids=BAD.keys())
def test_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_timings(given)
    assert words in str(caught.value)


def test_every_timing_is_documented_with_its_default() -> None:
    page = (Path(__file__).parents[3] / "docs" / "timings.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert documented - {"fedlab"} == set(NAMES)
    podstart = next(row for row in rows if row.startswith("| `podStart`"))
    assert podstart.split("|")[2].strip() == "p0 0.9s, p50 1.8s, p90 3.2s, p99 5s, p100 6.5s"
    assert Timings().pod_start.values_s == (0.9, 1.8, 3.2, 5.0, 6.5)


def test_draws_follow_the_table_and_the_seed() -> None:
    table = parse_distribution("x", {"p0": "1s", "p50": "2s", "p100": "4s"})
    first = table.draw(2000, np.random.default_rng(7))
    assert (first == table.draw(2000, np.random.default_rng(7))).all()
    assert first.min() >= 1.0
    assert first.max() <= 4.0
    assert abs(float(np.median(first)) - 2.0) < 0.1


IMAGES = {
    "no tag": ("nginx", 70 * 2**20),
    "tag": ("nginx:1.27", 70 * 2**20),
    "registry with a port": ("registry.local:5000/library/nginx", 70 * 2**20),
    "digest": ("docker.io/library/nginx@sha256:0", 70 * 2**20),
    "unknown": ("shop/cart:2", 100 * 2**20),
}


@pytest.mark.parametrize(("name", "want"), IMAGES.values(), ids=IMAGES.keys())
def test_image_size(name: str, want: int) -> None:
    assert image_size(name, Timings()) == want


BAD_IMAGES = {
    "host below .invalid": ("registry.invalid/web:1", True),
    "with port": ("invalid:5000/web", True),
    "a word in the path": ("example.com/invalid/web", False),
    "plain": ("nginx", False),
}


@pytest.mark.parametrize(("name", "want"), BAD_IMAGES.values(), ids=BAD_IMAGES.keys())
def test_default_bad_images(name: str, *, want: bool) -> None:
    assert image_matches(name, Timings().bad_images) is want
