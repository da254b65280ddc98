"""`override-fails`, `override-no-effect`: each entry is tried on each template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.affinity import cluster_affinity
from lab.core.errors import LabError, quoted
from lab.core.lint.finding import Finding
from lab.core.lint.material import Item, LintCluster, Material, names
from lab.core.lint.rule_places import rule_path
from lab.core.manifest import Manifest, spec_of
from lab.core.overrides import OverrideError, OverridePolicies, apply_overrides
from lab.core.overrides.matching import override_rules
from lab.core.overrides.plaintext import override_plaintext

_IMAGE_KINDS = ("Pod", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet", "Job")
_ENTRY_OVERRIDERS = (
    "imageOverrider", "commandOverrider", "argsOverrider", "labelsOverrider",
    "annotationsOverrider", "fieldOverrider",
)  # fmt: skip


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.overrides:
        if policy.refusal:
            continue
        entries: dict[tuple[int, str, int], _Entry] = {}
        for template in material.templates_of(policy):
            for cluster in _clusters_for(material, policy):
                _try(material, policy, template, cluster, entries)
        for (rule, overrider, index), entry in sorted(entries.items()):
            path = (*rule_path(policy, rule), overrider, index)
            given = _given(policy, rule, overrider, index)
            if entry.error:
                yield policy.finding(
                    "override-fails",
                    "error",
                    path,
                    f"{overrider} cannot be applied to {entry.template}: {entry.error}",
                    f"a failing override stops the Work of its cluster ({entry.cluster}): the "
                    "member keeps its old object or gets none, and FullyApplied is False",
                    _fix(overrider, given),
                )
            elif entry.tried and not entry.changed:
                yield policy.finding(
                    "override-no-effect",
                    "warning",
                    path,
                    f"{overrider} {given.get('operator')} does nothing to {entry.template}",
                    _idle(overrider, given),
                    _remedy(overrider, given),
                )


@dataclass(slots=True)
class _Entry:
    """What became of one overrider entry over all templates and clusters it met."""

    tried: int = 0
    changed: int = 0
    template: str = ""
    error: str = ""
    cluster: str = ""


def _clusters_for(material: Material, policy: Item) -> Sequence[LintCluster]:
    """Return the clusters to try: the fleet, else those the rules name, else any one."""
    if material.clusters is not None:
        return material.clusters
    named = [
        str(name)
        for rule in override_rules(policy.manifest)
        for name in (rule.get("targetCluster") or {}).get("clusterNames") or ()
    ]
    return [LintCluster(name) for name in dict.fromkeys(named)] or [LintCluster("any cluster")]


def _try(
    material: Material,
    policy: Item,
    template: Item,
    cluster: LintCluster,
    entries: dict[tuple[int, str, int], _Entry],
) -> None:
    """Apply all policies that come before, and this one; note what each entry did."""
    every = OverridePolicies.of(each.manifest for each in material.overrides)
    try:
        steps = apply_overrides(template.manifest, cluster.manifest, every).steps
    except OverrideError as failure:
        if (failure.kind, failure.name) != (policy.kind, policy.name):
            return
        _note_failure(policy, template, cluster, entries)
        return
    except LabError:
        return
    for step in steps:
        if step.policy != policy.name:
            continue
        if step.overrider == "plaintext":
            rule = override_rules(policy.manifest)[step.rule_index]
            operations = (rule.get("overriders") or {}).get("plaintext") or ()
            changes = _plaintext_changes(step.before, operations)
        else:
            changes = {step.entry_index: step.changed}
        for index, changed in changes.items():
            entry = entries.setdefault((step.rule_index, step.overrider, index), _Entry())
            entry.tried += 1
            entry.changed += changed
            entry.template = str(template)


def _plaintext_changes(before: Manifest, entries: Sequence[Mapping[str, Any]]) -> dict[int, bool]:
    changes: dict[int, bool] = {}
    for index, entry in enumerate(entries):
        after = override_plaintext(before, [entry])
        changes[index] = after != before
        before = after
    return changes


def _note_failure(
    policy: Item, template: Item, cluster: LintCluster, entries: dict[tuple[int, str, int], _Entry]
) -> None:
    """Find the entry that fails by adding one at a time; note what those before it did."""
    before = template.manifest
    for rule_index, rule in enumerate(override_rules(policy.manifest)):
        target = rule.get("targetCluster")
        if target is not None and not cluster_affinity(target).matches(cluster):
            continue
        for name in (*_ENTRY_OVERRIDERS, "plaintext"):
            for index, _ in enumerate((rule.get("overriders") or {}).get(name) or ()):
                alone = OverridePolicies.of([_shortened(policy.manifest, rule_index, name, index)])
                entry = entries.setdefault((rule_index, name, index), _Entry())
                entry.template = str(template)
                try:
                    after = apply_overrides(template.manifest, cluster.manifest, alone).manifest
                except OverrideError as error:
                    entry.error, entry.cluster = error.cause, cluster.name
                    return
                entry.tried += 1
                entry.changed += after != before
                before = after


def _shortened(policy: Manifest, rule: int, overrider: str, index: int) -> Manifest:
    """Return the policy up to and including one entry, in the order in which entries run."""
    rules = list(override_rules(policy))[: rule + 1]
    order = (*_ENTRY_OVERRIDERS, "plaintext")
    kept = {
        name: list(entries)[: index + 1] if name == overrider else entries
        for name, entries in (rules[rule].get("overriders") or {}).items()
        if order.index(name) <= order.index(overrider)
    }
    rules[rule] = {**rules[rule], "overriders": kept}
    spec = {
        key: value
        for key, value in spec_of(policy).items()
        if key not in {"overriders", "targetCluster"}
    }
    return {**policy, "spec": {**spec, "overrideRules": rules}}


def _given(policy: Item, rule: int, overrider: str, index: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = override_rules(policy.manifest)[rule]["overriders"][overrider][index]
    return found


def _idle(overrider: str, entry: Mapping[str, Any]) -> str:
    keys = names(entry.get("value") or {}) if isinstance(entry.get("value"), dict) else ""
    if overrider in {"labelsOverrider", "annotationsOverrider"}:
        word = overrider.removesuffix("Overrider")
        if entry.get("operator") == "add":
            return f"the {word} are there already, with these values"
        return (
            f"{entry.get('operator')} acts only on {word} that are there, and looks at the key "
            f"only; {keys} is not there, and there is no error"
        )
    if overrider == "imageOverrider":
        return (
            f"without a predicate only containers of {', '.join(_IMAGE_KINDS)} are changed (never "
            "initContainers); with a digest in the image, Tag add changes nothing either"
        )
    if overrider in {"commandOverrider", "argsOverrider"}:
        return f"no container is named {quoted(entry.get('containerName'))}, or it is so already"
    return "what it writes is there already"


def _remedy(overrider: str, entry: Mapping[str, Any]) -> str:
    if (
        overrider in {"labelsOverrider", "annotationsOverrider"}
        and entry.get("operator") == "replace"
    ):
        return "operator: add (it overwrites a key that exists), or drop the entry"
    if overrider == "imageOverrider":
        return "predicate: {path: /spec/…/image}, or drop the entry"
    return "drop the entry, or name what is there"


def _fix(overrider: str, entry: Mapping[str, Any]) -> str:
    if overrider == "plaintext" and entry.get("operator") == "replace":
        return "operator: add (it creates or overwrites a map's key), or a path that exists"
    return "a path that exists in the template"
