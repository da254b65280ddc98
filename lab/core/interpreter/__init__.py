"""What must be known about a kind: its replicas, health, status, dependencies and so on.

One file per operation, each with a table from (apiVersion, kind) to a rule; `facade.Interpreter`
asks layers of such tables in order, so that customizations can stand before the native rules.
This room never reads other objects than the ones it is given.
"""

from lab.core.interpreter.facade import (
    Hooks,
    Interpreter,
    Operation,
    Replicas,
    native_interpreter,
)
from lab.core.interpreter.fields import InterpretError
from lab.core.interpreter.prune import prune

__all__ = [
    "Hooks",
    "InterpretError",
    "Interpreter",
    "Operation",
    "Replicas",
    "native_interpreter",
    "prune",
]
