"""What an application is to keep: how many replicas, back how soon, how much state it may lose."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lab.core.duration import format_duration
from lab.core.model import HUB, Key

_PERCENT = re.compile(r"(\d{1,3})%")


@dataclass(frozen=True, slots=True)
class Target:
    """The target of one application; a default one asks for all replicas and sets no limits.

    Attributes:
        app: The resource template (cluster "" = the hub), or the workload of one member.
        ready: Pods that must serve: a count, a share of the desired ones (0.9), None for all.
        rto_s: How long it may be below that at a time (s), None: no limit.
        rpo_s: How old carried-over state may be (s), None: no limit.
        declared: A person asked for it: missing it fails the run.
    """

    app: Key
    ready: int | float | None = None
    rto_s: float | None = None
    rpo_s: float | None = None
    declared: bool = False

    def needs(self, desired: int) -> int:
        """Return how many pods must serve while so many are desired.

        Example:
            >>> Target(Key("", "apps/v1", "Deployment", "default", "web"), ready=0.9).needs(8)
            8
        """
        if self.ready is None:
            return desired
        if isinstance(self.ready, float):
            return math.ceil(round(desired * self.ready, 9))
        return self.ready if desired else 0

    def text(self) -> str:
        """Return the target as a table shows it.

        Example:
            >>> Target(Key("", "apps/v1", "Deployment", "", "web"), 0.9, 120.0).text()
            '90%, back in 2m0s'
        """
        parts = [_ready_text(self.ready)]
        if self.rto_s is not None:
            parts.append(f"back in {format_duration(self.rto_s)}")
        if self.rpo_s is not None:
            parts.append(f"state of {format_duration(self.rpo_s)}")
        return ", ".join(parts)


def _ready_text(ready: int | float | None) -> str:
    if ready is None:
        return "all"
    return f"{ready * 100:g}%" if isinstance(ready, float) else str(ready)


def parse_ready(value: object) -> int | float:
    """Return a count of pods, or a share of the desired ones (0 to 1) of a text such as 90%.

    Raises:
        ValueError: It is neither.

    Example:
        >>> parse_ready("90%"), parse_ready(8)
        (0.9, 8)
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value)
        if match and int(match[1]) <= 100:
            return int(match[1]) / 100
    raise ValueError("needs a count of pods such as 8, or a share of the desired ones such as 90%")


def app_text(app: Key) -> str:
    """Return how tables name an application.

    Example:
        >>> app_text(Key("east", "apps/v1", "Deployment", "shop", "web"))
        'east: deployment/web -n shop'
    """
    place = f"{app.cluster}: " if app.cluster != HUB else ""
    inside = f" -n {app.namespace}" if app.namespace not in {"", "default"} else ""
    return f"{place}{app.kind.lower()}/{app.name}{inside}"
