"""report: a recorded run as one HTML page, as Markdown, or as JUnit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.commands.recorded import RecordedWorld

_FORMS = ("html", "md", "junit")
_SUFFIXES = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md", ".xml": "junit"}
STDOUT = "-"


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.recorded import open_run
    from lab.commands.runs import find_run

    path = find_run(args.text("run") or "latest")
    out = args.text("out")
    form = args.text("format") or _SUFFIXES.get(Path(out).suffix.lower(), "html")
    world = open_run(path)
    try:
        text = _written(world, form)
    finally:
        world.reader.close()
    if not out and form == "html":
        out = f"{path.stem}.html"
    if not out or out == STDOUT:
        return Result(text.rstrip("\n"))
    return Result("", (f"report: {_write(context.directory / out, text, path)}",))


def _written(world: RecordedWorld, form: str) -> str:
    from lab.commands.reporting.facts import report_of

    report = report_of(world)
    if form == "html":
        from lab.commands.reporting.page import page

        return page(report)
    if form == "md":
        from lab.commands.reporting.markdown import markdown

        return markdown(report)
    from lab.commands.reporting.junit import junit

    return junit(report)


def _write(file: Path, text: str, run_file: Path) -> Path:
    from lab.core.errors import InputError

    if file.exists() and file.samefile(run_file):
        raise InputError(f"--out {file} is the run itself: name another file")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}") from None
    return file


VERB = Verb(
    "report",
    "a recorded run as one HTML page with charts, as Markdown, or as JUnit",
    "Runs",
    run,
    (Argument("run", "a run file or the name of a run that is kept (default: the newest)", "?"),),
    (
        Flag("out", "the file to write, - for standard output (default: RUN.html; Markdown and "
             "JUnit are printed)", metavar="FILE"),
        Flag("format", "html, md or junit (default: what FILE ends with, or html)",
             choices=_FORMS, metavar="FORMAT"),
    ),
    examples=("report", "report a.run --out a.html", "report latest --format md"),
)  # fmt: skip
