"""What can be played is known before a run: the processes that there will be, by name."""

from __future__ import annotations

import pytest

from lab.controllers import process_names
from lab.core.errors import InputError
from lab.core.faults import read_fault
from lab.core.fleet import ClusterSpec, FleetSpec
from lab.core.settings import KarmadaSettings
from lab.drivers.federation import Federation, Settings
from lab.drivers.playable import check_playable

FLEET = FleetSpec((ClusterSpec(name="near"), ClusterSpec(name="edge", sync_mode="Pull")))
SETTINGS = {
    "as Karmada has them": KarmadaSettings(),
    "with the descheduler": KarmadaSettings(enable_descheduler=True),
}


@pytest.mark.parametrize("karmada", SETTINGS.values(), ids=SETTINGS.keys())
def test_the_names_are_those_of_the_processes_that_run(karmada: KarmadaSettings) -> None:
    federation = Federation(FLEET, Settings(karmada, {}))
    known = process_names(karmada, ["edge"])
    assert sorted(known) == sorted(federation.engine.processes.names)
    assert "karmada-agent/edge" in known


@pytest.mark.parametrize("process", ["scheduler", "agent/edge", "karmada-agent/edge"])
def test_every_process_may_crash(process: str) -> None:
    given = {"kind": "ControllerCrash", "parameters": {"process": process}}
    fault = read_fault(given, FLEET)
    check_playable(fault, FLEET, KarmadaSettings())
    federation = Federation(FLEET, Settings(KarmadaSettings(), {}))
    federation.acting("test")
    federation.injector.inject(fault)
    client = federation.control_plane.process(process)
    assert not federation.engine.processes.is_up(client)
    federation.run_until(16.0)
    assert federation.engine.processes.is_up(client)


@pytest.mark.parametrize("process", ["agent/near", "descheduler"])
def test_a_process_that_will_not_run_cannot_crash(process: str) -> None:
    fault = read_fault({"kind": "ControllerCrash", "parameters": {"process": process}}, FLEET)
    with pytest.raises(InputError, match=f'ControllerCrash: .* no process "{process}"'):
        check_playable(fault, FLEET, KarmadaSettings())
