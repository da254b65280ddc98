"""A kind's table: which columns it has, and the rows of a list of objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lab.commands.printers import core_objects, karmada, pods, workloads
from lab.commands.printers.column import AGE, NAME, Column, pairs
from lab.core.manifest import Manifest, labels_of, namespace_of

if TYPE_CHECKING:
    from lab.core.kinds import Kind

_CREATED = (
    NAME,
    Column("Created At", lambda m, now_s: str(m["metadata"].get("creationTimestamp") or "")),
)

_TABLES: Mapping[tuple[str, str], Sequence[Column]] = {
    ("", "Pod"): pods.POD,
    ("apps", "Deployment"): workloads.DEPLOYMENT,
    ("apps", "ReplicaSet"): workloads.REPLICA_SET,
    ("apps", "StatefulSet"): workloads.STATEFUL_SET,
    ("apps", "DaemonSet"): workloads.DAEMON_SET,
    ("batch", "Job"): workloads.JOB,
    ("batch", "CronJob"): workloads.CRON_JOB,
    ("", "ReplicationController"): workloads.REPLICATION_CONTROLLER,
    ("autoscaling", "HorizontalPodAutoscaler"): workloads.AUTOSCALER,
    ("policy", "PodDisruptionBudget"): workloads.DISRUPTION_BUDGET,
    ("", "Service"): core_objects.SERVICE,
    ("discovery.k8s.io", "EndpointSlice"): core_objects.ENDPOINT_SLICE,
    ("", "Endpoints"): core_objects.ENDPOINTS,
    ("networking.k8s.io", "Ingress"): core_objects.INGRESS,
    ("networking.k8s.io", "NetworkPolicy"): core_objects.NETWORK_POLICY,
    ("", "Node"): core_objects.NODE,
    ("", "Namespace"): core_objects.NAMESPACE,
    ("coordination.k8s.io", "Lease"): core_objects.LEASE,
    ("", "ConfigMap"): core_objects.CONFIG_MAP,
    ("", "Secret"): core_objects.SECRET,
    ("", "PersistentVolumeClaim"): core_objects.CLAIM,
    ("", "PersistentVolume"): core_objects.VOLUME,
    ("scheduling.k8s.io", "PriorityClass"): core_objects.PRIORITY_CLASS,
    ("", "ResourceQuota"): core_objects.QUOTA,
    ("", "Event"): core_objects.EVENT,
    ("events.k8s.io", "Event"): core_objects.EVENT,
    ("cluster.karmada.io", "Cluster"): karmada.CLUSTER,
    ("rbac.authorization.k8s.io", "Role"): _CREATED,
    ("rbac.authorization.k8s.io", "ClusterRole"): _CREATED,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _CREATED,
    ("", "LimitRange"): _CREATED,
}


def columns_of(kind: Kind) -> Sequence[Column]:
    """Return the columns of a kind; one without a table of its own has NAME and AGE."""
    known = _TABLES.get((kind.group, kind.kind))
    if known is not None:
        return known
    printed = [
        Column(each.name, karmada.by_jsonpath(each.json_path, each.type), each.priority > 0)
        for each in kind.columns
        if each.json_path
    ]
    return (NAME, *printed) if printed else (NAME, AGE)


def table_rows(
    objects: Sequence[tuple[str, Manifest]],
    shown: Sequence[Column],
    now_s: float,
    *,
    wide: bool = False,
    namespaces: bool = False,
    clusters: bool = False,
    adoption: bool = False,
    labels: bool = False,
    label_columns: Sequence[str] = (),
    prefix: str = "",
) -> list[list[str]]:
    """Return header and rows for (cluster, object) pairs.

    Args:
        objects: Objects of one kind, with the cluster each stands in ("" is the hub).
        shown: The kind's columns.
        now_s: The moment ages are counted to.
        wide: Show the wide columns.
        namespaces: Begin with NAMESPACE.
        clusters: CLUSTER after NAME, as karmadactl.
        adoption: ADOPTION at the end, as karmadactl (Y managed by Karmada, N not, - hub).
        labels: LABELS at the end (`--show-labels`).
        label_columns: Labels with a column of their own (`-L`), before LABELS.
        prefix: Put before names (`deployment.apps/`) when several kinds are listed.
    """
    chosen = [column for column in shown if wide or not column.wide]
    place = next((i for i, column in enumerate(chosen) if column is NAME), 0) + 1
    header = [column.name.upper() for column in chosen]
    rows = [header]
    for _, manifest in objects:
        row = [column.cell(manifest, now_s) for column in chosen]
        if prefix and chosen[place - 1] is NAME:
            row[place - 1] = prefix + row[place - 1]
        rows.append(row)
    for row, (cluster, manifest) in zip(rows, [("", {}), *objects], strict=True):
        head = row is header
        if clusters:
            row.insert(place, "CLUSTER" if head else cluster or "Karmada")
        if adoption:
            row.append("ADOPTION" if head else _adopted(cluster, manifest))
        for key in label_columns:
            value = labels_of(manifest).get(key, "")
            row.append(key.rpartition("/")[2].upper() if head else str(value))
        if labels:
            row.append("LABELS" if head else pairs(labels_of(manifest)))
        if namespaces:
            row.insert(0, "NAMESPACE" if head else namespace_of(manifest))
    return rows


def _adopted(cluster: str, manifest: Manifest) -> str:
    if not cluster:
        return "-"
    return "Y" if labels_of(manifest).get("karmada.io/managed") == "true" else "N"
