"""The state machine: Hypothesis chooses what happens next, the walk writes it down as a step.

Nothing is played before the end. There the steps become a scenario file, and that is played: what
a walk finds, its file shows again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.walks.objects import (
    CLUSTERS,
    FAILOVERS,
    KINDS,
    NEXT_IMAGE,
    PLACEMENTS,
    PULLED,
    WORDS,
    ZONES,
    policy,
    rebalancer,
    role,
    workload,
)

LOSSES: dict[str, dict[str, Any]] = {
    "outage": {"kind": "ClusterOutage"},
    "api down": {"kind": "ApiServerDown"},
    "unhealthy": {"kind": "ApiUnhealthy"},
    "partition": {"kind": "Partition"},
    "writes lost": {"kind": "Partition", "parameters": {"direction": "to-member"}},
    "answers lost": {"kind": "Partition", "parameters": {"direction": "from-member"}},
    "flapping": {"kind": "Flapping", "parameters": {"period": "60s", "down": "39s"}},
    "no nodes": {"kind": "NodeLoss"},
}
MEMBER_FAULTS: dict[str, dict[str, Any]] = {
    "conflicts": {"kind": "Conflicts", "parameters": {"share": 0.5}},
    "stale": {"kind": "StaleReads", "parameters": {"lag": "20s"}},
    "twice": {"kind": "DuplicatedDelivery", "parameters": {"share": 0.5}},
    "overtaking": {"kind": "ReorderedDelivery", "parameters": {"window": "3s"}},
    "missed": {"kind": "MissedEvents", "parameters": {"share": 0.5}},
    "watches lost": {"kind": "WatchDrop", "parameters": {"relist": True}},
    "slow": {"kind": "SlowApi", "parameters": {"delay": "3s"}},
    "throttled": {"kind": "ThrottledApi", "parameters": {"qps": 1}},
    "quota": {"kind": "RefusedWrites", "parameters": {"reason": "Quota"}},
    "webhook": {"kind": "RefusedWrites", "parameters": {"reason": "Admission"}},
    "disk full": {"kind": "FullDisk"},
    "disks full": {"kind": "FullDisk", "parameters": {"disk": "nodes"}},
    "torn": {"kind": "TornJournal", "parameters": {"lose": "5s"}},
    "half the room": {"kind": "CapacityLoss", "parameters": {"share": 0.5}},
    "no such image": {"kind": "BadImage", "parameters": {"image": NEXT_IMAGE}},
    "slow start": {"kind": "SlowStart", "parameters": {"factor": 10}},
    "clock ahead": {"kind": "ClockSkew", "parameters": {"offset": "60s"}},
}
HUB_FAULTS: dict[str, dict[str, Any]] = {
    "hub down": {"kind": "ApiServerDown"},
    "hub slow": {"kind": "SlowApi", "parameters": {"delay": "1s"}},
    "hub throttled": {"kind": "ThrottledApi", "parameters": {"qps": 5}},
    "hub conflicts": {"kind": "Conflicts", "parameters": {"share": 0.5}},
    "hub stale": {"kind": "StaleReads", "parameters": {"lag": "8s"}},
    "hub twice": {"kind": "DuplicatedDelivery", "parameters": {"share": 0.5}},
    "hub overtaking": {"kind": "ReorderedDelivery", "parameters": {"window": "3s"}},
    "hub watches lost": {"kind": "WatchDrop", "parameters": {"relist": True}},
    "hub disk full": {"kind": "FullDisk"},
    "hub clocks behind": {"kind": "ClockSkew", "parameters": {"offset": "-60s"}},
}
PROCESSES = ("karmada-controller-manager", "karmada-scheduler", f"karmada-agent/{PULLED}")
MOMENTS = ("before", "unacknowledged", "acknowledged")
PAUSES = (0, 1, 5, 20, 60, 150, 400, 700)
LENGTHS = ("5s", "9s", "11s", "29s", "31s", "41s", "2m", "12m")
LONG = ("29s", "41s", "2m", "5m", "12m", "25m")
TAINTS = ("example.com/work:NoExecute", "example.com/work:NoSchedule")

Judge = Callable[[list[dict[str, Any]], int], None]


def one_of(words: Any) -> st.SearchStrategy[Any]:
    """Return one of some words; the first is the simplest."""
    return st.sampled_from(list(words))


def step(**given: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """Return a rule that waits for a while before it does what the function says."""

    def rules(function: Callable[..., None]) -> Any:
        def after(self: Walk, pause: int, *chosen: Any, **named: Any) -> None:
            self.now_s += pause
            function(self, *chosen, **named)

        names = list(inspect.signature(function).parameters)  # self and what is given
        words = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
        pause = Parameter("pause", Parameter.POSITIONAL_OR_KEYWORD)
        after.__signature__ = Signature([words[0], pause, *words[1:]])  # type: ignore[attr-defined]
        after.__name__ = function.__name__
        wanted = precondition(lambda self: not self.only or function.__name__ in self.only)
        return wanted(rule(pause=one_of(PAUSES), **given)(after))

    return rules


class Walk(RuleBasedStateMachine):
    """Steps of people and of misfortune, in any order."""

    judge: ClassVar[Judge]
    """Called with the steps and the seed of a walk that is over."""
    only: ClassVar[tuple[str, ...]] = ()
    """The rules that may be followed, if not all: for those who look for one thing."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[dict[str, Any]] = []
        self.now_s = 0.0
        self.seed = 0
        self.there: list[str] = []
        self.parted: list[str] = []

    def do(self, name: str, what: dict[str, Any]) -> None:
        number = len(self.steps) + 1
        self.steps.append({"name": f"{number}: {name}", "at": f"{self.now_s:g}s", **what})

    def teardown(self) -> None:
        type(self).judge(self.steps, self.seed)

    # ── people ─────────────────────────────────────────────────────────────────────────────────

    @initialize(seed=st.integers(0, 3), placement=one_of(PLACEMENTS))
    def begin(self, seed: int, placement: str) -> None:
        self.seed = seed
        self.deploy(0, "a", 4, placement, "stays", False)

    @step(name=one_of(KINDS), replicas=st.integers(0, 12), placement=one_of(PLACEMENTS),
          failover=one_of(FAILOVERS), patient=st.booleans())  # fmt: skip
    def deploy(
        self, name: str, replicas: int, placement: str, failover: str, patient: bool
    ) -> None:
        manifests = [workload(name, replicas), policy(name, placement, failover, patient)]
        told = f"{name} is {placement} and {failover}{', patient' if patient else ''}"
        self.do(told, {"apply": manifests})
        if name not in self.there:
            self.there.append(name)

    @precondition(lambda self: self.there)
    @step(data=st.data(), placement=one_of(PLACEMENTS), failover=one_of(FAILOVERS),
          patient=st.booleans(), suspended=st.booleans())  # fmt: skip
    def edit_policy(
        self, data: st.DataObject, placement: str, failover: str, patient: bool, suspended: bool
    ) -> None:
        name = data.draw(one_of(self.there))
        words = [placement, failover, *["patient"] * patient, *["suspended"] * suspended]
        manifest = policy(name, placement, failover, patient, suspended)
        self.do(f"policy {name} is {', '.join(words)}", {"apply": [manifest]})

    @step(placement=one_of(PLACEMENTS))
    def deploy_role(self, placement: str) -> None:
        self.do(f"a role, {placement}", {"apply": role(placement)})

    @precondition(lambda self: self.there)
    @step(data=st.data(), replicas=st.integers(0, 30))
    def scale(self, data: st.DataObject, replicas: int) -> None:
        name = data.draw(one_of(self.there))
        line = f"kubectl scale {WORDS[KINDS[name]]}/{name} --replicas={replicas}"
        self.do(f"scale {name}", {"run": line})

    @precondition(lambda self: self.there)
    @step(data=st.data())
    def new_image(self, data: st.DataObject) -> None:
        name = data.draw(one_of(self.there))
        line = f"kubectl set image {WORDS[KINDS[name]]}/{name} main={NEXT_IMAGE}"
        self.do(f"new image of {name}", {"run": line})

    @precondition(lambda self: self.there)
    @step(data=st.data(), what=one_of(("workload", "policy")))
    def delete(self, data: st.DataObject, what: str) -> None:
        name = data.draw(one_of(self.there))
        word = WORDS[KINDS[name]] if what == "workload" else "propagationpolicy"
        self.do(f"delete {word} {name}", {"run": f"kubectl delete {word}/{name}"})
        if what == "workload":
            self.there.remove(name)

    @precondition(lambda self: self.there)
    @step()
    def rebalance(self) -> None:
        given = rebalancer(len(self.steps), list(self.there))
        self.do("rebalance", {"apply": [given]})

    @step(cluster=one_of(CLUSTERS), verb=one_of(("cordon", "uncordon")))
    def cordon(self, cluster: str, verb: str) -> None:
        self.do(f"{verb} {cluster}", {"run": f"karmadactl {verb} {cluster}"})

    @step(cluster=one_of(CLUSTERS), taint=one_of(TAINTS), sign=one_of(("", "-")))
    def taint(self, cluster: str, taint: str, sign: str) -> None:
        told = "untaint" if sign else "taint"
        line = f"karmadactl taint clusters {cluster} {taint}{sign}"
        self.do(f"{told} {cluster}", {"run": line})

    @step(cluster=one_of(CLUSTERS), value=one_of(("core", "edge")))
    def label(self, cluster: str, value: str) -> None:
        line = f"kubectl label cluster {cluster} tier={value} --overwrite"
        self.do(f"{cluster} is {value}", {"run": line})

    @step(cluster=one_of(each for each in CLUSTERS if each != PULLED))
    def part(self, cluster: str) -> None:
        """Unjoin a cluster, or join it again."""
        verb = "join" if cluster in self.parted else "unjoin"
        self.do(f"{verb} {cluster}", {"run": f"karmadactl {verb} {cluster}"})
        if verb == "join":
            self.parted.remove(cluster)
        else:
            self.parted.append(cluster)

    @step(cluster=one_of(CLUSTERS), replicas=st.integers(0, 9))
    def meddle(self, cluster: str, replicas: int) -> None:
        line = f"kubectl scale deployment/a --replicas={replicas}"
        self.do(f"meddle in {cluster}", {"cluster": cluster, "run": line})

    # ── misfortune ─────────────────────────────────────────────────────────────────────────────

    @step(cluster=one_of(CLUSTERS), fault=one_of(LOSSES), length=one_of(LONG))
    def lose(self, cluster: str, fault: str, length: str) -> None:
        given = {**LOSSES[fault], "target": {"cluster": cluster}, "for": length}
        self.do(f"{fault} in {cluster}", {"fault": given})

    @step(cluster=one_of(CLUSTERS), fault=one_of(MEMBER_FAULTS), length=one_of(LENGTHS))
    def strike(self, cluster: str, fault: str, length: str) -> None:
        given = {**MEMBER_FAULTS[fault], "target": {"cluster": cluster}, "for": length}
        self.do(f"{fault} in {cluster}", {"fault": given})

    @step(cluster=one_of(CLUSTERS), count=st.integers(1, 2), length=one_of(LENGTHS))
    def lose_nodes(self, cluster: str, count: int, length: str) -> None:
        target = {"cluster": cluster, "nodes": {"count": count}}
        given = {"kind": "NodeLoss", "target": target, "for": length}
        self.do(f"nodes of {cluster} lost", {"fault": given})

    @step(zone=one_of(ZONES), length=one_of(LENGTHS))
    def lose_zone(self, zone: str, length: str) -> None:
        given = {"kind": "ZoneOutage", "target": {"zone": zone}, "for": length}
        self.do(f"zone {zone} lost", {"fault": given})

    @step(fault=one_of(HUB_FAULTS), length=one_of(LENGTHS))
    def strike_hub(self, fault: str, length: str) -> None:
        self.do(fault, {"fault": {**HUB_FAULTS[fault], "target": {"hub": True}, "for": length}})

    @step(process=one_of(PROCESSES), write=st.integers(1, 20), moment=one_of(MOMENTS))
    def crash(self, process: str, write: int, moment: str) -> None:
        parameters = {"process": process, "write": write, "moment": moment}
        given = {"kind": "ControllerCrash", "parameters": parameters, "for": "5m"}
        self.do(f"{process} crashes", {"fault": given})

    @step()
    def heal(self) -> None:
        self.do("heal", {"heal": "all"})
