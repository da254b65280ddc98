"""What every law has: an id, a name, a sentence, and the looks it takes.

S laws look at every change (`changed`, `heard`, `served`), Q laws at the end of a quiet run
(`at_end`). A law keeps only what it needs between two looks, and never moves time: it asks the
scene's timers to look again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from lab.core.invariants.scene import Change, Count, Kind, Record, Scene
from lab.core.invariants.violation import Finding
from lab.core.model import Key


class Law:
    """One invariant. The class's docstring says precisely what is checked on which objects."""

    id: ClassVar[str]
    """S1 … S8: at every event. Q1 … Q6: after quiescence."""
    name: ClassVar[str]
    sentence: ClassVar[str]
    hub_kinds: ClassVar[tuple[Kind, ...]] = ()
    """Kinds of the hub whose changes it looks at."""
    member_kinds: ClassVar[tuple[Kind, ...]] = ()
    """Kinds of the members whose changes it looks at."""
    every_kind: ClassVar[tuple[str, ...]] = ()
    """Where it looks at the changes of all kinds: "hub", "members"."""
    record_types: ClassVar[tuple[str, ...]] = ()
    """Types of trace records it wants to hear, beside changes."""
    counts: ClassVar[bool] = False
    """It wants to hear how many pods serve."""

    needs_quiet: ClassVar[bool] = False
    """`at_end` says something only about an end at which nothing moves any more."""

    judged_in_run: ClassVar[bool] = True
    """False: it takes more than one run to judge."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def changed(self, change: Change) -> Iterable[Finding]:
        """Look at a change of an object of one of its kinds."""
        return ()

    def heard(self, record: Record) -> Iterable[Finding]:
        """Look at a trace record of one of its types."""
        return ()

    def served(self, key: Key, count: Count) -> Iterable[Finding]:
        """Look at a member's workload whose count of serving pods changed."""
        return ()

    def at_end(self) -> Iterable[Finding]:
        """Look at the end of a run."""
        return ()
