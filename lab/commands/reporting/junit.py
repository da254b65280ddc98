"""A report as JUnit: a case for each check, each breach of an invariant, each declared target.

The cases are called as `fedlab run --junit` calls them, so that a history of both is one history.
"""

from __future__ import annotations

from lab.commands.junit import xml_text
from lab.commands.reporting.facts import Report


def junit(report: Report) -> str:
    """Return the report as the text of a JUnit file."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    name = xml_text(report.summary.name)
    root = Element("testsuites", name="fedlab")
    suite = SubElement(root, "testsuite", name=name)
    properties = SubElement(suite, "properties")
    for key, value in (("seed", report.summary.seed), ("digest", report.meta.get("digest") or "")):
        SubElement(properties, "property", name=key, value=str(value))
    for check in report.checks:
        case = SubElement(suite, "testcase", classname=name, name=xml_text(check.name), time="0")
        if not check.passed:
            SubElement(case, "failure", message=xml_text(check.message))
    for each in report.undecided:
        case = SubElement(suite, "testcase", classname=name, name=xml_text(each), time="0")
        SubElement(case, "skipped", message="the run ended before it was decided")
    for index, error in enumerate(report.errors, 1):
        case = SubElement(suite, "testcase", classname=name, name=f"step {index}", time="0")
        SubElement(case, "error", message=xml_text(error))
    for breach in report.breaches:
        found = breach.violation
        law = xml_text(f"invariant {found.law} {found.detail.get('name') or ''}".rstrip())
        case = SubElement(suite, "testcase", classname=name, name=law, time="0")
        tag = "skipped" if breach.expected else "failure"  # known, and said to be
        failure = SubElement(case, tag, message=xml_text(found.message))
        failure.text = xml_text("\n".join(f"#{e['number']} {e['what']}" for e in breach.chain))
    for outcome in report.outcomes:
        if outcome.get("declared"):
            target = xml_text(f"target of {outcome.get('application')}")
            case = SubElement(suite, "testcase", classname=name, name=target, time="0")
            if outcome.get("verdict") != "met":
                SubElement(case, "failure", message=xml_text(str(outcome.get("why") or "")))
    for tag, count in (("testcase", "tests"), ("failure", "failures"), ("error", "errors"),
                       ("skipped", "skipped")):  # fmt: skip
        suite.set(count, str(len(suite.findall(f".//{tag}"))))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"
