"""What every test may rely on."""

from __future__ import annotations

import pytest
from hypothesis.internal.conjecture import providers

# Hypothesis mixes constants from the source of all modules loaded so far into what it draws: a
# property would meet other examples after other tests, and "derandomised" would mean nothing.
assert hasattr(providers, "_get_local_constants"), "Hypothesis has changed: look for its successor"
providers._get_local_constants = lambda: providers._local_constants


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are not broken to a width: pytest's workers (`-n 2`) set one, a plain run does not."""
    monkeypatch.delenv("COLUMNS", raising=False)
