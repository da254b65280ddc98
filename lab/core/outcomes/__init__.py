"""What came of the applications of a run: time below target, recovery, replicas and state lost."""

from lab.core.outcomes.ledger import Ledger
from lab.core.outcomes.meter import Dip, Meter
from lab.core.outcomes.outcome import AppOutcome, FaultRecord, Recovery, StateMove, outcome_of
from lab.core.outcomes.target import Target, app_text, parse_ready

__all__ = [
    "AppOutcome",
    "Dip",
    "FaultRecord",
    "Ledger",
    "Meter",
    "Recovery",
    "StateMove",
    "Target",
    "app_text",
    "outcome_of",
    "parse_ready",
]
