from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.backends.simulated.api.link import Break, Link, retransmitted_s
from lab.core.errors import ApiError
from lab.core.model import Create, Probe, ProbeResult
from tests.backends.simulated.calls import Client, begin, config, end, faulty
from tests.backends.simulated.world import World, workload

REFUSED = (
    'Post "https://m.fedlab.invalid:6443/api/v1/namespaces/default/configmaps?timeout=32s": '
    "dial tcp 198.18.47.87:6443: connect: connection refused"
)


@pytest.mark.parametrize(
    ("first_s", "mended_s", "wait_s", "again_s"),
    [
        pytest.param(0.0, 0.0, 0.2, 0.2, id="a packet is never sent again at once"),
        pytest.param(0.0, 0.25, 0.2, 0.6, id="the second try"),
        pytest.param(0.0, 20.0, 0.2, 25.4, id="waits double, so a long cut lasts longer still"),
        pytest.param(5.0, 11.9, 1.0, 12.0, id="a dial is tried again after 1, 3 and 7 s"),
    ],
)
def test_tcp_tries_again(first_s: float, mended_s: float, wait_s: float, again_s: float) -> None:
    assert retransmitted_s(first_s, mended_s, wait_s) == again_s


def test_what_is_broken_twice_is_mended_twice() -> None:
    link, changes = Link(), list[tuple[float, bool, bool]]()
    link.listen(lambda at: changes.append((at, link.running, link.open)))
    link.breaks(Break.REFUSING, 1.0)
    link.breaks(Break.DARK, 2.0)
    link.mends(Break.REFUSING, 3.0)
    assert not link.clear
    link.mends(Break.DARK, 4.0)
    assert changes == [
        (1.0, False, True),
        (2.0, False, False),
        (3.0, False, False),
        (4.0, True, True),
    ]
    assert link.clear
    assert link.boots == 1


def test_a_killed_api_server_refuses_at_once() -> None:
    world, client = faulty("ApiServerDown")
    created = client.ask(Create("m", config("c")))
    client.ask(Probe("m"))
    world.run(11)
    assert client.error(created) == (10.01, REFUSED)
    answer = client.answer(created)
    assert answer is not None
    assert answer[1].error is not None
    assert (answer[1].error.code, answer[1].error.reason) == (503, "ServiceUnavailable")
    [(at, probe)] = client.probes()
    assert (at, probe.online, probe.healthy, dict(probe.facts)) == (10.01, False, False, {})
    assert probe.message.startswith('Get "https://m.fedlab.invalid:6443/readyz?timeout=32s": dial')
    end(world)
    created = client.ask(Create("m", config("c")))
    world.run(12)
    assert client.answer(created) is not None
    assert world.get("ConfigMap", "c")


def test_a_request_on_its_way_to_a_dying_api_server_is_cut_off() -> None:
    world = World(latency_s=0.2)
    client = Client(world)
    created = client.ask(Create("m", config("c")))
    world.run(0.05)
    begin(world, "ApiServerDown")
    world.run(1)
    assert client.error(created) == (0.2, REFUSED.partition(" dial")[0] + " unexpected EOF")
    assert world.store.find(world.key("ConfigMap", "c")) is None


def test_an_answer_that_has_left_arrives() -> None:
    world = World(latency_s=0.2)
    client = Client(world)
    created = client.ask(Create("m", config("c")))
    world.run(0.15)
    begin(world, "Partition")
    world.run(1)
    answer = client.answer(created)
    assert answer is not None
    assert answer[0] == 0.2
    assert answer[1].error is None


def test_a_black_hole_costs_the_clients_whole_patience() -> None:
    world, client = faulty("Partition", direction="both")
    numbers = []
    for second in (11, 24, 60):
        world.run(second)
        numbers.append(client.ask(Create("m", config("c"))))
    client.ask(Probe("m"))
    world.run(200)
    timed_out, lost, dialled = (client.error(number) for number in numbers)
    assert timed_out[0] == 43.0  # 32 s
    assert timed_out[1].endswith("(Client.Timeout exceeded while awaiting headers)")
    assert lost[0] == 55.0  # 45 s of silence end the connection
    assert lost[1].endswith(": http2: client connection lost")
    assert dialled[0] == 90.0  # 30 s to dial
    assert dialled[1].endswith(": dial tcp 198.18.47.87:6443: i/o timeout")
    assert [(at, p.online) for at, p in client.probes()] == [(90.0, False)]
    assert world.store.find(world.key("ConfigMap", "c")) is None


