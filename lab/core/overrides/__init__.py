"""How an object differs in one member: override policies, matched, ordered and applied.

One file per overrider; `matching` says which apply and in which order; `apply` runs them and keeps
every step, so that a reader can see what each did. This room never reads other objects than the
ones it is given, and never changes one in place.
"""

from lab.core.overrides.apply import (
    AppliedOverride,
    Overridden,
    OverrideError,
    OverrideStep,
    apply_overrides,
)
from lab.core.overrides.matching import OverridePolicies
from lab.core.overrides.record import applied_text

__all__ = [
    "AppliedOverride",
    "Overridden",
    "OverrideError",
    "OverridePolicies",
    "OverrideStep",
    "applied_text",
    "apply_overrides",
]
