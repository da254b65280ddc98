"""What a law found: violations (the run fails) and remarks (worth saying, the run goes on)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from lab.core.model import Key


class Finding(NamedTuple):
    """What one look at one object found. A law yields these; the monitor makes violations."""

    key: Key
    message: str
    """What is wrong, with the numbers."""
    record: int = 0
    """Number of the trace record that shows it, if the law knows better than the monitor."""
    remark: bool = False
    """True: worth telling, and no violation (an old placement, a cluster that cannot be asked)."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One law broken by one object: the first time it was seen, the last, and how often."""

    law: str
    """Id of the law: S1 … Q6."""
    name: str
    time_s: float
    key: Key
    message: str
    """As it was found first."""
    record: int = 0
    """Number of the trace record it was found at; the chain of causes begins there."""
    last_s: float = 0.0
    count: int = 1
    remark: bool = False

    def line(self) -> str:
        """Return the violation in one line, without its time.

        Example:
            >>> key = Key("", "apps/v1", "Deployment", "default", "web")
            >>> Violation("S1", "replicas-conserved", 3.0, key, "2 of 3 replicas").line()
            'S1 replicas-conserved  Deployment default/web: 2 of 3 replicas'
        """
        return f"{self.law} {self.name}  {self.key}: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        data: dict[str, Any] = {
            "law": self.law,
            "name": self.name,
            "time": self.time_s,
            "object": list(self.key),
            "message": self.message,
            "record": self.record,
            "last": self.last_s,
            "count": self.count,
        }
        return data
