import pytest

from lab.core.scheduling import region_paths, schedule
from lab.core.scheduling.errors import SchedulingError
from lab.core.scheduling.groups import score_divided, score_duplicated
from lab.core.scheduling.region_paths import Choice, best_path, feasible_paths, select_groups
from lab.core.settings import KarmadaSettings
from tests.core.scheduling.build import DUPLICATED, DYNAMIC, Json, binding, cluster, shares

SETTINGS = KarmadaSettings()


def placement(region: tuple[int, int], clusters: tuple[int, int] | None, scheduling: Json) -> Json:
    def constraint(field: str, limits: tuple[int, int]) -> Json:
        return {"spreadByField": field, "minGroups": limits[0], "maxGroups": limits[1]}

    found = [constraint("region", region)]
    if clusters is not None:
        found.append(constraint("cluster", clusters))
    return {"spreadConstraints": found, "replicaScheduling": scheduling}


FLEET = [
    cluster("a1", 10, region="a"),
    cluster("a2", 4, region="a"),
    cluster("b1", 9, region="b"),
    cluster("b2", 3, region="b"),
    cluster("c1", 8, region="c"),
]
REGIONS = {
    "the roomiest two": ((2, 2), (2, 2), DUPLICATED, 5, ["a1", "b1"]),
    "filled up by room": ((2, 2), (2, 3), DUPLICATED, 2, ["a1", "b1", "a2"]),
    "one region, two clusters": ((1, 1), (2, 2), DUPLICATED, 2, ["a1", "a2"]),
    "no cluster constraint: one each": ((1, 3), None, DUPLICATED, 2, ["a1"]),
    "more regions than cluster.maxGroups": ((3, 3), (1, 1), DUPLICATED, 2, ["a1", "b1", "c1"]),
}


@pytest.mark.parametrize(
    ("region", "clusters", "scheduling", "replicas", "want"), REGIONS.values(), ids=REGIONS
)
def test_by_region(
    region: tuple[int, int],
    clusters: tuple[int, int] | None,
    scheduling: Json,
    replicas: int,
    want: list[str],
) -> None:
    request = binding(placement(region, clusters, scheduling), replicas)
    assert sorted(shares(schedule(request, FLEET, SETTINGS).clusters)) == sorted(want)


def test_region_max_groups_left_out_finds_nothing() -> None:
    request = binding(placement((1, 0), (1, 2), DYNAMIC), 2)
    assert schedule(request, FLEET, SETTINGS).error == (
        "failed to select clusters: "
        "the number of clusters is less than the cluster spreadConstraint.MinGroups"
    )


def test_region_min_groups_0_divides_by_nothing() -> None:
    request = binding(placement((0, 2), (1, 2), DYNAMIC), 12)
    outcome = schedule(request, FLEET, SETTINGS)
    # Every region weighs 0 then: the one with most clusters, found first, is enough by itself.
    assert shares(outcome.clusters) == {"a1": 9, "a2": 3}


def test_swapping_goes_from_the_last_chosen_upwards() -> None:
    fleet = [cluster("a", 6), cluster("b", 2), cluster("c", 5), cluster("d", 30)]
    spread = [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 2}]
    request = binding(
        {"spreadConstraints": spread, "replicaScheduling": DYNAMIC},
        25,
        clusters={"a": 1, "b": 1},
    )
    outcome = schedule(request, fleet, SETTINGS)
    assert sorted(shares(outcome.clusters)) == ["a", "d"]


def test_a_shorter_beginning_replaces_the_best_path() -> None:
    groups = [Choice("a", 3, 30), Choice("b", 1, 20), Choice("c", 1, 10)]
    paths = feasible_paths(groups, 1, 3, 3)
    assert best_path(paths)[0].names == ("a",)
    assert select_groups(groups, 1, 0, 3) == []
    assert select_groups([], 1, 1, 1) == []
    assert select_groups(groups, 3, 3, 1) == ["a", "b", "c"]


def test_too_many_combinations_end_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_paths, "LIMIT", 50)
    with pytest.raises(SchedulingError, match="more than 50 combinations of 9 regions"):
        feasible_paths([Choice(f"r{i}", 1, 0) for i in range(9)], 1, 9, 5)


def test_group_scores_of_nothing() -> None:
    assert score_duplicated([], 1) == 0
    with pytest.raises(ZeroDivisionError):
        score_divided([], 1, 1, 1)  # a region always has a cluster
