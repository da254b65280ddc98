"""The names of a control plane's processes, as people write them."""

from __future__ import annotations

from collections.abc import Sequence

from lab.core.errors import InputError, did_you_mean, quoted


def process_named(name: str, names: Sequence[str]) -> str:
    """Return the full name of a process: `scheduler` is `karmada-scheduler`.

    Args:
        name: As a person wrote it, with or without `karmada-`.
        names: The processes there are.

    Raises:
        InputError: None of them is meant; the message has the nearest word.

    Example:
        >>> process_named("agent/edge", ["karmada-scheduler", "karmada-agent/edge"])
        'karmada-agent/edge'
    """
    for known in (name, f"karmada-{name}"):
        if known in names:
            return known
    short = [each.removeprefix("karmada-") for each in names]
    near = did_you_mean(name, [*names, *short]) or f" (it has {', '.join(names)})"
    raise InputError(f"the control plane has no process {quoted(name)}{near}")
