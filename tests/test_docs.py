"""What the documentation shows is true: its examples play and hold, its links lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.core.invariants import LAWS
from lab.core.settings import FEATURE_GATES, KarmadaSettings, setting_name
from lab.scenario.calls import HELPERS
from lab.scenario.format import FLEET, SCENARIO
from lab.scenario.load import load_fleet, parse_scenario
from lab.scenario.yaml_tree import parse_documents
from lab.session import Session, check_step_line

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
PAGE = (ROOT / "docs" / "scenario.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
WHOLE, FLEET_BLOCK = BLOCKS[0], BLOCKS[1]
PARTS = {block.split("\n", 1)[0].removeprefix("# part: spec."): block for block in BLOCKS[2:]}


def example(part: str) -> str:
    """Return the page's scenario with one part replaced, as JSON (which is YAML)."""
    data: dict[str, Any] = parse_documents(WHOLE, "scenario.md")[0].value
    field = part.split()[0]
    spec = {**data["spec"], field: parse_documents(PARTS[part], part)[0].value}
    if field not in {"settings", "invariants", "targets"}:
        # What the other says is about other replicas.
        del spec["expect" if field == "steps" else "steps"]
    return json.dumps({**data, "spec": spec})


def played(text: str) -> list[str]:
    """Play a scenario; return what went wrong, in words."""
    with Session.open(parse_scenario(text, "s.yaml", check_line=check_step_line)) as session:
        verdict = session.play()
    steps = [f"{each.step.name}: {each.error}" for each in verdict.steps if not each.ok]
    checks = [f"{each.expectation.name}: {each.message}" for each in verdict.checks]
    failed = [f for f, each in zip(checks, verdict.checks, strict=True) if not each.passed]
    return [*steps, *failed]


def test_every_block_is_of_a_known_sort() -> None:
    assert "kind: Scenario" in WHOLE
    assert "kind: Fleet" in FLEET_BLOCK
    assert sorted(PARTS) == [
        "expect",
        "invariants",
        "settings",
        "steps",
        "steps (faults)",
        "targets",
    ]


def test_the_first_example_plays_and_holds() -> None:
    assert played(WHOLE) == []


@pytest.mark.parametrize("part", sorted(PARTS))
def test_each_part_plays_and_holds(part: str) -> None:
    assert played(example(part)) == []


def test_the_fleet_example_loads(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET_BLOCK)
    fleet = load_fleet(str(tmp_path / "fleet.yaml"))
    assert [(each.name, each.joined) for each in fleet.clusters] == [
        ("east", True),
        ("spare", False),
    ]


def test_the_page_names_every_field() -> None:
    spec = SCENARIO["properties"]["spec"]["properties"]
    cluster = FLEET["properties"]["spec"]["properties"]["clusters"]["items"]["properties"]
    pool = cluster["nodePools"]["items"]["properties"]
    step, expect = spec["steps"]["items"]["properties"], spec["expect"]["items"]["properties"]
    names = [*spec, *cluster, *pool, *step, *expect, *HELPERS]
    missing = [name for name in names if not re.search(rf"(?<!\w){name}(?!\w)", PAGE)]
    assert missing == []


def test_the_page_names_settings_that_exist() -> None:
    text = PARTS["settings"]
    given = parse_documents(text, "settings")[0].value["karmada"]
    assert set(given) - {"featureGates"} <= {setting_name(n) for n in KarmadaSettings.__slots__}
    assert set(given["featureGates"]) <= set(FEATURE_GATES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text())
    lost = [
        target
        for target in targets
        if not target.startswith("https://") and not (page.parent / target).exists()
    ]
    assert lost == []


def test_the_page_of_invariants_says_what_the_laws_say() -> None:
    page = " ".join((ROOT / "docs" / "invariants.md").read_text().split())
    for law in LAWS:
        assert f"### {law.id} {law.name}" in page
        assert " ".join((law.__doc__ or "").split()) in page, law.id
