"""From words to a verb's arguments, as pflag reads them: one rule for shells and for steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.commands.verb import Args, Argument, Flag, Verb, usage
from lab.core.errors import InputError, did_you_mean

_TRUE = {"1", "t", "true", "True", "TRUE", "T"}
_FALSE = {"0", "f", "false", "False", "FALSE", "F"}


def parse_args(verb: Verb, words: Sequence[str], program: str = "fedlab") -> Args:
    """Return the checked arguments of one call; flags and words may stand in any order.

    Raises:
        InputError: An unknown flag (with the nearest word), a flag without its value, a value of
            the wrong type, too many or too few words.

    Example:
        `["deployment/web", "--replicas=12", "-n", "prod"]` and `["-nprod", "--replicas", "12",
        "deployment/web"]` mean the same.
    """
    reader = _Reader(verb, program)
    positional = reader.read(list(words))
    values = {**reader.values, **_positional(verb, positional, program)}
    return Args(values, frozenset(reader.given))


class _Reader:
    """One pass over the words, collecting flag values."""

    def __init__(self, verb: Verb, program: str) -> None:
        self.flags = verb.flags_for(program)
        self.long = {name: flag for flag in self.flags for name in (flag.name, *flag.also)}
        self.short = {flag.short: flag for flag in self.flags if flag.short}
        self.values: dict[str, Any] = {flag.name: flag.default for flag in self.flags}
        self.given: set[str] = set()
        self.verb, self.program = verb, program

    def read(self, words: list[str]) -> list[str]:
        """Take the flags out of `words` and return what is left."""
        positional: list[str] = []
        while words:
            word = words.pop(0)
            if word == "--":
                return positional + words
            if word.startswith("--"):
                self._long(word, words)
            elif word.startswith("-") and len(word) > 1:
                self._short(word, words)
            else:
                positional.append(word)
        return positional

    def _long(self, word: str, rest: list[str]) -> None:
        name, equals, value = word[2:].partition("=")
        flag = self.long.get(name)
        if flag is None:
            near = did_you_mean(f"--{name}", [f"--{known}" for known in self.long])
            raise InputError(f"unknown flag: --{name}{near} (usage: {self._usage()})")
        self._take(flag, f"--{name}", value if equals else None, rest)

    def _short(self, word: str, rest: list[str]) -> None:
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self.short.get(letter)
            if flag is None:
                raise InputError(
                    f"unknown shorthand flag: {letter!r} in {word} (usage: {self._usage()})"
                )
            if flag.type in {"bool", "optional"} and not letters.startswith("="):
                self._take(flag, f"-{letter}", None, rest)
                continue
            value = letters.removeprefix("=") if letters else None
            self._take(flag, f"-{letter}", value, rest)
            return

    def _take(self, flag: Flag, written: str, value: str | None, rest: list[str]) -> None:
        if value is None:
            if flag.type == "bool":
                value = "true"
            elif flag.type == "optional":
                value = flag.alone
            elif rest:
                value = rest.pop(0)
            else:
                raise InputError(f"flag needs an argument: {written} (usage: {self._usage()})")
        self.values[flag.name] = _value(flag, written, value, self.values.get(flag.name))
        self.given.add(flag.name)

    def _usage(self) -> str:
        return usage(self.program, self.verb)


def _value(flag: Flag, written: str, text: str, before: Any) -> Any:
    if flag.type == "bool":
        if text not in _TRUE | _FALSE:
            raise InputError(f'invalid argument "{text}" for {written}: needs true or false')
        return text in _TRUE
    if flag.type == "int":
        try:
            return int(text)
        except ValueError:
            raise InputError(f'invalid argument "{text}" for {written}: needs a number') from None
    if flag.type == "time":
        return _seconds(written, text)
    if flag.type == "repeat":
        return (*(before or ()), text)
    if flag.type == "list":
        items = tuple(item.strip() for item in text.split(",") if item.strip())
        for item in items:
            _check_choice(flag, written, item)
        return (*(before or ()), *items)
    _check_choice(flag, written, text)
    return text


def _seconds(written: str, text: str) -> float:
    from lab.core.duration import parse_duration_s

    try:
        return parse_duration_s(text)
    except ValueError as error:
        raise InputError(f"invalid argument for {written}: {error}") from None


def _check_choice(flag: Flag, written: str, text: str) -> None:
    # `-o jsonpath={…}`: a choice may take a parameter after "=".
    if flag.choices and text.partition("=")[0] not in flag.choices:
        near = did_you_mean(text, flag.choices)
        raise InputError(
            f'invalid argument "{text}" for {written}{near} (one of {", ".join(flag.choices)})'
        )


def _first_missing(verb: Verb, given: int) -> str:
    """Return the name of the first argument that so many words do not reach."""
    needed = 0
    for argument in verb.arguments:
        needed += _least(argument)
        if needed > given:
            return argument.name
    return verb.arguments[-1].name


def _positional(verb: Verb, words: list[str], program: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    left = list(words)
    for index, argument in enumerate(verb.arguments):
        later = sum(_least(other) for other in verb.arguments[index + 1 :])
        available = len(left) - later
        if available < _least(argument):
            name = _first_missing(verb, len(words))
            raise InputError(f"{name} is missing (usage: {usage(program, verb)})")
        if argument.count in {"1", "?"}:
            values[argument.name] = left.pop(0) if available > 0 else None
        else:
            values[argument.name] = tuple(left[:available])
            left = left[available:]
    if left:
        raise InputError(f'unexpected word "{left[0]}" (usage: {usage(program, verb)})')
    return values


def _least(argument: Argument) -> int:
    return 1 if argument.count in {"1", "+"} else 0
