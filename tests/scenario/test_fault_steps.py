"""Fault and heal steps: what is read, and what is refused with its place before anything runs."""

# ruff: noqa: E501 — one row of a table is one case
from __future__ import annotations

import jsonschema
import pytest
import yaml

from lab.core.errors import InputError
from lab.core.faults import Ramp, Repeat
from lab.scenario.format import SCENARIO
from lab.scenario.load import parse_scenario
from lab.scenario.model import FaultAction, HealAction, Scenario

HEAD = """apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: test}
spec:
  horizon: 1h
  fleet:
    clusters:
    - {name: member1, region: us-east-1, zones: [us-east-1a, us-east-1b], labels: {env: prod}}
    - {name: member2, region: us-west-2, provider: gcp}
  steps:
"""


def load(step: str, more: str = "") -> Scenario:
    return parse_scenario(f"{HEAD}  - {step}\n{more}", "s.yaml")


def errors_of(step: str, more: str = "") -> list[str]:
    with pytest.raises(InputError) as caught:
        load(step, more)
    return [str(caught.value), *map(str, caught.value.problems)]


def test_the_step_of_the_architecture_page() -> None:
    step = (
        "{at: 1m, fault: {kind: RegionOutage, target: {region: us-east-1}, for: 10m}, name: outage}"
    )
    expect = "  expect: [{name: back, within: 2m, after: outage, cel: now() >= 0.0}]\n"
    scenario = load(step, expect)
    jsonschema.validate(yaml.safe_load(f"{HEAD}  - {step}\n"), dict(SCENARIO))
    action = scenario.steps[0].action
    assert isinstance(action, FaultAction)
    assert (action.fault.name, action.fault.kind) == ("outage", "RegionOutage")
    assert (action.fault.length_s, action.fault.target.region) == (600.0, "us-east-1")


def test_everything_a_fault_can_say() -> None:
    step = """fault:
      kind: NodeLoss
      target: {clusters: [member1], labels: {env: prod}, nodes: {zone: us-east-1a, percent: 50%}}
      for: 2m
      ramp: 30s
      repeat: {times: 3, every: 5m}
      abortIf: now() > 600.0
    name: nodes"""
    jsonschema.validate(yaml.safe_load(f"{HEAD}  - {step}\n"), dict(SCENARIO))
    action = load(step).steps[0].action
    assert isinstance(action, FaultAction)
    fault = action.fault
    assert (fault.ramp, fault.repeat) == (Ramp(30.0), Repeat(3, 300.0))
    assert fault.target.nodes is not None
    assert (fault.target.nodes.zone, fault.target.nodes.percent) == ("us-east-1a", 50.0)
    assert action.abort_if is not None


def test_a_step_without_a_name_is_called_after_its_kind() -> None:
    slow = "{fault: {kind: SlowApi, target: {hub: true}, parameters: {factor: 3}}}\n"
    scenario = load(slow, f"  - {slow}  - {{heal: slow-api}}\n  - {{heal: all}}\n")
    assert [each.name for each in scenario.steps] == [
        "slow-api",
        "slow-api (step 2)",
        "heal slow-api",
        "heal all",
    ]
    assert isinstance(scenario.steps[2].action, HealAction)


def test_an_anchor_at_the_heal() -> None:
    step = "{name: out, fault: {kind: ClusterOutage, target: {cluster: member1}, for: 1m}}"
    more = "  - {after: out/healed, delay: 5s, run: x}\n  expect: [{name: a, within: 1m, after: out/healed, cel: now() > 0.0}]\n"
    assert load(step, more).steps[1].after == "out/healed"


