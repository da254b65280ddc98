"""Played scenarios as a JUnit file: a suite for each scenario, a case for each check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.commands.context import Played
    from lab.core.errors import LabError
    from lab.core.invariants import Violation

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def junit_xml(played: Sequence[Played], failed: Sequence[tuple[str, LabError]]) -> str:
    """Return the text of a JUnit file."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    from lab.core.outcomes import app_text

    root = Element("testsuites", name="fedlab")
    for each in played:
        laws = _by_law(each)
        due = [outcome for outcome in each.outcomes if outcome.target.declared]
        failures = sum(not check.passed for check in each.checks)
        failures += len(laws) + sum(outcome.failed for outcome in due)
        suite = SubElement(
            root,
            "testsuite",
            name=xml_text(each.name),
            tests=str(
                len(each.checks) + len(each.errors) + len(each.undecided) + len(laws) + len(due)
            ),
            skipped=str(len(each.undecided)),
            failures=str(failures),
            errors=str(len(each.errors)),
            time=f"{each.wall_s:.3f}",
        )
        properties = SubElement(suite, "properties")
        for name, value in (("seed", str(each.seed)), ("digest", each.digest)):
            SubElement(properties, "property", name=name, value=value)
        for check in each.checks:
            case = SubElement(suite, "testcase", classname=xml_text(each.name),
                              name=xml_text(check.name), time="0")  # fmt: skip
            if not check.passed:
                SubElement(case, "failure", message=xml_text(check.message))
        for law, found in laws.items():
            case = SubElement(suite, "testcase", classname=xml_text(each.name),
                              name=xml_text(f"invariant {law}"), time="0")  # fmt: skip
            failure = SubElement(case, "failure", message=xml_text(found[0].line()))
            failure.text = xml_text("\n".join(_told(each, found)))
        for outcome in due:
            case = SubElement(suite, "testcase", classname=xml_text(each.name),
                              name=xml_text(f"target of {app_text(outcome.app)}"),
                              time="0")  # fmt: skip
            if outcome.failed:
                text = f"{outcome.verdict}: {outcome.why} (target: {outcome.target.text()})"
                SubElement(case, "failure", message=xml_text(text))
        for name in each.undecided:
            case = SubElement(suite, "testcase", classname=xml_text(each.name),
                              name=xml_text(name), time="0")  # fmt: skip
            SubElement(case, "skipped", message="the run was stopped before it was decided")
        for number, error in enumerate(each.errors, 1):
            case = SubElement(suite, "testcase", classname=xml_text(each.name),
                              name=f"step {number}", time="0")  # fmt: skip
            SubElement(case, "error", message=xml_text(error))
    for path, problem in failed:
        suite = SubElement(
            root, "testsuite", name=xml_text(path), tests="1", failures="0", errors="1"
        )
        case = SubElement(suite, "testcase", classname=xml_text(path), name="scenario is valid")
        SubElement(case, "error", message=xml_text(str(problem)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _by_law(played: Played) -> dict[str, list[Violation]]:
    """Return the violations by law: a case for each law that is broken."""
    found: dict[str, list[Violation]] = {}
    for each in played.violations:
        found.setdefault(f"{each.law} {each.name}", []).append(each)
    return found


def _told(played: Played, violations: Sequence[Violation]) -> Iterator[str]:
    """Yield each violation with its time and the chain of its causes."""
    from lab.commands.printers.timeline import clock
    from lab.commands.printers.verdicts import chain_lines

    for each in violations:
        yield f"{clock(max(0.0, each.time_s))}  {each.line()}"
        yield from (f"    {line}" for line in chain_lines(played, each))


def xml_text(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
