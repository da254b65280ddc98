"""Pure planning: where would these objects go, and why. No clock, no engine.

`plan` plays every template once through matching, binding, scheduling, dependencies and overrides,
with the same rules the controllers use, and returns what each member would hold.
"""

from lab.planning.planner import plan
from lab.planning.result import Plan, PlannedBinding

__all__ = ["Plan", "PlannedBinding", "plan"]
