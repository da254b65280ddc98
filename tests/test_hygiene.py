"""What the house promises about itself: contracts, light imports, what is never to be said."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("textual", "kubernetes", "pykube", "docker", "numpy", "simpy", "cel", "hypothesis")


def loaded_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint('\\n'.join(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in result.stdout.split()}


def test_help_loads_nothing_heavy() -> None:
    code = "from lab.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert not loaded_by(code) & set(HEAVY)


def test_a_simulated_federation_loads_no_screen_and_no_client() -> None:
    loaded = loaded_by("import lab.drivers.federation")
    assert not loaded & {"textual", "kubernetes", "pykube", "docker", "tui"}


@pytest.mark.skipif(sys.platform == "win32", reason="lint-imports is called by its Unix path")
def test_imports_go_down_only() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([str(program)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_package_says_what_its_room_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for room in ("lab", "tui")
        for path in (ROOT / room).rglob("__init__.py")
        if not path.read_text().lstrip().startswith('"""')
    ]
    assert silent == []


def test_pure_rooms_do_not_order_by_hash_or_read_the_clock() -> None:
    forbidden = re.compile(r"(?<![\w.])hash\(|\bdatetime\.now\b|\btime\.time\(|\bperf_counter\b")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for room in ("core", "store", "engine", "controllers", "planning", "backends")
        for path in sorted((ROOT / "lab" / room).rglob("*.py"))
        for match in forbidden.finditer(path.read_text())
    ]
    assert found == []


def test_nothing_speaks_of_one_machine_or_of_where_packages_come_from() -> None:
    # A slash before the word, and no word before the slash: `pkg/webhook/work` is no machine path.
    places = ("home", "root", "work", "Users", "mnt", "srv")
    hosts = ("pypi.org", "pythonhosted.org", "artifactory", "nexus")
    forbidden = re.compile(
        rf"(?<![\w.~}}*-])/(?:{'|'.join(places)})/|(?:{'|'.join(map(re.escape, hosts))})", re.I
    )
    found = []
    for place in ("lab", "tui", "tests", "docs", "scenarios", "kind-configs", ".ci"):
        for path in sorted((ROOT / place).rglob("*")):
            if path.suffix not in {".py", ".md", ".yaml", ".json", ".tcss", ".toml", ""}:
                continue
            if path.is_file() and path != Path(__file__).resolve():
                text = path.read_text("utf-8", errors="replace")
                found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in forbidden.finditer(text)]
    for name in ("README.md", "CHANGELOG.md", "pyproject.toml", "constraints.txt", "bootstrap.py"):
        found += [f"{name}: {m[0]}" for m in forbidden.finditer((ROOT / name).read_text())]
    assert found == []
