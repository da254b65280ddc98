"""Dependencies distributor: what a template refers to goes where the template goes.

Source: Karmada v1.19 `pkg/dependenciesdistributor/dependencies_distributor.go`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from lab.controllers.dependency_references import (
    Reference,
    covers,
    dependency_places,
    recorded_references,
    referrer_marks,
    refers,
    templates_of,
    texts_of,
)
from lab.controllers.lineage import (
    BINDING,
    MANAGER,
    QueueFactory,
    binding_id,
    key_in_hub,
    with_finalizer,
    without_finalizer,
)
from lab.controllers.watching import generation, hub_change, specification_changed
from lab.core.attached_binding import (
    build_attached_binding,
    detach_binding,
    merge_attached_binding,
    referrers_disagree,
)
from lab.core.binding import BindingError, binding_key, depended_by_label, resource_key
from lab.core.interpreter import Interpreter, Operation
from lab.core.interpreter.fields import InterpretError
from lab.core.labels import DEPENDENCIES, DEPENDENCIES_FINALIZER
from lab.core.manifest import (
    Manifest,
    is_deleting,
    namespace_of,
    spec_of,
    with_annotations,
)
from lab.core.model import (
    HUB,
    Action,
    Create,
    Due,
    Event,
    Index,
    Key,
    Note,
    Observed,
    Plan,
    Queue,
    Update,
    View,
)
from lab.core.settings import KarmadaSettings

_REFERRERS = "bindings-by-dependency"
_ATTACHED = "bindings-by-referrer"


class DependenciesDistributor:
    """Keeps a binding for every dependency of the templates whose policy asks for it."""

    name = "dependencies-distributor"
    client = MANAGER

    def __init__(
        self, settings: KarmadaSettings, interpreter: Interpreter, queues: QueueFactory
    ) -> None:
        # The flag concurrentDependentResourceSyncs is about events only; bindings share their own.
        self.workers = settings.concurrent_resourcebinding_syncs
        self.indexes: Sequence[Index] = (
            Index(_REFERRERS, "hub", *BINDING, dependency_places),
            Index(_ATTACHED, "hub", *BINDING, referrer_marks),
        )
        self._interpreter = interpreter
        self._queues = queues

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    # ── events ─────────────────────────────────────────────────────────────────────────────────

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Bindings come by their own new spec, and by changes of what their template refers to."""
        if not isinstance(event, Observed) or event.key.cluster != HUB:
            return ()
        change = hub_change(event, *BINDING)
        if change is None:
            return self._after_object(event, view)
        old, new = change.old, change.object
        if new is None:
            return ()
        wanted = bool(spec_of(new).get("propagateDeps"))
        if old is None:
            return (Due(change.key),) if wanted and spec_of(new).get("clusters") else ()
        if generation(old) == generation(new) and is_deleting(old) == is_deleting(new):
            return ()
        return (Due(change.key),) if wanted or spec_of(old).get("propagateDeps") else ()

    def _after_object(self, event: Observed, view: View) -> Iterator[Due]:
        old, new = event.old, event.object
        place = (event.key.api_version, event.key.kind, event.key.namespace)
        referrers = view.by_index(_REFERRERS, place)
        if not referrers:
            return
        if old is not None and new is not None and not specification_changed(old, new):
            return
        for binding in referrers:
            if is_deleting(binding):
                continue
            if any(
                refers(reference, event.key, subject)
                for reference in recorded_references(binding)
                for subject in (old, new)
                if subject is not None
            ):
                yield Due(key_in_hub(binding))

    # ── one referring binding ──────────────────────────────────────────────────────────────────

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Binding that propagates dependencies -> their bindings, which have no placement."""
        binding = view.get(key)
        if binding is None:
            return Plan()
        find = _finder(view)
        if is_deleting(binding) or not spec_of(binding).get("propagateDeps"):
            return self._let_go(view, binding, find)
        template = view.get(resource_key(binding))
        if template is None:
            return Plan(
                error=f'{resource_key(binding).kind} "{resource_key(binding).name}" not found'
            )
        if not self._interpreter.has(template, Operation.DEPENDENCIES):
            return Plan()
        place = key_in_hub(template)
        try:
            references = self._interpreter.dependencies(template)
        except InterpretError as error:
            note = Note(place, "Warning", "GetDependenciesFailed", str(error))
            return Plan(notes=(note,), error=str(error))
        try:
            actions, notes = self._sync(view, binding, references, find)
        except BindingError as error:
            reason = "SyncScheduleResultToDependenciesFailed"
            return Plan(notes=(Note(key, "Warning", reason, str(error)),), error=str(error))
        if actions:
            text = f"Get dependencies({texts_of(references)}) succeed."
            notes.append(Note(place, "Normal", "GetDependenciesSucceed", text))
            text = "Sync schedule results to dependencies succeed."
            notes.append(Note(key, "Normal", "SyncScheduleResultToDependenciesSucceed", text))
        return Plan(actions, notes=notes)

    def _let_go(
        self, view: View, binding: Manifest, find: Callable[[str, str], Manifest | None]
    ) -> Plan:
        try:
            actions = [_detached(each, binding, find) for each in _attached(view, binding)]
        except BindingError as error:
            return Plan(error=str(error))
        freed = without_finalizer(binding, DEPENDENCIES_FINALIZER)
        if freed is not binding:
            actions.append(Update(HUB, freed))
        return Plan(actions)

    def _sync(
        self,
        view: View,
        binding: Manifest,
        references: Sequence[Reference],
        find: Callable[[str, str], Manifest | None],
    ) -> tuple[list[Action], list[Note]]:
        actions: list[Action] = []
        notes: list[Note] = []
        text = json.dumps(references, separators=(",", ":"), ensure_ascii=False)
        marked = with_finalizer(binding, DEPENDENCIES_FINALIZER)
        marked = with_annotations(marked, {DEPENDENCIES: text})
        if marked is not binding:
            actions.append(Update(HUB, marked))
        actions += [
            _detached(attached, binding, find)
            for attached in _attached(view, binding)
            if not any(covers(view, reference, attached) for reference in references)
        ]
        for reference in references:
            for template in templates_of(view, reference):
                wanted = build_attached_binding(binding, template)
                standing = view.get(binding_key(template))
                merged = merge_attached_binding(standing, wanted, find)
                if merged is standing:
                    continue
                actions.append(Create(HUB, merged) if standing is None else Update(HUB, merged))
                notes += _disagreements(merged, find)
        return actions, notes


def _finder(view: View) -> Callable[[str, str], Manifest | None]:
    return lambda namespace, name: view.get(Key(HUB, *BINDING, namespace, name))


def _detached(
    attached: Manifest, binding: Manifest, find: Callable[[str, str], Manifest | None]
) -> Action:
    key = key_in_hub(binding)
    return Update(HUB, detach_binding(attached, key.namespace, key.name, find))


def _disagreements(
    binding: Manifest, find: Callable[[str, str], Manifest | None]
) -> Iterator[Note]:
    snapshots = spec_of(binding).get("requiredBy") or ()
    reasons = referrers_disagree(snapshots, find)
    if reasons and spec_of(binding).get("placement") is None:
        text = f"Dependency policy conflict detected: {'; '.join(reasons)}."
        yield Note(key_in_hub(binding), "Warning", "DependencyPolicyConflict", text)


def _attached(view: View, binding: Manifest) -> list[Manifest]:
    """Return the bindings that carry a referrer's label."""
    key = key_in_hub(binding)
    mark = (depended_by_label(key.namespace, key.name), binding_id(binding))
    found = view.by_index(_ATTACHED, mark)
    return [each for each in found if namespace_of(each) == key.namespace]
