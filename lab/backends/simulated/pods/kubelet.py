"""What kubelets add up to: when a bound pod's containers run. Images, start rate, back-off."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.workload import Life
from lab.backends.simulated.timings import Timings, image_size


class Kubelets:
    """All kubelets of a member: busy-until clocks per node, and which images a node has when."""

    def __init__(self, nodes: int, timings: Timings, chance: np.random.Generator) -> None:
        self._timings, self._chance = timings, chance
        self._starts_until_s = np.full(nodes, -np.inf)
        self._pulls_until_s = np.full(nodes, -np.inf)
        self._present_s: dict[str, npt.NDArray[np.float64]] = {}

    def running_times(
        self, life: Life, nodes: npt.NDArray[np.int16], now_s: float
    ) -> npt.NDArray[np.float64]:
        """Return when the containers of pods bound to `nodes` (one each) run (s)."""
        begin_s = np.full(len(nodes), now_s)
        if self._timings.image_pull:
            for image in life.images:
                begin_s = np.maximum(begin_s, self._pull(image, nodes, now_s))
        rate = self._timings.node_starts_per_second
        if rate > 0:
            for at, node in enumerate(nodes):
                first_s = max(begin_s[at], self._starts_until_s[node])
                self._starts_until_s[node] = first_s + 1.0 / rate
                begin_s[at] = first_s
        return begin_s + self._timings.pod_start.draw(len(nodes), self._chance)

    def _pull(
        self, image: str, nodes: npt.NDArray[np.int16], now_s: float
    ) -> npt.NDArray[np.float64]:
        """Return when an image is present on the nodes; nodes without it begin to pull."""
        present_s = self._present_s.get(image)
        if present_s is None:
            present_s = self._present_s[image] = np.full(len(self._pulls_until_s), np.inf)
        missing = np.unique(nodes[np.isinf(present_s[nodes])])
        if len(missing):
            length_s = image_size(image, self._timings) / self._timings.image_bandwidth
            done_s = np.maximum(self._pulls_until_s[missing], now_s) + length_s
            present_s[missing] = self._pulls_until_s[missing] = done_s
        return present_s[nodes]

    def next_tries(self, since_s: npt.NDArray[np.float64], now_s: float) -> npt.NDArray[np.float64]:
        """Return when pulls that fail since a time are tried next: 10 s, doubling to 300 s."""
        wait_s, most_s = self._timings.back_off_initial, self._timings.back_off_max
        tries = since_s.copy()
        while (late := tries <= now_s).any():
            tries = np.where(late, tries + wait_s, tries)
            wait_s = min(most_s, 2.0 * wait_s)
        return np.round(tries, 6)

    def restart_delays(self, restarts: npt.NDArray[np.uint16]) -> npt.NDArray[np.float64]:
        """Return the wait before the next restart: none at first, then 10 s doubling to 300 s."""
        first, most = self._timings.back_off_initial, self._timings.back_off_max
        exponent = np.minimum(np.maximum(restarts.astype(np.int64) - 1, 0), 30)
        return np.where(restarts == 0, 0.0, np.minimum(first * 2.0**exponent, most))
