"""Commands of the real tools that are not built, and words before the verb."""

import pytest

from lab.commands.line import parse_line
from lab.core.errors import InputError
from lab.core.jsonpath import render

NOT_BUILT = {
    "wait": ("kubectl wait --for=condition=x deploy/a", "wait is not built: a step waits with"),
    "drain": ("kubectl drain node-1", "kubectl drain is not built: kubectl cordon NODE"),
    "edit": ("kubectl edit deploy a", "use kubectl patch"),
    "logs": ("kubectl logs a", "no program runs in them"),
    "init": ("karmadactl init", "karmadactl init is not built"),
    "rollout undo": ("kubectl rollout undo deploy/a", "apply the former manifest"),
    "a fault": ("fedlab fault kill m1", "fedlab inject KIND begins one"),
    "no hint": ("kubectl alpha x", "kubectl alpha is not built (get, describe,"),
    "a verb behind another word": ("kubectl auth can-i get pods", "kubectl auth is not built"),
    "a misspelt program": ("kubect get pods", 'did you mean "kubectl"'),
    "no program at all": ("rm -rf /", "a line begins with kubectl, karmadactl or fedlab"),
    "no verb": ("kubectl -n prod", 'unknown command "-n"'),
}


@pytest.mark.parametrize(("line", "message"), NOT_BUILT.values(), ids=NOT_BUILT.keys())
def test_what_is_not_there_is_said(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_line(line)
    assert message in str(caught.value)


FLAGS_FIRST = {
    "a value of its own": ("kubectl -n prod get pods", {"namespace": "prod"}),
    "glued": ("kubectl --namespace=prod get pods", {"namespace": "prod"}),
    "without a value": ("kubectl -A get pods", {"all-namespaces": True}),
    "two": ("kubectl --context member1 -n prod get pods", {"context": "member1"}),
}


@pytest.mark.parametrize(("line", "values"), FLAGS_FIRST.values(), ids=FLAGS_FIRST.keys())
def test_flags_before_the_verb(line: str, values: dict[str, object]) -> None:
    command = parse_line(line)
    assert command.verb.name == "get"
    assert {name: command.args.values[name] for name in values} == values


def test_a_jsonpath_that_is_not_closed() -> None:
    with pytest.raises(InputError, match="unclosed action"):
        render("{.items[*", {"items": []})
    assert render("a{.b}c", {"b": 1}) == "a1c"
