"""What the accurate estimators say of one binding, asked for only as far as a turn needs it.

Source: Karmada v1.19 `pkg/scheduler/core/util.go` (calAvailableReplicas),
`pkg/estimator/client/accurate.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.core.estimators import EstimatorError, Estimators
from lab.core.manifest import Manifest, spec_of
from lab.core.scheduling.estimation import NO_ANSWER, schedules_sets
from lab.core.scheduling.framework import Component
from lab.core.scheduling.request import read_binding
from lab.core.settings import KarmadaSettings


class Estimates(Mapping[str, int]):
    """Replicas by member, each asked for once; after `close` nobody is asked any more.

    The members a turn looks at are those that passed its filters; of the others nothing is known,
    and what explains the turn later must not ask them either.

    Args:
        estimators: Whom to ask.
        binding: What about.
        settings: Gates.
        assumed: By member, what was just placed there.
    """

    def __init__(
        self,
        estimators: Estimators,
        binding: Manifest,
        settings: KarmadaSettings,
        assumed: Mapping[str, Sequence[Sequence[Component]]] | None,
    ) -> None:
        self._estimators, self._spec = estimators, spec_of(binding)
        self._sets = schedules_sets(read_binding(binding), settings)
        self._assumed = assumed or {}
        self._answers: dict[str, int] = {}
        self._open = True
        self.errors: dict[str, str] = {}
        """Members whose estimator failed, and why."""

    def close(self) -> None:
        """Ask nobody any more."""
        self._open = False

    def __getitem__(self, cluster: str) -> int:
        if cluster not in self._answers:
            if not self._open:
                raise KeyError(cluster)
            self._answers[cluster] = self._ask(cluster)
        return self._answers[cluster]

    def _ask(self, cluster: str) -> int:
        assumed = self._assumed.get(cluster, ())
        try:
            if self._sets:
                components: Sequence[Mapping[str, Any]] = self._spec.get("components") or ()
                namespace = str((self._spec.get("resource") or {}).get("namespace") or "")
                return self._estimators.max_available_sets(cluster, namespace, components, assumed)
            requirements = self._spec.get("replicaRequirements")
            return self._estimators.max_available_replicas(cluster, requirements, assumed)
        except EstimatorError as error:
            self.errors[cluster] = str(error)
            return NO_ANSWER

    def __iter__(self) -> Iterator[str]:
        return iter(self._answers)

    def __len__(self) -> int:
        return len(self._answers)

    def __bool__(self) -> bool:
        """Tell that there is somebody to ask, even if nobody was asked yet."""
        return True
