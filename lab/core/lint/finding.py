"""What lint says: one trap, where it stands, why it bites, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lab.core.model import Key

Path = tuple[str | int, ...]
Severity = Literal["error", "warning", "note"]
"""error: it cannot work; warning: it does not do what it looks like; note: worth knowing."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `index` is the object's place in what was given to lint."""

    code: str
    severity: Severity
    index: int
    key: Key
    path: Path
    message: str
    """What is there, in one line."""
    why: str
    """What Karmada does with it."""
    instead: str
    """What to write."""
    at_key: bool = False
    """The field's name is meant rather than its value."""

    @property
    def field(self) -> str:
        """Return the path as Kubernetes prints it: `spec.placement.spreadConstraints[0]`."""
        text = ""
        for step in self.path:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
        return text
