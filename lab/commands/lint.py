"""lint: policies that will not do what they look like, each with its place and what to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.core.fleet import ClusterSpec
    from lab.core.lint import Finding
    from lab.core.settings import KarmadaSettings
    from lab.scenario.source import SourceManifest

_SEVERITIES = ("note", "warning", "error")
_INDENT = " " * 13
_NARROWEST = 40


@dataclass(frozen=True, slots=True)
class _Given:
    """What is looked at: objects, and clusters and settings if they are known."""

    sources: Sequence[SourceManifest]
    clusters: Sequence[ClusterSpec] | None = None
    settings: KarmadaSettings | None = None


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers import documents
    from lab.core.lint import lint

    given = _read(context, args)
    least = _SEVERITIES.index(args.text("severity"))
    objects = [source.manifest for source in given.sources]
    found = [
        finding
        for finding in lint(objects, given.clusters, given.settings)
        if _SEVERITIES.index(finding.severity) >= least
    ]
    data = [_data(finding, given.sources[finding.index]) for finding in found]
    code = 1 if found else 0  # whoever does not want to hear of notes says --severity warning
    names = [f"{each['file']}:{each['line']}:{each['column']} {each['code']}" for each in data]
    text = documents.rendered(args.text("output"), data, names)
    if text is not None:
        return Result(text, (), data, code)
    width = _width() if context.terminal else None
    lines = [line for each in data for line in _lines(each, width)]
    counts = [sum(f.severity == severity for f in found) for severity in reversed(_SEVERITIES)]
    words = [
        f"{count} {severity}{'' if count == 1 else 's'}"
        for count, severity in zip(counts, reversed(_SEVERITIES), strict=True)
        if count
    ]
    many = f"{len(objects)} object{'' if len(objects) == 1 else 's'}"
    lines.append(f"{', '.join(words)} in {many}" if found else f"nothing found in {many}")
    return Result("\n".join(lines), (), data, code)


def _read(context: Context, args: Args) -> _Given:
    """Return what the files hold; a scenario brings its fleet and settings along."""
    import os

    from lab.commands.files import manifest_paths
    from lab.commands.fleets import is_scenario, read_fleet
    from lab.core.errors import InputError
    from lab.scenario.load import load_scenario
    from lab.scenario.source import load_manifests

    names = (*args.words("files"), *args.words("filename"))
    if not names:
        raise InputError("must specify -f FILE (manifests, a folder, a scenario, or -)")
    sources: list[SourceManifest] = []
    plain: list[str] = []
    clusters: list[ClusterSpec] = []
    settings: KarmadaSettings | None = None
    for name in names:
        path = os.fspath(context.directory / name)
        if name != "-" and is_scenario(path):
            scenario = load_scenario(path)
            sources += scenario.sources
            clusters += scenario.fleet.clusters
            settings = scenario.karmada
        else:
            plain += manifest_paths(context, name, args.on("recursive"))
    if args.text("fleet"):
        fleet, chosen = read_fleet(context, args.text("fleet"))
        clusters += fleet.clusters
        settings = chosen.karmada
    sources += load_manifests(plain) if plain else []
    return _Given(sources, clusters or None, settings)


def _data(finding: Finding, source: SourceManifest) -> dict[str, Any]:
    place = source.location(finding.path, key=finding.at_key)
    key = finding.key
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "severity": finding.severity,
        "code": finding.code,
        "object": {"kind": key.kind, "namespace": key.namespace, "name": key.name},
        "field": finding.field,
        "message": finding.message,
        "why": finding.why,
        "instead": finding.instead,
    }


def _width() -> int:
    import shutil

    return max(_NARROWEST, shutil.get_terminal_size().columns)


def _lines(each: dict[str, Any], width: int | None) -> list[str]:
    """Return a finding's lines; with a width, reasons and remedies are broken to it."""
    import textwrap

    from lab.commands.printers.text import safe

    place = f"{each['file']}:{each['line']}:{each['column']}"
    lines = [safe(f"{place}: {each['severity']}: {each['message']} [{each['code']}]")]
    for title in ("why", "instead"):
        line = safe(f"    {title:<7}  {each[title]}")
        lines += (
            textwrap.wrap(line, width, subsequent_indent=_INDENT, break_on_hyphens=False)
            if width
            else [line]
        )
    return [*lines, ""]


VERB = Verb(
    "lint",
    "policies that will not do what they look like, with line and column",
    "Play and plan",
    run,
    (Argument("files", "manifests, folders or scenarios (or -f)", "*"),),
    (
        flags.FILENAME,
        flags.RECURSIVE,
        Flag("fleet", "the clusters: a fleet file or a scenario", metavar="FILE"),
        Flag(
            "severity",
            "the least that is told",
            default="note",
            choices=_SEVERITIES,
            metavar="note|warning|error",
        ),
        flags.OUTPUT_DATA,
    ),
    examples=("lint -f web.yaml", "lint scenario.yaml -o json"),
)
