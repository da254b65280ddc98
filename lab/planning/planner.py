"""`plan`: every template once through the whole of Karmada, with nothing running.

The steps are those of the controllers, in their order: claim, bind, schedule, follow dependencies,
render Works. A binding that is given takes exactly one turn of the scheduler as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.core.admission import admit
from lab.core.attached_binding import build_attached_binding, merge_attached_binding
from lab.core.binding import BindingError, binding_key, build_binding, resource_key
from lab.core.claiming import label_selector_matches
from lab.core.cluster import ClusterSnapshot
from lab.core.errors import LabError
from lab.core.interpreter import Interpreter, Operation, native_interpreter
from lab.core.manifest import (
    Manifest,
    get_in,
    is_deleting,
    labels_of,
    spec_of,
    status_of,
)
from lab.core.model import HUB, Key
from lab.core.not_played import settings_without_effect
from lab.core.overrides import OverridePolicies
from lab.core.reserved import is_auto_propagated_namespace, is_template
from lab.core.scheduling import schedule
from lab.core.settings import KarmadaSettings
from lab.core.work import RenderedWork, manifests_of, namespace_work, render_works, target_clusters
from lab.planning.claims import PolicyIndex, settle_claim
from lab.planning.drafts import Draft, after_turn, is_suspended, queue_priority
from lab.planning.flags import chosen_settings
from lab.planning.inputs import PlanInputs, read_objects, reference_of
from lab.planning.result import Plan, PlannedBinding


def plan(
    objects: Iterable[Manifest],
    *,
    settings: KarmadaSettings | None = None,
    feature_gates: Mapping[str, bool] | None = None,
    **flags: Any,
) -> Plan:
    """Tell where objects would go, and why.

    Args:
        objects: Plain manifests in any order: Clusters (at least one), workloads and their
            dependencies, PropagationPolicies, ClusterPropagationPolicies, OverridePolicies,
            ClusterOverridePolicies, Namespaces, PriorityClasses, ResourceBindings,
            ClusterResourceBindings. They are not changed.
        settings: Karmada's gates and flags; its defaults if not given.
        feature_gates: Gates to change, by name.
        **flags: Single settings to change, by the names of `KarmadaSettings`
            (`enable_empty_workload_propagation=True`).

    Returns:
        The plan; `to_dict()` is ready for JSON. Ties between equal weights go by the template's
        uid; without one by name, ascending.

    Raises:
        InputError: An object is none, there is no Cluster, or a setting does not exist.
        ApiError: Admission refuses a policy, with the text a real control plane sends.

    Example:
        >>> cluster = {"apiVersion": "cluster.karmada.io/v1alpha1", "kind": "Cluster",
        ...            "metadata": {"name": "member1"}}
        >>> plan([cluster]).to_dict()["manifests"]
        {'member1': []}
    """
    chosen = chosen_settings(settings or KarmadaSettings(), feature_gates, flags)
    return _Planner(read_objects(objects, chosen), chosen).run()


_CONTEXT = frozenset({("v1", "Namespace"), ("scheduling.k8s.io/v1", "PriorityClass")})
"""Kinds that a plan is given for what they say; nobody expects a policy for them."""


class _Planner:
    def __init__(self, inputs: PlanInputs, settings: KarmadaSettings) -> None:
        self._inputs = inputs
        self._settings = settings
        self._policies = PolicyIndex(inputs)
        self._interpreter: Interpreter = native_interpreter(settings)
        self._snapshot = ClusterSnapshot(list(inputs.clusters.values()))
        self._overrides = OverridePolicies.of(inputs.override_policies)
        self._drafts: dict[Key, Draft] = {}
        self._templates: dict[Key, Manifest] = dict(inputs.templates)
        self._unbound: dict[Key, str] = {}
        self._failures: list[str] = []
        self._works: dict[str, dict[Key, Manifest]] = {name: {} for name in inputs.clusters}

    def run(self) -> Plan:
        """Play all steps."""
        self._take_bindings()
        for key in self._inputs.templates:
            self._bind(key)
        self._schedule_all()
        for draft in list(self._drafts.values()):
            self._follow_dependencies(draft)
        self._spread_namespaces()
        planned = [self._render(draft) for draft in self._drafts.values()]
        works = {name: list(found.values()) for name, found in self._works.items()}
        applied = {
            name: manifests_of(work for work in found if not is_suspended(work))
            for name, found in works.items()
        }
        return Plan(planned, works, applied, self._unmatched(), self._notes())

    # ── bindings ───────────────────────────────────────────────────────────────────────────────

    def _take_bindings(self) -> None:
        for key, binding in self._inputs.bindings.items():
            self._drafts[key] = Draft(binding, self._template_of(binding), given=True)

    def _template_of(self, binding: Manifest) -> Manifest | None:
        return self._templates.get(resource_key(binding))

    def _bind(self, key: Key) -> None:
        """Claim a template and make its binding, unless its binding was given."""
        template = self._templates[key]
        if binding_key(template) in self._drafts:
            return
        if not is_template(template, self._settings):
            self._unbound[key] = "Karmada never propagates it (reserved or skipped namespace)"
            return
        claimed = settle_claim(template, self._policies, self._settings)
        self._templates[key] = claimed.template
        if claimed.policy is None:
            self._unbound[key] = claimed.reason
            return
        try:
            binding = build_binding(
                claimed.template,
                claimed.policy,
                self._interpreter,
                self._settings,
                self._inputs.priority_of,
            )
        except LabError as error:
            self._unbound[key] = str(error)
            return
        draft = Draft(self._admitted(binding), claimed.template, claim=claimed.how)
        self._drafts[binding_key(claimed.template)] = draft

    def _admitted(self, manifest: Manifest) -> Manifest:
        """Give a binding or a Work the permanent id the webhook would give it."""
        admitted = admit("CREATE", manifest, None, 0.0, self._settings)
        assert admitted is not None
        return admitted

    # ── scheduling ─────────────────────────────────────────────────────────────────────────────

    def _schedule_all(self) -> None:
        """Turns go by priority, as the scheduler's queue has it, then in the order given."""
        waiting = sorted(self._drafts.values(), key=queue_priority)
        for draft in waiting:
            draft.skipped = self._not_scheduled(draft)
            if draft.skipped:
                continue
            others = [other.binding for other in self._drafts.values() if other is not draft]
            draft.outcome = schedule(draft.binding, self._snapshot, self._settings, others=others)
            draft.binding = after_turn(draft.binding, draft.outcome)

    def _not_scheduled(self, draft: Draft) -> str:
        spec = spec_of(draft.binding)
        name = spec.get("schedulerName") or self._settings.scheduler_name
        if name != self._settings.scheduler_name:
            return f'it asks for scheduler "{name}"'
        if get_in(spec, ("suspension", "scheduling")):
            return "its scheduling is suspended"
        return "it is being deleted" if is_deleting(draft.binding) else ""

    # ── dependencies ───────────────────────────────────────────────────────────────────────────

    def _follow_dependencies(self, draft: Draft) -> None:
        """Bind what a template depends on to where the template goes."""
        spec, template = spec_of(draft.binding), draft.template
        wanted = spec.get("propagateDeps") and draft.binding.get("kind") == "ResourceBinding"
        if not wanted or not self._settings.gate("PropagateDeps"):
            return
        if template is None or not self._interpreter.has(template, Operation.DEPENDENCIES):
            return
        try:
            references = self._interpreter.dependencies(template)
        except LabError as error:
            draft.dependencies.append({"error": str(error), "found": False})
            return
        for reference in references:
            found = self._named(reference)
            draft.dependencies.append({**reference, "found": bool(found)})
            if spec.get("clusters"):
                for dependency in found:
                    self._attach(draft, dependency)

    def _named(self, reference: Mapping[str, Any]) -> list[Manifest]:
        place = (reference["apiVersion"], reference["kind"], reference.get("namespace") or "")
        if reference.get("name"):
            found = self._templates.get(Key(HUB, *place, reference["name"]))
            return [] if found is None else [found]
        selector = reference.get("labelSelector") or {}
        return [
            template
            for key, template in self._templates.items()
            if key[1:4] == place and label_selector_matches(selector, labels_of(template))
        ]

    def _attach(self, draft: Draft, dependency: Manifest) -> None:
        key = binding_key(dependency)
        attached = build_attached_binding(draft.binding, dependency)
        standing = self._drafts.get(key)
        try:
            merged = merge_attached_binding(
                standing.binding if standing else None, attached, self._find_binding
            )
        except BindingError as error:
            draft.dependencies.append({**reference_of(dependency), "error": str(error)})
            return
        if standing is not None:
            standing.binding = merged
        else:
            skipped = "it has no placement: it goes where its referrers go"
            self._drafts[key] = Draft(self._admitted(merged), dependency, skipped=skipped)

    def _find_binding(self, namespace: str, name: str) -> Manifest | None:
        for key, draft in self._drafts.items():
            if (key.kind, key.namespace, key.name) == ("ResourceBinding", namespace, name):
                return draft.binding
        return None

    # ── Works ──────────────────────────────────────────────────────────────────────────────────

    def _spread_namespaces(self) -> None:
        """Namespaces go to every cluster by themselves."""
        for key, template in self._templates.items():
            if key[1:3] != ("v1", "Namespace"):
                continue
            if not is_auto_propagated_namespace(template, self._settings):
                continue
            for name, cluster in self._inputs.clusters.items():
                try:
                    self._keep(namespace_work(template, cluster, self._overrides))
                except LabError as error:
                    self._failures.append(f"Namespace {key.name}, cluster {name}: {error}")

    def _render(self, draft: Draft) -> PlannedBinding:
        works, errors = self._rendered(draft)
        for work in works:
            self._keep(work)
        return PlannedBinding(
            draft.binding,
            draft.outcome,
            draft.skipped,
            draft.claim,
            tuple(draft.dependencies),
            {work.cluster: work.overridden for work in works},
            [work.cluster for work in works if is_suspended(work.work)],
            errors,
        )

    def _rendered(self, draft: Draft) -> tuple[Sequence[RenderedWork], dict[str, str]]:
        """Return the Works of a binding, and what went wrong by cluster."""
        if draft.template is None or is_deleting(draft.binding):
            return (), {}
        try:
            rendered = render_works(
                draft.template,
                draft.binding,
                self._inputs.clusters,
                self._overrides,
                self._interpreter,
                self._settings,
            )
        except LabError as error:
            targets = target_clusters(spec_of(draft.binding))
            return (), {str(target.get("name")): str(error) for target in targets}
        return rendered.works, {name: str(error) for name, error in rendered.errors.items()}

    def _keep(self, rendered: RenderedWork) -> None:
        work = self._admitted(rendered.work)
        metadata = work["metadata"]
        place = (str(work["apiVersion"]), "Work", metadata["namespace"], metadata["name"])
        self._works[rendered.cluster][Key(HUB, *place)] = work

    # ── what is left ───────────────────────────────────────────────────────────────────────────

    def _unmatched(self) -> list[dict[str, Any]]:
        result: list[dict[str, Any]] = []
        for key, reason in self._unbound.items():
            template = self._templates[key]
            if key[1:3] not in _CONTEXT and binding_key(template) not in self._drafts:
                result.append({**reference_of(template), "reason": reason})
        return result

    def _notes(self) -> list[str]:
        notes = list(self._failures)
        notes += [
            f"Cluster {name} lists no APIs (status.apiEnablements), so the scheduler puts nothing "
            "new there"
            for name, cluster in self._inputs.clusters.items()
            if not status_of(cluster).get("apiEnablements")
        ]
        notes += [
            f"{key}: its template is not among the objects, so nothing of it is rendered"
            for key, draft in self._drafts.items()
            if draft.template is None
        ]
        if self._settings.gate("SchedulingOvercommitProtection"):
            notes.append(
                "SchedulingOvercommitProtection: the bindings of one plan take no room from one "
                "another"
            )
        if self._settings.enable_scheduler_estimator:
            text = "a plan knows no nodes, so room is what the clusters report"
            notes.append(f"enableSchedulerEstimator: {text}")
        notes += [text for _, text in settings_without_effect(self._settings)]
        counts: dict[str, int] = {}
        for manifest in self._inputs.ignored:
            kind = str(manifest.get("kind"))
            counts[kind] = counts.get(kind, 0) + 1
        notes += [f"{kind} ({counts[kind]}) has no part in a plan" for kind in sorted(counts)]
        return notes
