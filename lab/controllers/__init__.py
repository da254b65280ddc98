"""The federation's control loops in Karmada's vocabulary, one loop per file.

Each is a `Controller` of `lab.core.model`: it reads what was observed and answers with a plan. It
never waits, never writes by itself, and knows no clock, no chance and no backend.
"""

from lab.controllers.registry import build_controllers, process_names

__all__ = ["build_controllers", "process_names"]
