"""One line of a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline. `where` are the clusters it is about, if it is about members."""

    time_s: float
    topic: str
    text: str
    where: tuple[str, ...] = ()
    count: int = 1
    record: int = 0
    """The number of the event in the trace that it tells of, 0 if there is none."""

    @property
    def line(self) -> str:
        """The text, with its clusters and count."""
        text = self.text
        if self.where:
            text = text.replace("{where}", ", ".join(self.where))
        return f"{text} (x{self.count})" if self.count > 1 else text

    def to_dict(self) -> dict[str, Any]:
        """Return the line as JSON-ready data."""
        return {"time": self.time_s, "topic": self.topic, "text": self.line,
                "clusters": list(self.where), "event": self.record or None}  # fmt: skip
