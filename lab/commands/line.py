"""A command line as a step or a console has it: `kubectl scale deployment/web --replicas=12`.

It is split into words as a shell would and given to a verb of this package: no shell ever sees it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from lab.commands.not_built import not_built
from lab.commands.parse import parse_args
from lab.commands.registry import NOT_YET, load_verb, names
from lab.commands.verb import ALL_PROGRAMS, Args, Verb
from lab.core.errors import InputError, did_you_mean

_SHELL = re.compile(r"\|\||\||&&|&|>>|>|<<|<|;|\$\(|`|\$\{?\w")
_ONLY_QUOTED = "it is only text inside quotes"


@dataclass(frozen=True, slots=True)
class Command:
    """A line understood: which program's habits, which verb, with which arguments."""

    program: str
    verb: Verb
    args: Args
    line: str


def parse_line(line: str) -> Command:
    """Return the verb and arguments of a line.

    The first word may be kubectl, karmadactl or fedlab; without one of these the line is fedlab's.

    Raises:
        InputError: Shell syntax, an unknown program, verb or flag, a missing or surplus word.

    Example:
        >>> parse_line("karmadactl cordon member2").verb.name
        'cordon'
    """
    words = split_words(line)
    if not words:
        raise InputError("the command line is empty")
    program = "fedlab"
    if words[0] in ALL_PROGRAMS:
        program, words = words[0], words[1:]
        if not words:
            raise InputError(f"{program}: which command? ({', '.join(_verbs_of(program))})")
    elif words[0] == "k":
        program, words = "kubectl", words[1:]
    name, rest = verb_name(words, program)
    verb = load_verb(name)
    return Command(program, verb, parse_args(verb, rest, program), line)


def verb_name(words: Sequence[str], program: str) -> tuple[str, list[str]]:
    """Return the verb's name (one or two words) and the words after it.

    Flags before the verb (`kubectl -n prod get pods`) are moved behind it, as pflag allows.

    Raises:
        InputError: No verb of `program` has that name.
    """
    known = _verbs_of(program)
    index = _first_word(words, known)
    two = " ".join(words[index : index + 2])
    if two in known:
        return two, [*words[:index], *words[index + 2 :]]
    first, second = (*words[index : index + 2], "", "")[:2]
    if first in known:
        return first, [*words[:index], *words[index + 1 :]]
    missing = not_built(program, first, second)
    if missing:
        raise InputError(missing if ": " in missing else f"{missing} ({', '.join(known)})")
    if first in NOT_YET and program == "fedlab":
        raise InputError(NOT_YET[first])
    heads = [*known, *{name.split()[0]: None for name in known if " " in name}]
    if first in heads:
        seconds = [name.split()[1] for name in known if name.startswith(f"{first} ")]
        raise InputError(f"{program} {first}: which one? ({', '.join(seconds)})")
    # A line without a program is fedlab's: its first word may be a misspelt program as well.
    candidates = [*heads, *ALL_PROGRAMS] if program == "fedlab" else heads
    others = ", ".join(known)
    if program == "fedlab":
        others = "a line begins with kubectl, karmadactl or fedlab, or with a verb of fedlab"
    near = did_you_mean(first, candidates) or f" ({others})"
    raise InputError(f'unknown command "{first}" for "{program}"{near}')


def _first_word(words: Sequence[str], known: Sequence[str]) -> int:
    """Return where the verb stands: the first word that is neither a flag nor a flag's value."""
    heads = {name.split()[0] for name in known}
    index = 0
    while index < len(words) and words[index].startswith("-"):
        alone = "=" in words[index] or index + 1 == len(words) or words[index + 1] in heads
        index += 1 if alone else 2
    return index if index < len(words) else 0


def split_words(line: str) -> list[str]:
    """Return the words of a line, quotes resolved, shell syntax refused.

    Raises:
        InputError: A quote is not closed, or the line uses what only a shell can do.
    """
    _refuse_shell(line)
    try:
        return shlex.split(line, comments=False, posix=True)
    except ValueError as error:
        raise InputError(f"cannot split the command line: {str(error).lower()}: {line}") from None


def _refuse_shell(line: str) -> None:
    bare = re.sub(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", lambda m: "_" * len(m[0]), line)
    if "\n" in line.strip() or "\r" in line.strip():
        raise InputError("a command line is one line: write one step per command")
    match = _SHELL.search(bare)
    if match is not None:
        raise InputError(
            f"{match[0]!r} is shell syntax, and no shell reads this line: "
            f"one verb per line, {_ONLY_QUOTED} ({line.strip()})"
        )


def _verbs_of(program: str) -> list[str]:
    return [name for name in names() if program in load_verb(name).programs]