WRONG = {
    "an unknown kind": (
        "{fault: {kind: RegionOutge, target: {region: us-east-1}}}",
        's.yaml:11:20: spec.steps[0].fault.kind is "RegionOutge" — did you mean "RegionOutage"?',
    ),
    "a process of nobody": (
        "{fault: {kind: ControllerCrash, parameters: {process: schedular}}}",
        's.yaml:11:59: ControllerCrash: the control plane has no process "schedular" — '
        'did you mean "scheduler"?',
    ),
    "an agent of a Push member": (
        "{fault: {kind: ClockSkew, target: {hub: true}, parameters: {process: agent/member1}}}",
        'ClockSkew: the control plane has no process "agent/member1" '
        "(it has karmada-controller-manager, karmada-scheduler",
    ),
    "two words for one moment": (
        "{fault: {kind: ControllerCrash, parameters: {moment: before, acknowledged: true}}}",
        "ControllerCrash takes moment or acknowledged, not both",
    ),
    "no kind": ("{fault: {target: {region: us-east-1}}}", "s.yaml:11:13: spec.steps[0].fault.kind is missing"),
    "an unknown field": (
        "{fault: {kind: ClusterOutage, target: {cluster: member1}, fro: 1m}}",
        's.yaml:11:63: unknown field "spec.steps[0].fault.fro" — did you mean "for"?',
    ),
    "an unknown field of a target": (
        "{fault: {kind: ClusterOutage, target: {cluser: member1}}}", 'did you mean "cluster"?',
    ),
    "an unknown parameter": (
        "{fault: {kind: SlowApi, target: {cluster: member1}, parameters: {factr: 3}}}",
        's.yaml:11:70: SlowApi has no parameter "factr" — did you mean "factor"?',
    ),
    "a parameter where there is none": (
        "{fault: {kind: ClusterOutage, target: {cluster: member1}, parameters: {factor: 3}}}",
        'ClusterOutage has no parameter "factor" (it has none)',
    ),
    "a cluster that is not there": (
        "{fault: {kind: ClusterOutage, target: {cluster: member3}}}",
        's.yaml:11:53: ClusterOutage: the fleet has no cluster "member3" — did you mean "member2"?',
    ),
    "one of several that is not there": (
        "{fault: {kind: ClusterOutage, target: {clusters: [member1, nope]}}}", "s.yaml:11:64: ClusterOutage",
    ),
    "a region that is not there": (
        "{fault: {kind: RegionOutage, target: {region: us-east-2}}}",
        's.yaml:11:51: RegionOutage: no cluster is in region "us-east-2" — did you mean "us-west-2"?',
    ),
    "labels that nobody has": (
        "{fault: {kind: ClusterOutage, target: {labels: env=test}}}", 'no cluster has the labels "env=test"',
    ),
    "labels that cannot be read": (
        "{fault: {kind: ClusterOutage, target: {labels: 'env=('}}}", "s.yaml:11:52: ClusterOutage: labels is",
    ),
    "a zone that is not there": (
        "{fault: {kind: ZoneOutage, target: {zone: us-east-1c}}}", "no cluster is in zone",
    ),
    "a node that is not there": (
        "{fault: {kind: NodeLoss, target: {nodes: [member1-default-1, x]}}}", "s.yaml:11:66: NodeLoss: no node is named \"x\"",
    ),
    "no target": ("{fault: {kind: ApiServerDown}}", "ApiServerDown: needs a target"),
    "a region outage without a region": (
        "{fault: {kind: RegionOutage, target: {cluster: member1}}}", "RegionOutage: needs a target with a region",
    ),
    "the hub where only members can be struck": (
        "{fault: {kind: ClusterOutage, target: {hub: true}}}", "it strikes member clusters, not the hub",
    ),
    "the hub and a cluster": (
        "{fault: {kind: ApiServerDown, target: {hub: true, cluster: member1}}}", "the hub or cluster, not both",
    ),
    "nodes of a kind that strikes clusters": (
        "{fault: {kind: ApiServerDown, target: {cluster: member1, nodes: {count: 1}}}}", "leave nodes out",
    ),
    "a kind that is not played": (
        "{fault: {kind: BackupStoreDown, target: {cluster: member1}}}",
        "s.yaml:11:20: BackupStoreDown cannot be played: there is no backup store",
    ),
    "a share above one": (
        "{fault: {kind: Conflicts, target: {cluster: member1}, parameters: {share: 30}}}",
        "s.yaml:11:79: Conflicts: share is 30, needs at most 100% (write 30% or 0.3)",
    ),
    "a slow API that is not slow": (
        "{fault: {kind: SlowApi, target: {cluster: member1}}}", "SlowApi needs factor or delay",
    ),
    "a missing parameter": (
        "{fault: {kind: BadImage, target: {cluster: member1}}}", "BadImage: image is missing",
    ),
    "a ramp as long as the fault": (
        "{fault: {kind: ClusterOutage, target: {percent: 100}, for: 1m, ramp: 1m}}", "ramp is 1m0s, needs less than for (1m0s)",
    ),
    "a repeat without an end": (
        "{fault: {kind: ClusterOutage, target: {percent: 100}, repeat: {times: 2, every: 1m}}}", 'repeat needs "for" beside it',
    ),
    "a repeat before the end": (
        "{fault: {kind: ClusterOutage, target: {percent: 100}, for: 2m, repeat: {times: 2, every: 1m}}}",
        "repeat.every is 1m0s, needs more than for (2m0s)",
    ),
    "no length of a fault": ("{fault: {kind: ClusterOutage, target: {percent: 100}, for: 0s}}", "for is \"0s\", needs more than 0s"),
    "a percentage above 100": ("{fault: {kind: ClusterOutage, target: {percent: 101}}}", "percent is 101, needs more than 0"),
    "a pattern of a pattern": (
        "{fault: {kind: Flapping, target: {percent: 100}, parameters: {fault: Flapping}}}", "Flapping cannot play Flapping",
    ),
    "a pattern that is never up": (
        "{fault: {kind: Flapping, target: {percent: 100}, parameters: {period: 10s, down: 10s}}}", "needs less than the period",
    ),
    "a partition of one": (
        "{fault: {kind: Partition, parameters: {between: [member1]}}}", "needs two different clusters",
    ),
    "a partition of both sorts": (
        "{fault: {kind: Partition, target: {cluster: member1}, parameters: {between: [member1, member2]}}}",
        "a target or between, not both",
    ),
    "a condition that cannot be read": (
        "{fault: {kind: ClusterOutage, target: {percent: 100}, abortIf: 'raedy() >'}}", "s.yaml:11:68: cel:",
    ),
    "a cluster beside the fault": (
        "{fault: {kind: ClusterOutage, target: {percent: 100}}, cluster: member1}", "cluster belongs into the target",
    ),
    "a heal of nothing": ("{heal: outage}", 's.yaml:11:12: no earlier fault is named "outage"'),
    "a fault called all": (
        "{name: all, fault: {kind: ClusterOutage, target: {percent: 100}}}", "needs another name",
    ),
    "a step called as the end of an earlier fault": (
        "{name: out, fault: {kind: ClusterOutage, target: {percent: 100}}}\n  - {name: out/healed, run: x}",
        's.yaml:12:12: "out/healed" is the moment when "out" is over, needs another name',
    ),
    "a step called as the end of a later fault": (
        "{name: out/healed, run: x}\n  - {name: out, fault: {kind: ClusterOutage, target: {percent: 100}}}",
        's.yaml:11:12: "out/healed" is the moment when "out" is over, needs another name',
    ),
    "the heal of a step that is no fault": (
        "{name: a, run: x}\n  - {after: a/healed, run: x}", '("a" is no fault)',
    ),
}  # fmt: skip


