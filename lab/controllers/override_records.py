"""What is told about overrides: Kubernetes Events on the template, and the rendering explained."""

from __future__ import annotations

from collections.abc import Iterator

from lab.controllers.lineage import CLUSTER_OVERRIDE_POLICY, key_in_hub
from lab.core.manifest import Manifest, name_of
from lab.core.model import Decision, Key, Note
from lab.core.overrides import OverrideError
from lab.core.work import RenderedWork, RenderedWorks


def override_notes(template: Manifest, rendered: RenderedWorks) -> Iterator[Note]:
    """Yield an event per cluster and policy: applied, or failed."""
    key = key_in_hub(template)
    for each in rendered.works:
        for applied in each.overridden.applied:
            yield _applied(key, applied.kind, str(applied), each.cluster)
    for cluster, error in rendered.errors.items():
        if not isinstance(error, OverrideError):
            continue
        for applied in error.applied:
            yield _applied(key, applied.kind, str(applied), cluster)
        place = f"{error.namespace}/{error.name}" if error.namespace else error.name
        text = f"Apply {_word(error.kind)}({place}) for cluster({cluster}) failed."
        yield Note(key, "Warning", "ApplyOverridePolicyFailed", text)


def _applied(key: Key, kind: str, place: str, cluster: str) -> Note:
    text = f"Apply {_word(kind)}({place}) for cluster({cluster}) succeed."
    return Note(key, "Normal", "ApplyOverridePolicySucceed", text)


def _word(kind: str) -> str:
    cluster_wide = kind == CLUSTER_OVERRIDE_POLICY[1]
    return "cluster override policy" if cluster_wide else "override policy"


def override_decision(key: Key, rendered: RenderedWork) -> Iterator[Decision]:
    """Yield how a Work's manifest came out of the overrides, if any applied."""
    overridden = rendered.overridden
    if not overridden.applied:
        return
    steps = [step.to_dict() for step in overridden.steps]
    effective = sum(step["changed"] for step in steps)
    policies = list(dict.fromkeys(str(applied) for applied in overridden.applied))
    summary = (
        f"{name_of(rendered.work)} in {rendered.cluster}: {effective} of {len(steps)} override "
        f"steps changed something ({', '.join(policies)})"
    )
    explanation = {"cluster": rendered.cluster, "policies": policies, "steps": steps}
    yield Decision(key, "override", summary, explanation)
