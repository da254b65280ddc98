"""What led to what: every record of a trace names the record that caused it.

A controller's actions are caused by what woke it. What a member reports was caused by the last
thing done to that object, or by what befell the member since (a fault, or its end), whichever came
later. A chain of causes so ends at a person's act, a step, a fault or the boot.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.core.model import Key


@dataclass(slots=True)
class Causes:
    """Numbers of the records that things are blamed on."""

    root: int = 0
    """The record of the boot: the cause of what nothing else has caused."""
    _touched: dict[Key, int] = field(default_factory=dict)
    _blamed: dict[str, int] = field(default_factory=dict)

    def blame(self, cluster: str, number: int) -> None:
        """What a member reports from now on without another cause was caused by this record."""
        self._blamed[cluster] = number

    def touch(self, key: Key, number: int) -> None:
        """Note the last record about a member's object."""
        self._touched[key] = number

    def of_object(self, key: Key) -> int:
        """Return what caused the change of a member's object that is being reported now."""
        return max(self._touched.get(key, 0), self._blamed.get(key.cluster, 0)) or self.root

    def of_member(self, cluster: str) -> int:
        """Return what caused a member as a whole to be as it is (its answer to a probe)."""
        return self._blamed.get(cluster, 0) or self.root

    def forget(self, cluster: str) -> None:
        """Drop what was noted about a member's objects (it was unjoined)."""
        for key in [key for key in self._touched if key.cluster == cluster]:
            del self._touched[key]
