"""taint: set or remove taints of clusters (karmadactl) or nodes (kubectl)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.label import OVERWRITE
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Result, Verb

if TYPE_CHECKING:
    from lab.commands.change import Subject

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class TaintChange:
    """One word of the line: `key=value:Effect`, `key:Effect`, with `-` at the end to remove."""

    key: str
    value: str
    effect: str
    remove: bool


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.change import Answer, carry_out, subjects
    from lab.core.errors import ApiError, InputError
    from lab.core.model import Patch

    objects, changes = _split(args.words("words"))
    if context.program == "kubectl" and objects[0].lower() not in {"no", "node", "nodes"}:
        raise InputError(f'invalid resource type {objects[0]}, only ["node" "nodes"] are supported')
    if context.program == "karmadactl" and objects[0].lower() not in {"cluster", "clusters"}:
        raise InputError(
            f'invalid resource type {objects[0]}, only ["cluster" "clusters"] are supported'
        )
    _, writer = context.writing()
    answer = Answer.begin(args)
    for subject in subjects(context, args, objects, answer):
        try:
            taints, said = _retainted(subject, changes, overwrite=args.on("overwrite"))
            after = carry_out(args, writer, Patch(subject.key, {"spec": {"taints": taints}}))
        except ApiError as error:
            answer.fail(error)
        except InputError as error:
            answer.fail(f"error: {error}")
        else:
            answer.add(
                f"{subject.word.replace('.cluster.karmada.io', '')} {said}", subject.word, after
            )
    return answer.result()


def _split(words: Sequence[str]) -> tuple[list[str], list[TaintChange]]:
    from lab.core.errors import InputError

    objects: list[str] = []
    changes: list[TaintChange] = []
    for word in words:
        if "=" in word or ":" in word or word.endswith("-"):
            changes.append(_parse(word))
        elif changes:
            raise InputError(f"all resources must be specified before taint changes: {word}")
        else:
            objects.append(word)
    if not objects:
        raise InputError("one or more resources must be specified as <resource> <name>")
    if not changes:
        raise InputError("at least one taint update is required (key=value:Effect, or key- )")
    both = [
        f'{{"{gone.key}":"{gone.effect}"}}'
        for gone in changes
        for new in changes
        if gone.remove
        and not new.remove
        and gone.key == new.key
        and gone.effect in {"", new.effect}
    ]
    if both:
        raise InputError(
            "can not both modify and remove the following taint(s) in the same command: "
            + ", ".join(both)
        )
    return objects, changes


def _parse(word: str) -> TaintChange:
    from lab.core.errors import InputError, did_you_mean
    from lab.core.selectors import label_key_error, label_value_error

    remove = word.endswith("-")
    match = re.fullmatch(r"([^=:]+)(?:=([^:]*))?(?::(.*))?", word.removesuffix("-"))
    if match is None:
        raise InputError(f"invalid taint spec: {word} (write key=value:Effect)")
    key, value, effect = match[1], match[2] or "", match[3] or ""
    problem = label_key_error(key) or label_value_error(value)
    if problem:
        raise InputError(f"invalid taint spec: {word}: {problem}")
    if effect not in _EFFECTS and not (remove and not effect):
        near = did_you_mean(effect, _EFFECTS)
        raise InputError(
            f"invalid taint effect: {effect}, unsupported taint effect{near} "
            f"({', '.join(_EFFECTS)})"
        )
    return TaintChange(key, value, effect, remove)


def _retainted(
    subject: Subject, changes: Sequence[TaintChange], *, overwrite: bool
) -> tuple[list[Mapping[str, Any]], str]:
    from lab.core.errors import InputError
    from lab.core.manifest import spec_of

    old = list(spec_of(subject.object).get("taints") or ())
    new = [change for change in changes if not change.remove]
    places = {(change.key, change.effect) for change in new}
    clashing = [each for each in old if (each.get("key"), each.get("effect")) in places]
    if clashing and not overwrite:
        keys = ", ".join(sorted({str(each.get("key")) for each in clashing}))
        raise InputError(
            f"{subject.kind.singular} {subject.key.name} already has {keys} taint(s) with same "
            "effect(s) and --overwrite is false"
        )
    kept = [each for each in old if each not in clashing]
    gone: list[Mapping[str, Any]] = []
    for change in (each for each in changes if each.remove):
        matching = [
            each
            for each in kept
            if each.get("key") == change.key and change.effect in {"", each.get("effect")}
        ]
        if not matching:
            shown = f"{change.key}:{change.effect}" if change.effect else change.key
            raise InputError(f'taint "{shown}" not found')
        gone += matching
        kept = [each for each in kept if each not in matching]
    added: list[Mapping[str, Any]] = [
        {"key": each.key, **({"value": each.value} if each.value else {}), "effect": each.effect}
        for each in new
    ]
    said = "modified" if (added and gone) or overwrite else "tainted" if added else "untainted"
    return [*added, *kept], said


VERB = Verb(
    "taint",
    "set or remove taints of clusters or nodes",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("words", "clusters NAME… key=value:Effect… (key:Effect- removes)", "+"),),
    (OVERWRITE, flags.SELECTOR, flags.ALL, flags.OUTPUT_CHANGED, *flags.CHANGING),
    needs="write",
    examples=("taint clusters member1 maintenance=yes:NoExecute",),
    programs=ALL_PROGRAMS,
)
