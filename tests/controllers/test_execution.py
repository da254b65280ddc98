"""The execution controller: one Work, its object in the member, and the conditions."""

from __future__ import annotations

from typing import Any

from lab.controllers.execution import ExecutionController
from lab.core.errors import ApiError
from lab.core.interpreter import native_interpreter
from lab.core.manifest import Manifest, set_in
from lab.core.model import (
    Answered,
    Create,
    Delete,
    Observed,
    Patch,
    Subscribe,
    Synced,
    Update,
    key_of,
)
from tests.controllers.fakes import (
    SETTINGS,
    changed,
    cluster,
    deployment,
    hub_key,
    keys,
    queues,
    told,
    view_for,
    work,
)

DONE = [
    {
        "type": "Dispatching",
        "status": "True",
        "reason": "Dispatching",
        "message": "m",
        "lastTransitionTime": "t",
    },
    {
        "lastTransitionTime": "t",
        "type": "Applied",
        "status": "True",
        "reason": "AppliedSuccessful",
        "message": "Manifest has been successfully applied",
    },
]
MARKS = {
    "labels": {"app": "web", "karmada.io/managed": "true"},
    "annotations": {
        "work.karmada.io/namespace": "karmada-es-member1",
        "work.karmada.io/name": "web-w",
        "resourcetemplate.karmada.io/managed-labels": "app,karmada.io/managed",
        "resourcetemplate.karmada.io/managed-annotations": "work.karmada.io/name",
    },
}


def controller() -> ExecutionController:
    return ExecutionController(SETTINGS, native_interpreter(SETTINGS), queues)


def desired(replicas: int = 2, **annotations: str) -> dict[str, Any]:
    made = deployment("web", replicas)
    notes = {**MARKS["annotations"], **annotations}
    return {
        **made,
        "metadata": {
            "name": "web",
            "namespace": "default",
            "labels": MARKS["labels"],
            "annotations": notes,
        },
    }


def in_member(replicas: int = 2, **metadata: Any) -> dict[str, Any]:
    return deployment("web", replicas, **{**MARKS, **metadata})


def with_status(manifest: Manifest, conditions: Any = DONE) -> dict[str, Any]:
    return {**manifest, "status": {"conditions": conditions}}


def plan_of(the_work: Manifest, *found: Manifest, ready: str = "True", synced: bool = True) -> Any:
    loop = controller()
    view = view_for(loop, cluster("member1", ready), the_work, members={"member1": found})
    if synced:
        told(view, loop, Synced("member1", "apps/v1", "Deployment"))
    return loop.reconcile(view, hub_key(the_work), 0.0)


def test_a_new_work_is_dispatched_created_and_applied() -> None:
    dispatching, create, applied = plan_of(work(desired())).actions
    assert isinstance(dispatching, Patch)
    assert dispatching.body["status"]["conditions"][0]["type"] == "Dispatching"
    assert create == Create("member1", desired())
    assert isinstance(applied, Patch)
    words = [c["type"] for c in applied.body["status"]["conditions"]]
    assert words == ["Dispatching", "Applied"]


def test_the_member_is_listed_first() -> None:
    loop = controller()
    the_work = with_status(work(desired()))
    view = view_for(loop, cluster(), the_work)
    key = hub_key(the_work)
    ask = Subscribe("member1", "apps/v1", "Deployment")
    assert loop.reconcile(view, key, 0.0).actions == [ask]
    assert loop.reconcile(view, key, 0.0).actions == [ask], "it asked, and has no list: again"
    assert keys(told(view, loop, Synced("member1", "apps/v1", "Deployment"))) == [
        "Work karmada-es-member1/web-w"
    ]


def test_one_work_waits_for_the_list_that_another_asked_for() -> None:
    loop = controller()
    first, second = with_status(work(desired())), with_status(work(desired(), name="web-o"))
    view = view_for(loop, cluster(), first, second)
    assert loop.reconcile(view, hub_key(first), 0.0).actions
    waiting = loop.reconcile(view, hub_key(second), 1.0)
    assert not waiting.actions
    assert waiting.requeue_after_s == 5.0
    assert loop.reconcile(view, hub_key(second), 6.0).actions, "the first one may never have asked"


def test_a_kind_the_member_does_not_serve_fails_the_work() -> None:
    loop = controller()
    the_work = with_status(work(desired()), DONE[:1])
    view = view_for(loop, cluster(), the_work)
    key = hub_key(the_work)
    (ask,) = loop.reconcile(view, key, 0.0).actions
    refusal = ApiError(404, "NotFound", "the server could not find the requested resource")
    told(view, loop, Answered(1, ask, error=refusal))
    applied, again = loop.reconcile(view, key, 1.0).actions
    assert again == ask
    assert isinstance(applied, Patch)
    assert (
        "could not find the requested resource"
        in applied.body["status"]["conditions"][1]["message"]
    )


def test_a_work_in_order_writes_nothing() -> None:
    plan = plan_of(with_status(work(desired())), in_member())
    assert (plan.actions, plan.notes, plan.error) == ([], [], None)


def test_drift_is_overwritten_but_what_the_member_adds_stays() -> None:
    found = in_member(
        5, labels={**MARKS["labels"], "theirs": "yes"}, finalizers=["keep"], resourceVersion="77"
    )
    (update,) = plan_of(with_status(work(desired())), found).actions
    assert isinstance(update, Update)
    assert update.object["spec"]["replicas"] == 2
    metadata = update.object["metadata"]
    assert metadata["labels"]["theirs"] == "yes"
    assert metadata["finalizers"] == ["keep"]
    assert metadata["resourceVersion"] == "77"


