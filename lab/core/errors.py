"""The errors of the house.

    LabError                    something a user can mend; always one clear message
    ├── InputError              a file, field or flag is wrong (exit code 2); may carry a Location
    ├── ApiError                an API server said no; carries the HTTP code and the reason word
    └── SchedulingError         the scheduler could not place a binding (see scheduling/errors)

A bug in the lab itself is an AssertionError or any other exception: it is never caught and shown as
if the user had made it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any


class LabError(Exception):
    """Something a user can mend. `str()` of it is the one line to show."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Location:
    """Where in a text something stands: `file:line:column`, lines and columns from 1."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return (
            f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"
        )


class InputError(LabError):
    """What a user gave cannot be used: a file, a field, a flag, a name.

    Args:
        message: What was found and what was needed, without the place.
        location: Where it was found, if it came from a text.
        problems: Further errors found in the same pass, to be shown below the first.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        location: Location | None = None,
        problems: Sequence[InputError] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return f"{self.location}: {self.message}" if self.location else self.message


@dataclass(frozen=True, slots=True)
class Cause:
    """One field of an invalid object, as in `Status.details.causes`."""

    field: str
    reason: str
    message: str


class ApiError(LabError):
    """An API server refused: the HTTP code, the reason word and the message a real one sends.

    `reason` is the machine word of the Status object: NotFound, AlreadyExists, Conflict, Invalid,
    Forbidden, TooManyRequests, Expired, MethodNotAllowed, ServiceUnavailable, Timeout …
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        causes: Sequence[Cause] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = tuple(causes)
        self.retry_after_s = retry_after_s


def nearest(word: str, words: Sequence[str]) -> str | None:
    """Return the one of `words` that `word` was most likely meant to be, or None.

    Example:
        >>> nearest("replcas", ["replicas", "selector"])
        'replicas'
    """
    lowered = {candidate.lower(): candidate for candidate in words}
    if word.lower() in lowered:
        return lowered[word.lower()]
    close = get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """Return `` — did you mean "x"?`` for the nearest of `words`, or an empty text."""
    best = nearest(word, words)
    return f' — did you mean "{best}"?' if best is not None and best != word else ""


def quoted(value: Any, limit: int = 60) -> str:
    r"""Return hostile data as one short printable line: JSON, control characters escaped, cut.

    Example:
        >>> print(quoted("a\x1b[31m"), quoted({"a": [1]}))
        "a\u001b[31m" {"a": [1]}
    """
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value).__name__)
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
