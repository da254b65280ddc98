"""A fault as it stands in a run, its name, and what is said when a name is wrong."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Literal

from lab.core.duration import format_duration
from lab.core.errors import InputError, did_you_mean, quoted


@dataclass(frozen=True, slots=True)
class FaultState:
    """A fault as it stands.

    Attributes:
        name: What it is called.
        kind: Its kind.
        state: active (it strikes), waiting (it will strike again), over.
        number: The trace's record of its begin.
        began_s: When it was injected (s of the run).
        until_s: When it ends, or strikes again while it waits; None: not before it is healed.
        over_s: When it was or will be over for good; None: not before it is healed.
        clusters: The members it strikes.
        hub: It strikes the hub.
        between: The two members whose link it cuts.
        abort_if: The condition that ends it.
        strikes: How often it has struck so far.
        notes: What is good to know about it.
    """

    name: str
    kind: str
    state: Literal["active", "waiting", "over"]
    number: int
    began_s: float
    until_s: float | None
    over_s: float | None
    clusters: tuple[str, ...]
    hub: bool = False
    between: tuple[str, ...] = ()
    abort_if: str = ""
    strikes: int = 1
    notes: tuple[str, ...] = ()

    def remaining_s(self, now_s: float) -> float | None:
        """Return how long it still lasts; None: until it is healed."""
        return None if self.over_s is None else round(max(0.0, self.over_s - now_s), 6)

    def __str__(self) -> str:
        where = "the hub" if self.hub else _few(self.clusters)
        if self.between:
            where = f"the link between {' and '.join(self.between)}"
        length = "" if self.over_s is None else format_duration(self.over_s - self.began_s)
        last = f"for {length}" if length not in {"", "0s"} else "once" if length else "until healed"
        text = f"{self.name}: {self.kind} strikes {where}, {last}"
        return "\n".join([text, *(f"note: {note}" for note in self.notes)])


def free_name(wanted: str, taken: Container[str]) -> str:
    """Return `wanted`, or with the first number that makes it a name nobody has.

    Example:
        >>> free_name("slow-api", {"slow-api"})
        'slow-api-2'
    """
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def name_taken(name: str) -> InputError:
    """Return the error of a second fault of a name."""
    return InputError(f"a fault is named {quoted(name)} already, needs another name")


def no_such_fault(name: str, active: Sequence[str]) -> InputError:
    """Return the error of a heal that names no fault."""
    hint = did_you_mean(name, active)
    known = f" (active: {_few(active)})" if active else " (none is active)"
    return InputError(f"no fault is named {quoted(name)}{hint or known}")


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
