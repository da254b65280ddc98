"""The program as a shell runs it: help, errors, exit codes, broken pipes, interrupts."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.cli.front import run_program
from lab.commands.registry import all_verbs, load_verb
from lab.commands.verb import Result
from lab.core.errors import ApiError, InputError, Location

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    for kind in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FEDLAB_DEBUG", raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        code = run_program(list(words))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


REFUSED = {
    "an unknown verb": (["gett"], 'unknown command "gett" for "fedlab" — did you mean "get"?'),
    "an unknown flag": (["get", "--outptu"], 'unknown flag: --outptu — did you mean "--output"?'),
    "an unknown flag of the program": (["--hlep"], 'unknown flag: --hlep — did you mean "--help"?'),
    "an unknown second word": (["scenario", "chek"], 'did you mean "check"?'),
    "the terminal UI": (["tui"], "the terminal UI is not in this version yet"),
    "a verb of a later version": (["sweep", "x"], "fedlab sweep is not in this version yet"),
    "no words at all": ([], "the terminal UI is not in this version yet"),
    "a change without a session": (["scale", "deploy/web", "--replicas=2"], "a shell has none"),
    "no run to read": (["get", "pods"], "play a scenario first"),
    "a run file that is none": (["get", "pods", "--run", "no.run"], "there is no run file no.run"),
    "a word too many": (["version", "please"], 'unexpected word "please"'),
    "an unknown shell": (["completion", "bsh"], 'did you mean "bash"?'),
}


@pytest.mark.parametrize(("words", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_exits_2_with_one_line(
    shell: Shell, words: list[str], message: str
) -> None:
    code, out, err = shell(*words)
    assert code == 2
    assert out == ""
    assert message in err
    assert all(line.startswith(("error: ", "fedlab --help")) for line in err.splitlines())


def test_help_lists_every_verb_in_groups(shell: Shell) -> None:
    code, out, _ = shell("--help")
    assert code == 0
    for verb in all_verbs():
        assert f"  {verb.name.split()[0]} " in out
    for group in ("Play and plan:", "Look:", "Scenarios:", "This program:"):
        assert group in out
    assert shell("-h")[1] == out


@pytest.mark.parametrize("verb", [verb.name for verb in all_verbs()])
def test_every_verb_has_help(shell: Shell, verb: str) -> None:
    code, out, _ = shell(*verb.split(), "-h")
    assert code == 0
    assert out.startswith(f"Usage: fedlab {verb}")
    for flag in load_verb(verb).flags_for("fedlab"):
        assert f"--{flag.name}" in out


def test_version(shell: Shell) -> None:
    code, out, _ = shell("--version")
    assert (code, out.split()[0]) == (0, "fedlab")
    assert json.loads(shell("version", "-o", "json")[1])["models"]["karmada"].startswith("v1.")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: Shell, name: str) -> None:
    code, out, _ = shell("completion", name)
    assert code == 0
    assert "_FEDLAB_COMPLETE" in out


def _raiser(error: BaseException) -> Callable[..., Result]:
    def run(*_: Any) -> Result:
        raise error

    return run


ENDS = {
    "invalid input": (InputError("bad", Location("f.yaml", 3, 4)), 2, "error: f.yaml:3:4: bad"),
    "several problems, one line each": (
        InputError("one", None, [InputError("two"), InputError("three")]), 2,
        "error: one\nerror: two\nerror: three",
    ),
    "a server's refusal": (
        ApiError(409, "Conflict", "try again"), 1, "Error from server (Conflict): try again",
    ),
    "a server that cannot be reached": (ApiError(503, "ServiceUnavailable", "down"), 3, "down"),
    "a server that took too long": (ApiError(504, "Timeout", "slow"), 4, "slow"),
    "an interrupt": (KeyboardInterrupt(), 130, "interrupted"),
    "a broken pipe": (BrokenPipeError(), 0, ""),
    "a mistake of ours": (ValueError("oops"), 5, "error: internal: ValueError: oops (this is a"),
    "hostile text": (InputError("x\x1b[31m"), 2, "error: x\\x1b[31m"),
}  # fmt: skip


@pytest.mark.parametrize(("error", "code", "message"), ENDS.values(), ids=ENDS.keys())
def test_how_it_ends(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, message: str
) -> None:
    from lab.cli import front

    monkeypatch.setattr(front, "_carry_out", _raiser(error))
    monkeypatch.setattr(front.exits, "silence_output", lambda: None)
    ended, out, err = shell("version")
    assert (ended, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_the_traceback_of_a_mistake_is_kept(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from lab.cli import front

    monkeypatch.setattr(front, "_carry_out", _raiser(ValueError("oops")))
    shell("version")
    assert "Traceback" in (tmp_path / "state/fedlab/last-error.txt").read_text()
    _, _, err = shell("version", "--debug")
    assert "Traceback" in err


def test_exit_codes_of_doctor(shell: Shell) -> None:
    code, out, _ = shell("doctor", "-o", "json")
    found = {each["what"]: each["state"] for each in json.loads(out)}
    assert found["python"] == "ok"
    assert found["package simpy"] == "ok"
    assert code == 0


def _program(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from lab.cli.main import main; main()", *words]
    options.setdefault("stdout", subprocess.DEVNULL)
    return subprocess.Popen(command, stderr=subprocess.PIPE, **options)


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    program = _program("--help", stdout=write)
    os.close(write)
    _, err = program.communicate(timeout=20)
    assert err == b""


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom lab.cli.front import run_program\nrun_program(['--help'])\n"
        "heavy = {'yaml', 'numpy', 'simpy', 'sqlite3', 'cel', 'textual', 'kubernetes', 'asyncio'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


COMPLETIONS = {
    "a verb": ("fedlab ge", "get"),
    "a second word": ("fedlab scenario ch", "check"),
    "a flag": ("fedlab get --all-n", "--all-namespaces"),
    "a value": ("fedlab get -o js", "json"),
    "a kind": ("fedlab get resourceb", "resourcebindings"),
    "a second kind": ("fedlab get pods,resourceb", "pods,resourcebindings"),
    "a kind of fault": ("fedlab inject region", "RegionOutage"),
    "a kind of fault to explain": ("fedlab faults Slow", "SlowApi"),
}


@pytest.mark.parametrize(("line", "word"), COMPLETIONS.values(), ids=COMPLETIONS.keys())
def test_completion(line: str, word: str) -> None:
    env = {**os.environ, "_FEDLAB_COMPLETE": "bash_complete", "COMP_WORDS": line,
           "COMP_CWORD": str(len(line.split()) - 1)}  # fmt: skip
    command = [sys.executable, "-c", "from lab.cli.main import main; main()"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert f"plain,{word}" in done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_run_that_is_ended_leaves_its_file(tmp_path: Path, sent: int, code: int) -> None:
    import time

    from lab.commands.recorded import open_run
    from lab.runs.schema import is_run_file

    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    with _program("scenario", "new", str(tmp_path / "s.yaml"), env=env) as made:
        made.communicate(timeout=20)
    path = tmp_path / "a.run"
    program = _program(
        "run", str(tmp_path / "s.yaml"), "--speed", "20", "--out", str(path), env=env
    )
    wal = Path(f"{path}-wal")
    for _ in range(200):
        if wal.exists() and wal.stat().st_size > 100_000:
            break
        time.sleep(0.05)
    program.send_signal(sent)
    _, err = program.communicate(timeout=20)
    assert program.returncode == code
    assert b"Traceback" not in err
    assert is_run_file(path)
    world = open_run(path)
    assert len(world.list("", "apps/v1", "Deployment")) == 1
    world.reader.close()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_mistake_of_the_program(tmp_path: Path, closed: str) -> None:
    program = "import sys; sys.argv[0] = 'fedlab'; from lab.cli.main import main; main()"
    line = f'"$0" -c "$1" faults NodeLoss {closed}'
    answer = subprocess.run(
        ["sh", "-c", line, sys.executable, program],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, b"")
