"""What a scenario asks for and this version does not play: a note each, with its place.

Such a scenario is no error: it plays, but something in it will have no effect. `load_scenario` logs
the notes as warnings (Python shows those on standard error unless told otherwise), so that every
front tells them; `Scenario.notes` has them as data.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.errors import Location
from lab.core.faults import select
from lab.core.faults.selection import TargetError
from lab.core.lint import unknown_cluster
from lab.core.lint.material import Material
from lab.core.manifest import name_of
from lab.core.not_played import manifest_without_effect, settings_without_effect
from lab.scenario.model import ApplyAction, FaultAction, RunAction, Scenario, StepAction
from lab.scenario.names import unknown_names
from lab.scenario.yaml_tree import Document

_FEW = 8
"""So many clusters are named in a note."""


def remarks(scenario: Scenario, document: Document) -> tuple[str, ...]:
    """Return the notes on a scenario, in the order of settings, manifests and steps."""
    found = {text: place for place, text in reversed(list(_found(scenario, document)))}
    return tuple(f"{place}: {text}" for text, place in reversed(found.items()))


def _found(scenario: Scenario, document: Document) -> Iterator[tuple[Location, str]]:
    for path, text in settings_without_effect(scenario.karmada):
        yield document.locate(("spec", "settings", "karmada", *path), key=True), text
    yield from _unknown_clusters(scenario)
    yield from unknown_names(scenario)
    for step in scenario.steps:
        if isinstance(step.action, FaultAction) and step.action.fault.parameters.get("between"):
            text = "nothing plays traffic between members yet: the cut has no effect"
            yield step.location, text
    yield from _not_joined(scenario)
    for source in scenario.sources:
        text = manifest_without_effect(source.manifest, scenario.karmada)
        if text:
            yield source.location(), text


def _not_joined(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    """Yield the faults on clusters that nobody has joined yet: the hub does not feel them."""
    outside = {each.name for each in scenario.fleet.clusters if not each.joined}
    outside -= _joined_by(ApplyAction(scenario.manifests))
    for step in scenario.steps:
        outside -= _joined_by(step.action)
        if not isinstance(step.action, FaultAction) or step.action.fault.parameters.get("between"):
            continue
        try:
            struck = select(step.action.fault, scenario.fleet, scenario.seed).clusters
        except TargetError:
            continue  # this seed draws clusters without the nodes; the step itself will tell
        names = [name for name in struck if name in outside]
        if names:
            few = ", ".join(names[:_FEW]) + (", …" if len(names) > _FEW else "")
            word, until = ("is", "it is") if len(names) == 1 else ("are", "they are")
            text = f"{few} {word} not joined: until {until}, the hub does not feel this fault"
            yield step.location, text


def _joined_by(action: StepAction) -> set[str]:
    """Return the clusters that a step joins, by its line or by their Cluster object."""
    if isinstance(action, ApplyAction):
        manifests = (each.manifest for each in action.manifests)
        return {name_of(each) for each in manifests if each.get("kind") == "Cluster"}
    if isinstance(action, RunAction):
        lines = [line.split() for line in action.lines]
        return {word for words in lines if "join" in words for word in words}
    return set()


def _unknown_clusters(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    """Yield the clusters that policies name and the fleet does not have: most likely slips."""
    sources = scenario.sources
    material = Material(
        [each.manifest for each in sources], scenario.fleet.clusters, scenario.karmada
    )
    for finding in unknown_cluster.check(material):
        yield sources[finding.index].location(finding.path), finding.message
