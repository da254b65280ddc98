"""What the taint manager says: who has to leave, when, and why nobody does. Each answer once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lab.controllers.eviction_queue import EVICTION_WORKERS
from lab.core.duration import format_duration
from lab.core.model import Decision, Key
from lab.core.toleration import Tolerance

DECISION = "eviction"
"""The kind of the taint manager's decisions."""


class EvictionWords:
    """Remembers what was said last about each binding on each cluster.

    Args:
        rate_per_s: The pace, to be told beside a place in the queue.
    """

    def __init__(self, rate_per_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._told: dict[str, dict[Key, str]] = {}

    def forget(self, cluster: str) -> None:
        """Forget a cluster that is gone."""
        self._told.pop(cluster, None)

    def keep(self, cluster: str, places: Collection[Key]) -> None:
        """Forget all but these bindings of a cluster: if another comes back, that is news."""
        told = self._told.get(cluster, {})
        self._told[cluster] = {place: words for place, words in told.items() if place in places}

    def answer(
        self, cluster: str, place: Key, met: Tolerance, queue: Mapping[str, Any]
    ) -> Iterator[Decision]:
        """Tell how a binding stands to the taints of a cluster, unless that was said before."""
        words = f"{met.answer} {met.until_s} {met.text}"
        told = self._told.setdefault(cluster, {})
        if told.get(place) != words:
            told[place] = words
            explanation = {**self._explained(cluster, met), **queue}
            yield Decision(place, DECISION, _summary(cluster, met, queue), explanation)

    def leaving(self, cluster: str, place: Key, met: Tolerance, mode: str) -> Decision:
        """Tell that a binding is taken off a cluster now."""
        self._told.get(cluster, {}).pop(place, None)
        explanation = {**self._explained(cluster, met), "answer": "evict", "purgeMode": mode}
        summary = f"leaves {cluster} now ({mode or 'no purge mode'}): {met.text}"
        return Decision(place, DECISION, summary, explanation)

    def spared(self, cluster: str, places: Collection[Key]) -> Iterator[Decision]:
        """Tell of the bindings that were to leave and stay now that the taint is gone."""
        for place, words in self._told.get(cluster, {}).items():
            if place in places and words.startswith(("now", "later")):
                explanation = {"cluster": cluster, "answer": "stays", "because": "taint gone"}
                yield Decision(
                    place, DECISION, f"stays on {cluster}: the taint is gone", explanation
                )

    def unmoved(self, key: Key, taints: Sequence[str], because: str) -> Iterator[Decision]:
        """Tell that the taints of a cluster move nothing, unless that was said before."""
        words = f"{because} {','.join(taints)}"
        before = self._told.get(key.name, {}).get(key)
        self._told[key.name] = {key: words}
        if before != words:
            word = "taint" if len(taints) == 1 else "taints"
            yield Decision(
                key,
                DECISION,
                f"nothing leaves {key.name} for {word} {', '.join(taints)}: {because}",
                {
                    "cluster": key.name,
                    "answer": "never",
                    "because": because,
                    "taints": list(taints),
                },
            )

    def _explained(self, cluster: str, met: Tolerance) -> dict[str, Any]:
        return {
            "cluster": cluster,
            "answer": met.answer,
            "because": met.text,
            "until": met.until_s,
            "taints": [
                {
                    "taint": str(each.taint),
                    "tolerated": each.toleration is not None,
                    "tolerationSeconds": each.toleration.seconds if each.toleration else None,
                    "until": each.until_s,
                }
                for each in met.taints
            ],
            "rate": self._rate_per_s,
            "workers": EVICTION_WORKERS,
        }


def _summary(cluster: str, met: Tolerance, queue: Mapping[str, Any]) -> str:
    if met.answer == "never":
        return f"stays on {cluster}: {met.text}"
    if met.answer == "later":
        assert met.until_s is not None
        return f"leaves {cluster} at {format_duration(met.until_s)}: {met.text}"
    return (
        f"to leave {cluster}: {met.text}; {queue['ahead']} ahead in the queue, "
        f"turn at {format_duration(queue['turn'])}"
    )