OUTSIDE = {
    "nobody joined it": ("fault: {kind: ClusterOutage, target: {cluster: member2}, for: 1m}", True),
    "one of several": ("fault: {kind: ClusterOutage, target: {percent: 100}, for: 1m}", True),
    "another cluster": ("fault: {kind: ClusterOutage, target: {cluster: member1}, for: 1m}", False),
    "the hub": ("fault: {kind: ApiServerDown, target: {hub: true}, for: 1m}", False),
    "a line joined it before": (
        "run: karmadactl join member2\n  - fault: {kind: ClusterOutage, target: {cluster: member2}}", False,
    ),
    "a line joins it later": (
        "fault: {kind: ClusterOutage, target: {cluster: member2}}\n  - run: karmadactl join member2", True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("step", "told"), OUTSIDE.values(), ids=OUTSIDE.keys())
def test_a_fault_on_a_cluster_that_is_not_joined_is_noted(step: str, told: bool) -> None:
    head = HEAD.replace("{name: member2,", "{name: member2, joined: false,")
    note = "s.yaml:11:5: member2 is not joined: until it is, the hub does not feel this fault"
    assert parse_scenario(f"{head}  - {step}\n", "s.yaml").notes == ((note,) if told else ())


@pytest.mark.parametrize(("step", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_steps(step: str, message: str) -> None:
    told = errors_of(step)
    assert any(message in each for each in told), told
    assert all(each.startswith("s.yaml:") for each in told)


def test_hostile_names_are_shown_as_codes() -> None:
    told = errors_of('{fault: {kind: ClusterOutage, target: {cluster: "\\e[31m\\u202e"}}}')
    assert "\x1b" not in told[0]
    assert "\\u001b[31m" in told[0]
    told = errors_of('{fault: {kind: "\\e[31m", target: {cluster: member1}}}')
    assert "\x1b" not in told[0]


def test_several_errors_of_one_fault_are_told_at_once() -> None:
    told = errors_of(
        "{fault: {kind: SlowApi, target: {percent: 0}, for: 0s, parameters: {factor: x, lag: 1s}}}"
    )
    assert len(told) == 4


@pytest.mark.parametrize(
    "fault",
    [
        "{kind: SlowApi, target: {hub: true}, parameters: {factr: 3}}",
        "{kind: BadImage, target: {cluster: member1}}",
        "{kind: Nope}",
        "{kind: Conflicts, target: {cluster: member1}, parameters: {share: true}}",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(fault: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(f"{HEAD}  - {{fault: {fault}}}\n"), dict(SCENARIO))
