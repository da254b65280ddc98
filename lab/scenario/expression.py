"""CEL expressions: compiled when a scenario is loaded, evaluated over a world.

A sandbox by construction: CEL has no loops, no assignment and no I/O; length, nesting and macros
are bounded, so an evaluation ends. The library is imported when the first expression is met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.core.errors import InputError, Location, did_you_mean, quoted

MAX_LENGTH = 2000
MAX_DEPTH = 30
MAX_MACROS = 3
_MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)\s*,")
_STANDARD = (
    "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string",
    "bytes", "bool", "timestamp", "duration", "type", "max", "min", "has", "optional", "dyn",
)  # fmt: skip
_INTERRUPTED = "Python function call failed: KeyboardInterrupt"
_SYNTAX = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?(.*)")


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    text: str
    location: Location
    program: Any = field(compare=False, repr=False)

    def evaluate(self, functions: Mapping[str, Callable[..., Any]]) -> Any:
        """Return the value over the given functions.

        Raises:
            InputError: The expression fails: a function refused, types do not fit, divided by 0.
        """
        import cel

        failures: list[BaseException] = []
        guarded = {name: _guard(call, failures) for name, call in functions.items()}
        context = cel.Context(functions=guarded)
        try:
            value = self.program.execute(context)
        except KeyError as error:
            problem = f"no key {error.args[0]!r}" if error.args else "no such key"
        except (ValueError, RuntimeError, TypeError, ArithmeticError, LookupError) as error:
            if _INTERRUPTED in str(error):  # Ctrl-C came while the library was calling back
                raise KeyboardInterrupt from None
            problem = str(error).partition(". ")[0]
        else:
            if not failures:
                return value
        if failures and not isinstance(failures[0], InputError):
            raise failures[0]  # Ctrl-C, or a mistake in the lab: not in the expression
        if failures:
            problem = str(failures[0])
        raise InputError(f"cel: {problem}", self.location)


def _guard(call: Callable[..., Any], failures: list[BaseException]) -> Callable[..., Any]:
    # An exception that leaves a function would be logged by the library and lose its type.
    def guarded(*arguments: Any) -> Any:
        try:
            return call(*arguments)
        except (Exception, KeyboardInterrupt) as error:
            failures.append(error)
            return None

    return guarded


def compile_expression(text: str, location: Location, functions: Sequence[str]) -> Expression:
    """Return a compiled expression that may use the named functions.

    Raises:
        InputError: Too long or too deep, cannot be read, or uses an unknown name.
    """
    if not text.strip():
        raise InputError("the CEL expression is empty", location)
    if len(text) > MAX_LENGTH:
        raise InputError(f"the CEL expression is longer than {MAX_LENGTH} characters", location)
    if _depth(text) > MAX_DEPTH:
        raise InputError(f"the CEL expression is nested deeper than {MAX_DEPTH} levels", location)
    bound = _MACRO.findall(text)
    if len(bound) > MAX_MACROS:
        raise InputError(f"the CEL expression has more than {MAX_MACROS} macros", location)
    import cel

    try:
        program = cel.compile(text)
    except ValueError as error:
        raise InputError(_syntax_message(str(error)), location) from None
    for name in program.functions():
        plain = name[0] not in "_@!-" and name not in _STANDARD
        if plain and name not in functions:
            hint = did_you_mean(name, functions)
            known = ", ".join(f"{each}()" for each in functions)
            text_ = f"cel: unknown function {name}(){hint} (there are {known})"
            raise InputError(text_, location)
    for name in program.variables():
        if name not in bound and name not in _STANDARD:
            hint = did_you_mean(name, functions)
            more = hint or " — a text stands in quotes"
            raise InputError(f"cel: unknown name {quoted(name)}{more}", location)
    return Expression(text, location, program)


def _depth(text: str) -> int:
    deepest = depth = 0
    for char in text:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth -= 1
    return deepest


def _syntax_message(error: str) -> str:
    match = _SYNTAX.search(error)
    if match is None:
        return f"cel: cannot be read: {' '.join(error.split())[:200]}"
    line, column, problem = match.groups()
    problem = problem.partition(" expecting {")[0].partition("\n")[0]
    where = f"character {column}" if line == "1" else f"line {line}, character {column}"
    return f"cel: {problem} (at {where} of the expression)"
