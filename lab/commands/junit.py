"""Played scenarios as a JUnit file: a suite for each scenario, a case for each check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.commands.context import Played
    from lab.core.errors import LabError

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def junit_xml(played: Sequence[Played], failed: Sequence[tuple[str, LabError]]) -> str:
    """Return the text of a JUnit file."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    root = Element("testsuites", name="fedlab")
    for each in played:
        failures = sum(not check.passed for check in each.checks)
        suite = SubElement(
            root,
            "testsuite",
            name=_text(each.name),
            tests=str(len(each.checks) + len(each.errors) + len(each.undecided)),
            skipped=str(len(each.undecided)),
            failures=str(failures),
            errors=str(len(each.errors)),
            time=f"{each.wall_s:.3f}",
        )
        properties = SubElement(suite, "properties")
        for name, value in (("seed", str(each.seed)), ("digest", each.digest)):
            SubElement(properties, "property", name=name, value=value)
        for check in each.checks:
            case = SubElement(suite, "testcase", classname=_text(each.name),
                              name=_text(check.name), time="0")  # fmt: skip
            if not check.passed:
                SubElement(case, "failure", message=_text(check.message))
        for name in each.undecided:
            case = SubElement(suite, "testcase", classname=_text(each.name),
                              name=_text(name), time="0")  # fmt: skip
            SubElement(case, "skipped", message="the run was stopped before it was decided")
        for number, error in enumerate(each.errors, 1):
            case = SubElement(suite, "testcase", classname=_text(each.name),
                              name=f"step {number}", time="0")  # fmt: skip
            SubElement(case, "error", message=_text(error))
    for path, problem in failed:
        suite = SubElement(root, "testsuite", name=_text(path), tests="1", failures="0", errors="1")
        case = SubElement(suite, "testcase", classname=_text(path), name="scenario is valid")
        SubElement(case, "error", message=_text(str(problem)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
