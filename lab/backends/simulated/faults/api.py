"""Faults of a member's API server and of the network between it and the control plane."""

from __future__ import annotations

from collections.abc import Mapping

from lab.backends.simulated.faults.base import MemberFault

API_FAULTS: Mapping[str, type[MemberFault]] = {}
"""Kind to what plays it."""
