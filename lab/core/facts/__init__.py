"""Tables of the Kubernetes and Karmada APIs: kinds, fields, CRD schemas. Read when asked.

Read off running servers (kube-apiserver 1.36.2, Karmada v1.19); `build.py` made the tables.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> Any:
    """Return a table by name ("kinds", "fields" or "crds"). It is shared: never change it."""
    text = files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)
