"""fedlab, the federation lab: play multi-cluster Kubernetes policies before the day a region fails.

`lab.plan(objects)` tells where objects would go, and why; `lab.Session` opens a scenario and drives
it. Both are loaded when they are first used, so that `import lab` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.planning import Plan as Plan
    from lab.planning import plan as plan

_HOMES = {"plan": "lab.planning", "Plan": "lab.planning", "Session": "lab.session"}

__all__ = ["Plan", "Session", "plan"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
