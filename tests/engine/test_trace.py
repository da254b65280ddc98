from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.model import HUB, Key
from lab.engine.trace import Trace, difference

KEY = Key(HUB, "v1", "ConfigMap", "default", "a")
SCALARS = st.one_of(st.booleans(), st.integers(-3, 3), st.text("ab", max_size=2))
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from("xyz"), DOCUMENTS, max_size=3)


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396, written down independently of the code under test."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


@settings(derandomize=True)
@given(MAPS, MAPS)
def test_difference_leads_from_before_to_after(before: Any, after: Any) -> None:
    assert merged(before, difference(before, after)) == after


def test_true_is_not_one() -> None:
    assert difference({"a": True}, {"a": 1}) == {"a": 1}


def test_a_change_is_written_as_its_difference() -> None:
    trace = Trace()
    number = trace.add(1.5, "action", "binding", KEY, detail={"verb": "update"})
    trace.add(
        1.5, "change", "binding", KEY, cause=number, before={"a": 1, "b": 2}, after={"a": 1, "b": 3}
    )
    lines = [record.to_line() for record in trace.records]
    assert '"patch":{"b":3}' in lines[1]
    assert '"cause":1' in lines[1]


def test_equal_traces_have_equal_digests_and_others_do_not() -> None:
    first, second, third = Trace(), Trace(), Trace()
    for trace, name in ((first, "x"), (second, "x"), (third, "y")):
        trace.add(0.0, "step", name, None)
    assert first.digest() == second.digest() != third.digest()


def test_listeners_hear_until_they_leave() -> None:
    trace, heard = Trace(), []
    leave = trace.listen(lambda record: heard.append(record.number))
    trace.add(0.0, "step", "user", None)
    leave()
    trace.add(0.0, "step", "user", None)
    assert heard == [1]
