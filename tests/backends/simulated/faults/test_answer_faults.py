from __future__ import annotations

from typing import Any

import pytest

from lab.core.model import Action, Create, Delete, Patch, Probe, Subscribe, Update
from tests.backends.simulated.calls import Client, begin, config, end, faulty
from tests.backends.simulated.world import World, workload

TOO_MANY = (
    "the server has received too many requests and has asked us to try again later "
    "(post configmaps)"
)


def code(client: Client, number: int) -> tuple[int, str]:
    found = client.answer(number)
    assert found is not None
    error = found[1].error
    return (0, "") if error is None else (error.code, error.reason)


def test_an_unhealthy_api_server_counts_as_unreachable_but_works() -> None:
    world, client = faulty("ApiUnhealthy")
    client.ask(Probe("m"))
    created = client.ask(Create("m", config("c")))
    world.run(20)
    [(_, probe)] = client.probes()
    assert (probe.online, probe.healthy, dict(probe.facts)) == (False, False, {})
    assert "an error on the server" in probe.message
    assert code(client, created) == (0, "")
    end(world)
    client.ask(Probe("m"))
    world.run(30)
    assert client.probes()[-1][1].healthy


@pytest.mark.parametrize(
    ("parameters", "answered_s", "stored_s"),
    [
        pytest.param({"factor": 100.0}, 11.0, 10.5, id="a hundred times as long"),
        pytest.param({"delay": 20.0}, 30.01, 20.005, id="20 s longer"),
        pytest.param({"delay": 50.0}, 42.0, 35.005, id="carried out, but answered too late"),
        pytest.param({"delay": 90.0}, 42.0, None, id="the client has gone before it was begun"),
    ],
)
def test_slow(parameters: dict[str, float], answered_s: float, stored_s: float | None) -> None:
    world, client = faulty("SlowApi", **parameters)
    created = client.ask(Create("m", config("c")))
    if stored_s is not None:
        world.run(stored_s - 0.001)
        assert world.store.find(world.key("ConfigMap", "c")) is None
        world.run(stored_s)
        assert world.get("ConfigMap", "c")
    world.run(200)
    found = client.answer(created)
    assert found is not None
    assert found[0] == answered_s
    assert (found[1].error is None) == (answered_s < 42)
    assert (world.store.find(world.key("ConfigMap", "c")) is None) == (stored_s is None)


def test_slow_causes_add_up_and_slow_probes_fail() -> None:
    world, client = faulty("SlowApi", delay=20.0)
    client.ask(Probe("m"))
    world.run(40)
    begin(world, "SlowApi", 2, delay=20.0)
    client.ask(Probe("m"))
    world.run(100)
    assert [(at, probe.healthy) for at, probe in client.probes()] == [(30.01, True), (72.0, False)]


def test_throttled_requests_are_tried_again_as_they_are_told() -> None:
    world, client = faulty("ThrottledApi", qps=1.0, retryAfter=2.5)
    numbers = [client.ask(Create("m", config(f"c{at}"))) for at in range(4)]
    client.ask(Probe("m"))
    world.run(60)
    assert [found[0] for n in numbers if (found := client.answer(n))] == [
        10.01,  # a token was there
        13.02,  # Retry-After has whole seconds
        16.03,
        19.04,
    ]
    assert [at for at, _ in client.probes()] == [10.01]  # health checks are exempt


def test_a_throttled_request_gives_up_after_ten_retries() -> None:
    world, client = faulty("ThrottledApi", qps=0.001, retryAfter=1.0)
    client.ask(Create("m", config("first")))
    created = client.ask(Create("m", config("c")))
    world.run(60)
    at_s, message = client.error(created)
    assert message == TOO_MANY
    assert code(client, created) == (429, "TooManyRequests")
    assert 20.0 < at_s < 20.2


def test_a_throttled_request_is_given_up_where_no_answer_comes_back() -> None:
    """Told to wait, and never hearing of it, a client cannot try again."""
    world, client = faulty("ThrottledApi", qps=0.1, retryAfter=11.0)
    begin(world, "Partition", number=2, direction="from-member")
    client.ask(Create("m", config("first")))
    created = client.ask(Create("m", config("c")))
    world.run(60)
    at_s, message = client.error(created)
    assert at_s == 42.0
    assert message.endswith("(Client.Timeout exceeded while awaiting headers)")
    assert world.store.find(world.key("ConfigMap", "first"))
    assert world.store.find(world.key("ConfigMap", "c")) is None


