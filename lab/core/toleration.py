"""NoExecute taints against a placement's tolerations: leave now, later, or never.

Source: Karmada v1.19 `pkg/util/helper/taint.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lab.core.reading import moment_s
from lab.core.taints import Taint, Toleration, taints_of, tolerations_of

NO_EXECUTE = "NoExecute"


@dataclass(frozen=True, slots=True)
class TaintAnswer:
    """How one taint is met: by which toleration, and until when (s of the run; None: for ever)."""

    taint: Taint
    toleration: Toleration | None
    until_s: float | None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Whether a binding may stay: `now` leave, `later` leave at `until_s`, `never`, or no taint."""

    answer: Literal["now", "later", "never", "untainted"]
    taints: tuple[TaintAnswer, ...] = ()
    until_s: float | None = None

    @property
    def text(self) -> str:
        """Return why, in one line."""
        if self.answer == "untainted":
            return "no NoExecute taint"
        for met in self.taints:
            if met.toleration is None:
                return f"taint {met.taint} is not tolerated"
        if self.answer == "never":
            return f"{_taints(self.taints)} tolerated without a limit"
        first = next((met for met in self.taints if met.until_s == self.until_s), self.taints[0])
        seconds = None if first.toleration is None else first.toleration.seconds
        if self.answer == "now":
            return f"taint {first.taint} was tolerated for {seconds} s, and they are over"
        return f"taint {first.taint} is tolerated for {seconds} s"


def _taints(answers: Sequence[TaintAnswer]) -> str:
    names = ", ".join(str(met.taint) for met in answers)
    return f"taint {names} is" if len(answers) == 1 else f"taints {names} are"


def no_execute_taints(taints: Any) -> list[Mapping[str, Any]]:
    """Return the entries of spec.taints that evict."""
    return [entry for entry in taints or () if entry.get("effect") == NO_EXECUTE]


def tolerance(taints: Any, tolerations: Any, now_s: float) -> Tolerance:
    """Return whether tolerations let a binding stay on a cluster with these taints.

    The first toleration that fits a taint is the one used for it. Every used toleration with
    seconds ends at the taint's timeAdded plus its seconds; the earliest end counts. A taint
    without timeAdded never ends a toleration.

    Args:
        taints: The cluster's spec.taints; only NoExecute ones are looked at.
        tolerations: The placement's clusterTolerations.
        now_s: Second of the run.
    """
    entries = no_execute_taints(taints)
    if not entries:
        return Tolerance("untainted")
    parsed, known = taints_of(entries), tolerations_of(tolerations)
    used = [next((each for each in known if each.tolerates(taint)), None) for taint in parsed]
    answers = tuple(
        TaintAnswer(taint, toleration, _until_s(entry, toleration))
        for entry, taint, toleration in zip(entries, parsed, used, strict=True)
    )
    if any(toleration is None for toleration in used):
        return Tolerance("now", answers)
    ends = [
        end_s
        for toleration in used
        if toleration is not None
        for entry, taint in zip(entries, parsed, strict=True)
        if toleration.tolerates(taint) and (end_s := _until_s(entry, toleration)) is not None
    ]
    if not ends:
        return Tolerance("never", answers)
    until_s = min(ends)
    return Tolerance("now" if until_s <= now_s else "later", answers, until_s)


def _until_s(entry: Mapping[str, Any], toleration: Toleration | None) -> float | None:
    added_s = moment_s(entry.get("timeAdded"))
    if toleration is None or toleration.seconds is None or added_s is None:
        return None
    return round(added_s + toleration.seconds, 6)
