"""`zero-replicas`: a scaled-down workload with requests disappears from its members."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.settings.enable_empty_workload_propagation:
        return
    for template in material.templates:
        wants = material.replicas(template)
        if wants is None or wants[0] != 0 or not wants[1] or material.winner(template) is None:
            continue
        if "replicas" not in template.spec and template.kind != "Job":
            continue
        yield template.finding(
            "zero-replicas",
            "warning",
            ("spec", "replicas"),
            f"{template} has 0 replicas and resource requests",
            "the scheduler gives it no cluster: the object itself is deleted from every member "
            "(one without requests would stay there with 0 replicas)",
            "the scheduler flag --enable-empty-workload-propagation, or 1 replica",
        )
