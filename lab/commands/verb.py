"""What a verb is: its words, arguments and flags as data, and the function that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from lab.commands.context import Context

FlagType = Literal["text", "bool", "list", "repeat", "int", "time", "optional"]
"""list: commas and repetition; time: a duration; optional: may stand without a value."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One option, as pflag has them: `--name value`, `--name=value`, `-s value`, `-svalue`.

    Attributes:
        name: Long name without dashes; also the key in `Args`.
        help: One line.
        short: Single letter, or empty.
        type: How the value is read.
        default: Value when the flag is not given.
        choices: The words allowed, if not any.
        metavar: How help names the value.
        alone: Value of an "optional" flag that is given without one.
        also: Further long names.
        programs: The programs whose lines know the flag; empty: all.
    """

    name: str
    help: str
    short: str = ""
    type: FlagType = "text"
    default: Any = None
    choices: tuple[str, ...] = ()
    metavar: str = ""
    alone: str = ""
    also: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Argument:
    """One positional argument; `count` is how many words it takes ("1", "?", "*", "+")."""

    name: str
    help: str
    count: Literal["1", "?", "*", "+"] = "1"


@dataclass(frozen=True, slots=True)
class Args:
    """The words of one call, checked against the verb: every flag and argument has a value."""

    values: Mapping[str, Any]
    given: frozenset[str] = frozenset()
    """Names of the flags that were really written."""

    def text(self, name: str) -> str:
        """Return a text value, empty if not given."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def on(self, name: str) -> bool:
        """Return a yes/no value."""
        return bool(self.values.get(name))

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list value."""
        return tuple(self.values.get(name) or ())

    def number(self, name: str) -> int | None:
        """Return a whole number, or None."""
        value = self.values.get(name)
        return None if value is None else int(value)

    def seconds(self, name: str) -> float | None:
        """Return a duration in seconds, or None."""
        value = self.values.get(name)
        return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class Result:
    """What a verb answers.

    Attributes:
        text: For standard output, without the last newline.
        notes: For standard error: warnings, hints, errors of single objects.
        data: The same answer as JSON-ready data, where there is one.
        exit_code: 0 ok, 1 a check or an object failed, 2 invalid input, 3 unreachable, 4 timed out.
    """

    text: str = ""
    notes: tuple[str, ...] = ()
    data: Any = None
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb.

    Attributes:
        name: The word, or two words (`scenario new`).
        summary: One line for the list of verbs.
        group: Heading it stands under.
        arguments: Positional words, in order.
        flags: Options.
        needs: nothing; "read": objects of a run or a session; "maybe": the same if there is one;
            "write": a live session.
        run: Carries it out.
        examples: Lines that show it, without the program's name.
        programs: Which programs' lines know it.
    """

    name: str
    summary: str
    group: str
    run: Callable[[Context, Args], Result]
    arguments: tuple[Argument, ...] = ()
    flags: tuple[Flag, ...] = ()
    needs: Literal["nothing", "maybe", "read", "write"] = "nothing"
    examples: tuple[str, ...] = ()
    programs: tuple[str, ...] = ("fedlab",)

    def flags_for(self, program: str) -> Sequence[Flag]:
        """Return the flags that lines of `program` may use."""
        return [flag for flag in self.flags if not flag.programs or program in flag.programs]


ALL_PROGRAMS = ("fedlab", "kubectl", "karmadactl")


def usage(program: str, verb: Verb) -> str:
    """Return how a verb is written: `kubectl scale NAME… [flags]`."""
    marks = {"1": "{}", "?": "[{}]", "*": "[{}…]", "+": "{}…"}
    words = [marks[argument.count].format(argument.name.upper()) for argument in verb.arguments]
    flags = ["[flags]"] if verb.flags_for(program) else []
    return " ".join([program, verb.name, *words, *flags])
