"""A fault as data: its kind, what it strikes, for how long, how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.core.selectors import EVERYTHING, Selector


@dataclass(frozen=True, slots=True)
class NodeTarget:
    """Which nodes of the clusters: all that is written must hold; nothing written means all.

    Attributes:
        names: Nodes by name.
        zone: Nodes of a zone.
        count: So many of them in each cluster, chosen by the run's seed.
        percent: That share of them in each cluster (0 to 100), rounded up.
    """

    names: tuple[str, ...] = ()
    zone: str = ""
    count: int | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault strikes: all that is written must hold.

    Attributes:
        hub: The hub instead of member clusters.
        clusters: Clusters by name.
        labels: A selector over the clusters' labels.
        provider: Of the clusters.
        region: Of the clusters.
        zone: Clusters with nodes in this zone.
        count: So many of these clusters, chosen by the run's seed.
        percent: That share of these clusters (0 to 100), rounded up, chosen by the run's seed.
        nodes: Which nodes of these clusters, for the kinds that strike nodes.
    """

    hub: bool = False
    clusters: tuple[str, ...] = ()
    labels: Selector = EVERYTHING
    provider: str = ""
    region: str = ""
    zone: str = ""
    count: int | None = None
    percent: float | None = None
    nodes: NodeTarget | None = None


@dataclass(frozen=True, slots=True)
class Ramp:
    """Targets fall one after another, evenly, the last one `over_s` after the first."""

    over_s: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """The fault begins `times` times in all, `every_s` from one begin to the next."""

    times: int
    every_s: float


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, checked.

    Attributes:
        name: What it is called in the run.
        kind: A name of `KINDS`.
        target: What it strikes.
        parameters: Typed, defaults filled in; one without default that was not given is absent.
        length_s: How long it lasts; None: until it is healed.
        ramp: How the targets fall one after another.
        repeat: How often it comes back.
        abort_if: A CEL condition that heals it at once.
    """

    name: str
    kind: str
    target: Target = field(default_factory=Target)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    length_s: float | None = None
    ramp: Ramp | None = None
    repeat: Repeat | None = None
    abort_if: str = ""
