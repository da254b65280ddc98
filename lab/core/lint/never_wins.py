"""`never-wins`: other policies take all its templates."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.claiming import explicit_priority, resource_selectors, selectors_priority
from lab.core.lint.finding import Finding
from lab.core.lint.material import Item, Material, names


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.policies:
        templates = material.templates_of(policy)
        winners = [material.winner(template) for template in templates]
        if not templates or any(winner is policy for winner in winners):
            continue
        winner = winners[0]
        assert winner is not None
        yield policy.finding(
            "never-wins",
            "warning",
            ("metadata", "name"),
            f"{policy} selects {names(str(each) for each in templates)}, but {winner} wins",
            _reason(policy, winner, templates[0]),
            "a higher priority than the other's"
            if winner.kind == policy.kind
            else "resourceSelectors that do not overlap with the PropagationPolicy's",
        )


def _reason(policy: Item, winner: Item, template: Item) -> str:
    if winner.kind != policy.kind:
        return "a PropagationPolicy wins over any ClusterPropagationPolicy, whatever the priorities"
    mine, other = explicit_priority(policy.manifest), explicit_priority(winner.manifest)
    if mine != other:
        return f"its priority is {mine}, the other's is {other}"
    closeness = [
        selectors_priority(template.manifest, resource_selectors(each.manifest))
        for each in (policy, winner)
    ]
    if closeness[0] != closeness[1]:
        return (
            "priorities are equal, and the other names the template more closely (a name beats a "
            "label selector, which beats a bare kind)"
        )
    return "priorities and selectors are equal, and the smaller name wins"
