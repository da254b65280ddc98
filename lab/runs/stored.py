"""What a run file gives back: its rows as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lab.core.manifest import Manifest
from lab.core.model import Key


@dataclass(frozen=True, slots=True)
class StoredInput:
    """Something that went into the run: a file, the beginning of the scenario, or a command."""

    number: int
    time_s: float
    after: int
    """How many records the trace had then."""
    kind: str
    command: int
    """The number of the command that read this file; 0 for the scenario's own files."""
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of the trace."""

    number: int
    time_s: float
    type: str
    actor: str
    cause: int
    key: Key | None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredChange:
    """One change of one object; `object` is the state after it (before it, if it was deleted)."""

    number: int
    time_s: float
    type: str
    key: Key
    object: Manifest
    record: int = 0
    """The trace record that stood last when it happened."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How many replicas of one member's workload were wanted, ready and truly serving."""

    time_s: float
    key: Key
    desired: int
    ready: int
    serving: int


@dataclass(frozen=True, slots=True)
class StoredViolation:
    """A breach of an invariant."""

    number: int
    time_s: float
    law: str
    message: str
    key: Key | None
    cause: int
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one check."""

    time_s: float
    name: str
    passed: bool
    message: str
    detail: dict[str, Any] = field(default_factory=dict)
