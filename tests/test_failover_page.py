"""What docs/failover.md shows is true: its scenario plays and holds, its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

from lab.core.quirks import QUIRKS
from lab.core.settings import KarmadaSettings, karmada_settings
from lab.scenario.yaml_tree import parse_documents
from tests.test_docs import played

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "failover.md").read_text()
SCENARIO, *PARTS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_scenario_plays_and_holds() -> None:
    assert played(SCENARIO) == []


def test_without_any_one_switch_it_fails() -> None:
    lines = {
        "the gate": ("{Failover: true}", "{Failover: false}"),
        "the eviction": ("enableNoExecuteTaintEviction: true", "enableTaintManager: true"),
        "the manager": (
            "enableNoExecuteTaintEviction: true",
            "enableNoExecuteTaintEviction: true\n      enableTaintManager: false",
        ),
        "the taint": ("effect: NoExecute", "effect: NoSchedule"),
    }
    for name, (was, now) in lines.items():
        assert was in SCENARIO
        assert played(SCENARIO.replace(was, now, 1)) != [], name


def test_the_settings_parse() -> None:
    found = [parse_documents(part, "part")[0].value for part in PARTS]
    assert [set(karmada_settings(each).quirks.values()) for each in found] == [
        {False},
        {True, False},
    ]


def test_the_table_of_quirks_is_the_codes() -> None:
    rows = re.findall(r"^\| `(\w+)` \| \[(.+?)\]\(.*?\) \| (on|off) \|", PAGE, re.MULTILINE)
    assert rows == [
        (quirk.name, quirk.upstream, "on" if quirk.faithful else "off") for quirk in QUIRKS.values()
    ]


def test_the_defaults_are_the_codes() -> None:
    default = KarmadaSettings()
    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", PAGE, re.MULTILINE))
    assert float(rows["resourceEvictionRate"]) == default.resource_eviction_rate
    assert rows["enableTaintManager"] == str(default.enable_taint_manager).lower()
    off = (default.enable_no_execute_taint_eviction, default.allow_no_execute_taint_policy)
    words = (rows["enableNoExecuteTaintEviction"], rows["allowNoExecuteTaintPolicy"])
    assert words == tuple(str(each).lower() for each in off)
    assert rows["noExecuteTaintEvictionPurgeMode"] == default.no_execute_taint_eviction_purge_mode
    assert (rows["gracefulEvictionTimeout"], default.graceful_eviction_timeout_s) == ("10m", 600.0)
