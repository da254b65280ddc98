from __future__ import annotations

import pytest

from lab.core.errors import InputError
from lab.core.processes import process_named

NAMES = ["karmada-controller-manager", "karmada-scheduler", "karmada-agent/edge"]


@pytest.mark.parametrize("name", ["karmada-scheduler", "scheduler"])
def test_a_process_is_named_in_full_or_short(name: str) -> None:
    assert process_named(name, NAMES) == "karmada-scheduler"


def test_a_stranger_is_told_with_the_nearest_or_with_all() -> None:
    with pytest.raises(InputError, match='no process "agent/edgy" — did you mean "agent/edge"'):
        process_named("agent/edgy", NAMES)
    with pytest.raises(InputError, match="it has karmada-controller-manager, karmada-scheduler, "):
        process_named("nobody", NAMES)
