"""Detector: a template in the hub gets a policy, its marks, and a binding.

Source: Karmada v1.19 `pkg/detector/{detector,policy}.go`. The rules are in `lab.core.claiming` and
`lab.core.binding`; this loop knows when to apply them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lab.controllers.claim_decision import claim_decision, policy_place, policy_word
from lab.controllers.lineage import (
    BINDING,
    CLUSTER_BINDING,
    CLUSTER_OVERRIDE_POLICY,
    CLUSTER_POLICY,
    MANAGER,
    OVERRIDE_POLICY,
    POLICY,
    Kind,
    QueueFactory,
    bindings_of_policy,
    policy_value,
)
from lab.controllers.releasing import release
from lab.controllers.selecting import PROPAGATION_INDEXES, selecting
from lab.controllers.watching import (
    LOW_PRIORITY,
    changed_by_karmada,
    generation,
    specification_changed,
)
from lab.core.binding import BindingError, binding_key, build_binding, merge_binding, resource_key
from lab.core.claiming import (
    Choice,
    choose_policy,
    claim,
    claim_of,
    matches_any,
    resource_selectors,
)
from lab.core.interpreter import Interpreter
from lab.core.interpreter.fields import InterpretError
from lab.core.manifest import Manifest, is_deleting, namespace_of, spec_of
from lab.core.model import (
    HUB,
    Action,
    Answered,
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
from lab.core.reserved import is_template
from lab.core.settings import KarmadaSettings


class Detector:
    """Watches every propagatable object of the hub, and the policies.

    Between calls it remembers the templates that wait for a policy, and which keys were queued by
    a change that is not Karmada's own: only those refresh a binding under a Lazy policy.
    """

    name = "resource-detector"
    client = MANAGER

    def __init__(
        self, settings: KarmadaSettings, interpreter: Interpreter, queues: QueueFactory
    ) -> None:
        self.workers = settings.concurrent_resource_template_syncs
        self.indexes: Sequence[Index] = (
            bindings_of_policy(BINDING),
            bindings_of_policy(CLUSTER_BINDING),
            *PROPAGATION_INDEXES,
        )
        self._settings = settings
        self._interpreter = interpreter
        self._queues = queues
        self._waiting: dict[Key, None] = {}
        self._by_user: set[Key] = set()
        self._writing: dict[Key, tuple[Action, Key]] = {}

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    # ── events ─────────────────────────────────────────────────────────────────────────────────

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Templates come by their own changes and by those of policies."""
        if isinstance(event, Answered):
            self._learn(event)
            return ()
        if not isinstance(event, Observed) or event.key.cluster != HUB:
            return ()
        if event.key[1:3] in {POLICY, CLUSTER_POLICY}:
            return list(self._after_policy(event, view))
        subject = event.object if event.object is not None else event.old
        if subject is None or not is_template(subject, self._settings):
            return ()
        if event.object is None or event.old is None:
            self._by_user.add(event.key)
            return (Due(event.key, 0.0, LOW_PRIORITY if event.initial else 0),)
        if not specification_changed(event.old, event.object):
            return ()
        if not self._lazy(view, event.object) or not changed_by_karmada(event.old, event.object):
            self._by_user.add(event.key)
        return (Due(event.key),)

    def _after_policy(self, event: Observed, view: View) -> Iterator[Due]:
        """Bindings made for a policy are refreshed; waiting templates it selects get a turn."""
        policy, old = event.object, event.old
        if policy is None or is_deleting(policy):
            return
        if old is not None and generation(old) == generation(policy):
            return
        lazy = is_lazy(policy)
        keys: dict[Key, None] = {}
        for kind in (BINDING, CLUSTER_BINDING):
            for binding in view.by_index(bindings_of_policy(kind).name, policy_value(policy)):
                keys[resource_key(binding)] = None
        for key in self._waiting:
            template = view.get(key)
            if template is not None and _selects(policy, template):
                keys[key] = None
        for key in keys:
            self._waiting.pop(key, None)
            if not lazy:
                self._by_user.add(key)
            yield Due(key, 0.0, LOW_PRIORITY)

    def _lazy(self, view: View, template: Manifest) -> bool:
        held = claim_of(template)
        if held is None:
            return False
        kind = POLICY if held.kind == POLICY[1] else CLUSTER_POLICY
        policy = view.get(Key(HUB, *kind, held.namespace, held.name))
        return policy is not None and is_lazy(policy)

    def _learn(self, answer: Answered) -> None:
        """A refused binding keeps the memory of the user's change that asked for it."""
        written = self._writing.get(answer.action.key)
        if written is not None and written[0] is answer.action:
            del self._writing[answer.action.key]
            if answer.error is not None:
                self._by_user.add(written[1])

    # ── one template ───────────────────────────────────────────────────────────────────────────

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Template -> marks of its policy, then its binding."""
        template = view.get(key)
        if template is None:
            self._waiting.pop(key, None)
            self._by_user.discard(key)
            return Plan()
        policies, cluster_policies = _pools(view, template)
        choice = choose_policy(template, policies, cluster_policies, _overrides(view))
        if choice.applies:
            assert choice.policy is not None
            self._waiting.pop(key, None)
            pools = (policies, cluster_policies)
            return self._apply(view, key, template, choice.policy, pools)
        return self._without_policy(view, key, template, choice)

    def _without_policy(self, view: View, key: Key, template: Manifest, choice: Choice) -> Plan:
        if choice.outcome == "waiting":
            if key in self._waiting:
                self._by_user.discard(key)
                return Plan()
            self._waiting[key] = None
            # Once more, in case the policy comes at the same moment.
            return Plan(requeue_after_s=self._settings.rate_limiter_base_delay_s)
        if choice.outcome == "foreign":
            self._waiting.pop(key, None)
            return Plan()
        if choice.outcome == "orphaned":
            assert choice.claim is not None
            return Plan(release(view, template, choice.claim.kind, choice.claim.id))
        if choice.outcome == "deleting":
            assert choice.policy is not None
            word = "policy" if namespace_of(choice.policy) else "cluster policy"
            return Plan(error=f"{word}({policy_place(choice.policy)}) is being deleted")
        if choice.outcome == "overrides":
            return Plan(error="waiting for dependent overrides")
        self._by_user.discard(key)
        return Plan()

    def _apply(
        self,
        view: View,
        key: Key,
        template: Manifest,
        policy: Manifest,
        pools: Sequence[Sequence[Manifest]],
    ) -> Plan:
        word = f"{policy_word(policy)}({policy_place(policy)})"
        marked = claim(template, policy)
        if marked is not template:
            # Its event brings the key back, with the version that the binding refers to.
            decision = claim_decision(key, policy, template, pools)
            return Plan((Update(HUB, marked),), decisions=(decision,))
        if is_lazy(policy) and key not in self._by_user:
            return Plan()
        try:
            desired = build_binding(
                template, policy, self._interpreter, self._settings, _priorities(view)
            )
            standing = view.get(binding_key(template))
            wanted = desired if standing is None else merge_binding(standing, desired, policy)
        except (BindingError, InterpretError) as error:
            text = f"Apply {word} failed: {error}"
            note = Note(key, "Warning", "ApplyPolicyFailed", text)
            return Plan(notes=(note,), error=str(error))
        self._by_user.discard(key)
        if wanted is standing:
            return Plan()
        action: Action = Create(HUB, wanted) if standing is None else Update(HUB, wanted)
        self._writing[action.key] = (action, key)
        text = f"Apply {word} succeed"
        return Plan((action,), notes=(Note(key, "Normal", "ApplyPolicySucceed", text),))


def is_lazy(policy: Manifest) -> bool:
    """Tell whether a policy's edits wait for the template's own next change."""
    return bool(spec_of(policy).get("activationPreference") == "Lazy")


def _selects(policy: Manifest, template: Manifest) -> bool:
    home = namespace_of(policy)
    if home and home != namespace_of(template):
        return False
    return matches_any(template, resource_selectors(policy))


def _pools(view: View, template: Manifest) -> tuple[list[Manifest], list[Manifest]]:
    """Return the policies of each kind that may matter: those that select, and the holder."""
    pools: dict[Kind, list[Manifest]] = {POLICY: [], CLUSTER_POLICY: []}
    for kind, pool in pools.items():
        if kind == CLUSTER_POLICY or namespace_of(template):
            pool += selecting(view, kind, template)
    held = claim_of(template)
    if held is not None:
        kind = POLICY if held.kind == POLICY[1] else CLUSTER_POLICY
        holder = view.get(Key(HUB, *kind, held.namespace, held.name))
        if holder is not None and all(holder is not each for each in pools[kind]):
            pools[kind].append(holder)
    return pools[POLICY], pools[CLUSTER_POLICY]


def _overrides(view: View) -> Iterator[Manifest]:
    """Yield all override policies; few templates need them, so they are listed when asked for."""
    yield from view.list(HUB, *OVERRIDE_POLICY)
    yield from view.list(HUB, *CLUSTER_OVERRIDE_POLICY)


def _priorities(view: View) -> Callable[[str], int | None]:
    def value(name: str) -> int | None:
        found = view.get(Key(HUB, "scheduling.k8s.io/v1", "PriorityClass", "", name))
        return None if found is None else int(found.get("value") or 0)

    return value
