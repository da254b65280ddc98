"""cordon: keep new workloads off a cluster (karmadactl) or a node (kubectl)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Result, Verb

if TYPE_CHECKING:
    from lab.commands.change import Answer, Subject
    from lab.commands.context import Writer

UNSCHEDULABLE = {"key": "cluster.karmada.io/unschedulable", "effect": "NoSchedule"}


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    return mark(context, args, cordon=True)


def mark(context: Context, args: Args, *, cordon: bool) -> Result:
    """Cordon or uncordon the named clusters or nodes."""
    from lab.commands.change import Answer, subjects
    from lab.core.errors import ApiError

    _, writer = context.writing()
    answer = Answer.begin(args)
    what = "node" if context.program == "kubectl" else "cluster"
    cluster = None if what == "node" else ""
    for subject in subjects(context, args, [what, *args.words("names")], answer, cluster=cluster):
        try:
            if what == "node":
                _node(args, writer, subject, answer, cordon=cordon)
            else:
                _cluster(args, writer, subject, answer, cordon=cordon)
        except ApiError as error:
            answer.fail(error)
    return answer.result()


def _cluster(args: Args, writer: Writer, subject: Subject, answer: Answer, *, cordon: bool) -> None:
    from lab.commands.change import carry_out
    from lab.core.manifest import spec_of
    from lab.core.model import Patch

    word = "cordon" if cordon else "uncordon"
    taints = list(spec_of(subject.object).get("taints") or ())
    there = [each for each in taints if _is_cordon(each)]
    if bool(there) is cordon:
        answer.add(f"{subject.key.name} cluster already {word}ed", subject.word, subject.object)
        return
    wanted = [*taints, UNSCHEDULABLE] if cordon else [t for t in taints if not _is_cordon(t)]
    after = carry_out(args, writer, Patch(subject.key, {"spec": {"taints": wanted}}))
    answer.add(f"{subject.key.name} cluster {word}ed", subject.word, after)


def _is_cordon(taint: object) -> bool:
    return isinstance(taint, dict) and all(taint.get(k) == v for k, v in UNSCHEDULABLE.items())


def _node(args: Args, writer: Writer, subject: Subject, answer: Answer, *, cordon: bool) -> None:
    from lab.commands.change import carry_out
    from lab.core.manifest import spec_of
    from lab.core.model import Patch

    word = "cordoned" if cordon else "uncordoned"
    if bool(spec_of(subject.object).get("unschedulable")) is cordon:
        answer.add(f"{subject.word} already {word}", subject.word)
        return
    body = {"spec": {"unschedulable": True if cordon else None}}
    after = carry_out(args, writer, Patch(subject.key, body))
    answer.add(f"{subject.word} {word}", subject.word, after)


FLAGS = (flags.SELECTOR, flags.OUTPUT_CHANGED, *flags.CHANGING)
VERB = Verb(
    "cordon",
    "keep new workloads off a cluster",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("names", "the clusters (kubectl: nodes)", "+"),),
    FLAGS,
    needs="write",
    examples=("cordon member2",),
    programs=ALL_PROGRAMS,
)
