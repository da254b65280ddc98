import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.commands.line import parse_line, split_words
from lab.core.errors import InputError

GOOD = {
    "kubectl with a long flag": (
        "kubectl scale deployment/web --replicas=12 -n prod",
        "kubectl", "scale", {"targets": ("deployment/web",), "replicas": 12, "namespace": "prod"},
    ),
    "short flag glued to its value": (
        "kubectl get pods -nprod", "kubectl", "get", {"namespace": "prod"},
    ),
    "short flag with equals": ("fedlab get pods -o=json", "fedlab", "get", {"output": "json"}),
    "short flags in one word": (
        "kubectl get rb -Aw", "kubectl", "get", {"all-namespaces": True, "watch": True},
    ),
    "flags before the verb": (
        "kubectl -n prod get pods", "kubectl", "get", {"namespace": "prod", "targets": ("pods",)},
    ),
    "no program means fedlab": (
        "get pods -C member1,member2", "fedlab", "get", {"clusters": ("member1", "member2")},
    ),
    "two words make a verb": (
        "kubectl set image deployment/web nginx=nginx:1", "kubectl", "set image",
        {"words": ("deployment/web", "nginx=nginx:1")},
    ),
    "a quoted value with shell signs is text": (
        "kubectl annotate deploy web note='a | b > c'", "kubectl", "annotate",
        {"words": ("deploy", "web", "note=a | b > c")},
    ),
    "a taint": (
        "karmadactl taint clusters member1 a=b:NoExecute", "karmadactl", "taint",
        {"words": ("clusters", "member1", "a=b:NoExecute")},
    ),
    "a yes-or-no flag set to no": (
        "kubectl delete pod x --wait=false", "kubectl", "delete", {"wait": False},
    ),
    "a time": ("fedlab get pods --at 1m30s", "fedlab", "get", {"at": 90.0}),
    "after two dashes all is a word": (
        "kubectl get pods -- -n", "kubectl", "get", {"targets": ("pods", "-n")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("line", "program", "verb", "values"), GOOD.values(), ids=GOOD.keys())
def test_lines_that_are_understood(line, program, verb, values) -> None:
    command = parse_line(line)
    assert (command.program, command.verb.name) == (program, verb)
    assert {name: command.args.values[name] for name in values} == values


BAD = {
    "empty": ("  ", "the command line is empty"),
    "a pipe": ("kubectl get pods | grep web", "'|' is shell syntax"),
    "a redirection": ("kubectl get pods > x", "'>' is shell syntax"),
    "two commands": ("kubectl get pods && kubectl get svc", "'&&' is shell syntax"),
    "a semicolon": ("kubectl get pods; ls", "';' is shell syntax"),
    "a substitution": ("kubectl get $(cat x)", "'$(' is shell syntax"),
    "backquotes": ("kubectl get `cat x`", "'`' is shell syntax"),
    "a variable": ("kubectl get $HOME", "is shell syntax"),
    "an open quote": ("kubectl get 'pods", "cannot split the command line: no closing quotation"),
    "two lines": ("kubectl get pods\nkubectl get svc", "a command line is one line"),
    "an unknown verb": ("kubectl scael deploy/web", 'did you mean "scale"?'),
    "a verb the program lacks": ("kubectl join member3", 'unknown command "join" for "kubectl"'),
    "no verb": ("kubectl", "which command?"),
    "half a verb": ("kubectl set", "which one? (image)"),
    "an unknown flag": ("kubectl get pods --namespcae x", 'did you mean "--namespace"?'),
    "an unknown short flag": ("kubectl get pods -z", "unknown shorthand flag: 'z' in -z"),
    "a flag without its value": ("kubectl get pods -n", "flag needs an argument: -n"),
    "a wrong number": ("kubectl scale deploy/web --replicas=many", "needs a number"),
    "a wrong choice": ("kubectl get pods -o ymal", 'did you mean "yaml"?'),
    "a missing word": ("fedlab join", "cluster is missing"),
    "the second of two words": ("fedlab compare a.run", "b is missing"),
    "a word too many": ("fedlab join a b", 'unexpected word "b"'),
    "a flag of another program": ("kubectl get pods -C member1", "unknown shorthand flag"),
    "no flag for yes or no": ("kubectl get pods -A=perhaps", "needs true or false"),
    "no time": ("fedlab get pods --at soon", "not a duration"),
    "not built": ("fedlab tui", "the terminal UI is not in this version yet"),
}


@pytest.mark.parametrize(("line", "message"), BAD.values(), ids=BAD.keys())
def test_lines_that_are_refused(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_line(line)
    assert message in str(caught.value)


@settings(derandomize=True, max_examples=200)
@given(st.text(max_size=60))
def test_any_line_is_understood_or_refused(line: str) -> None:
    try:
        command = parse_line(line)
    except InputError:
        return
    assert command.verb.name


@settings(derandomize=True)
@given(st.lists(st.text("abc='\"$|; \\", min_size=1, max_size=8), min_size=1, max_size=4))
def test_quoting_brings_every_word_through(words: list[str]) -> None:
    import shlex

    line = " ".join(shlex.quote(word) for word in words)
    assert split_words(line) == words
