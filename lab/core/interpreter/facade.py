"""The interpreter as controllers see it: ask whether a kind has a hook, then call it.

Karmada asks four sources per operation, in this order: user customizations, webhooks, third-party
customizations, the native rules (`pkg/resourceinterpreter/interpreter.go`, v1.19). Here a source is
a `Hooks`; the first that knows a kind's operation is used, and its failure is final.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple, Protocol

from lab.core.interpreter import (
    aggregate,
    components,
    dependencies,
    health,
    replicas,
    retain,
    revise,
    status,
)
from lab.core.interpreter.fields import InterpretError, described
from lab.core.manifest import Manifest
from lab.core.settings import KarmadaSettings


class Operation(StrEnum):
    """What can be asked about an object, in the words of the interpreter API."""

    REPLICAS = "InterpretReplica"
    COMPONENTS = "InterpretComponent"
    REVISE = "ReviseReplica"
    RETAIN = "Retain"
    STATUS = "InterpretStatus"
    HEALTH = "InterpretHealth"
    AGGREGATE = "AggregateStatus"
    DEPENDENCIES = "InterpretDependency"


class Hooks(Protocol):
    """One source of hooks: native rules, or somebody's customizations.

    The callables have the shapes of `Interpreter`'s methods of the same operation.
    """

    def find(self, api_version: str, kind: str, operation: Operation) -> Callable[..., Any] | None:
        """Return the hook for a kind and operation, or None."""


class Replicas(NamedTuple):
    """How many replicas a template wants, and what one of them needs (None: nothing)."""

    replicas: int
    requirements: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class NativeHooks:
    """The rules compiled into Karmada."""

    quota_estimate: bool = False
    """Gate ResourceQuotaEstimate: requirements name the priority class."""

    def find(self, api_version: str, kind: str, operation: Operation) -> Callable[..., Any] | None:
        """Return the native hook for a kind and operation, or None."""
        key = (api_version, kind)
        if operation is Operation.REPLICAS:
            rule = partial(replicas.interpret_replicas, quota_estimate=self.quota_estimate)
            return rule if key in replicas.KINDS else None
        if operation is Operation.REVISE:
            return revise.revise_replicas if key in revise.KINDS else None
        if operation is Operation.STATUS:
            return status.reflect_status
        return _TABLES[operation].get(key)


_TABLES: Mapping[Operation, Mapping[tuple[str, str], Callable[..., Any]]] = {
    Operation.COMPONENTS: components.HOOKS,
    Operation.RETAIN: retain.HOOKS,
    Operation.HEALTH: health.HOOKS,
    Operation.AGGREGATE: aggregate.HOOKS,
    Operation.DEPENDENCIES: dependencies.HOOKS,
}


class Interpreter:
    """Asks the layers in order. Every method raises InterpretError when an object is unreadable.

    Args:
        layers: Sources of hooks; the native rules go last.
    """

    def __init__(self, layers: Sequence[Hooks]) -> None:
        self._layers = tuple(layers)

    def has(self, manifest: Manifest, operation: Operation) -> bool:
        """Tell whether any layer has a hook for the object's kind."""
        return self._find(manifest, operation) is not None

    def _find(self, manifest: Manifest, operation: Operation) -> Callable[..., Any] | None:
        api_version, kind = str(manifest.get("apiVersion")), str(manifest.get("kind"))
        for layer in self._layers:
            hook = layer.find(api_version, kind, operation)
            if hook is not None:
                return hook
        return None

    def _hook(self, manifest: Manifest, operation: Operation) -> Callable[..., Any]:
        hook = self._find(manifest, operation)
        if hook is None:
            raise InterpretError(f"{described(manifest)}: no {operation.value} hook for its kind")
        return hook

    def replicas(self, template: Manifest) -> Replicas:
        """Return the replicas a template wants, and what one of them needs."""
        return Replicas(*self._hook(template, Operation.REPLICAS)(template))

    def components(self, template: Manifest) -> Sequence[Mapping[str, Any]]:
        """Return the parts of a template with several pod templates."""
        parts: Sequence[Mapping[str, Any]] = self._hook(template, Operation.COMPONENTS)(template)
        return parts

    def revise(self, template: Manifest, replicas: int) -> Manifest:
        """Return the template with `replicas` (count) in the place its kind has for them."""
        revised: Manifest = self._hook(template, Operation.REVISE)(template, replicas)
        return revised

    def retain(self, desired: Manifest, observed: Manifest) -> Manifest:
        """Return what to write to a member, with what the member's object decides for itself."""
        kept: Manifest = self._hook(desired, Operation.RETAIN)(desired, observed)
        return kept

    def status(self, observed: Manifest) -> Mapping[str, Any] | None:
        """Return the status a member object reports to the hub, None for none."""
        reported: Mapping[str, Any] | None = self._hook(observed, Operation.STATUS)(observed)
        return reported

    def healthy(self, observed: Manifest) -> bool:
        """Tell whether a member object is healthy."""
        return bool(self._hook(observed, Operation.HEALTH)(observed))

    def health_word(self, observed: Manifest) -> str:
        """Return Healthy, Unhealthy or Unknown, as the work status controller reports it.

        A kind without a hook is Healthy; an object the hook cannot read is Unknown.
        """
        if not self.has(observed, Operation.HEALTH):
            return "Healthy"
        try:
            return "Healthy" if self.healthy(observed) else "Unhealthy"
        except InterpretError:
            return "Unknown"

    def aggregate(
        self, template: Manifest, items: Sequence[Mapping[str, Any]], now_s: float
    ) -> Manifest:
        """Return the template with one status out of its members' (the same object: no change)."""
        result: Manifest = self._hook(template, Operation.AGGREGATE)(template, items, now_s)
        return result

    def dependencies(self, template: Manifest) -> list[dict[str, Any]]:
        """Return references {apiVersion, kind, namespace, name or labelSelector}."""
        found = self._hook(template, Operation.DEPENDENCIES)(template)
        return dependencies.checked_dependencies(template, found)


def native_interpreter(
    settings: KarmadaSettings, customizations: Sequence[Hooks] = ()
) -> Interpreter:
    """Return the interpreter of a control plane: customizations first, then the native rules."""
    native = NativeHooks(quota_estimate=settings.gate("ResourceQuotaEstimate"))
    return Interpreter((*customizations, native))
