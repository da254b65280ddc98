"""The answer of an estimator."""

from __future__ import annotations

from typing import NamedTuple


class Estimate(NamedTuple):
    """How many replicas fit, and what bounds them."""

    replicas: int
    bound_by: str
    """The resource that runs out first (`pods`, `cpu`, …), or why there is no room."""
    basis: str
    """"summary" (sums over the cluster), "models" (the least of each node grade) or "none"."""
    detail: str = ""
