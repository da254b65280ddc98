"""Names in expressions that nothing in the scenario has: most likely slips of the pen.

An object that is not there is 0 or absent to an expression, and a check on it may pass for ever
without having looked at anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.core.errors import InputError, Location, did_you_mean, quoted
from lab.core.manifest import name_of, namespace_of
from lab.scenario.calls import objects_named
from lab.scenario.expression import Expression
from lab.scenario.model import ApplyAction, RunAction, Scenario
from lab.scenario.reference import parse_reference

_GROUPS = ("apps", "batch", "")
_BY_OTHERS = frozenset({"Pod", "Node", "Event", "Namespace", "Endpoints", "ReplicaSet"})
"""Kinds of these groups whose objects come about without anybody applying them."""


def unknown_names(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    """Yield the place and a sentence for each object that only an expression knows."""
    known = _known(scenario)
    words = set(re.findall(r"[\w.-]+", "\n".join(_lines(scenario))))
    for expression in _expressions(scenario):
        for call, text in objects_named(expression):
            try:
                asked = parse_reference(text, scenario.kinds)
            except InputError:
                continue  # told when it is loaded
            kind = asked.kind
            if kind.group not in _GROUPS or kind.kind in _BY_OTHERS:
                continue
            if asked.name in words or (kind.kind, asked.namespace, asked.name) in known:
                continue
            names = [name for each, _, name in known if each == kind.kind]
            hint = did_you_mean(asked.name, names)
            yield (
                expression.location,
                f"{call}({quoted(text)}): nothing in the scenario makes such an object{hint}",
            )


def _known(scenario: Scenario) -> set[tuple[str, str, str]]:
    manifests = [source.manifest for source in scenario.sources]
    manifests += [each for spec in scenario.fleet.clusters for each in spec.manifests]
    for step in scenario.steps:
        if isinstance(step.action, ApplyAction):
            manifests += [source.manifest for source in step.action.manifests]
    found = set()
    for each in manifests:
        known = scenario.kinds.get(str(each.get("apiVersion")), str(each.get("kind")))
        namespaced = known is None or known.namespaced
        namespace = (namespace_of(each) or "default") if namespaced else ""
        found.add((str(each.get("kind")), namespace, name_of(each)))
    return found


def _lines(scenario: Scenario) -> Iterator[str]:
    for step in scenario.steps:
        if isinstance(step.action, RunAction):
            yield from step.action.lines


def _expressions(scenario: Scenario) -> Iterator[Expression]:
    for step in scenario.steps:
        if step.wait_until is not None:
            yield step.wait_until
    for expectation in scenario.expectations:
        if expectation.cel is not None:
            yield expectation.cel
