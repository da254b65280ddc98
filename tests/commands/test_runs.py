"""runs, replay, compare, explain event and events: the verbs about recorded runs."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from lab.cli.playing import play_scenario, replay_run
from lab.commands.context import Context
from lab.commands.line import parse_line
from lab.commands.recorded import open_run
from lab.commands.verb import Result
from lab.core.errors import InputError
from tests.runs.scene import play, write_scenario


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory that keeps two runs of one scenario."""
    state = tmp_path_factory.mktemp("state")
    kept = state / "fedlab" / "runs"
    kept.mkdir(parents=True)
    for name, seed in (("20260101-000000-lost", None), ("20260102-000000-lost", 9)):
        shutil.move(play(tmp_path_factory.mktemp("played"), seed=seed), kept / f"{name}.run")
    return state


@pytest.fixture(autouse=True)
def _use_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(home))


def say(line: str, run: str = "") -> Result:
    command = parse_line(line)
    world = None
    if run:
        world = open_run(_file(run))
    context = Context(
        program=command.program,
        world=world,
        verb=command.verb.name,
        player=play_scenario,
        replayer=replay_run,
    )
    try:
        return command.verb.run(context, command.args)
    finally:
        if world is not None:
            world.reader.close()


def _file(name: str) -> Path:
    from lab.commands.runs import find_run

    return find_run(name)


TAINT = "$ karmadactl taint clusters east down=yes:NoExecute"
FIRST, SECOND = "20260101-000000-lost", "20260102-000000-lost"


# ── runs ───────────────────────────────────────────────────────────────────────────────────────


def test_runs_lists_what_is_kept_the_newest_first() -> None:
    lines = say("runs").text.splitlines()
    assert lines[0].split() == [
        "NAME", "SEED", "RESULT", "CHECKS", "VIOLATIONS", "RTO", "LENGTH", "SIZE",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[1:]] == [SECOND, FIRST]
    assert lines[2].split()[1:4] == ["3", "FAILED", "2/3"]
    assert "SCENARIO" in say("runs -o wide").text
    assert say(f"runs {FIRST} --no-headers").text.count("\n") == 0
    assert say("runs -o name").text.splitlines() == [SECOND, FIRST]


def test_runs_as_data(home: Path) -> None:
    (one,) = say(f"runs {FIRST} -o json").data
    assert (one["scenario"], one["seed"], one["result"]) == ("lost", 3, "FAILED")
    assert (one["checksHeld"], one["checks"]) == (2, 3)
    assert one["lengthS"] == 360.0
    assert one["sizeBytes"] == (home / "fedlab" / "runs" / f"{FIRST}.run").stat().st_size


def test_a_damaged_run_is_listed_and_said(home: Path) -> None:
    bad = home / "fedlab" / "runs" / "20250101-000000-bad.run"
    bad.write_bytes((home / "fedlab" / "runs" / f"{FIRST}.run").read_bytes()[:9000])
    try:
        result = say("runs")
        assert "unreadable" in result.text
        assert any("bad.run" in note and note.startswith("error: ") for note in result.notes)
    finally:
        bad.unlink()


def test_runs_are_deleted_by_name(home: Path, tmp_path: Path) -> None:
    extra = home / "fedlab" / "runs" / "20240101-000000-old.run"
    shutil.copy(home / "fedlab" / "runs" / f"{FIRST}.run", extra)
    assert say("runs rm 20240101-000000-old").text == 'run "20240101-000000-old" deleted'
    assert not extra.exists()
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("years of work")
    result = say(f"runs rm {thesis}")
    assert result.exit_code == 1
    assert "is left alone" in result.notes[0]
    assert thesis.exists()


REFUSED = {
    "no such run": ("runs nosuch", 'there is no run "nosuch"'),
    "nearly": (f"runs {FIRST}x", f'did you mean "{FIRST}"'),
    "no such file": ("replay a/b.run", "there is no run file a/b.run"),
    "rm of nothing": ("runs rm", "needs the names of runs, or --all"),
    "rm of names and all": (f"runs rm {FIRST} --all", "one of them"),
    "compare with nothing": (f"compare {FIRST} nosuch", 'there is no run "nosuch"'),
    "replay past the end": (f"replay {FIRST} --until 1h", "lies outside of the run"),
    "replay onto itself": (f"replay {FIRST} --out {{file}}", "is the run itself"),
    "report of nothing": ("report nosuch", 'there is no run "nosuch"'),
}


