"""All verbs, by name. A verb's file is loaded when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

from lab.commands.verb import Verb
from lab.core.errors import InputError, did_you_mean

_MODULES: Mapping[str, str] = {
    "run": "run",
    "plan": "plan",
    "lint": "lint",
    "get": "get",
    "describe": "describe",
    "explain": "explain",
    "events": "events",
    "runs": "runs",
    "replay": "replay",
    "compare": "compare",
    "report": "report",
    "apply": "apply",
    "create": "create",
    "delete": "delete",
    "scale": "scale",
    "label": "label",
    "annotate": "annotate",
    "patch": "patch",
    "set image": "set_image",
    "rollout restart": "rollout_restart",
    "taint": "taint",
    "cordon": "cordon",
    "uncordon": "uncordon",
    "join": "join",
    "unjoin": "unjoin",
    "unregister": "unregister",
    "inject": "inject",
    "heal": "heal",
    "faults": "faults",
    "scenario new": "scenario_new",
    "scenario check": "scenario_check",
    "scenario schema": "scenario_schema",
    "doctor": "doctor",
    "version": "version",
    "completion": "completion",
}
"""Verb name to module of this package, in the order of the help. The verb itself says the rest."""

NOT_YET: Mapping[str, str] = {
    "tui": "the terminal UI is not in this version yet: fedlab run, get and explain show the same",
    **{
        word: f"fedlab {word} is not in this version yet: {instead}"
        for word, instead in {
            "assess": "fedlab plan with a cluster left out of the fleet answers one case",
            "campaign": "fedlab run --seed N plays one seed",
            "convert": "no other federation system is played yet",
            "fleet": "real clusters are not driven yet",
            "migrate": "migration is not played yet",
            "serve": "steps of a scenario take kubectl and karmadactl lines",
            "sweep": "fedlab run plays one setting at a time",
            "top": "usage is not modelled; fedlab get nodes and describe show what is requested",
            "workshop": "the scenarios in scenarios/ are there to read and change",
        }.items()
    },
}
"""Words that belong to the program but are not built: what to say to somebody who uses them."""


def names() -> tuple[str, ...]:
    """Return the names of all verbs, in the order of the help."""
    return tuple(_MODULES)


def find_verb(name: str) -> Verb | None:
    """Return a verb, or None."""
    module = _MODULES.get(name)
    if module is None:
        return None
    return cast(Verb, import_module(f"lab.commands.{module}").VERB)


def load_verb(name: str) -> Verb:
    """Return a verb.

    Raises:
        InputError: There is none of that name; the message has the nearest word.
    """
    verb = find_verb(name)
    if verb is None:
        raise InputError(f'unknown command "{name}"{did_you_mean(name, names())}')
    return verb


def all_verbs() -> Iterator[Verb]:
    """Yield every verb, in the order of the help."""
    return (load_verb(name) for name in _MODULES)
