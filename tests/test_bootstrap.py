"""What cannot be set up is said in one line, with what to do."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[1] / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, with an environment of its own that is not there yet."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "SCRIPTS", tmp_path / ".venv" / "bin")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp")
    return module


def leaves(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", *words])
    with pytest.raises(SystemExit) as left:
        module.main()
    assert isinstance(left.value.code, int)
    return left.value.code


def test_it_can_be_read_by_a_python_that_is_too_old() -> None:
    ast.parse(FILE.read_text(), feature_version=(3, 7))


def test_a_python_that_is_too_old(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as old:
        old.setattr(sys, "version_info", (3, 9, 2))
        old.setattr(sys, "version", "3.9.2 (default)")
        code = leaves(bootstrap, monkeypatch, "fedlab")
    assert code == 2
    assert capsys.readouterr().err == "error: Python 3.11 or newer is needed, this is 3.9.2\n"


@pytest.mark.parametrize("lacking", ["venv", "ensurepip and pip"])
def test_a_python_that_cannot_make_environments(
    lacking: str,
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if lacking == "venv":
        monkeypatch.setitem(sys.modules, "venv", None)
    else:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert leaves(bootstrap, monkeypatch, "fedlab") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: this Python has n")
    assert error.endswith("apt install python3-venv")
    assert not (bootstrap.VENV / "bin").exists()


def test_a_step_that_fails_is_shown_and_named(
    bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        bootstrap.run(sys.executable, "-c", "raise SystemExit('no network')")
    error = capsys.readouterr().err
    assert left.value.code == 2
    assert error.startswith("no network")
    assert "error: set-up failed at:" in error


def test_a_program_that_is_not_there(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "is_set_up", lambda extras: True)
    assert leaves(bootstrap, monkeypatch, "fedlb") == 2
    assert 'there is no program "fedlb"' in capsys.readouterr().err


def test_without_words_it_says_how_to_use_it(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leaves(bootstrap, monkeypatch) == 2
    assert "python3 bootstrap.py pytest" in capsys.readouterr().err
