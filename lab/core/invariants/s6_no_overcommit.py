"""S6: nobody gives out more room than there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from lab.core.interpreter.fields import InterpretError
from lab.core.interpreter.requirements import pod_request
from lab.core.invariants.law import Law
from lab.core.invariants.scene import Change, Scene
from lab.core.invariants.violation import Finding
from lab.core.manifest import Manifest, spec_of, status_of
from lab.core.model import Key
from lab.core.quantity import format_quantity, parse_quantity, resource_value

POD, NODE = ("v1", "Pod"), ("v1", "Node")
QUOTA = ("v1", "ResourceQuota")
FEDERATED_QUOTA = ("policy.karmada.io/v1alpha1", "FederatedResourceQuota")
PODS = "pods"
_Request = Mapping[str, int]


class _Held(NamedTuple):
    """The room a pod holds: on which node, and how much."""

    node: str
    request: _Request


class NoOvercommit(Law):
    """Looked at: Pods and Nodes of the members, ResourceQuotas, FederatedResourceQuotas.

    When a pod is bound to a node, the requests of all pods there (init containers as the
    scheduler counts them, pods that terminate included, ended ones not) may not exceed what the
    node has allocatable, for each resource it offers, nor may their number exceed its pods. Pods
    that were there before a node shrank are the fault's doing: only a further one is judged.

    A ResourceQuota's used may not grow beyond its hard bound. A FederatedResourceQuota's
    overallUsed may not grow beyond overall while the gate FederatedQuotaEnforcement is on. What
    Karmada assigns to a cluster beyond its room (static weights never ask) is no over-commit: the
    pods wait.
    """

    id = "S6"
    name = "no-overcommit"
    sentence = "no node is given more pods than fit, no quota is exceeded"
    hub_kinds = (FEDERATED_QUOTA,)
    member_kinds = (POD, NODE, QUOTA)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._held: dict[Key, _Held] = {}
        self._sums: dict[tuple[str, str], dict[str, int]] = {}
        self._rooms: dict[tuple[str, str], _Request] = {}
        self._requests: dict[int, tuple[Any, _Request]] = {}

    def changed(self, change: Change) -> Iterator[Finding]:
        """Look at one pod, node or quota."""
        kind = change.key.kind
        if kind == "Pod":
            return self._pod(change.key, change.after)
        if kind == "Node":
            self._rooms.pop((change.key.cluster, change.key.name), None)
            return iter(())
        field = "hard" if kind == "ResourceQuota" else "overall"
        enforced = self.scene.settings.gate("FederatedQuotaEnforcement")
        if kind == "ResourceQuota" or enforced:
            return _quota(change, field, "used" if field == "hard" else "overallUsed")
        return iter(())

    # ── nodes ──────────────────────────────────────────────────────────────────────────────────

    def _pod(self, key: Key, pod: Manifest | None) -> Iterator[Finding]:
        node = ""
        if pod is not None:
            node = str(spec_of(pod).get("nodeName") or "")
            if node and status_of(pod).get("phase") in {"Succeeded", "Failed"}:
                node = ""
        held = self._held.get(key)
        if held is not None and held.node == node:
            return
        if held is not None:
            del self._held[key]
            self._add((key.cluster, held.node), held.request, -1)
        if not node or pod is None:
            return
        request = self._request(pod)
        self._held[key] = _Held(node, request)
        place = (key.cluster, node)
        sums = self._add(place, request, 1)
        room = self._room(place)
        for resource, amount in sums.items():
            most = room.get(resource)
            asked = resource == PODS or request.get(resource)
            if most is not None and amount > most and asked:
                yield Finding(
                    Key(key.cluster, *NODE, "", node),
                    f"{_told(resource, amount)} {resource} given out with pod {key.namespace}/"
                    f"{key.name}, {_told(resource, most)} allocatable",
                )

    def _add(self, place: tuple[str, str], request: _Request, sign: int) -> dict[str, int]:
        sums = self._sums.setdefault(place, {})
        for resource, amount in request.items():
            sums[resource] = sums.get(resource, 0) + sign * amount
        return sums

    def _request(self, pod: Manifest) -> _Request:
        containers = spec_of(pod).get("containers")
        known = self._requests.get(id(containers))
        if known is not None and known[0] is containers:
            return known[1]
        request = {PODS: 1}
        with suppress(InterpretError):
            request |= pod_request(spec_of(pod))
        if len(self._requests) >= 4096:
            self._requests.clear()
        self._requests[id(containers)] = (containers, request)
        return request

    def _room(self, place: tuple[str, str]) -> _Request:
        known = self._rooms.get(place)
        if known is None:
            node = self.scene.objects.find(Key(place[0], *NODE, "", place[1]))
            offered = {} if node is None else status_of(node).get("allocatable") or {}
            known = {}
            for name, text in offered.items():
                with suppress(ValueError):  # somebody wrote nonsense over it
                    known[name] = resource_value(name, text)
            self._rooms[place] = known
        return known


def _told(resource: str, amount: int) -> str:
    return str(amount) if resource == PODS else format_quantity(resource, amount)


def _quota(change: Change, bound: str, used: str) -> Iterator[Finding]:
    if change.after is None:
        return
    status, before = status_of(change.after), status_of(change.before or {})
    hard = status.get(bound) or spec_of(change.after).get(bound) or {}
    for resource, text in (status.get(used) or {}).items():
        earlier = (before.get(used) or {}).get(resource, "0")
        most = hard.get(resource)
        if most is None:
            continue
        try:
            amount = parse_quantity(text)
            grown = amount > parse_quantity(most) and amount > parse_quantity(earlier)
        except ValueError:
            continue
        if grown:
            yield Finding(change.key, f"{text} {resource} used, at most {most} allowed")
