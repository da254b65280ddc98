"""Known ways in which Karmada's failover behaves badly, each with a switch.

`quirks: faithful` behaves as the modelled source does (Karmada v1.19): what upstream has mended
there is off. `quirks: sane` has none of them. A map switches single ones, against faithful: so a
scenario can show a failure that is mended, or how the system would do without one that is not.
The numbers are those of issues and pull requests of github.com/karmada-io/karmada.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.core.errors import InputError, did_you_mean, quoted


@dataclass(frozen=True, slots=True)
class Quirk:
    """One known failure.

    `faithful` tells whether the modelled source has it; `sane` says what happens without it;
    `where` names the controller in which the switch acts.
    """

    name: str
    upstream: str
    faithful: bool
    sentence: str
    sane: str
    where: str


QUIRKS: Mapping[str, Quirk] = {
    quirk.name: quirk
    for quirk in (
        Quirk(
            "lastCopyDeleted",
            "#5150",
            True,
            "When no other cluster fits, the eviction task still ends after its time, and a "
            "cluster that recovers loses the only copy of its configuration.",
            "A task whose binding has no target cluster left does not end by time.",
            "graceful eviction",
        ),
        Quirk(
            "surplusAfterRecovery",
            "#2769",
            True,
            "A recovered cluster runs its old replicas beside their replacements until the "
            "retry back-off of the deleted Works runs out, a minute or many later.",
            "Works that wait for deletion are looked at as soon as their cluster is Ready.",
            "execution",
        ),
        Quirk(
            "pingPong",
            "#4480",
            True,
            "An application that fails everywhere is evicted from one cluster after the other "
            "until all are being evicted from, and no cluster is left to place it on.",
            "An application is not evicted while it still leaves another cluster because of a "
            "failure.",
            "application failover",
        ),
        Quirk(
            "unknownResetsTimer",
            "#4208",
            True,
            "Application failover takes many times its tolerationSeconds: each report of health "
            "Unknown starts the time again (the issue gives no cause; this is the one found in "
            "#7431).",
            "Only a Healthy report ends the time an application has been Unhealthy.",
            "application failover",
        ),
        Quirk(
            "gracePeriodLeaks",
            "PR 7201",
            False,
            "The gracePeriodSeconds of an eviction task also counts for the tasks behind it in "
            "the list that have none of their own.",
            "A task without gracePeriodSeconds has the time of gracefulEvictionTimeout.",
            "graceful eviction",
        ),
        Quirk(
            "evictionTaskLost",
            "PR 7306",
            False,
            "The graceful eviction controller writes its list of tasks without minding who wrote "
            "meanwhile: a task that another controller just added is lost.",
            "A list that is out of date is refused with a conflict, and made again.",
            "graceful eviction",
        ),
        Quirk(
            "purgeModeIgnored",
            "PR 6505",
            False,
            "Evictions of ClusterResourceBindings ignore noExecuteTaintEvictionPurgeMode.",
            "Bindings of both kinds are evicted in the purge mode of the setting.",
            "taint manager",
        ),
        Quirk(
            "toleratedForeverQueued",
            "PR 7775",
            False,
            "Bindings that tolerate a taint without a limit still wait in the eviction queue, and "
            "each costs a slot of its pace.",
            "Bindings that tolerate a taint without a limit are not queued.",
            "taint manager",
        ),
        Quirk(
            "tasksOutliveRecovery",
            "#5803",
            True,
            "A cluster that recovers does not cancel its eviction tasks: the scheduler keeps away "
            "from it, and when the time is over the copy that never stopped is deleted.",
            "A task of the taint manager is cancelled when its cluster has no untolerated taint "
            "any more and its replicas have not been placed elsewhere; the cluster is a target "
            "again.",
            "graceful eviction",
        ),
    )
}
"""All known quirks by name, in the order of the known failures."""

FAITHFUL: Mapping[str, bool] = {name: quirk.faithful for name, quirk in QUIRKS.items()}
SANE: Mapping[str, bool] = dict.fromkeys(QUIRKS, False)


def parse_quirks(given: Any) -> Mapping[str, bool]:
    """Return each quirk's switch from its scenario form.

    Raises:
        InputError: Neither "faithful", "sane", nor a map of quirk names to true or false.

    Example:
        >>> parse_quirks({"pingPong": False})["pingPong"]
        False
    """
    if given == "faithful":
        return FAITHFUL
    if given == "sane":
        return SANE
    if not isinstance(given, Mapping):
        needed = "faithful, sane, or a map of quirk names to true or false"
        raise InputError(f"quirks is {quoted(given)}, needs {needed}")
    for name, value in given.items():
        if name not in QUIRKS:
            raise InputError(
                f"unknown quirk {quoted(str(name))}{did_you_mean(str(name), list(QUIRKS))}"
            )
        if not isinstance(value, bool):
            raise InputError(f'quirk "{name}" is {quoted(value)}, needs true or false')
    return {**FAITHFUL, **given}
