"""Objects that select pods by label (Services, PodDisruptionBudgets), and whose pods changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench
from lab.core.model import Key
from lab.core.selectors import Selector, parse_label_selector


class Selected:
    """Knows selectors by namespace; asks their owners to look again when their pods change.

    Pods of one workload have the same labels (but for their ordinal), so selectors are held against
    workloads, not against pods.
    """

    def __init__(self, bench: Workbench, after_s: float) -> None:
        self._bench, self._after_s = bench, after_s
        self._selectors: dict[str, dict[Key, Selector]] = {}
        bench.pod_listeners.append(self._touched)

    def watch(self, key: Key, selector: Mapping[str, Any] | None) -> None:
        """Remember the selector of an object; None forgets it."""
        here = self._selectors.setdefault(key.namespace, {})
        if selector is None:
            here.pop(key, None)
            if not here:
                del self._selectors[key.namespace]
            return
        try:
            here[key] = parse_label_selector(selector)
        except ValueError:
            here.pop(key, None)  # the API server would have refused it: it selects nothing

    def workloads(self, key: Key) -> list[Workload]:
        """Return the workloads whose pods an object selects, by index."""
        selector = self._selectors.get(key.namespace, {}).get(key)
        if selector is None:
            return []
        return [
            each
            for each in self._bench.pods.living()
            if each.namespace == key.namespace and selector.matches(each.labels)
        ]

    def _touched(self, indexes: list[int]) -> None:
        if not self._selectors:
            return
        for index in indexes:
            workload = self._bench.pods.workloads[index]
            if workload is None:
                continue
            for key, selector in self._selectors.get(workload.namespace, {}).items():
                if selector.matches(workload.labels):
                    self._bench.ask(key, self._after_s)
