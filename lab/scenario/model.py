"""A scenario as data: checked, with all files read. Nothing here moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lab.core.errors import Location
from lab.core.faults import Fault
from lab.core.fleet import FleetSpec
from lab.core.invariants import LAWS, Bounds, law_of
from lab.core.kinds import KindRegistry
from lab.core.manifest import Manifest
from lab.core.model import Key, PatchType, key_of
from lab.core.outcomes import Target
from lab.core.settings import KarmadaSettings
from lab.scenario.expression import Expression
from lab.scenario.source import SourceManifest


@dataclass(frozen=True, slots=True)
class ApplyAction:
    """Server-side apply of objects, in order."""

    manifests: tuple[SourceManifest, ...]


@dataclass(frozen=True, slots=True)
class DeleteAction:
    """Deletion of objects, in order."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class PatchAction:
    """A patch of one object."""

    key: Key
    body: Any
    patch_type: PatchType


@dataclass(frozen=True, slots=True)
class RunAction:
    """Command lines, in order."""

    lines: tuple[str, ...]
    places: tuple[Location, ...] = field(default=(), compare=False)
    """Where each of them stands."""


@dataclass(frozen=True, slots=True)
class FaultAction:
    """A fault that begins. `abort_if` is its condition, compiled."""

    fault: Fault
    abort_if: Expression | None = None


@dataclass(frozen=True, slots=True)
class HealAction:
    """The end of a fault by name, or of all of them (`EVERY_FAULT`)."""

    name: str


EVERY_FAULT = "all"
"""What a heal names to end every fault."""

StepAction = ApplyAction | DeleteAction | PatchAction | RunAction | FaultAction | HealAction | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step. At most one of `at_s`, `after` and `wait_until` is set; none: at once."""

    name: str
    action: StepAction
    location: Location
    at_s: float | None = None
    after: str = ""
    delay_s: float = 0.0
    wait_until: Expression | None = None
    timeout_s: float = 600.0
    cluster: str = ""
    refused: str = ""


Mode = Literal["at", "within", "never", "throughout", "end"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must hold. `amount_s` None: until the end of the run."""

    name: str
    mode: Mode
    location: Location
    amount_s: float | None = None
    after: str = ""
    from_s: float = 0.0
    cluster: str = ""
    object: Manifest | None = None
    key: Key | None = None
    """Which object the partial one is about."""
    cel: Expression | None = None
    violates: str = ""
    """The id of a law that must be found broken by the end of the run."""

    def condition(self) -> str:
        """Return what is demanded, in one line."""
        if self.violates:
            return f"a violation of {self.violates} {law_of(self.violates).name}"
        if self.cel is not None:
            return self.cel.text
        where = f" in {self.cluster}" if self.cluster else ""
        assert self.key is not None
        return f"{self.key.kind} {self.key.name}{where} as written"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A checked scenario."""

    name: str
    path: str
    fleet: FleetSpec
    horizon_s: float
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    karmada: KarmadaSettings = field(default_factory=KarmadaSettings)
    members: Mapping[str, Any] = field(default_factory=dict)
    """Timings of all simulated members, in scenario form."""
    manifests: tuple[SourceManifest, ...] = ()
    steps: tuple[Step, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    laws: tuple[str, ...] = tuple(law.id for law in LAWS)
    """Ids of the invariants that are on."""
    bounds: Bounds = field(default_factory=Bounds)
    """Times and numbers of the invariants."""
    targets: tuple[Target, ...] = ()
    """What its applications are due."""
    kinds: KindRegistry = field(default_factory=KindRegistry, compare=False, repr=False)
    """What words and manifests of this scenario mean: the hub's kinds and those it brings."""
    notes: tuple[str, ...] = ()
    """What the scenario asks for that this version does not play, each with its place."""
    files: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Everything that was read for it, the scenario itself first: path as written, and text."""

    @property
    def sources(self) -> tuple[SourceManifest, ...]:
        """Return all that is ever applied to the hub, in the order of the file.

        Of an object that is applied again only the first version counts.
        """
        found = [*self.manifests]
        for step in self.steps:
            if isinstance(step.action, ApplyAction) and not step.cluster:
                found += step.action.manifests
        return tuple({key_of(each.manifest): each for each in reversed(found)}.values())[::-1]
