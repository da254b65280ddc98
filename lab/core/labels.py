"""Karmada's well-known labels, annotations, finalizers and name prefixes.

Source: `pkg/apis/*/well_known_constants.go` and `pkg/util/constants.go` of Karmada v1.19.
"""

from __future__ import annotations

POLICY_API = "policy.karmada.io/v1alpha1"
WORK_API = "work.karmada.io/v1alpha1"
BINDING_API = "work.karmada.io/v1alpha2"
CLUSTER_API = "cluster.karmada.io/v1alpha1"
REBALANCER_API = "apps.karmada.io/v1alpha1"

# ── who claims a template ──────────────────────────────────────────────────────────────────────

POLICY_ID = "propagationpolicy.karmada.io/permanent-id"
POLICY_NAMESPACE = "propagationpolicy.karmada.io/namespace"
POLICY_NAME = "propagationpolicy.karmada.io/name"
CLUSTER_POLICY_ID = "clusterpropagationpolicy.karmada.io/permanent-id"
CLUSTER_POLICY_NAME = "clusterpropagationpolicy.karmada.io/name"
CLAIMED_BY = "resourcetemplate.karmada.io/claimed-by"
"""Label: another controller owns the template, so the detector leaves it alone."""

# ── binding, work and member object refer to one another ───────────────────────────────────────

BINDING_ID = "resourcebinding.karmada.io/permanent-id"
CLUSTER_BINDING_ID = "clusterresourcebinding.karmada.io/permanent-id"
BINDING_NAMESPACE = "resourcebinding.karmada.io/namespace"
BINDING_NAME = "resourcebinding.karmada.io/name"
CLUSTER_BINDING_NAME = "clusterresourcebinding.karmada.io/name"
WORK_ID = "work.karmada.io/permanent-id"
WORK_NAMESPACE = "work.karmada.io/namespace"
WORK_NAME = "work.karmada.io/name"
MANAGED = "karmada.io/managed"
"""Label "true": Karmada may update and delete this member object."""
TEMPLATE_GENERATION = "resourcetemplate.karmada.io/generation"
TEMPLATE_UID = "resourcetemplate.karmada.io/uid"
MANAGED_LABELS = "resourcetemplate.karmada.io/managed-labels"
MANAGED_ANNOTATIONS = "resourcetemplate.karmada.io/managed-annotations"
CONFLICT_RESOLUTION = "work.karmada.io/conflict-resolution"
RETAIN_REPLICAS = "resourcetemplate.karmada.io/retain-replicas"
DELETION_PROTECTED = "resourcetemplate.karmada.io/deletion-protected"
SKIP_AUTO_PROPAGATION = "namespace.karmada.io/skip-auto-propagation"

# ── bookkeeping ────────────────────────────────────────────────────────────────────────────────

APPLIED_PLACEMENT = "policy.karmada.io/applied-placement"
APPLIED_OVERRIDES = "policy.karmada.io/applied-overrides"
APPLIED_CLUSTER_OVERRIDES = "policy.karmada.io/applied-cluster-overrides"
DEPENDENCIES = "resourcebinding.karmada.io/dependencies"
DEPENDED_BY_PREFIX = "resourcebinding.karmada.io/depended-by-"

# ── finalizers ─────────────────────────────────────────────────────────────────────────────────

EXECUTION_FINALIZER = "karmada.io/execution-controller"
BINDING_FINALIZER = "karmada.io/binding-controller"
CLUSTER_BINDING_FINALIZER = "karmada.io/cluster-resource-binding-controller"
CLUSTER_FINALIZER = "karmada.io/cluster-controller"
DEPENDENCIES_FINALIZER = "karmada.io/binding-dependencies-distributor"
POLICY_FINALIZER = "karmada.io/propagation-policy-controller"
CLUSTER_POLICY_FINALIZER = "karmada.io/cluster-propagation-policy-controller"

# ── what Karmada takes back when a member object is preserved ──────────────────────────────────

MANAGED_RESOURCE_LABELS = (BINDING_ID, WORK_ID, MANAGED)
MANAGED_RESOURCE_ANNOTATIONS = (
    MANAGED_ANNOTATIONS,
    MANAGED_LABELS,
    BINDING_NAMESPACE,
    BINDING_NAME,
    TEMPLATE_UID,
    TEMPLATE_GENERATION,
    WORK_NAME,
    WORK_NAMESPACE,
)

EXECUTION_PREFIX = "karmada-es-"