def test_a_probe_on_a_lost_connection_dials_anew_by_itself() -> None:
    world, client = faulty("Partition")
    world.run(30)
    client.ask(Probe("m"))
    world.run(200)
    assert [at for at, _ in client.probes()] == [86.0]  # lost at 55 s, again at 56 s, 30 s to dial


def test_a_short_partition_only_delays() -> None:
    world, client = faulty("Partition")
    world.run(12)
    created = client.ask(Create("m", config("c")))
    client.ask(Probe("m"))
    world.run(22)
    end(world)
    world.run(60)
    answer = client.answer(created)
    assert answer is not None
    assert answer[1].error is None
    assert answer[0] == 24.61  # TCP's tries: 12 + 0.2, 0.6, 1.4, 3, 6.2, 12.6
    assert [(at, p.healthy) for at, p in client.probes()] == [(24.61, True)]


def test_requests_take_effect_while_their_answers_are_lost() -> None:
    world, client = faulty("Partition", direction="from-member")
    first = client.ask(Create("m", config("c")))
    world.run(50)
    assert world.get("ConfigMap", "c")
    assert client.error(first)[0] == 42.0
    assert client.seen() == []
    second = client.ask(Create("m", config("c")))
    world.run(52)
    end(world)
    world.run(200)
    found = client.answer(second)
    assert found is not None
    assert found[1].error is not None
    assert found[1].error.reason == "AlreadyExists"
    assert client.cache()[world.key("ConfigMap", "c")] == world.get("ConfigMap", "c")


def test_requests_are_lost_while_the_watch_still_delivers() -> None:
    world, client = faulty("Partition", direction="to-member")
    created = client.ask(Create("m", config("c")))
    world.run(60)
    world.create(config("other"))
    world.run(61)
    assert client.error(created)[0] == 42.0
    assert client.seen() == [(60.005, "1")]


def test_pods_run_on_while_the_api_server_is_down() -> None:
    world = World(latency_s=0.01)
    world.create(workload("Deployment", replicas=3))
    world.run(10)
    client = Client(world).watch(("v1", "Pod"), ("apps/v1", "Deployment"))
    begin(world, "ApiServerDown")
    version = world.store.resource_version
    before = world.pods()
    world.run(300)
    assert world.store.resource_version == version
    assert world.pods() == before
    assert world.member.service
    end(world)
    world.run(500)
    assert client.cache().keys() >= {world.key("Pod", name) for name in world.pods()}


def test_overlapping_faults_end_on_their_own() -> None:
    world, client = faulty("ApiServerDown")
    begin(world, "Partition", 2)
    world.run(20)
    end(world, 1)
    world.run(30)
    client.ask(Probe("m"))
    begin(world, "ApiServerDown", 3)
    end(world, 2)
    world.run(100)
    assert [p.online for _, p in client.probes()] == [False]
    end(world, 3)
    end(world, 3)  # healed twice: nothing happens
    client.ask(Probe("m"))
    world.run(200)
    assert [p.healthy for _, p in client.probes()] == [False, True]
    assert isinstance(client.probes()[-1][1], ProbeResult)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param("ApiServerDown", "The connection to the server m.fedlab", id="refused"),
        pytest.param("ClusterOutage", "Unable to connect to the server: dial", id="gone"),
        pytest.param("Partition", "", id="a person stands beside the cluster"),
    ],
)
def test_a_person_cannot_write_to_a_server_that_is_down(kind: str, words: str) -> None:
    world, _ = faulty(kind)
    writes: list[Callable[[], object]] = [
        lambda: world.create(config("c")),
        lambda: world.patch("Node", "m-pool-1", {"spec": {"unschedulable": True}}),
        lambda: world.delete("ConfigMap", "kube-root-ca.crt"),
    ]
    for write in writes:
        if words:
            with pytest.raises(ApiError, match=words):
                write()
        else:
            write()
    end(world)
    world.create(config("d"))
