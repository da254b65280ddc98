"""What can be wrong with the hub's API server, and what its clients then see.

Every client of the hub is one of the control plane's processes in the same place: there is no
network between them, so nothing is ever lost on the way; it is refused, or late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.core.errors import ApiError
from lab.core.kinds import KindRegistry
from lab.core.model import Action, Patch, Update
from lab.core.stride import Stride
from lab.core.workqueue import TokenBucket
from lab.store.refusals import MODIFIED, conflict

CLIENT_RETRIES = 10
"""How often client-go asks again when told to wait. Source: client-go `rest/request.go`."""
REQUEST_TIMEOUT_S = 60.0
"""How long an API server works on a request. Source: kube-apiserver `--request-timeout`."""


@dataclass(slots=True)
class HubFaults:
    """The state of the hub's API server under all faults that are active.

    Kinds: ApiServerDown, SlowApi {factor, delay}, ThrottledApi {qps, retryAfter}, Conflicts
    {share}, FullDisk {disk: etcd}.
    """

    kinds: KindRegistry
    _faults: dict[int, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    _limits: dict[int, TokenBucket] = field(default_factory=dict)
    _conflicts: Stride = field(default_factory=Stride)

    KINDS = frozenset({"ApiServerDown", "SlowApi", "ThrottledApi", "Conflicts", "FullDisk"})

    def __bool__(self) -> bool:
        return bool(self._faults)

    @property
    def down(self) -> bool:
        """Tell whether the server is not there at all."""
        return any(kind == "ApiServerDown" for kind, _ in self._faults.values())

    def begin(self, number: int, kind: str, parameters: Mapping[str, Any]) -> None:
        """Let a fault begin."""
        self._faults[number] = (kind, parameters)
        if kind == "ThrottledApi":
            qps = float(parameters["qps"])
            self._limits[number] = TokenBucket(qps, max(1, round(qps)))

    def end(self, number: int) -> None:
        """Let a fault end."""
        self._faults.pop(number, None)
        self._limits.pop(number, None)

    def latency_s(self, base_s: float) -> float:
        """Return what a request takes now (s)."""
        for kind, given in self._faults.values():
            if kind == "SlowApi":
                base_s = base_s * float(given.get("factor") or 1.0) + float(given.get("delay") or 0)
        return base_s

    def admitted_s(self, sent_s: float) -> tuple[float, ApiError | None]:
        """Return when a server that limits requests takes one in (s), or that it never does."""
        for number, bucket in self._limits.items():
            wait_s = max(float(self._faults[number][1].get("retryAfter") or 1.0), 1e-3)
            free_s = bucket.reserve(sent_s)
            retries = -(-round((free_s - sent_s) * 1e6) // round(wait_s * 1e6))
            if retries > CLIENT_RETRIES:
                return sent_s + CLIENT_RETRIES * wait_s, _too_many()
            sent_s += retries * wait_s
        return sent_s, None

    def timed_out(self, base_s: float) -> ApiError | None:
        """Return the answer to a request that takes longer than the server works on one."""
        if self.latency_s(base_s) <= REQUEST_TIMEOUT_S:
            return None
        text = "Timeout: request did not complete within requested timeout"
        return ApiError(504, "Timeout", f"{text} - context deadline exceeded")

    def refusal(self, action: Action) -> ApiError | None:
        """Return why the server does not carry out a request that has arrived, None if it does."""
        if self.down:
            return connection_refused()
        for kind, given in self._faults.values():
            if kind == "FullDisk":
                text = "etcdserver: mvcc: database space exceeded"
                return ApiError(500, "InternalError", text)
            if kind == "Conflicts" and isinstance(action, Update | Patch):
                error = self._conflict(action, float(given.get("share") or 0.0))
                if error is not None:
                    return error
        return None

    def _conflict(self, action: Update | Patch, share: float) -> ApiError | None:
        known = self.kinds.get(action.key.api_version, action.key.kind)
        if known is None or not self._conflicts.picks(min(1.0, share)):
            return None
        return conflict(known, action.key.name, MODIFIED)


def connection_refused() -> ApiError:
    """Nobody listens at the hub's address."""
    text = "dial tcp 10.96.0.10:5443: connect: connection refused"
    return ApiError(503, "ServiceUnavailable", text)


def _too_many() -> ApiError:
    text = "the server has received too many requests and has asked us to try again later"
    return ApiError(429, "TooManyRequests", text)
