"""Which kinds have admission rules of their own."""

from __future__ import annotations

from collections.abc import Mapping

from lab.core.admission import (
    binding,
    cluster,
    cluster_taint_policy,
    cron_federated_hpa,
    federated_hpa,
    federated_resource_quota,
    interpreter_webhook,
    multi_cluster_service,
    override_policy,
    propagation_policy,
    work,
)
from lab.core.admission.request import Rule

_POLICY = "policy.karmada.io"
_WORK = "work.karmada.io"
_AUTOSCALING = "autoscaling.karmada.io"
_NETWORKING = "networking.karmada.io"
_CONFIG = "config.karmada.io"
_PROPAGATION = Rule(propagation_policy.default, propagation_policy.validate)
_BINDING = Rule(binding.default, binding.validate, has_schema=False)

RULES: Mapping[tuple[str, str], Rule] = {
    (_POLICY, "PropagationPolicy"): _PROPAGATION,
    (_POLICY, "ClusterPropagationPolicy"): _PROPAGATION,
    (_POLICY, "OverridePolicy"): Rule(override_policy.default, override_policy.validate),
    (_POLICY, "ClusterOverridePolicy"): Rule(None, override_policy.validate),
    (_POLICY, "ClusterTaintPolicy"): Rule(None, cluster_taint_policy.validate),
    (_POLICY, "FederatedResourceQuota"): Rule(None, federated_resource_quota.validate),
    ("cluster.karmada.io", "Cluster"): Rule(cluster.default, cluster.validate, cluster.canonical),
    (_WORK, "ResourceBinding"): _BINDING,
    (_WORK, "ClusterResourceBinding"): _BINDING,
    (_WORK, "Work"): Rule(work.default, None, has_schema=False),
    (_AUTOSCALING, "FederatedHPA"): Rule(federated_hpa.default, federated_hpa.validate),
    (_AUTOSCALING, "CronFederatedHPA"): Rule(None, cron_federated_hpa.validate),
    (_NETWORKING, "MultiClusterService"): Rule(
        multi_cluster_service.default, multi_cluster_service.validate
    ),
    (_NETWORKING, "MultiClusterIngress"): Rule(),
    (_CONFIG, "ResourceInterpreterCustomization"): Rule(),
    (_CONFIG, "ResourceInterpreterWebhookConfiguration"): Rule(None, interpreter_webhook.validate),
    ("apps.karmada.io", "WorkloadRebalancer"): Rule(),
    ("remedy.karmada.io", "Remedy"): Rule(),
}