def test_every_second_update_conflicts() -> None:
    world, client = faulty("Conflicts", share=0.5)
    world.create(config("c"))
    numbers = [
        client.ask(Patch(world.key("ConfigMap", "c"), {"data": {"key": str(at)}}))
        for at in range(4)
    ]
    deleted = client.ask(Delete(world.key("ConfigMap", "c")))
    world.run(20)
    assert [code(client, number) for number in numbers] == [(0, ""), (409, "Conflict")] * 2
    assert "the object has been modified" in client.error(numbers[1])[1]
    assert code(client, deleted) == (0, "")


DEPLOYMENT = {"reason": "Admission", "kinds": ("Deployment",)}


@pytest.mark.parametrize(
    ("parameters", "action", "expected"),
    [
        pytest.param(
            {"reason": "Quota"},
            Create("m", config("c")),
            'configmaps "c" is forbidden: exceeded quota: fedlab, requested: count/configmaps=1, '
            "used: count/configmaps=0, limited: count/configmaps=0",
            id="a quota names itself and what it counts",
        ),
        pytest.param(
            {"reason": "Quota", "message": "exceeded quota: team-a"},
            Create("m", config("c")),
            'configmaps "c" is forbidden: exceeded quota: team-a',
            id="in the words of the scenario",
        ),
        pytest.param(
            {"reason": "Quota"}, Update("m", config("there", 2)), "", id="quotas count creations"
        ),
        pytest.param(
            {"message": "no such team"},
            Update("m", config("there", 2)),
            'admission webhook "fault.fedlab.dev" denied the request: no such team',
            id="a webhook refuses updates too",
        ),
        pytest.param(DEPLOYMENT, Create("m", config("c")), "", id="only the kinds it is about"),
        pytest.param(
            {"reason": "MissingApi"},
            Create("m", config("c")),
            "the server could not find the requested resource",
            id="an API that is not there",
        ),
        pytest.param(
            {"reason": "MissingApi"},
            Subscribe("m", "v1", "ConfigMap"),
            "the server could not find the requested resource",
            id="cannot be listed either",
        ),
        pytest.param({}, Subscribe("m", "v1", "ConfigMap"), "", id="a webhook lets reads pass"),
    ],
)
def test_refused(parameters: dict[str, Any], action: Action, expected: str) -> None:
    world = World()
    world.create(config("there"))
    begin(world, "RefusedWrites", **parameters)
    client = Client(world)
    number = client.ask(action)
    world.run(5)
    found = client.answer(number)
    assert found is not None
    assert (found[1].error.message if found[1].error else "") == expected
    end(world)
    again = client.ask(action)
    world.run(10)
    assert code(client, again)[0] in (0, 409)


def test_the_members_own_controllers_are_not_refused() -> None:
    world, _ = faulty("RefusedWrites", reason="Admission", kinds=("ReplicaSet",))
    world.create(workload("Deployment", replicas=1))
    world.run(30)
    assert world.status("Deployment", "web")["readyReplicas"] == 1


def test_a_missing_api_is_missing_from_what_is_collected() -> None:
    world, client = faulty("RefusedWrites", reason="MissingApi", kinds=("Deployment",))
    client.ask(Probe("m"))
    world.run(20)
    [(_, probe)] = client.probes()
    assert probe.healthy
    [apps] = [each for each in probe.facts["apiEnablements"] if each["groupVersion"] == "apps/v1"]
    kinds = {each["kind"] for each in apps["resources"]}
    assert "Deployment" not in kinds
    assert "StatefulSet" in kinds


def test_parts_of_a_fault_compose() -> None:
    world, client = faulty("RefusedWrites", message="one")
    begin(world, "SlowApi", 2, delay=2.0)
    created = client.ask(Create("m", config("c")))
    world.run(20)
    at_s, message = client.error(created)
    assert (at_s, message[-3:]) == (12.01, "one")
    end(world, 1)
    created = client.ask(Create("m", config("c")))
    world.run(30)
    assert client.answer(created)
    assert code(client, created) == (0, "")
