"""Manifests are loaded from anywhere, all problems at once, each with its place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lab.core.errors import InputError
from lab.core.kinds import HUB_KINDS
from lab.scenario import load_manifests, parse_manifests
from lab.scenario.source import in_namespace

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: blue}\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: nginx}
"""
POLICY = """apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: web}
spec:
  resourceSelectors: [{apiVersion: apps/v1, kind: Deployment}]
"""
WRONG: dict[str, tuple[str, str]] = {
    "unknown field": (
        DEPLOYMENT.replace("selector", "selektor"),
        'f:5:3: unknown field "spec.selektor" — did you mean "selector"?',
    ),
    "unknown field deep in a list": (
        DEPLOYMENT.replace("image:", "imaeg: x, image:"),
        'f:10:21: unknown field "spec.template.spec.containers[0].imaeg" — did you mean "image"?',
    ),
    "number as text": (
        DEPLOYMENT.replace("spec:\n  sel", 'spec:\n  replicas: "3"\n  sel'),
        'f:5:13: spec.replicas is "3" (a text), needs a whole number',
    ),
    "fraction of a replica": (
        DEPLOYMENT.replace("spec:\n  sel", "spec:\n  replicas: 1.5\n  sel"),
        "f:5:13: spec.replicas is 1.5 (a number), needs a whole number",
    ),
    "negative replicas": (
        DEPLOYMENT.replace("spec:\n  sel", "spec:\n  replicas: -1\n  sel"),
        "f:5:13: spec.replicas is -1, needs 0 or more",
    ),
    "true as text": (
        CONFIG.replace("blue", "yes"),
        "f:4:16: data.colour is true (true/false), needs a text (in quotes)",
    ),
    "list for a map": (
        CONFIG.replace("{colour: blue}", "[a]"),
        'f:4:7: data is ["a"] (a list), needs a map',
    ),
    "missing required": (
        DEPLOYMENT.replace("  selector: {matchLabels: {app: web}}\n", ""),
        "f:5:3: spec.selector is missing",
    ),
    "selector that misses": (
        DEPLOYMENT.replace("labels: {app: web}", "labels: {app: wbe}"),
        'f:7:24: spec.selector does not match the template\'s labels {"app": "wbe"}',
    ),
    "no image": (
        DEPLOYMENT.replace(", image: nginx", ""),
        "f:10:9: spec.template.spec.containers[0].image is missing",
    ),
    "enum": (
        POLICY + "  conflictResolution: overwrite\n",
        'f:6:23: spec.conflictResolution is "overwrite", needs one of Abort, Overwrite'
        ' — did you mean "Overwrite"?',
    ),
    "limit of a CRD": (
        POLICY.replace("[{apiVersion: apps/v1, kind: Deployment}]", "[]"),
        "f:5:22: spec.resourceSelectors has 0 items, needs 1 or more",
    ),
    "near miss of a kind": (
        DEPLOYMENT.replace("Deployment", "Deploymnet"),
        'f:2:7: no matches for kind "Deploymnet" in version "apps/v1" — did you mean "Deployment"?',
    ),
    "kind of another group": (
        DEPLOYMENT.replace("apps/v1", "v1"),
        'for kind "Deployment" in version "v1" — did you mean "Deployment" of "apps/v1"?',
    ),
    "old version": (
        DEPLOYMENT.replace("apps/v1", "apps/v1beta1"),
        'in version "apps/v1beta1" — did you mean "apps/v1"?',
    ),
    "near miss of a group": (DEPLOYMENT.replace("apps/v1", "app/v1"), '— did you mean "apps/v1"?'),
    "no kind": (CONFIG.replace("kind: ConfigMap\n", ""), "f:1:1: kind is missing"),
    "no name": (CONFIG.replace("{name: settings}", "{}"), "f:3:11: metadata.name is missing"),
    "a name with capitals": (
        CONFIG.replace("settings", "Settings"), 'f:3:18: metadata.name is "Settings": a lowercase',
    ),
    "a name with an escape": (
        CONFIG.replace("settings", '"a\\e[31m/../b"'),
        'metadata.name is "a\\u001b[31m/../b": a low',
    ),
    "a label that is too long": (
        CONFIG.replace("settings}", f"settings, labels: {{a: {'x' * 64}}}}}"),
        "must be no more than 63 bytes",
    ),
    "a text": ("hello", 'f:1:1: a manifest is "hello", needs a map'),
    "empty": ("# nothing\n", "f: the file is empty, needs at least one manifest"),
    "unknown metadata of a custom resource": (
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x, lables: {}}\n",
        'f:3:21: unknown field "metadata.lables" — did you mean "labels"?',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_manifest(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_manifests(text, "f")
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


def test_all_problems_are_told_in_order() -> None:
    text = DEPLOYMENT.replace("selector", "selektor").replace("image", "imaeg")
    with pytest.raises(InputError) as caught:
        parse_manifests(text + "---\n" + CONFIG.replace("blue", "1"), "f")
    told = [str(caught.value), *map(str, caught.value.problems)]
    assert [each.split(" ", 1)[0] for each in told] == ["f:5:3:", "f:10:21:", "f:5:3:", "f:15:16:"]


def test_custom_resources_pass_unchanged() -> None:
    text = CONFIG.replace("v1", "types.kubefed.io/v1beta1").replace(
        "ConfigMap", "FederatedConfigMap"
    )
    (source,) = parse_manifests(text)
    assert source.manifest["data"] == {"colour": "blue"}


def test_a_definition_teaches_its_kind() -> None:
    definition = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer}}}
