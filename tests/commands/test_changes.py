"""The changing verbs: their first lines, and what they leave in the store."""

from pathlib import Path

import pytest

from lab.core.manifest import labels_of, spec_of
from lab.core.model import HUB, Key
from tests.commands.world import CLUSTER_API, TestWorld, deployment

WEB = Key(HUB, "apps/v1", "Deployment", "default", "web")


@pytest.fixture
def world(tmp_path: Path) -> TestWorld:
    made = TestWorld(tmp_path)
    made.put(deployment(tier="silver"))
    return made


LINES = {
    "scale": ("kubectl scale deployment/web --replicas=12", "deployment.apps/web scaled"),
    "scale, old form": ("kubectl scale deploy web --replicas 3", "deployment.apps/web scaled"),
    "scale what is not there": (
        "kubectl scale deployment/api --replicas=1",
        'Error from server (NotFound): deployments.apps "api" not found',
    ),
    "scale on a condition that fails": (
        "kubectl scale deploy/web --replicas=3 --current-replicas=7",
        "error: Expected replicas to be 7, was 2",
    ),
    "label": ("kubectl label deploy web x=y", "deployment.apps/web labeled"),
    "label that is there": (
        "kubectl label deploy web tier=gold",
        "error: 'tier' already has a value (silver), and --overwrite is false",
    ),
    "label, overwritten": (
        "kubectl label deploy web tier=gold --overwrite", "deployment.apps/web labeled",
    ),
    "label as it is": (
        "kubectl label deploy web tier=silver --overwrite", "deployment.apps/web not labeled",
    ),
    "label removed": ("kubectl label deploy web tier-", "deployment.apps/web unlabeled"),
    "label by selector": ("kubectl label deploy -l app=web x=y", "deployment.apps/web labeled"),
    "a cluster's label": (
        "kubectl label cluster member1 tier=gold --overwrite",
        "cluster.cluster.karmada.io/member1 labeled",
    ),
    "annotate": ("kubectl annotate deploy/web a=b", "deployment.apps/web annotated"),
    "patch": (
        "kubectl patch deploy web -p '{\"spec\":{\"replicas\":5}}'", "deployment.apps/web patched",
    ),
    "patch that changes nothing": (
        "kubectl patch deploy web -p '{\"spec\":{\"replicas\":2}}'",
        "deployment.apps/web patched (no change)",
    ),
    "JSON patch": (
        "kubectl patch deploy web --type=json "
        "-p '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":4}]'",
        "deployment.apps/web patched",
    ),
    "image": (
        "kubectl set image deploy/web nginx=nginx:1.27", "deployment.apps/web image updated",
    ),
    "image of no container": (
        "kubectl set image deploy/web ngnix=x",
        'error: unable to find container named "ngnix" — did you mean "nginx"?',
    ),
    "restart": ("kubectl rollout restart deploy/web", "deployment.apps/web restarted"),
    "restart what has no pods": (
        "kubectl rollout restart cluster/member1",
        "error: cluster.cluster.karmada.io/member1 restarting is not supported",
    ),
    "a namespace": ("kubectl create namespace prod", "namespace/prod created"),
    "a namespace that is there": (
        "kubectl create ns default",
        'Error from server (AlreadyExists): namespaces "default" already exists',
    ),
    "delete": (
        "kubectl delete deploy web", 'deployment.apps "web" deleted from default namespace',
    ),
    "delete what is not there": (
        "kubectl delete deploy/api",
        'Error from server (NotFound): deployments.apps "api" not found',
    ),
    "delete, ignoring that": ("kubectl delete deploy/api --ignore-not-found", ""),
    "cordon": ("karmadactl cordon member2", "member2 cluster cordoned"),
    "uncordon what is not cordoned": (
        "karmadactl uncordon member2", "member2 cluster already uncordoned",
    ),
    "taint": ("karmadactl taint clusters member1 a=b:NoExecute", "cluster/member1 tainted"),
    "untaint what is not there": (
        "karmadactl taint clusters member1 a:NoExecute-", 'error: taint "a:NoExecute" not found',
    ),
    "join again": (
        "karmadactl join member1",
        "error: the cluster ID fedlab-member1 or the cluster name member1 has been registered",
    ),
    "join a stranger": ("karmadactl join mars", 'error: the fleet has no cluster "mars"'),
    "unjoin a stranger": (
        "karmadactl unjoin mars", "error: no cluster object mars found in karmada control Plane",
    ),
    "a dry run": (
        "kubectl scale deploy/web --replicas=9 --dry-run=server",
        "deployment.apps/web scaled (server dry run)",
    ),
    "name as output": ("kubectl scale deploy/web --replicas=9 -o name", "deployment.apps/web"),
    "a kind the server lacks": (
        "kubectl scale deploymnt/web --replicas=9",
        "error: the server doesn't have a resource type \"deploymnt\" — did you mean \"deployment\"?",  # noqa: E501
    ),
    "a cluster that is none": (
        "kubectl scale deploy/web --replicas=9 --context membr1",
        'error: clusters don\'t exist: membr1 — did you mean "member1"?',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("line", "answer"), LINES.values(), ids=LINES.keys())
