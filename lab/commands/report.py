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


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.outfile import STDOUT, check_out, write_document
    from lab.commands.recorded import open_run
    from lab.commands.runs import find_run
    from lab.core.errors import InputError

    path = find_run(args.text("run") or "latest")
    out = args.text("out")
    file = context.directory / out
    if out not in {"", STDOUT}:
        if file.exists() and file.samefile(path):
            raise InputError(f"--out {file} is the run itself: name another file")
        check_out(file, "--out")
    form = args.text("format") or _form_of(out, STDOUT)
    world = open_run(path)
    try:
        text = _written(world, form)
    finally:
        world.reader.close()
    if not out and form == "html":
        file = context.directory / f"{path.stem}.html"
    elif out in {"", STDOUT}:
        return Result(text.rstrip("\n"))
    write_document(file, text)
    return Result("", (f"report: {file}",))


def _form_of(out: str, stdout: str) -> str:
    """Return the form that a file's name asks for.

    Raises:
        InputError: It asks for none.
    """
    from lab.core.errors import InputError

    if out in {"", stdout}:
        return "html"
    form = _SUFFIXES.get(Path(out).suffix.lower())
    if form is None:
        raise InputError(
            f"--out {out} ends with none of {', '.join(_SUFFIXES)}: "
            f"say --format {', '.join(_FORMS[:-1])} or {_FORMS[-1]}"
        )
    return form


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
