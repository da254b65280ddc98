"""Services: which pods stand behind them (EndpointSlices), and load balancer addresses."""

from __future__ import annotations

from typing import Any

from lab.backends.simulated.pods.pod_view import pod_ip
from lab.backends.simulated.pods.pods import READY_STATES, State
from lab.backends.simulated.pods.workload import suffix_of
from lab.backends.simulated.workbench import Workbench, owner_of
from lab.backends.simulated.workloads.selection import Selected
from lab.core.manifest import Manifest, is_deleting, name_of, namespace_of, spec_of, status_of
from lab.core.model import Key, key_of

_PER_SLICE = 100
_WITH_ADDRESS = (State.RUNNING, *READY_STATES, State.CRASHED, State.TERMINATING)
_MANAGER = "endpointslice-controller.k8s.io"


class Services:
    """The EndpointSlice controller and the cloud's service controller."""

    api_version = "v1"
    kind = "Service"

    def __init__(self, bench: Workbench, selected: Selected) -> None:
        self._bench, self._selected = bench, selected
        self._addresses = 0
        self._balancer_due: dict[str, float] = {}

    def reconcile(self, key: Key, now_s: float) -> None:
        """Bring the slices in line with the pods that match."""
        service = self._bench.store.find(key)
        selector = (spec_of(service).get("selector") or {}) if service is not None else {}
        self._selected.watch(key, {"matchLabels": selector} if selector else None)
        if service is None or is_deleting(service):
            self._balancer_due.pop(str(key), None)
            return
        self._balance(key, service, now_s)
        if selector and spec_of(service).get("type") != "ExternalName":
            self._write_slices(service, key, now_s)

    # ── slices ─────────────────────────────────────────────────────────────────────────────────

    def _write_slices(self, service: Manifest, key: Key, now_s: float) -> None:
        endpoints = self._endpoints(service, key)
        parts = [endpoints[at : at + _PER_SLICE] for at in range(0, len(endpoints), _PER_SLICE)]
        parts = parts or [[]]
        known = {name_of(each): each for each in self._bench.owned_by(service, "EndpointSlice")}
        for number, part in enumerate(parts):
            wanted = self._slice(service, number, part)
            old = known.pop(name_of(wanted), None)
            if old is None:
                self._bench.create(wanted, now_s)
            else:
                metadata = {**old["metadata"], "labels": wanted["metadata"]["labels"]}
                self._bench.write({**old, **wanted, "metadata": metadata}, now_s)
        for each in known.values():
            self._bench.remove(key_of(each, self._bench.name), now_s)

    def _endpoints(self, service: Manifest, key: Key) -> list[dict[str, Any]]:
        bench, pods = self._bench, self._bench.pods
        publish = bool(spec_of(service).get("publishNotReadyAddresses"))
        found = []
        for workload in self._selected.workloads(key):
            for row in pods.rows_of(workload, *_WITH_ADDRESS):
                node = int(pods.node[row])
                state = int(pods.state[row])
                ready = state in READY_STATES
                stopping = state == State.TERMINATING
                endpoint: dict[str, Any] = {
                    "addresses": [pod_ip(int(row))],
                    "conditions": {
                        "ready": ready or (publish and not stopping),
                        "serving": ready,
                        "terminating": stopping,
                    },
                    "nodeName": bench.nodes.names[node],
                    "targetRef": {
                        "kind": "Pod",
                        "namespace": workload.namespace,
                        "name": workload.pod_name(int(pods.serial[row])),
                    },
                }
                zone = bench.nodes.labels(node).get("topology.kubernetes.io/zone")
                if zone:
                    endpoint["zone"] = zone
                found.append(endpoint)
        return found

    def _slice(
        self, service: Manifest, number: int, endpoints: list[dict[str, Any]]
    ) -> dict[str, Any]:
        name, namespace = name_of(service), namespace_of(service)
        headless = spec_of(service).get("clusterIP") == "None"
        labels = {
            **(service["metadata"].get("labels") or {}),
            "endpointslice.kubernetes.io/managed-by": _MANAGER,
            "kubernetes.io/service-name": name,
        }
        if headless:
            labels["service.kubernetes.io/headless"] = ""
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{name}-{suffix_of(f'{namespace}/{name}/slice', number)}",
                "namespace": namespace,
                "labels": labels,
                "ownerReferences": [owner_of(service).reference()],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": [_slice_port(port) for port in spec_of(service).get("ports") or ()],
        }

    # ── load balancers ─────────────────────────────────────────────────────────────────────────

    def _balance(self, key: Key, service: Manifest, now_s: float) -> None:
        wanted = spec_of(service).get("type") == "LoadBalancer"
        has = bool((status_of(service).get("loadBalancer") or {}).get("ingress"))
        if not wanted:
            self._balancer_due.pop(str(key), None)
            if has:
                self._bench.write_status(service, {"loadBalancer": {}}, now_s)
            return
        if has:
            return
        wait = self._bench.timings.load_balancer
        due_s = self._balancer_due.get(str(key))
        if due_s is None:
            drawn_s = float(wait.draw(1, self._bench.chance("load-balancer"))[0])
            due_s = self._balancer_due[str(key)] = round(now_s + drawn_s, 6)
        if now_s < due_s:
            if due_s != float("inf"):
                self._bench.ask(key, due_s - now_s)
            return
        self._addresses += 1
        second, last = divmod(self._addresses, 250)
        ingress = {"ip": f"203.0.{113 + second}.{last + 1}", "ipMode": "VIP"}
        self._bench.write_status(service, {"loadBalancer": {"ingress": [ingress]}}, now_s)


def _slice_port(port: Any) -> dict[str, Any]:
    target = port.get("targetPort")
    number = target if isinstance(target, int) else port.get("port")
    return {
        "name": str(port.get("name") or ""),
        "port": number,
        "protocol": str(port.get("protocol") or "TCP"),
    }
