"""The table of all kinds of faults. The schema, help, completion and errors come from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lab.core.errors import InputError, did_you_mean, quoted
from lab.core.faults.parameters import Parameter

Scope = Literal["clusters", "clusters or hub", "nodes", "hub", "region", "zone", "any"]
"""What a kind strikes; "any" is for kinds that play another one."""
Harm = Literal["api", "pods", "control", "none"]
"""What stops: the cluster's API (its pods run on), pods, a part of the control plane, nothing."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault.

    Attributes:
        name: CamelCase, as scenarios and command lines write it.
        group: Heading it stands under in lists.
        summary: One sentence: what happens.
        scope: What its target may be.
        harm: What stops while it lasts.
        parameters: In the order of the help.
        one_of: At least one of these parameters must be given.
        either: At most one of these parameters may be given.
        momentary: Without a length it strikes once and is over.
        refused: By backend, why it cannot be played there.
        more: What else is worth knowing of it: further sentences.
    """

    name: str
    group: str
    summary: str
    scope: Scope
    harm: Harm
    parameters: tuple[Parameter, ...] = ()
    one_of: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    momentary: bool = False
    refused: Mapping[str, str] | None = None
    more: str = ""

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of that name, or None."""
        return next((each for each in self.parameters if each.name == name), None)

    @property
    def takes_hub(self) -> bool:
        """Tell whether the hub may be its target."""
        return self.scope in {"clusters or hub", "hub"}


_SHARE = "how many, evenly spread"
_FACTOR = Parameter("factor", "number", "how many times as long everything takes", 1.0, least=1.0,
                    sample=10)  # fmt: skip
_DELAY = Parameter("delay", "duration", "how much longer everything takes on top of that", 0.0)
_API, _NETWORK, _STORE = "API server", "Network and watches", "Storage and time"
_NODES, _WIDE, _CONTROL = "Nodes and pods", "Regions, zones and patterns", "Control plane"
_PROCESS = "as karmada-scheduler or scheduler, karmada-agent/member1 or agent/member1"

