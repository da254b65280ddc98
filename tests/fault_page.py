"""The part of docs/faults.md that comes from the table of kinds.

`python -m tests.fault_page` writes it; a test holds the page to it.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from lab.commands.printers.faults import STOPS, default_text, needed, strikes
from lab.core.faults import KINDS, FaultKind
from lab.core.faults.examples import example_fault, example_line

PAGE = Path(__file__).resolve().parent.parent / "docs" / "faults.md"
MARK = (
    "<!-- from here on from the table in lab/core/faults/kinds.py: python -m tests.fault_page -->"
)


def rendered() -> str:
    """Return the sections of all kinds."""
    groups = dict.fromkeys(kind.group for kind in KINDS.values())
    parts = []
    for group in groups:
        parts.append(f"## {group}")
        parts += [_section(kind) for kind in KINDS.values() if kind.group == group]
    return "\n\n".join(parts) + "\n"


def _section(kind: FaultKind) -> str:
    lines = [f"### {kind.name}", "", kind.summary, ""]
    facts = [f"Strikes: {strikes(kind)}.", f"Stops: {STOPS[kind.harm]}."]
    if kind.momentary:
        facts.append("Without `for` it strikes once and is over.")
    if kind.refused:
        facts += [f"Not played ({backend}): {why}." for backend, why in kind.refused.items()]
        return "\n".join([*lines, " ".join(facts)])
    lines.append(" ".join(facts))
    if kind.more:
        lines += ["", *textwrap.wrap(kind.more, 110)]
    if kind.parameters:
        lines += ["", "| parameter | is | default | what |", "| --- | --- | --- | --- |"]
        for each in kind.parameters:
            unit = each.unit.replace("|", " \\| ")
            default = default_text(each) or ("needed" if needed(kind, each) == "yes" else "")
            default = f"{default} ({needed(kind, each)})" if each.name in kind.one_of else default
            lines.append(f"| `{each.name}` | {unit} | {default} | {each.help} |")
    step = f"- {{at: 1m, fault: {_flow(example_fault(kind))}}}"
    return "\n".join([*lines, "", "```yaml", step, f"# fedlab {example_line(kind)}", "```"])


def _flow(value: Any) -> str:
    """Return plain data as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    text = str(value)
    return f'"{text}"' if ":" in text else text


def main() -> None:
    """Write the generated part of the page."""
    text = PAGE.read_text()
    PAGE.write_text(f"{text.partition(MARK)[0]}{MARK}\n\n{rendered()}")


if __name__ == "__main__":
    main()