"""
    thing = "---\napiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec: {sise: 1}\n"
    with pytest.raises(InputError, match=r'unknown field "spec\.sise" — did you mean "size"'):
        parse_manifests(definition + thing)


def test_lists_are_taken_apart() -> None:
    item = "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
    text = f"apiVersion: v1\nkind: List\nitems:\n{item}"
    (source,) = parse_manifests(text, "f")
    assert source.manifest["metadata"]["name"] == "a"
    assert str(source.location(("metadata", "name"))) == "f:4:54"


def test_folders_in_name_order(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(DEPLOYMENT)
    (tmp_path / "a.yml").write_text(CONFIG)
    (tmp_path / "notes.txt").write_text("not read")
    kinds = [source.manifest["kind"] for source in load_manifests(str(tmp_path))]
    assert kinds == ["ConfigMap", "Deployment"]


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "bom.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + CONFIG.encode())
    (source,) = load_manifests(file)
    assert str(source.location(("kind",))) == f"{file}:2:7"


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "binary": (b"\x7fELF\x00\x01", "the file is binary"),
    "latin-1": (b"a: caf\xe9\n", "byte 0xe9 is no UTF-8"),
    "utf-16": ("a: 1".encode("utf-16"), "the file is UTF-16"),
    "empty": (b"", "the file is empty"),
}


@pytest.mark.parametrize(("data", "message"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_bad_files(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(data)
    with pytest.raises(InputError, match=message):
        load_manifests(file)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    with file.open("wb") as large:
        large.truncate(50 * 2**20)
    began = time.perf_counter()
    with pytest.raises(InputError, match="the file is 50 MB, at most 10 MB are read"):
        load_manifests(file)
    assert time.perf_counter() - began < 0.5


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "deployment.yaml").write_text(DEPLOYMENT)
    with pytest.raises(InputError, match=r'did you mean "deployment\.yaml"'):
        load_manifests(tmp_path / "deploymnet.yaml")


def test_a_folder_without_manifests(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no manifest"):
        load_manifests(tmp_path)


def test_nothing_is_returned_if_one_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CONFIG)
    (tmp_path / "b.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"b\.yaml"):
        load_manifests([str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")])


def test_namespace_as_kubectl_sends_it() -> None:
    kinds = HUB_KINDS()
    (config,) = parse_manifests(CONFIG)
    assert in_namespace(config.manifest, kinds)["metadata"]["namespace"] == "default"
    cluster_wide = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}
    assert in_namespace(cluster_wide, kinds) is cluster_wide