def test_a_mark_taken_from_the_template_goes() -> None:
    labels = {**MARKS["labels"], "old": "x"}
    notes = {
        **MARKS["annotations"],
        "resourcetemplate.karmada.io/managed-labels": "app,karmada.io/managed,old",
    }
    found = in_member(labels=labels, annotations=notes)
    (update,) = plan_of(with_status(work(desired())), found).actions
    assert isinstance(update, Update)
    assert "old" not in update.object["metadata"]["labels"]


def test_a_foreign_object_is_not_touched() -> None:
    foreign = deployment("web", 1, labels={"app": "web"})
    plan = plan_of(with_status(work(desired()), DONE[:1]), foreign)
    (applied,) = plan.actions
    assert isinstance(applied, Patch)
    failed = applied.body["status"]["conditions"][1]
    assert (failed["status"], failed["reason"]) == ("False", "AppliedFailed")
    assert failed["message"] == f"Failed to apply all manifests (0/1): {plan.error}"
    assert "already exists in the cluster member1" in plan.error


def test_overwrite_takes_a_foreign_object_over() -> None:
    foreign = deployment("web", 1, labels={"app": "web"})
    wanted = desired(**{"work.karmada.io/conflict-resolution": "overwrite"})
    (update, *_) = plan_of(with_status(work(wanted)), foreign).actions
    assert isinstance(update, Update)


def test_a_suspended_work_only_says_so() -> None:
    (only,) = plan_of(work(desired(), spec={"suspendDispatching": True})).actions
    assert isinstance(only, Patch)
    assert only.body["status"]["conditions"][0]["reason"] == "SuspendDispatching"


def test_a_cluster_that_is_not_ready_is_tried_again() -> None:
    plan = plan_of(with_status(work(desired())), ready="False")
    assert (plan.actions, plan.error) == ([], "cluster(member1) not ready")


def test_a_refusal_is_written_with_the_next_attempt() -> None:
    loop = controller()
    the_work = with_status(work(desired()), DONE[:1])
    view = view_for(loop, cluster(), the_work)
    told(view, loop, Synced("member1", "apps/v1", "Deployment"))
    key = hub_key(the_work)
    create, _ = loop.reconcile(view, key, 0.0).actions
    refusal = ApiError(403, "Forbidden", "quota exceeded")
    told(view, loop, Answered(1, create, error=refusal))
    failed, again, applied = loop.reconcile(view, key, 1.0).actions
    assert isinstance(failed, Patch)
    assert failed.body["status"]["conditions"][1]["message"].endswith("quota exceeded")
    assert again == create
    assert isinstance(applied, Patch)
    assert applied.body["status"]["conditions"][1]["status"] == "True"


# ── deletion ───────────────────────────────────────────────────────────────────────────────────

GOING = {"metadata": {"deletionTimestamp": "t"}}


def test_deletion_takes_the_object_then_the_finalizer() -> None:
    delete, freed = plan_of(work(desired(), **GOING), in_member()).actions
    assert isinstance(delete, Delete)
    assert delete.propagation == "Background"
    assert isinstance(freed, Update)
    assert freed.object["metadata"]["finalizers"] == []


def test_deletion_leaves_a_foreign_object() -> None:
    (freed,) = plan_of(work(desired(), **GOING), deployment("web")).actions
    assert isinstance(freed, Update)


def test_deletion_waits_for_a_cluster_that_is_not_ready() -> None:
    plan = plan_of(work(desired(), **GOING), in_member(), ready="False")
    assert (plan.actions, plan.error) == ((), "cluster(member1) not ready")


def test_deletion_gives_up_on_a_dead_cluster_that_leaves() -> None:
    loop = controller()
    leaving = set_in(cluster("member1", "False"), ("metadata", "deletionTimestamp"), "t")
    the_work = work(desired(), **GOING)
    (freed,) = loop.reconcile(view_for(loop, leaving, the_work), hub_key(the_work), 0.0).actions
    assert isinstance(freed, Update)


def test_preserving_takes_only_the_marks_off() -> None:
    the_work = work(desired(), spec={"preserveResourcesOnDeletion": True}, **GOING)
    update, freed = plan_of(the_work, in_member()).actions
    assert isinstance(update, Update)
    assert update.object["metadata"]["labels"] == {"app": "web"}
    assert isinstance(freed, Update)


# ── events ─────────────────────────────────────────────────────────────────────────────────────


def test_own_writes_are_not_drift_but_others_are() -> None:
    loop = controller()
    the_work = with_status(work(desired()))
    view = view_for(loop, cluster(), the_work, members={"member1": [in_member()]})
    key = key_of(in_member(), "member1")

    def seen(old: Any, new: Any) -> list[str]:
        return keys(told(view, loop, Observed(key, new, old)))

    other = in_member(5, resourceVersion="11")
    assert seen(in_member(), other) == []  # nothing was applied yet: no record
    create = Create("member1", desired())
    told(view, loop, Answered(1, create, object=in_member(resourceVersion="10")))
    assert seen(None, in_member(resourceVersion="10")) == []
    assert seen(in_member(), other) == ["Work karmada-es-member1/web-w"]
    only_status = {**in_member(resourceVersion="12"), "status": {"replicas": 2}}
    assert seen(in_member(), only_status) == []
    assert seen(in_member(), None) == ["Work karmada-es-member1/web-w"]
    assert seen(deployment("web"), None) == []


def test_a_status_change_of_a_work_is_no_news() -> None:
    loop = controller()
    view = view_for(loop)
    assert changed(view, loop, with_status(work(desired())), work(desired())) == []
    assert keys(changed(view, loop, work(desired()))) == ["Work karmada-es-member1/web-w"]
