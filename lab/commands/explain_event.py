"""Why one thing happened: the chain of causes, back to the fault or to what a person did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lab.commands.verb import Args, Result

if TYPE_CHECKING:
    from lab.commands.context import Happening, World

_LONGEST = 10_000


def explain_event(world: World, args: Args, word: str) -> Result:
    """Return the chain of causes of one record, oldest first.

    Raises:
        InputError: The run has no such record.
    """
    from lab.commands.printers import documents

    chain = chain_of(world, _number(world, word))
    data = [step_data(world, chain, index) for index in range(len(chain))]
    names = [f"event/{each.number}" for each in chain]
    text = documents.rendered(args.text("output"), data, names)
    return Result("\n".join(render(data)) if text is None else text, (), data)


def chain_of(world: World, number: int) -> list[Happening]:
    """Return a record and what led to it, the first cause first."""
    chain: list[Happening] = []
    while number > 0 and len(chain) < _LONGEST:
        record = world.record(number)
        if record is None:
            break
        if not chain or not _beside(record, chain[-1]):
            chain.append(record)
        number = min(record.cause, record.number - 1)
    return chain[::-1]


def _beside(record: Happening, later: Happening) -> bool:
    """Tell whether a decision was only taken in the same turn as another, about something else."""
    both = (record, later)
    return (
        all(each.type == "decision" for each in both)
        and (record.actor, record.time_s) == (later.actor, later.time_s)
        and record.key != later.key
    )


def step_data(world: World, chain: Sequence[Happening], index: int) -> dict[str, Any]:
    """Return one link of a chain as JSON-ready data."""
    from lab.commands.printers.records import changed_data, what

    record = chain[index]
    key = record.key
    before_s = chain[index - 1].time_s if index else record.time_s
    return {
        "number": record.number,
        "time": record.time_s,
        "after": round(record.time_s - before_s, 6),
        "type": record.type,
        "actor": record.actor,
        "object": None if key is None else dict(zip(key._fields, key, strict=True)),
        "what": what(world, record),
        "changes": changed_data(world, record),
    }


def render(data: Sequence[dict[str, Any]], width: int = 0) -> list[str]:
    """Return a chain as lines: when, how long after its cause, which record, what."""
    from lab.commands.printers.text import columns
    from lab.commands.printers.timeline import clock

    rows = [["TIME", "AFTER", "EVENT", "WHAT"]]
    rows += [
        [
            ("-" if each["time"] < 0 else "") + clock(abs(each["time"])),
            f"+{clock(each['after'])}" if each["after"] else "",
            f"#{each['number']}",
            _cut(str(each["what"]), width),
        ]
        for each in data
    ]
    return columns(rows, padding=2).split("\n")


def _cut(text: str, width: int) -> str:
    return text if not width or len(text) <= width else text[: width - 1] + "…"


def _number(world: World, word: str) -> int:
    from lab.core.errors import InputError, quoted

    try:
        number = int(word.lstrip("#"))
    except ValueError:
        raise InputError(
            f"explain event needs the number of an event, not {quoted(word)}"
        ) from None
    if number < 1 or world.record(number) is None:
        raise InputError(
            f"the run has no event {number}: fedlab run -v and fedlab events show their numbers"
        )
    return number
