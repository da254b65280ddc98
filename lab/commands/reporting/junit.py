"""A report as JUnit: a case for each check, each invariant broken, each target missed."""

from __future__ import annotations

import re

from lab.commands.reporting.facts import Report

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def junit(report: Report) -> str:
    """Return the report as the text of a JUnit file."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    name = _text(report.summary.name)
    root = Element("testsuites", name="fedlab")
    suite = SubElement(root, "testsuite", name=name)
    properties = SubElement(suite, "properties")
    for key, value in (("seed", report.summary.seed), ("digest", report.meta.get("digest") or "")):
        SubElement(properties, "property", name=key, value=str(value))
    for check in report.checks:
        case = SubElement(suite, "testcase", classname=name, name=_text(check.name), time="0")
        if not check.passed:
            SubElement(case, "failure", message=_text(check.message))
    for each in report.undecided:
        case = SubElement(suite, "testcase", classname=name, name=_text(each), time="0")
        SubElement(case, "skipped", message="the run ended before it was decided")
    for index, error in enumerate(report.errors, 1):
        case = SubElement(suite, "testcase", classname=name, name=f"step {index}", time="0")
        SubElement(case, "error", message=_text(error))
    for breach in report.breaches:
        law = _text(f"invariant {breach.violation.law}")
        case = SubElement(suite, "testcase", classname=name, name=law, time="0")
        tag = "skipped" if breach.expected else "failure"  # known, and said to be
        failure = SubElement(case, tag, message=_text(breach.violation.message))
        failure.text = _text("\n".join(f"#{e['number']} {e['what']}" for e in breach.chain))
    for outcome in report.outcomes:
        if outcome.get("declared"):
            target = _text(f"{outcome.get('application')} {outcome.get('target')}")
            case = SubElement(suite, "testcase", classname=name, name=target, time="0")
            if outcome.get("verdict") != "met":
                SubElement(case, "failure", message=_text(str(outcome.get("why") or "")))
    for tag, count in (("testcase", "tests"), ("failure", "failures"), ("error", "errors"),
                       ("skipped", "skipped")):  # fmt: skip
        suite.set(count, str(len(suite.findall(f".//{tag}"))))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
