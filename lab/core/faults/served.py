"""The kinds that a fault names: which clusters serve, and which word was meant for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache

from lab.core.kinds import MEMBER_KINDS, Kind, KindRegistry

_ALIKE = 0.8
_LETTERS = 1
"""So many letters a slip has more or less: EventBus is no slip of Events."""


def names_of(kind: Kind) -> tuple[str, ...]:
    """Return the words by which a fault may name a kind."""
    return kind.kind, kind.plural, kind.resource, f"{kind.kind}.{kind.group}"


def slip_of(word: str) -> str:
    """Return the kind that a word was most likely meant to be; empty if it may stay as it is.

    A word that is like none of them may be a kind that a CustomResourceDefinition brings.

    Example:
        >>> slip_of("Deploymnt"), slip_of("deploy"), slip_of("Deployment"), slip_of("Certificate")
        ('Deployment', 'Deployment', '', '')
    """
    names, words = _served()
    if word in names:
        return ""
    lowered = word.lower()
    if lowered in words:
        return words[lowered]
    near = [each for each in words if abs(len(each) - len(lowered)) <= _LETTERS]
    found = get_close_matches(lowered, near, n=1, cutoff=_ALIKE)
    return words[found[0]] if found else ""


@cache
def _served() -> tuple[frozenset[str], dict[str, str]]:
    """Return the names that are served, and by each word in lower case the name it stands for."""
    kinds = MEMBER_KINDS()
    words: dict[str, str] = {}
    for word, name in _words(kinds):
        words.setdefault(word, name)
    return frozenset(name for kind in kinds.all() for name in names_of(kind)), words


def _words(kinds: KindRegistry) -> Iterator[tuple[str, str]]:
    for kind in kinds.all():
        for name in names_of(kind):
            yield name.lower(), name
    for kind in kinds.all():
        for word in (*kind.short_names, kind.singular):
            yield word, kind.kind
