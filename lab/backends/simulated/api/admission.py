"""What a member's API server itself puts into objects as they come: addresses and selectors.

Source: kube-apiserver's registry strategies for Service and Job, v1.36.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.backends.simulated.api.defaults import cluster_ip, needs_cluster_ip, with_cluster_ip
from lab.backends.simulated.api.rules import check
from lab.core.errors import ApiError
from lab.core.manifest import Manifest, get_in, name_of, set_in, spec_of, uid_of

_FIRST_ADDRESS = 2  # 10.96.0.1 is the API server's own


class Admission:
    """Called by the store for every write of a user or controller."""

    def __init__(self) -> None:
        self._addresses = _FIRST_ADDRESS - 1
        self.broken: Callable[[str], ApiError | None] | None = None
        """Says why the API server does not carry out an operation now; None: all is well."""

    def __call__(
        self, operation: str, new: Manifest | None, old: Manifest | None, now_s: float
    ) -> Manifest:
        """Return the object as it is to be stored.

        Raises:
            ApiError: The API server is down, or its disk is full. Its own controllers and the
                control plane do not come so far then: this is a person's write.
        """
        if self.broken is not None and (error := self.broken(operation)) is not None:
            raise error
        if new is None:
            assert old is not None, "an operation has a new object or an old one"
            return old
        check(new)
        place = (new.get("apiVersion"), new.get("kind"))
        if place == ("v1", "Service"):
            return self._service(new, old)
        if place == ("batch/v1", "Job") and operation == "CREATE":
            return job_with_selector(new)
        return new

    def _service(self, new: Manifest, old: Manifest | None) -> Manifest:
        if not needs_cluster_ip(new):
            return _dual(new)
        kept = spec_of(old).get("clusterIP") if old is not None else None
        if not kept:
            self._addresses += 1
            kept = cluster_ip(self._addresses)
        return with_cluster_ip(new, str(kept))


def _dual(service: Manifest) -> Manifest:
    """Fill in `clusterIPs` beside a clusterIP somebody chose (None for headless)."""
    address = spec_of(service).get("clusterIP")
    if not address or spec_of(service).get("clusterIPs"):
        return service
    return set_in(service, ("spec", "clusterIPs"), [address])


def job_with_selector(job: Manifest) -> Manifest:
    """Return a Job with the selector and pod labels that tell its pods from all others."""
    if spec_of(job).get("manualSelector"):
        return job
    uid, name = uid_of(job), name_of(job)
    labels: dict[str, Any] = {
        **(get_in(job, ("spec", "template", "metadata", "labels")) or {}),
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    job = set_in(job, ("spec", "template", "metadata", "labels"), labels)
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    return set_in(job, ("spec", "selector"), selector)
