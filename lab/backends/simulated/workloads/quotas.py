"""ResourceQuota: what a namespace's pods may ask for in all. Source: `resourcequota`, v1.36.

Pods are counted from their creation on and refused beyond the limit; numbers of other objects are
counted in the status only. Quotas with scopes are counted as if they had none.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.backends.simulated.pods.demand import pod_limits
from lab.backends.simulated.pods.pods import FINISHED, State
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench
from lab.core.errors import ApiError
from lab.core.manifest import Manifest, is_deleting, name_of, spec_of
from lab.core.model import Key, key_of
from lab.core.quantity import format_quantity, resource_value

_SHORT = ("cpu", "memory", "ephemeral-storage")
_COUNTED = [state for state in State if state not in (State.FREE, *FINISHED)]


class Quotas:
    """The quota controller, and what the admission plug-in asks before pods are created."""

    api_version = "v1"
    kind = "ResourceQuota"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._names: dict[str, dict[Key, None]] = {}
        self._refused: dict[str, dict[Key, None]] = {}
        self._usage: dict[int, tuple[Workload, dict[str, int]]] = {}
        bench.pod_listeners.append(self._touched)
        bench.quota = self.admitted

    def reconcile(self, key: Key, now_s: float) -> None:
        """Count anew; controllers whose pods were refused try again."""
        quota = self._bench.store.find(key)
        here = self._names.setdefault(key.namespace, {})
        if quota is None or is_deleting(quota):
            here.pop(key, None)
            if not here:
                del self._names[key.namespace]
        else:
            here[key] = None
            hard = spec_of(quota).get("hard") or {}
            used = self._used(key.namespace, hard)
            texts = {name: format_quantity(_unit(name), count) for name, count in used.items()}
            self._bench.write_status(quota, {"hard": dict(hard), "used": texts}, now_s)
        for owner in self._refused.pop(key.namespace, {}):
            self._bench.ask(owner)

    def _touched(self, indexes: list[int]) -> None:
        if not self._names:
            return
        for index in indexes:
            workload = self._bench.pods.workloads[index]
            if workload is not None:
                for key in self._names.get(workload.namespace, ()):
                    self._bench.ask(key)

    # ── counting ───────────────────────────────────────────────────────────────────────────────

    def _used(self, namespace: str, hard: Mapping[str, str]) -> dict[str, int]:
        used = dict.fromkeys(hard, 0)
        for workload in self._bench.pods.living():
            if workload.namespace != namespace:
                continue
            count = self._bench.pods.count(workload, *_COUNTED)
            for name, amount in self._of_one(workload).items():
                if name in used:
                    used[name] += amount * count
        for name in hard:
            used[name] += self._objects(namespace, name)
        return used

    def _of_one(self, workload: Workload) -> dict[str, int]:
        """Return what one pod of a workload uses, by the names quotas have for it."""
        known = self._usage.get(workload.index)
        if known is not None and known[0] is workload:
            return known[1]
        usage = {"pods": 1, "count/pods": 1}
        for resource, amount in workload.demand.requests:
            usage[f"requests.{resource}"] = amount
            if resource in _SHORT:
                usage[resource] = amount
        for resource, amount in pod_limits(workload.template.get("spec") or {}).items():
            usage[f"limits.{resource}"] = amount
        self._usage[workload.index] = (workload, usage)
        return usage

    def _objects(self, namespace: str, name: str) -> int:
        plural = name.removeprefix("count/")
        if plural == "pods":
            return 0
        for kind in self._bench.store.kinds.all():
            if kind.namespaced and plural in (kind.resource, kind.plural if not kind.group else ""):
                try:
                    return len(self._bench.store.list(kind.api_version, kind.kind, namespace))
                except ApiError:
                    return 0
        return 0

    # ── admission ──────────────────────────────────────────────────────────────────────────────

    def admitted(self, workload: Workload, wanted: int) -> tuple[int, str]:
        """Return how many more pods of a workload may be created, and what refuses the next."""
        allowed, message = wanted, ""
        for key in self._names.get(workload.namespace, ()):
            quota = self._bench.store.find(key)
            if quota is None:
                continue
            count, text = self._room(quota, workload)
            if count < allowed:
                allowed, message = count, text
        if message and workload.owner is not None:
            owner = workload.owner
            asking = Key(
                self._bench.name, owner.api_version, owner.kind, owner.namespace, owner.name
            )
            self._refused.setdefault(workload.namespace, {})[asking] = None
        return max(0, allowed), message

    def _room(self, quota: Manifest, workload: Workload) -> tuple[int, str]:
        hard = spec_of(quota).get("hard") or {}
        namespace = key_of(quota).namespace
        used = self._used(namespace, hard)
        one = self._of_one(workload)
        fits, short = 2**31, []
        for name in sorted(hard):
            amount = one.get(name, 0)
            if not amount:
                continue
            limit = resource_value(_unit(name), hard[name])
            room = max(0, limit - used[name]) // amount
            fits = min(fits, room)
            short.append((name, amount, used[name], limit, room))
        if fits == 2**31:
            return fits, ""
        worst = [each for each in short if each[4] == fits]

        def listed(at: int) -> str:
            parts = []
            for each in worst:
                count = int(each[at]) + (fits * each[1] if at == 2 else 0)
                parts.append(f"{each[0]}={format_quantity(_unit(each[0]), count)}")
            return ",".join(parts)

        text = (
            f"exceeded quota: {name_of(quota)}, requested: {listed(1)}, "
            f"used: {listed(2)}, limited: {listed(3)}"
        )
        return fits, text


def _unit(name: str) -> str:
    """Return the resource whose unit a quota's name is counted in."""
    return name.removeprefix("requests.").removeprefix("limits.")
