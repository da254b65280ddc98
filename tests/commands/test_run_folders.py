"""A folder of scenarios is played whole."""

from pathlib import Path

import pytest

from lab.commands.run import scenario_files
from lab.core.errors import InputError

SCENARIO = "apiVersion: fedlab.dev/v1alpha1\nkind: Scenario\nmetadata: {name: s}\nspec: {}\n"


def test_a_folder_means_its_scenarios(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(SCENARIO)
    (tmp_path / "a.yaml").write_text(SCENARIO)
    (tmp_path / "web.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")
    (tmp_path / "broken.yaml").write_text("a: [")
    names = [Path(each).name for each in scenario_files(str(tmp_path))]
    assert names == ["a.yaml", "b.yaml", "broken.yaml"]
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    assert scenario_files(str(tmp_path)) == [str(tmp_path)]


def test_a_folder_without_scenarios(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")
    with pytest.raises(InputError, match="holds no scenario"):
        scenario_files(str(tmp_path))
    assert scenario_files("nothing.yaml") == ["nothing.yaml"]


def test_folders_below_are_played_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "one" / "deep").mkdir(parents=True)
    (tmp_path / "two" / "manifests").mkdir(parents=True)
    (tmp_path / "one" / "a.yaml").write_text(SCENARIO)
    (tmp_path / "one" / "deep" / "b.yaml").write_text(SCENARIO)
    (tmp_path / "two" / "scenario.yaml").write_text(SCENARIO)
    (tmp_path / "two" / "manifests" / "web.yaml").write_text("kind: ConfigMap\n")
    with pytest.raises(InputError, match="-R looks into the folders below it"):
        scenario_files(str(tmp_path))
    found = scenario_files(str(tmp_path), recursive=True)
    names = [str(Path(each).relative_to(tmp_path)) for each in found]
    assert names == ["one/a.yaml", "one/deep/b.yaml", "two"]


def test_a_folder_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no manifest"):
        scenario_files(str(tmp_path))


def test_lint_is_broken_to_the_width_of_a_terminal() -> None:
    from lab.commands.lint import _lines

    finding = {
        "file": "web.yaml", "line": 3, "column": 7, "severity": "warning", "code": "trap",
        "message": "it does nothing", "why": "because " * 20, "instead": "write " * 20,
    }  # fmt: skip
    assert [len(line) > 60 for line in _lines(finding, None)].count(True) == 2
    shown = _lines(finding, 60)
    assert all(len(line) <= 60 for line in shown)
    assert all(line.startswith(" " * 13) for line in shown[2:4])
