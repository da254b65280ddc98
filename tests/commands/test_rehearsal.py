"""What the command lines of a scenario get wrong is told before anything runs."""

from pathlib import Path

import pytest

from lab.commands.rehearsal import load_rehearsed
from lab.core.errors import InputError

HEAD = """\
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: s}
spec:
  fleet: {clusters: [{name: member1}]}
  steps:
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things, singular: thing}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true}]
"""

WRONG = {
    "no such file": ("kubectl apply -f nope.yaml", "s.yaml:7:19: run: no such file"),
    "a broken file": ("kubectl apply -f broken.yaml", "broken.yaml:2:1: not YAML"),
    "a crash of nobody": (
        "fedlab inject ControllerCrash --param process=schedular", 'did you mean "scheduler"?',
    ),
    "a patch that is no JSON": ("kubectl patch deploy web -p '{bad'", "unable to parse the patch"),
    "a cluster of nobody": ("karmadactl cordon membr1", 'did you mean "member1"'),
    "tainting a cluster of nobody": (
        "karmadactl taint clusters far a=b:NoExecute", 'the fleet has no cluster "far"',
    ),
    "joining a cluster of nobody": ("karmadactl join far", 'the fleet has no cluster "far"'),
    "an unknown kind": ("kubectl delete deploymnt web", 'did you mean "deployment"'),
    "no replicas": ("kubectl scale deploy web", "--replicas=COUNT flag is required"),
    "a taint without effect": ("karmadactl taint clusters member1 a=b", "unsupported taint effect"),
    "a kustomization": ("kubectl apply -k overlays", "kubectl kustomize overlays"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_lines(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "broken.yaml").write_text("a: [\n")
    file = tmp_path / "s.yaml"
    file.write_text(f'{HEAD}  - {{at: 1s, run: "{line}"}}\n')
    with pytest.raises(InputError) as caught:
        load_rehearsed(file)
    assert message in str(caught.value)
    file.write_text(f'{HEAD}  - {{at: 1s, run: "{line}", refused: "no"}}\n')
    assert load_rehearsed(file).name == "s"


def test_of_several_lines_the_wrong_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(f"{HEAD}  - run:\n    - kubectl get pods\n    - kubectl apply -f nope.yaml\n")
    with pytest.raises(InputError, match=r"s\.yaml:9:7: run: no such file"):
        load_rehearsed(file)


@pytest.mark.parametrize(
    ("mode", "right", "wrong"),
    [("Pull", "unregister", "unjoin"), ("Push", "unjoin", "unregister")],
)
def test_the_verb_fits_the_mode(tmp_path: Path, mode: str, right: str, wrong: str) -> None:
    file = tmp_path / "s.yaml"
    head = HEAD.replace("{name: member1}", f"{{name: member1, syncMode: {mode}}}")
    file.write_text(f'{head}  - {{at: 1s, run: "karmadactl {right} member1"}}\n')
    assert load_rehearsed(file).name == "s"
    file.write_text(f'{head}  - {{at: 1s, run: "karmadactl {wrong} member1"}}\n')
    with pytest.raises(InputError, match=f"is a {mode} mode member cluster"):
        load_rehearsed(file)


def test_what_only_the_run_can_know_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "crd.yaml").write_text(CRD)
    lines = (
        "kubectl scale deployment/web --replicas=3",
        "kubectl delete pods --all",
        "karmadactl unjoin member1",
        "karmadactl join member1",
        "kubectl apply -f crd.yaml",
        "kubectl delete thing x",
        "kubectl get nothings",
    )
    steps = "".join(f"  - {{at: {at}s, run: '{line}'}}\n" for at, line in enumerate(lines))
    (tmp_path / "s.yaml").write_text(HEAD + steps)
    assert len(load_rehearsed(tmp_path / "s.yaml").steps) == len(lines)
