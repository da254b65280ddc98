"""How long pods stay on tainted nodes. Source: `tainteviction`, DefaultTolerationSeconds, v1.36."""

from __future__ import annotations

from collections.abc import Sequence

from lab.backends.simulated.timings import Timings
from lab.core.taints import Taint, Toleration

NEVER = float("inf")


def default_tolerations(given: Sequence[Toleration], timings: Timings) -> list[Toleration]:
    """Return what the API server adds to the tolerations of a pod."""
    added = []
    for key, seconds in (
        ("node.kubernetes.io/not-ready", timings.not_ready_toleration),
        ("node.kubernetes.io/unreachable", timings.unreachable_toleration),
    ):
        known = any(each.key in (key, "") and each.effect in ("NoExecute", "") for each in given)
        if not known:
            added.append(Toleration(key, "Exists", "", "NoExecute", round(seconds)))
    return added


def stays_s(taints: Sequence[Taint], tolerations: Sequence[Toleration]) -> float:
    """Return how long a pod may stay on a node with NoExecute taints (s; infinity: for ever)."""
    used: list[Toleration] = []
    for taint in taints:
        first = next((each for each in tolerations if each.tolerates(taint)), None)
        if first is None:
            return 0.0
        used.append(first)
    return min((max(0.0, each.seconds) for each in used if each.seconds is not None), default=NEVER)