@pytest.mark.parametrize(("line", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(home: Path, line: str, said: str) -> None:
    file = home / "fedlab" / "runs" / f"{FIRST}.run"
    with pytest.raises(InputError) as caught:
        say(line.format(file=file))
    assert said in str(caught.value)


# ── replay ─────────────────────────────────────────────────────────────────────────────────────


def test_replay_says_what_run_says() -> None:
    text = say(f"replay {FIRST}").text
    assert text.startswith("Scenario lost (seed 3)")
    assert "fault outage" in text
    assert "FAIL  never true" in text
    early = say(f"replay {FIRST} --until 59s")
    assert "OPEN  moved" in early.text


def test_replay_verifies(tmp_path: Path) -> None:
    result = say(f"replay {FIRST} --verify")
    assert (result.exit_code, result.data["same"]) == (0, True)
    assert result.text.splitlines()[0] == "lost (seed 3): the same"
    part = say(f"replay {FIRST} --verify --until 2m -o json")
    assert (part.exit_code, part.data["same"]) == (0, True)
    assert part.data["recordsCompared"] < result.data["recordsCompared"]
    say(f"replay {FIRST} --out {tmp_path / 'kept.run'}")
    assert say(f"compare {FIRST} {tmp_path / 'kept.run'}").data["divergence"]["same"]


def test_replay_shows_the_first_difference_with_both_sides(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "changed.run"
    shutil.copy(home / "fedlab" / "runs" / f"{FIRST}.run", path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE seal SET mark = 'fedlab-seal:' || printf('%064d', 0)")
    connection.execute("UPDATE meta SET value = '4' WHERE name = 'seed'")
    connection.execute("UPDATE meta SET value = '\"0.0.9\"' WHERE name = 'version'")
    connection.commit()
    connection.close()
    result = say(f"replay {path} --verify")
    assert result.exit_code == 1
    found = result.data["divergence"]
    assert found["recorded"] or found["replayed"]
    assert f"differs from event #{found['event']} on" in result.text
    assert "recorded" in result.text
    assert "replayed" in result.text
    assert any("was played by fedlab 0.0.9" in note for note in result.notes)


# ── compare ────────────────────────────────────────────────────────────────────────────────────


def test_compare_phase_by_phase() -> None:
    result = say(f"compare {FIRST} {SECOND}")
    (anchor,) = result.data["phases"]
    assert (anchor["name"], anchor["time"]) == ("outage", {"a": 60.0, "b": 60.0})
    (app,) = anchor["applications"]
    phases = {each["phase"]: each for each in app["phases"]}
    order = [phases[name]["a"] for name in ("detect", "taint", "evict", "schedule", "apply")]
    assert order == sorted(order)
    assert phases["evict"]["a"] >= 60.0  # not before the person's taint
    for each in phases.values():
        assert each["difference"] == round(each["b"] - each["a"], 6)
    assert "Fault outage (ApiServerDown on east), at 1m00.000s" in result.text
    assert "The seeds differ" in result.text
    assert max(map(len, result.text.splitlines())) <= 80 or "/" in result.text


def test_compare_tells_where_two_scenarios_part(tmp_path: Path) -> None:
    calm = write_scenario(tmp_path / "calm", "calm")
    text = calm.read_text().replace("enableNoExecuteTaintEviction: true", "kubeApiBurst: 60")
    calm.write_text(text)
    result = say(f"compare {FIRST} {calm}")
    assert result.data["settings"] == {"enableNoExecuteTaintEviction": [True, None]}
    (anchor,) = result.data["phases"]
    phases = {each["phase"]: each for each in anchor["applications"][0]["phases"]}
    assert phases["evict"]["b"] is None
    assert phases["detect"]["difference"] == 0
    assert anchor["unmoved"]["a"] is None
    why = "enableNoExecuteTaintEviction is false"
    assert why in anchor["unmoved"]["b"]["because"]
    assert f"{why} (#{anchor['unmoved']['b']['event']})" in result.text
    found = result.data["divergence"]
    assert not found["same"]
    chain = [each["what"] for each in found["a"]["chain"]]
    assert chain[:2] == ["step: person taints", TAINT]
    assert found["b"] is None
    assert "only in A" in result.text
    assert "In B it does not happen" in result.text
    assert [each["name"] for each in result.data["checks"]] == ["moved"]


def test_without_faults_each_step_is_compared_once(tmp_path: Path) -> None:
    calm = write_scenario(tmp_path, "calm")
    lines = calm.read_text().splitlines(keepends=True)
    calm.write_text("".join(line for line in lines if "fault:" not in line))
    result = say(f"compare {calm} {calm}")
    assert [each["name"] for each in result.data["phases"]] == [
        "manifests", "person taints", "more",
    ]  # fmt: skip


def test_a_run_and_itself_are_the_same() -> None:
    result = say(f"compare {FIRST} {FIRST} -o json")
    assert result.data["divergence"]["same"]
    assert result.data["checks"] == []


# ── explain event, and where numbers are found ─────────────────────────────────────────────────


def test_the_chain_goes_back_to_what_a_person_did() -> None:
    world = open_run(_file(FIRST))
    evicted = next(
        each.number
        for each in world.happenings(("decision",))
        if each.detail.get("kind") == "eviction"
        and each.key is not None
        and each.key.kind == "ResourceBinding"
    )
    world.reader.close()
    result = say(f"explain event {evicted}", FIRST)
    data = result.data
    assert [each["what"] for each in data[:2]] == ["step: person taints", TAINT]
    assert data[-1]["number"] == evicted
    assert [each["number"] for each in data] == sorted(each["number"] for each in data)
    assert all(each["after"] >= 0 for each in data)
    tainted = next(each for each in data if each["type"] == "change")
    assert any(each["path"].startswith("spec.taints[down]") for each in tainted["changes"])
    assert result.text.splitlines()[0].split() == ["TIME", "AFTER", "EVENT", "WHAT"]
    assert say(f"explain event '#{evicted}' -o name", FIRST).text.endswith(f"event/{evicted}")


def test_the_chain_goes_back_to_the_fault() -> None:
    world = open_run(_file(FIRST))
    detected = next(
        each.number
        for each in world.happenings(("change",))
        if each.key is not None
        and each.key.kind == "Cluster"
        and "Ready" in str(world.ends(each.number)[1])
        and each.time_s > 60
    )
    world.reader.close()
    data = say(f"explain event {detected}", FIRST).data
    assert "fault" in [each["type"] for each in data]
    assert "outage" in data[1]["what"]


EVENTS = {"a word": ("many", "needs the number"), "none": ("99999", "has no event 99999"),
          "huge": ("9" * 30, "has no event 9"),
          "zero": ("0", "has no event 0"), "below": ("-- -3", "has no event -3")}  # fmt: skip


@pytest.mark.parametrize(("word", "said"), EVENTS.values(), ids=EVENTS.keys())
def test_events_that_are_none(word: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        say(f"explain event {word}", FIRST)


def test_the_fields_of_events_are_still_explained() -> None:
    assert "KIND:" in say("explain event", FIRST).text


def test_numbers_are_found_in_events_and_timelines() -> None:
    table = say("events -A", FIRST).text.splitlines()
    assert "EVENT" in table[0].split()
    assert any(" #" in line for line in table[1:])
    assert "EVENT" not in say("kubectl events -A", FIRST).text.splitlines()[0].split()
    told = say(f"replay {FIRST} -v").text
    assert " #" in next(line for line in told.splitlines() if "step: outage" in line)
    data = say(f"replay {FIRST} -o json").data
    step = next(each for each in data["timeline"] if each["text"] == "step: outage")
    assert say(f"explain event {step['event']}", FIRST).data[-1]["what"] == "step: outage"


@pytest.mark.parametrize(
    "line",
    ["get deployments,rb,works -A", "get clusters -o wide", "get pods -C west", "get nodes -C east",
     "describe deployment web", "explain deployment/web", "events -A", "get rb -o yaml"],
)  # fmt: skip
@pytest.mark.parametrize("at", ["0s", "59.5s", "60s", "2m3s", "4m", "6m"])
def test_every_reading_verb_reads_a_run_at_any_time(line: str, at: str) -> None:
    result = say(f"{line} --at {at}", FIRST)
    assert result.exit_code == 0


def test_the_past_of_a_fault_can_be_read() -> None:
    def ready(at: str) -> str:
        (row,) = say(f"get cluster east --no-headers --at {at}", FIRST).text.splitlines()
        return row.split()[3]

    assert [ready(at) for at in ("59s", "61s", "3m", "6m")] == ["True", "True", "False", "True"]
