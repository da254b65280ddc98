"""PropagationPolicy and ClusterPropagationPolicy.

Modelled on Karmada v1.19 `pkg/webhook/{,cluster}propagationpolicy`, `pkg/util/helper/policy.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.admission import selectors
from lab.core.admission.field_errors import FieldError, aggregate, denied, invalid
from lab.core.admission.names import label_key_errors
from lab.core.admission.placement import placement_errors
from lab.core.admission.request import Request, permanent_id
from lab.core.labels import (
    CLUSTER_POLICY_FINALIZER,
    CLUSTER_POLICY_ID,
    POLICY_FINALIZER,
    POLICY_ID,
)
from lab.core.manifest import (
    Manifest,
    get_in,
    labels_of,
    namespace_of,
    set_in,
    spec_of,
    with_labels,
)

_SERVICE_IMPORT = ("multicluster.x-k8s.io/v1alpha1", "ServiceImport")


def default(policy: Manifest, request: Request) -> Manifest:
    """Fill in what the webhook fills in."""
    cluster_wide = policy.get("kind") == "ClusterPropagationPolicy"
    if not cluster_wide:
        policy = selectors.with_namespace(policy)
    spec = spec_of(policy)
    constraints = get_in(spec, ("placement", "spreadConstraints"))
    if constraints:
        filled = [_with_group(constraint) for constraint in constraints]
        if filled != constraints:
            policy = set_in(policy, ("spec", "placement", "spreadConstraints"), filled)
    imports = any(
        (selector.get("apiVersion"), selector.get("kind")) == _SERVICE_IMPORT
        for selector in spec.get("resourceSelectors") or ()
    )
    if imports and not spec.get("propagateDeps"):
        policy = set_in(policy, ("spec", "propagateDeps"), True)
    scheduling = get_in(spec, ("placement", "replicaScheduling"))
    if (
        scheduling is not None
        and scheduling.get("replicaSchedulingType") == "Divided"
        and not scheduling.get("replicaDivisionPreference")
    ):
        path = ("spec", "placement", "replicaScheduling", "replicaDivisionPreference")
        policy = set_in(policy, path, "Weighted")
    failover = get_in(spec, ("failover", "application"))
    if (
        failover is not None
        and failover.get("purgeMode") == "Gracefully"
        and failover.get("gracePeriodSeconds") is None
    ):
        policy = set_in(policy, ("spec", "failover", "application", "gracePeriodSeconds"), 600)
    if not request.is_create:
        return policy
    label = CLUSTER_POLICY_ID if cluster_wide else POLICY_ID
    finalizer = CLUSTER_POLICY_FINALIZER if cluster_wide else POLICY_FINALIZER
    policy = with_labels(policy, {label: permanent_id(policy, request.now_s)})
    finalizers = get_in(policy, ("metadata", "finalizers")) or []
    if finalizer not in finalizers:
        policy = set_in(policy, ("metadata", "finalizers"), [*finalizers, finalizer])
    return policy


def _with_group(constraint: Mapping[str, Any]) -> Mapping[str, Any]:
    filled = dict(constraint)
    if not constraint.get("spreadByField") and not constraint.get("spreadByLabel"):
        filled["spreadByField"] = "cluster"
    if not constraint.get("minGroups"):
        filled["minGroups"] = 1
    return filled


def validate(policy: Manifest, request: Request) -> None:
    """Refuse what the webhook refuses.

    Raises:
        ApiError: With the webhook's text.
    """
    cluster_wide = policy.get("kind") == "ClusterPropagationPolicy"
    prefix = "clusterpropagationpolicy" if cluster_wide else "propagationpolicy"
    webhook = f"{prefix}.karmada.io"
    label = CLUSTER_POLICY_ID if cluster_wide else POLICY_ID
    spec = spec_of(policy)
    if request.old is not None:
        if spec.get("schedulerName") != spec_of(request.old).get("schedulerName"):
            raise denied(webhook, "the schedulerName should not be updated")
        if labels_of(policy).get(label) != labels_of(request.old).get(label):
            raise denied(
                webhook,
                f"label {label} is immutable, it can only be set by the system during creation",
            )
    if label not in labels_of(policy):
        raise denied(
            webhook,
            f"label {label} is required, it should be set by the mutating admission webhook "
            "during creation",
        )
    errors = spec_errors(spec, "" if cluster_wide else namespace_of(policy))
    if errors:
        raise denied(webhook, aggregate(errors))


def spec_errors(spec: Mapping[str, Any], namespace: str) -> list[FieldError]:
    """Return what the webhook would say about a spec whose defaults are filled in."""
    errors = placement_errors(spec.get("placement") or {}, ("spec", "placement"))
    failover = spec.get("failover") or {}
    if failover.get("application") is not None and not spec.get("propagateDeps"):
        text = "application failover is set, propagateDeps must be true"
        errors.append(invalid(("spec", "propagateDeps"), False, text))
    errors += _failover_errors(failover)
    path = ("spec", "resourceSelectors")
    errors += selectors.namespace_errors(spec.get("resourceSelectors") or (), namespace, path)
    if spec.get("preemption") == "Always":
        errors += [
            invalid(
                (*path, index, "name"),
                "",
                "name cannot be empty if preemption is Always, the empty name may cause "
                "unexpected resources preemption",
            )
            for index, selector in enumerate(spec.get("resourceSelectors") or ())
            if not selector.get("name")
        ]
    suspension = spec.get("suspension") or {}
    on_clusters = suspension.get("dispatchingOnClusters") or {}
    if suspension.get("dispatching") and on_clusters.get("clusterNames"):
        text = "suspension dispatching cannot co-exist with dispatchingOnClusters.clusterNames"
        errors.append(invalid(("spec", "suspension", "suspension"), suspension, text))
    return errors


def _failover_errors(failover: Mapping[str, Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    application = failover.get("application")
    path: tuple[str | int, ...] = ("spec", "failover", "application")
    if application is not None:
        conditions = application.get("decisionConditions") or {}
        seconds = conditions.get("tolerationSeconds")
        if seconds is not None and seconds < 0:
            where = (*path, "decisionConditions", "tolerationSeconds")
            errors.append(invalid(where, seconds, "must be greater than or equal to 0"))
        mode, grace = application.get("purgeMode"), application.get("gracePeriodSeconds")
        where = (*path, "gracePeriodSeconds")
        if mode != "Gracefully" and grace is not None:
            text = "only takes effect when purgeMode is gracefully"
            errors.append(invalid(where, grace, text))
        if mode == "Gracefully" and grace is None:
            text = "should not be empty when purgeMode is gracefully"
            errors.append(invalid(where, None, text))
        if grace is not None and grace <= 0:
            errors.append(invalid(where, grace, "must be greater than 0"))
    for part in ("application", "cluster"):
        rules = get_in(failover, (part, "statePreservation", "rules")) or ()
        for index, rule in enumerate(rules):
            where = ("spec", "failover", part, "statePreservation", "rules", index)
            name = str(rule.get("aliasLabelName") or "")
            errors += [
                invalid((*where, "aliasLabelName"), name, text) for text in label_key_errors(name)
            ]
    return errors
