"""What equal pods share: their owner, their template, what they ask for and how they live.

One `Workload` stands for all pods of one ReplicaSet, of one revision of a StatefulSet or DaemonSet,
of one Job, or for one bare pod. Pod rows name it by its index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lab.backends.simulated.distribution import Distribution, fixed
from lab.backends.simulated.pods.demand import Demand, demand_of
from lab.backends.simulated.timings import Timings, image_matches
from lab.core.duration import parse_duration_s
from lab.core.fnv import fnv1a_32
from lab.core.manifest import Manifest, annotations_of, get_in

Naming = Literal["random", "ordinal", "indexed", "pinned", "fixed"]
"""random: a suffix per pod. ordinal: its serial. indexed: serial modulo span, and a suffix.
pinned: a suffix; the serial modulo span is the row of the node it belongs to. fixed: one pod."""

RUN_FOR = "fedlab.dev/run-for"
"""Annotation of a pod template: its containers end by themselves after this long."""
EXIT_CODE = "fedlab.dev/exit-code"
"""Annotation of a pod template: what they then exit with (default 0)."""

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_SPAN = len(_LETTERS) ** 5
_STRIDE = 6_700_417  # coprime with 27, so that serials never share a suffix
_STRIDE_INVERSE = pow(_STRIDE, -1, _SPAN)


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller of a workload's pods."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str

    def reference(self) -> dict[str, Any]:
        """Return the entry for `metadata.ownerReferences`."""
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "name": self.name,
            "uid": self.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }


@dataclass(frozen=True, slots=True)
class Life:
    """How the containers of a pod behave, as far as a model can know."""

    images: tuple[str, ...]
    bad_image: str = ""
    """The first image that cannot be pulled, or empty."""
    run_for: Distribution | None = None
    """None: the containers run for ever."""
    exit_code: int = 0
    restart_policy: str = "Always"
    ready_after_s: float = 0.0
    """Readiness probes begin this long after the start."""
    grace_s: float = 30.0


@dataclass(eq=False, slots=True)
class Workload:
    """See the module. `min_ready_s` and `serial` change; all else is fixed at birth."""

    index: int
    namespace: str
    base_name: str
    naming: Naming
    owner: Owner | None
    template: Manifest
    """A pod's metadata (labels, annotations) and spec, without name."""
    demand: Demand
    life: Life
    min_ready_s: float = 0.0
    serial: int = 0
    """The next serial to give to a pod (naming "random")."""
    span: int = 1
    """How many indexes (completions of a Job) or nodes there are."""
    bad_image: str = ""
    """The image that its last pod could not pull, if its life did not foretell it."""
    retired: bool = False
    """Its owner is gone; its row in the totals is reused once its last pod is gone."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of every pod."""
        return get_in(self.template, ("metadata", "labels")) or {}

    def pod_name(self, serial: int) -> str:
        """Return the name of the pod with that serial (or ordinal)."""
        if self.naming == "fixed":
            return self.base_name
        if self.naming == "ordinal":
            return f"{self.base_name}-{serial}"
        middle = f"-{serial % self.span}" if self.naming == "indexed" else ""
        return f"{self.base_name}{middle}-{suffix_of(self.salt, serial)}"

    @property
    def salt(self) -> str:
        """What makes the suffixes of two workloads differ."""
        return f"{self.namespace}/{self.base_name}/{self.owner.uid if self.owner else ''}"

    def serial_of(self, name: str) -> int | None:
        """Return the serial of a pod name of this workload, or None."""
        if self.naming == "fixed":
            return 0 if name == self.base_name else None
        prefix = f"{self.base_name}-"
        if not name.startswith(prefix):
            return None
        rest = name[len(prefix) :]
        if self.naming == "ordinal":
            digits = rest.isascii() and rest.isdigit() and len(rest) < 10
            return int(rest) if digits and str(int(rest)) == rest else None
        serial = _decode(self.salt, rest.rpartition("-")[2])
        return serial if serial is not None and self.pod_name(serial) == name else None


def suffix_of(salt: str, serial: int) -> str:
    """Return five characters that no other serial below 14 million has under this salt."""
    value = (serial * _STRIDE + fnv1a_32(salt.encode())) % _SPAN
    letters = []
    for _ in range(5):
        value, at = divmod(value, len(_LETTERS))
        letters.append(_LETTERS[at])
    return "".join(letters)


def _decode(salt: str, suffix: str) -> int | None:
    if len(suffix) != 5 or any(letter not in _LETTERS for letter in suffix):
        return None
    value = 0
    for letter in reversed(suffix):
        value = value * len(_LETTERS) + _LETTERS.index(letter)
    return (value - fnv1a_32(salt.encode())) * _STRIDE_INVERSE % _SPAN


def life_of(template: Manifest, timings: Timings, *, is_job: bool = False) -> Life:
    """Return how pods of a template will live. What the template says goes before the timings."""
    spec = template.get("spec") or {}
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    images = tuple(str(container.get("image") or "") for container in containers)
    bad = next((image for image in images if image_matches(image, timings.bad_images)), "")
    run_for = timings.job_duration if is_job else None
    exit_code = 0
    if any(image_matches(image, timings.crash_images) for image in images):
        run_for, exit_code = timings.crash_after, 1
    notes = annotations_of(template)
    if RUN_FOR in notes:
        run_for = _run_for(notes[RUN_FOR]) or run_for
    if EXIT_CODE in notes and str(notes[EXIT_CODE]).isdigit():
        exit_code = int(notes[EXIT_CODE])
        run_for = run_for or timings.crash_after
    delays = [
        float((container.get("readinessProbe") or {}).get("initialDelaySeconds") or 0)
        for container in spec.get("containers") or ()
    ]
    grace = spec.get("terminationGracePeriodSeconds")
    return Life(
        images=images,
        bad_image=bad,
        run_for=run_for,
        exit_code=exit_code,
        restart_policy=str(spec.get("restartPolicy") or "Always"),
        ready_after_s=max(delays, default=0.0),
        grace_s=30.0 if grace is None else float(grace),
    )


def _run_for(text: str) -> Distribution | None:
    try:
        return fixed(max(0.0, parse_duration_s(text)))
    except ValueError:
        return None  # a text nobody can read changes nothing, as with any unknown annotation


def new_workload(
    index: int,
    namespace: str,
    base_name: str,
    naming: Naming,
    owner: Owner | None,
    template: Manifest,
    timings: Timings,
) -> Workload:
    """Return the workload of a template."""
    return Workload(
        index=index,
        namespace=namespace,
        base_name=base_name,
        naming=naming,
        owner=owner,
        template=template,
        demand=demand_of(template.get("spec") or {}),
        life=life_of(template, timings, is_job=owner is not None and owner.kind == "Job"),
    )
