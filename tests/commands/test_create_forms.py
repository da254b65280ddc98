"""`kubectl create KIND NAME`: the objects of kubectl's generators; columns of one's own."""

from typing import Any

import pytest

from lab.commands.create_forms import made
from lab.commands.line import parse_line
from lab.commands.printers.column import AGE, NAME
from lab.commands.printers.custom_columns import rows
from lab.commands.printers.table import table_rows
from lab.core.errors import InputError


def _made(line: str) -> Any:
    args = parse_line(f"kubectl create {line}").args
    return made(args.words("object"), args)


def test_a_deployment_as_kubectl_makes_it() -> None:
    found = _made("deploy web --image=reg.io/a/My_App:1 --image=nginx@sha256:ab --port=80 -r 3")
    assert found["metadata"] == {"name": "web", "labels": {"app": "web"}}
    assert found["spec"]["replicas"] == 3
    assert found["spec"]["template"]["spec"]["containers"] == [
        {"name": "my-app", "image": "reg.io/a/My_App:1", "ports": [{"containerPort": 80}]},
        {"name": "nginx", "image": "nginx@sha256:ab", "ports": [{"containerPort": 80}]},
    ]
    assert _made("deployment web --image=nginx")["spec"]["replicas"] == 1


def test_data_by_literals() -> None:
    assert _made("cm c --from-literal=a=b=c --from-literal d=")["data"] == {"a": "b=c", "d": ""}
    assert _made("secret generic s --from-literal=p=q")["data"] == {"p": "cQ=="}
    assert _made("sa bot")["kind"] == "ServiceAccount"
    assert _made("ns prod") == {
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"},
    }  # fmt: skip


WRONG = {
    "no image": ("deploy web", '"image" not set'),
    "no name": ("deploy --image=nginx", "exactly one NAME is required, got 0"),
    "a command": ("deploy web --image=nginx -- sleep 5", "containers are models"),
    "a near miss": ("deploymnt web", 'did you mean "deployment"'),
    "a kind without a form": ("job web", "it has namespace, deployment, configmap"),
    "a flag of another kind": ("ns prod --image=x", "create namespace does not take --image"),
    "no pair": ("cm c --from-literal=a", "invalid literal source a"),
    "a key twice": ("cm c --from-literal=a=1 --from-literal=a=2", "already exists"),
    "another secret": ("secret tls s", "create secret generic NAME"),
}


@pytest.mark.parametrize(("line", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_words(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        _made(line)
    assert message in str(caught.value)


WEB = {"metadata": {"name": "web", "labels": {"a.io/tier": "gold"}}, "n": [1, 2], "no": None}


def test_custom_columns() -> None:
    table = rows("NAME:.metadata.name,N:.n[*],FIRST:{.n[0]},NO:.no,X:.x", [WEB])
    assert table[1] == ["web", "1,2", "1", "<none>", "<none>"]
    for spec in ("", "NAME", ":.a", "A:"):
        with pytest.raises(InputError, match="custom"):
            rows(spec, [WEB])


def test_labels_as_columns() -> None:
    table = table_rows([("", WEB)], (NAME, AGE), 0.0, label_columns=("a.io/tier", "none"))
    assert [row[2:] for row in table] == [["TIER", "NONE"], ["gold", ""]]
