"""Tables of services, nodes, storage, configuration, events and the rest of the built-in kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.commands.printers.column import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    Cell,
    Column,
    age_since,
    count,
    pairs,
    path,
    selector_text,
    text_of,
)
from lab.core.manifest import (
    Manifest,
    condition,
    get_in,
    is_deleting,
    labels_of,
    seconds_of,
    spec_of,
    status_of,
)

# ── services ───────────────────────────────────────────────────────────────────────────────────


def _cluster_ip(service: Manifest, now_s: float) -> str:
    spec = spec_of(service)
    ips = spec.get("clusterIPs") or [spec.get("clusterIP")]
    return str(ips[0]) if ips and ips[0] else NONE


def _external_ip(service: Manifest, now_s: float) -> str:
    spec, kind = spec_of(service), spec_of(service).get("type") or "ClusterIP"
    fixed = list(spec.get("externalIPs") or ())
    if kind == "ExternalName":
        return str(spec.get("externalName") or NONE)
    if kind == "LoadBalancer":
        ingress = get_in(service, ("status", "loadBalancer", "ingress")) or ()
        fixed = [str(each.get("ip") or each.get("hostname") or "") for each in ingress] + fixed
        return ",".join(filter(None, fixed)) or "<pending>"
    return ",".join(fixed) or NONE


def _ports(service: Manifest, now_s: float) -> str:
    shown = [
        f"{each.get('port')}{':' + str(each['nodePort']) if each.get('nodePort') else ''}"
        f"/{each.get('protocol') or 'TCP'}"
        for each in spec_of(service).get("ports") or ()
    ]
    return ",".join(shown) or NONE


def _service_selector(service: Manifest, now_s: float) -> str:
    return pairs(spec_of(service).get("selector"))


SERVICE = (
    NAME,
    Column("Type", path("spec", "type", default="ClusterIP")),
    Column("Cluster-IP", _cluster_ip),
    Column("External-IP", _external_ip),
    Column("Port(s)", _ports),
    AGE,
    Column("Selector", _service_selector, wide=True),
)


def _limited(items: Sequence[str], most: int) -> str:
    if not items:
        return "<unset>"
    more = f" + {len(items) - most} more..." if len(items) > most else ""
    return ",".join(items[:most]) + more


def _slice_ports(slice_: Manifest, now_s: float) -> str:
    ports = slice_.get("ports") or ()
    return _limited([text_of(each.get("port")) or "*" for each in ports], 3)


def _slice_endpoints(slice_: Manifest, now_s: float) -> str:
    endpoints = slice_.get("endpoints") or ()
    return _limited([str(a) for each in endpoints for a in each.get("addresses") or ()], 3)


ENDPOINT_SLICE = (
    NAME,
    Column("AddressType", path("addressType")),
    Column("Ports", _slice_ports),
    Column("Endpoints", _slice_endpoints),
    AGE,
)


def _endpoints(manifest: Manifest, now_s: float) -> str:
    shown = [
        f"{address.get('ip')}:{port.get('port')}"
        for subset in manifest.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    return NONE if not shown else _limited(shown, 3)


ENDPOINTS = (NAME, Column("Endpoints", _endpoints), AGE)


def _hosts(ingress: Manifest, now_s: float) -> str:
    hosts = [str(rule["host"]) for rule in spec_of(ingress).get("rules") or () if rule.get("host")]
    return "*" if not hosts else _limited(hosts, 3)


def _addresses(ingress: Manifest, now_s: float) -> str:
    found = get_in(ingress, ("status", "loadBalancer", "ingress")) or ()
    return ",".join(str(each.get("ip") or each.get("hostname") or "") for each in found)


def _ingress_ports(ingress: Manifest, now_s: float) -> str:
    return "80, 443" if spec_of(ingress).get("tls") else "80"


INGRESS = (
    NAME,
    Column("Class", path("spec", "ingressClassName", default=NONE)),
    Column("Hosts", _hosts),
    Column("Address", _addresses),
    Column("Ports", _ingress_ports),
    AGE,
)


def _pod_selector(policy: Manifest, now_s: float) -> str:
    return selector_text(spec_of(policy).get("podSelector"))


NETWORK_POLICY = (NAME, Column("Pod-Selector", _pod_selector), AGE)

# ── nodes and namespaces ───────────────────────────────────────────────────────────────────────

_ROLE = "node-role.kubernetes.io/"


def node_status(node: Manifest, now_s: float) -> str:
    """The STATUS column of a node."""
    ready = condition(node, "Ready")
    if ready is None:
        words = ["Unknown"]
    else:
        words = ["Ready" if ready.get("status") == "True" else "NotReady"]
    if spec_of(node).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def node_roles(node: Manifest, now_s: float) -> str:
    """The ROLES column of a node."""
    roles = {
        key.removeprefix(_ROLE) if key.startswith(_ROLE) else str(value)
        for key, value in labels_of(node).items()
        if key.startswith(_ROLE) or (key == "kubernetes.io/role" and value)
    }
    return ",".join(sorted(filter(None, roles))) or NONE


def _address(kind: str) -> Cell:
    def cell(node: Manifest, now_s: float) -> str:
        for each in status_of(node).get("addresses") or ():
            if each.get("type") == kind:
                return str(each.get("address") or NONE)
        return NONE

    return cell


def _info(field: str) -> Cell:
    return path("status", "nodeInfo", field, default=UNKNOWN)


NODE = (
    NAME,
    Column("Status", node_status),
    Column("Roles", node_roles),
    AGE,
    Column("Version", path("status", "nodeInfo", "kubeletVersion")),
    Column("Internal-IP", _address("InternalIP"), wide=True),
    Column("External-IP", _address("ExternalIP"), wide=True),
    Column("OS-Image", _info("osImage"), wide=True),
    Column("Kernel-Version", _info("kernelVersion"), wide=True),
    Column("Container-Runtime", _info("containerRuntimeVersion"), wide=True),
)
NAMESPACE = (NAME, Column("Status", path("status", "phase")), AGE)
LEASE = (NAME, Column("Holder", path("spec", "holderIdentity")), AGE)

# ── configuration and storage ──────────────────────────────────────────────────────────────────


def _entries(*fields: str) -> Cell:
    def cell(manifest: Manifest, now_s: float) -> str:
        return str(sum(len(manifest.get(field) or ()) for field in fields))

    return cell


CONFIG_MAP = (NAME, Column("Data", _entries("data", "binaryData")), AGE)
SECRET = (
    NAME,
    Column("Type", path("type", default="Opaque")),
    Column("Data", _entries("data", "stringData")),
    AGE,
)
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX",
          "ReadWriteOncePod": "RWOP"}  # fmt: skip


def _modes(*steps: str) -> Cell:
    def cell(manifest: Manifest, now_s: float) -> str:
        given = get_in(manifest, steps) or ()
        return ",".join(short for long, short in _MODES.items() if long in given)

    return cell


def _phase(manifest: Manifest, now_s: float) -> str:
    return "Terminating" if is_deleting(manifest) else str(status_of(manifest).get("phase") or "")


_MODE = Column("VolumeMode", path("spec", "volumeMode", default="<unset>"), wide=True)
_ATTRIBUTES = Column(
    "VolumeAttributesClass", path("spec", "volumeAttributesClassName", default="<unset>")
)
CLAIM = (
    NAME,
    Column("Status", _phase),
    Column("Volume", path("spec", "volumeName")),
    Column("Capacity", path("status", "capacity", "storage")),
    Column("Access Modes", _modes("status", "accessModes")),
    Column("StorageClass", path("spec", "storageClassName")),
    _ATTRIBUTES,
    AGE,
    _MODE,
)


def _claim(volume: Manifest, now_s: float) -> str:
    claim = spec_of(volume).get("claimRef")
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


VOLUME = (
    NAME,
    Column("Capacity", path("spec", "capacity", "storage")),
    Column("Access Modes", _modes("spec", "accessModes")),
    Column("Reclaim Policy", path("spec", "persistentVolumeReclaimPolicy")),
    Column("Status", _phase),
    Column("Claim", _claim),
    Column("StorageClass", path("spec", "storageClassName")),
    _ATTRIBUTES,
    Column("Reason", path("status", "reason")),
    AGE,
    _MODE,
)


def _global_default(manifest: Manifest, now_s: float) -> str:
    return text_of(bool(manifest.get("globalDefault")))


PRIORITY_CLASS = (
    NAME,
    Column("Value", count("value")),
    Column("Global-Default", _global_default),
    AGE,
    Column("PreemptionPolicy", path("preemptionPolicy", default="<unset>")),
)


def _quota(word: str) -> Cell:
    def cell(quota: Manifest, now_s: float) -> str:
        hard, used = status_of(quota).get("hard") or {}, status_of(quota).get("used") or {}
        chosen = [key for key in sorted(hard) if key.startswith("limits") is (word == "limit")]
        return ", ".join(f"{key}: {text_of(used.get(key, 0))}/{text_of(hard[key])}"
                         for key in chosen)  # fmt: skip

    return cell


QUOTA = (NAME, Column("Request", _quota("request")), Column("Limit", _quota("limit")), AGE)

# ── events ─────────────────────────────────────────────────────────────────────────────────────


def event_seen(event: Mapping[str, Any], which: str) -> str:
    """Return when an event was seen (`first` or `last`), as text; empty if it does not say."""
    series = get_in(event, ("series", "lastObservedTime"))
    names = ("lastTimestamp",) if which == "last" else ("firstTimestamp",)
    fallback = event.get("eventTime") or get_in(event, ("metadata", "creationTimestamp"))
    if which == "last" and series:
        return str(series)
    return str(next((event[name] for name in names if event.get(name)), fallback or ""))


def event_seconds(event: Mapping[str, Any]) -> float:
    """Return when an event was last seen, in seconds of the run (for sorting)."""
    try:
        return seconds_of(event_seen(event, "last"))
    except ValueError:
        return 0.0


def _seen(which: str) -> Cell:
    return lambda event, now_s: age_since(event_seen(event, which), now_s)


def event_object(event: Mapping[str, Any]) -> str:
    """Return what an event is about, as kubectl shows it: `pod/web-1`."""
    about = event.get("involvedObject") or event.get("regarding") or {}
    return f"{str(about.get('kind') or '').lower()}/{about.get('name') or ''}"


def _object(event: Manifest, now_s: float) -> str:
    return event_object(event)


def _source(event: Manifest, now_s: float) -> str:
    source = event.get("source") or event.get("deprecatedSource") or {}
    component = source.get("component") or event.get("reportingComponent") or ""
    return ", ".join(filter(None, (str(component), str(source.get("host") or ""))))


def _message(event: Manifest, now_s: float) -> str:
    return str(event.get("message") or event.get("note") or "").strip()


def _event_count(event: Manifest, now_s: float) -> str:
    found = event.get("count") or get_in(event, ("series", "count"))
    return str(found or event.get("deprecatedCount") or 1)


EVENT = (
    Column("Last Seen", _seen("last")),
    Column("Type", path("type")),
    Column("Reason", path("reason")),
    Column("Object", _object),
    Column("Subobject", path("involvedObject", "fieldPath"), wide=True),
    Column("Source", _source, wide=True),
    Column("Message", _message),
    Column("First Seen", _seen("first"), wide=True),
    Column("Count", _event_count, wide=True),
    Column("Name", path("metadata", "name"), wide=True),
)
