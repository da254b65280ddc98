"""What every test may rely on."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are not broken to a width: pytest's workers (`-n 2`) set one, a plain run does not."""
    monkeypatch.delenv("COLUMNS", raising=False)