_TABLE = (
    FaultKind(
        "ApiServerDown", _API,
        "The API server does not answer: requests are refused and watches break; pods run on.",
        "clusters or hub", "api",
    ),
    FaultKind(
        "ApiUnhealthy", _API,
        "The API server answers, but its readyz check says 500, so the cluster is not Ready.",
        "clusters", "api",
    ),
    FaultKind(
        "SlowApi", _API,
        "Every request takes longer; one that takes longer than its client waits has failed.",
        "clusters or hub", "api",
        (_FACTOR, _DELAY),
        one_of=("factor", "delay"),
    ),
    FaultKind(
        "ThrottledApi", _API,
        "The API server takes few requests a second and answers the others 429.",
        "clusters or hub", "api",
        (
            Parameter("qps", "number", "requests a second that are taken", 1.0, above=0.0),
            Parameter("retryAfter", "duration", "how long the others are told to wait", 1.0),
        ),
    ),
    FaultKind(
        "Conflicts", _API,
        "A share of the updates and patches is answered 409, as if someone else had written.",
        "clusters or hub", "api",
        (Parameter("share", "share", _SHARE, 0.5, above=0.0),),
    ),
    FaultKind(
        "RefusedWrites", _API,
        "Writes are refused: by a quota, by an admission webhook, or for want of the API.",
        "clusters", "api",
        (
            Parameter("reason", "choice", "who refuses, and with which error", "Admission",
                      ("Quota", "Admission", "MissingApi")),
            Parameter("kinds", "texts", "only of these kinds (Deployment, Service); default: all",
                      (), served=True),
            Parameter("message", "text", "the error's text instead of the usual one", ""),
        ),
    ),
    FaultKind(
        "Partition", _NETWORK,
        "Nothing passes between the hub and a cluster, in both directions or in one.",
        "clusters", "api",
        (
            Parameter("direction", "choice", "which way nothing passes", "both",
                      ("both", "to-member", "from-member")),
            Parameter("between", "texts", "instead of a target: two members that lose each other"),
        ),
    ),
    FaultKind(
        "WatchDrop", _NETWORK,
        "Watches are closed; they resume where they were, or (relist) are told 410 and list anew.",
        "clusters or hub", "control",
        (Parameter("relist", "flag", "resuming is refused with 410 Gone", False),),
        momentary=True,
    ),
    FaultKind(
        "StaleReads", _NETWORK,
        "What is observed is old: every change is seen late.",
        "clusters or hub", "control",
        (Parameter("lag", "duration", "how late", 10.0, above=0.0),),
    ),
    FaultKind(
        "MissedEvents", _NETWORK,
        "A share of the changes is never seen, until a later one or a relist shows the object.",
        "clusters", "control",
        (Parameter("share", "share", _SHARE, 0.5, above=0.0),),
    ),
    FaultKind(
        "DuplicatedDelivery", _NETWORK,
        "A share of the changes is seen twice.",
        "clusters or hub", "control",
        (Parameter("share", "share", _SHARE, 0.5, above=0.0),),
    ),
    FaultKind(
        "ReorderedDelivery", _NETWORK,
        "Changes of different objects overtake one another; those of one object keep their order.",
        "clusters or hub", "control",
        (Parameter("window", "duration", "by how much at most", 1.0, above=0.0),),
    ),
    FaultKind(
        "FullDisk", _STORE,
        "A disk is full: etcd's (every write is refused) or the nodes' (DiskPressure).",
        "clusters or hub", "pods",
        (Parameter("disk", "choice", "which disk", "etcd", ("etcd", "nodes")),),
    ),
    FaultKind(
        "TornJournal", _STORE,
        "The cluster's store comes back without its last writes, and everybody lists anew.",
        "clusters", "api",
        (Parameter("lose", "duration", "how much of the end is lost", 5.0, above=0.0),),
        momentary=True,
    ),
    FaultKind(
        "ClockSkew", _STORE,
        "A clock is wrong: the cluster's, or (target hub) that of one of the control plane's "
        "processes.",
        "clusters or hub", "control",
        (
            Parameter("offset", "duration", "how far it is ahead (negative: behind)", 60.0,
                      least=-86400.0),
            Parameter("process", "text", "with target hub: whose clock; default: everybody's"),
        ),
    ),
    FaultKind(
        "NodeLoss", _NODES,
        "Nodes stop at once with all their pods; without nodes in the target, all of a cluster's.",
        "nodes", "pods",
        more="The pods of a lost node are evicted after five minutes, but not if all nodes of a "
        "cluster are lost: then, as in Kubernetes, nothing is evicted. The Cluster stays Ready "
        "either way, for its API server answers.",
    ),
    FaultKind(
        "CapacityLoss", _NODES,
        "A share of what the nodes offer is gone; pods beyond it have to go.",
        "clusters", "pods",
        (Parameter("share", "share", "how much is gone", 0.5, above=0.0),),
    ),
    FaultKind(
        "BadImage", _NODES,
        "An image cannot be pulled: new pods that use it stay in ImagePullBackOff.",
        "clusters", "pods",
        (Parameter("image", "text", "the image, as the pods name it", required=True,
                      sample="nginx:1.27"),),
    ),
    FaultKind(
        "SlowStart", _NODES,
        "Pods take longer to become ready.",
        "clusters", "pods",
        (_FACTOR, _DELAY),
        one_of=("factor", "delay"),
    ),
    FaultKind(
        "ClusterOutage", _WIDE,
        "A whole cluster is gone: its API server, its nodes and all pods.",
        "clusters", "pods",
    ),
    FaultKind(
        "RegionOutage", _WIDE,
        "Every cluster of a region is gone, as by ClusterOutage.",
        "region", "pods",
    ),
    FaultKind(
        "ZoneOutage", _WIDE,
        "The nodes of a zone are gone in every cluster; a cluster wholly in it is gone as well.",
        "zone", "pods",
    ),
    FaultKind(
        "Flapping", _WIDE,
        "Another fault comes and goes; its own parameters stand beside these.",
        "any", "api",
        (
            Parameter("fault", "kind", "which kind comes and goes", "ApiServerDown"),
            Parameter("period", "duration", "from one begin to the next", 60.0, least=0.1),
            Parameter("down", "duration", "how long it lasts each time", 30.0, above=0.0),
        ),
    ),
    FaultKind(
        "ControllerCrash", _CONTROL,
        "A process of the control plane dies, now or at its k-th write from now on, and starts "
        "again with empty queues and caches.",
        "hub", "control",
        (
            Parameter("process", "text", f"which process, {_PROCESS}",
                      "karmada-controller-manager"),
            Parameter("write", "count", "at which of its writes, 1 being the next; default: now",
                      least=1),
            Parameter("moment", "choice",
                      "where with that write: never sent; carried out, and the answer is lost; "
                      "carried out and answered (the default)",
                      choices=("before", "unacknowledged", "acknowledged"), beside="write"),
            Parameter("acknowledged", "flag",
                      "the same in short: true is moment acknowledged, false is unacknowledged",
                      beside="write"),
            Parameter("restartAfter", "duration",
                      "when another one leads (the default is Karmada's lease)", 15.0),
        ),
        either=("moment", "acknowledged"),
    ),
    FaultKind(
        "BackupStoreDown", _CONTROL,
        "The store of backups cannot be reached.",
        "clusters", "none",
        refused={"simulated": "there is no backup store: backups (Velero) are not played yet"},
    ),
)  # fmt: skip

KINDS: Mapping[str, FaultKind] = {each.name: each for each in _TABLE}


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds, in the order of the table."""
    return tuple(KINDS)


def find_kind(name: str) -> FaultKind:
    """Return a kind.

    Raises:
        InputError: There is none of that name; the message has the nearest word.

    Example:
        >>> find_kind("NodeLoss").scope
        'nodes'
    """
    found = KINDS.get(name)
    if found is None:
        hint = did_you_mean(name, kind_names())
        known = f" (there are {', '.join(kind_names())})"
        raise InputError(f"unknown kind of fault {quoted(name)}{hint or known}")
    return found
