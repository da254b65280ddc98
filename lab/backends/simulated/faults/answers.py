"""Faults of an API server that runs and answers, but not as it should."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from lab.backends.simulated.api.api_faults import ApiFault
from lab.backends.simulated.api.link import CLIENT_TIMEOUT_S, Break
from lab.backends.simulated.api.urls import verb_and_url
from lab.backends.simulated.faults.base import MemberFault
from lab.core.errors import ApiError
from lab.core.faults.served import names_of
from lab.core.kinds import Kind
from lab.core.model import Action, Create, Patch, Probe, ProbeResult, Subscribe, Update
from lab.core.stride import Stride
from lab.core.workqueue import TokenBucket
from lab.store import refusals

_HTTP_VERBS = {"Create": "post", "Update": "put", "Apply": "patch", "Subscribe": "get"}


class Hindrance(MemberFault, ApiFault):
    """A fault that takes part in every answer while it lasts."""

    def begin(self, now_s: float) -> None:
        """Take part."""
        self.member.api_faults.add(self.number, self)
        self.member.link.breaks(Break.HINDERED, now_s)

    def end(self, now_s: float) -> None:
        """Take part no longer."""
        self.member.api_faults.drop(self.number)
        self.member.link.mends(Break.HINDERED, now_s)

    def kind_of(self, action: Action) -> Kind | None:
        """Return the kind an action is about."""
        return self.member.store.kinds.get(action.key.api_version, action.key.kind)


class ApiUnhealthy(Hindrance):
    """`/readyz` answers 500.

    Karmada takes every answer but 200 for an error and the cluster for unreachable
    (`getClusterHealthStatus`: client-go makes an error of a 500).
    """

    def probed(self, result: ProbeResult, now_s: float) -> ProbeResult:
        """Return an error."""
        kinds = self.member.store.kinds
        verb, url = verb_and_url(Probe(result.cluster), result.cluster, kinds, CLIENT_TIMEOUT_S)
        text = 'an error on the server ("[-]etcd failed: reason withheld") has prevented the '
        text += f"request from succeeding ({verb.lower()} {url})"
        return replace(result, online=False, healthy=False, message=text, facts={})


class SlowApi(Hindrance):
    """Every request takes longer, one half before it is carried out and one half after."""

    def slowness_s(self, latency_s: float) -> float:
        """Return how much longer."""
        factor = float(self.parameters.get("factor") or 1.0)
        return latency_s * (factor - 1.0) + float(self.parameters.get("delay") or 0.0)


class ThrottledApi(Hindrance):
    """The server takes few requests a second and answers the rest 429 with Retry-After.

    Health checks pass: they are exempt from API priority and fairness.
    """

    def begin(self, now_s: float) -> None:
        """Begin with a full bucket."""
        self._qps = float(self.parameters.get("qps") or 1.0)
        self._bucket = TokenBucket(self._qps, max(1, math.floor(self._qps)))
        super().begin(now_s)

    def throttled(self, action: Action, now_s: float) -> ApiError | None:
        """Return 429 if no token is left."""
        if isinstance(action, Probe):
            return None
        trial = replace(self._bucket)
        if trial.reserve(now_s) <= now_s:
            self._bucket = trial
            return None
        # The header has whole seconds.
        wait_s = max(1.0, float(math.ceil(float(self.parameters.get("retryAfter") or 1.0))))
        verb = _HTTP_VERBS.get(type(action).__name__, type(action).__name__.lower())
        kind = self.kind_of(action)
        resource = kind.resource if kind is not None else action.key.kind.lower()
        name = "" if isinstance(action, Create | Subscribe) else f" {action.key.name}"
        text = "the server has received too many requests and has asked us to try again later "
        return ApiError(
            429, "TooManyRequests", f"{text}({verb} {resource}{name})", retry_after_s=wait_s
        )


class Conflicts(Hindrance):
    """A share of the updates and patches meets a change that was never there."""

    def begin(self, now_s: float) -> None:
        """Begin to count."""
        self._stride, self._share = Stride(), float(self.parameters.get("share") or 0.5)
        super().begin(now_s)

    def refusal(self, action: Action, now_s: float) -> ApiError | None:
        """Return 409 for every n-th."""
        if not isinstance(action, Update | Patch) or not self._stride.picks(self._share):
            return None
        kind = self.kind_of(action)
        if kind is None:
            return None
        return refusals.conflict(kind, action.key.name, refusals.MODIFIED)


class RefusedWrites(Hindrance):
    """A quota or a webhook refuses writes, or the API is missing."""

    def refusal(self, action: Action, now_s: float) -> ApiError | None:
        """Return the refusal of whoever it is."""
        kind = self.kind_of(action)
        if isinstance(action, Probe) or kind is None or not self._concerns(kind):
            return None
        reason = self.parameters.get("reason") or "Admission"
        message = str(self.parameters.get("message") or "")
        if reason == "MissingApi":
            return ApiError(404, "NotFound", message) if message else refusals.not_served()
        if isinstance(action, Subscribe):
            return None
        name = action.key.name
        if reason == "Quota":
            if not isinstance(action, Create):
                return None  # counts of objects are only weighed when one is created
            used = f"count/{kind.resource}"
            usual = f"exceeded quota: fedlab, requested: {used}=1, used: {used}=0, limited: "
            return refusals.forbidden(kind, name, message or f"{usual}{used}=0")
        why = message or "refused by the fault RefusedWrites"
        text = f'admission webhook "fault.fedlab.dev" denied the request: {why}'
        return ApiError(403, "Forbidden", text)

    def probed(self, result: ProbeResult, now_s: float) -> ProbeResult:
        """Leave missing APIs out of what a probe collects."""
        wanted = self.parameters.get("kinds") or ()
        if self.parameters.get("reason") != "MissingApi" or not wanted or not result.facts:
            return result
        kinds = self.member.store.kinds
        groups = []
        for group in result.facts["apiEnablements"]:
            left = [
                each
                for each in group["resources"]
                if (kind := kinds.get(group["groupVersion"], each["kind"])) is None
                or not self._concerns(kind)
            ]
            if left:
                groups.append({**group, "resources": left})
        return replace(result, facts={**result.facts, "apiEnablements": groups})

    def _concerns(self, kind: Kind) -> bool:
        wanted = self.parameters.get("kinds") or ()
        names = names_of(kind)
        return not wanted or any(each in names for each in wanted)


ANSWER_FAULTS: Mapping[str, type[MemberFault]] = {
    "ApiUnhealthy": ApiUnhealthy,
    "SlowApi": SlowApi,
    "ThrottledApi": ThrottledApi,
    "Conflicts": Conflicts,
    "RefusedWrites": RefusedWrites,
}
"""Kind to what plays it."""
