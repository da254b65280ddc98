"""The same scenario without its faults: what the federation would have come to (invariant Q2)."""

from __future__ import annotations

import math
import shlex
from dataclasses import replace

from lab.core.faults import find_kind
from lab.core.faults.schedule import total_s
from lab.scenario.model import FaultAction, HealAction, RunAction, Scenario, Step
from lab.scenario.parts import HEALED

_FAULT_VERBS = frozenset({"inject", "heal"})


def has_faults(scenario: Scenario) -> bool:
    """Tell whether a step of a scenario makes something fail."""
    return any(
        isinstance(step.action, FaultAction)
        or (isinstance(step.action, RunAction) and len(_kept(step.action)) < len(step.action.lines))
        for step in scenario.steps
    )


def without_faults(scenario: Scenario) -> Scenario:
    """Return a scenario whose faults do not happen, and that checks nothing.

    The steps of faults stay as moments that others count from; what comes when a fault is healed
    comes when it would have been.
    """
    lengths = {
        step.name: _length_s(step.action)
        for step in scenario.steps
        if isinstance(step.action, FaultAction)
    }
    heals = {
        step.action.name: step.name
        for step in scenario.steps
        if isinstance(step.action, HealAction)
    }
    steps = tuple(_without(step, lengths, heals) for step in scenario.steps)
    return replace(scenario, steps=steps, expectations=(), laws=(), targets=())


def _without(step: Step, lengths: dict[str, float], heals: dict[str, str]) -> Step:
    action = step.action
    if isinstance(action, FaultAction | HealAction):
        action = RunAction(())
    elif isinstance(action, RunAction):
        action = RunAction(_kept(action))
    if not step.after.endswith(HEALED):
        return replace(step, action=action)
    fault = step.after.removesuffix(HEALED)
    length_s = lengths.get(fault, math.inf)
    if not math.isinf(length_s):
        return replace(step, action=action, after=fault, delay_s=step.delay_s + length_s)
    healed = heals.get(fault) or heals.get("all")
    return replace(step, action=action, after=healed or fault)


def _length_s(action: FaultAction) -> float:
    kind = find_kind(action.fault.kind)
    return total_s(action.fault, momentary=kind.momentary)


def _kept(action: RunAction) -> tuple[str, ...]:
    """Return the lines of a step that make nothing fail."""
    return tuple(line for line in action.lines if not _is_fault(line))


def _is_fault(line: str) -> bool:
    try:
        words = shlex.split(line)
    except ValueError:
        return False
    return words[:1] == ["fedlab"] and words[1:2] != [] and words[1] in _FAULT_VERBS
