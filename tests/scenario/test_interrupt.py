"""Ctrl-C while an expression is evaluated ends the run; it is no mistake of the expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.core.errors import Location
from lab.scenario import expression
from lab.scenario.expression import compile_expression


def interrupted(*arguments: Any) -> Any:
    raise KeyboardInterrupt


def test_inside_a_function() -> None:
    compiled = compile_expression("now() > 1", Location("s.yaml"), ["now"])
    with pytest.raises(KeyboardInterrupt):
        compiled.evaluate({"now": interrupted})


def test_before_the_function_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    def unguarded(call: Callable[..., Any], failures: list[BaseException]) -> Callable[..., Any]:
        return call

    monkeypatch.setattr(expression, "_guard", unguarded)
    compiled = compile_expression("now() > 1", Location("s.yaml"), ["now"])
    with pytest.raises(KeyboardInterrupt):
        compiled.evaluate({"now": interrupted})