def test_first_lines(world: TestWorld, line: str, answer: str) -> None:
    assert world.said(line) == answer


def test_a_dry_run_changes_nothing(world: TestWorld) -> None:
    before = world.world.find(WEB)
    world.type("kubectl scale deploy/web --replicas=9 --dry-run=client")
    assert world.world.find(WEB) == before


def test_what_the_lines_leave(world: TestWorld) -> None:
    for line in (
        "kubectl scale deploy/web --replicas=9",
        "kubectl label deploy web tier- x=y",
        "kubectl set image deploy/web *=nginx:2",
        "karmadactl taint clusters member1 a=b:NoExecute c:NoSchedule",
        "karmadactl cordon member1",
        "karmadactl taint clusters member1 a-",
    ):
        assert world.type(line).exit_code == 0, line
    web = world.world.find(WEB)
    assert web is not None
    assert spec_of(web)["replicas"] == 9
    assert labels_of(web) == {"app": "web", "x": "y"}
    assert spec_of(web)["template"]["spec"]["containers"][0]["image"] == "nginx:2"
    cluster = world.world.find(Key(HUB, CLUSTER_API, "Cluster", "", "member1"))
    assert cluster is not None
    assert spec_of(cluster)["taints"] == [
        {"key": "c", "effect": "NoSchedule"},
        {"key": "cluster.karmada.io/unschedulable", "effect": "NoSchedule"},
    ]


def test_a_context_changes_the_member_itself(world: TestWorld) -> None:
    world.put(deployment(), "member1")
    world.type("kubectl scale deploy/web --replicas=7 --context member1")
    member = world.world.find(WEB._replace(cluster="member1"))
    hub = world.world.find(WEB)
    assert member is not None
    assert hub is not None
    assert (spec_of(member)["replicas"], spec_of(hub)["replicas"]) == (7, 2)


def test_one_failure_does_not_stop_the_others(world: TestWorld) -> None:
    result = world.type("kubectl scale deploy/nothing deploy/web --replicas=4")
    assert result.text == "deployment.apps/web scaled"
    assert result.exit_code == 1


def test_without_a_session_nothing_is_changed(world: TestWorld) -> None:
    from lab.core.errors import InputError

    with pytest.raises(InputError, match="as a step of a scenario"):
        world.type("kubectl scale deploy/web --replicas=4", live=False)


def test_karmadactl_apply_makes_policies_too(world: TestWorld, tmp_path: Path) -> None:
    (tmp_path / "cm.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n"
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'a:b'}\n"
    )
    lines = world.said("karmadactl apply -f cm.yaml -C member1,member2").splitlines()
    assert [line.partition("-")[0] for line in lines] == [
        "configmap/c created",
        "propagationpolicy.policy.karmada.io/c",
        "clusterrole.rbac.authorization.k8s.io/a:b created",
        "clusterpropagationpolicy.policy.karmada.io/a.b",
    ]
    (policy,) = world.world.list(HUB, "policy.karmada.io/v1alpha1", "PropagationPolicy")
    assert spec_of(policy)["placement"]["clusterAffinity"]["clusterNames"] == ["member1", "member2"]
    said = world.said
    assert said("karmadactl apply -f cm.yaml -C mars") == "error: cluster mars does not exist"
    assert "cannot be used together" in said(
        "karmadactl apply -f cm.yaml --all-clusters -C member1"
    )


def test_apply_says_what_it_did(world: TestWorld, tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: '1', b: '2'}\n"
    (tmp_path / "cm.yaml").write_text(text)
    apply = "kubectl apply -f cm.yaml"
    assert world.said(apply) == "configmap/c created"
    assert world.said(apply) == "configmap/c unchanged"
    (tmp_path / "cm.yaml").write_text(text.replace(", b: '2'", ""))
    assert world.said(apply) == "configmap/c configured"
    found = world.world.find(Key(HUB, "v1", "ConfigMap", "default", "c"))
    assert found is not None
    assert found["data"] == {"a": "1"}
    assert "kubectl.kubernetes.io/last-applied-configuration" in found["metadata"]["annotations"]
    assert (
        world.said(apply + " --server-side --force-conflicts") == "configmap/c serverside-applied"
    )
    assert world.said("kubectl create -f cm.yaml").startswith("Error from server (AlreadyExists)")
    assert world.said(apply + " -n prod") == "configmap/c created"
    (tmp_path / "cm.yaml").write_text(text.replace("{name: c}", "{name: c, namespace: dev}"))
    assert "does not match the namespace" in world.said(apply + " -n prod")


def test_nothing_is_applied_if_one_file_is_wrong(world: TestWorld, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
    (tmp_path / "b.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadta: {name: d}\n")
    assert 'did you mean "metadata"' in world.said("kubectl apply -f a.yaml -f b.yaml")
    assert world.said("kubectl get cm") == "No resources found in default namespace."
