"""InterpretComponent: the parts of a workload with several pod templates.

The native interpreter has no such rule (Karmada v1.19 `native/default.go`): only customizations
have. The hook is asked for when the gate MultiplePodTemplatesScheduling is on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.core.manifest import Manifest

HOOKS: Mapping[tuple[str, str], Callable[[Manifest], list[Mapping[str, Any]]]] = {}
