"""Manifests from files, folders, standard input or text, checked, each with its place.

`load_manifests` is what every verb with `-f` uses: it either returns every object or raises one
InputError whose `problems` are all that is wrong, so that nothing is ever half applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from lab.core.errors import InputError, Location, quoted
from lab.core.kinds import HUB_KINDS, KindRegistry, crd_kinds
from lab.core.manifest import Manifest, namespace_of, set_in
from lab.scenario.checks import manifest_problems
from lab.scenario.files import manifest_files, read_text
from lab.scenario.format import API_VERSION
from lab.scenario.shelf import is_folder
from lab.scenario.yaml_tree import Document, Path, parse_documents


@dataclass(frozen=True, slots=True)
class SourceManifest:
    """A manifest, and the document it was written in."""

    manifest: Manifest
    document: Document

    def location(self, path: Path = (), *, key: bool = False) -> Location:
        """Return the file, line and column of a field (its nearest parent if it is absent)."""
        return self.document.locate(path, key=key)


def load_manifests(
    paths: str | PurePath | Sequence[str | PurePath],
    *,
    file: str | None = None,
    kinds: KindRegistry | None = None,
    location: Location | None = None,
    check: bool = True,
    skip_own: bool = False,
) -> list[SourceManifest]:
    """Return the manifests of files, folders or `-`, in the order they are given.

    Args:
        paths: One path or several (or the text itself, if `file` is given).
        file: What to call the text in messages.
        kinds: What the API server serves; the hub's kinds if not given.
        location: Where the paths are named, if a scenario names them.
        check: Check fields, types and names (False: any map is taken as it is).
        skip_own: Pass over scenarios and fleets, as is always done with those inside a folder.

    Raises:
        InputError: A file cannot be read, or a manifest is wrong; `problems` has the further ones.
    """
    if file is not None:
        return _finish(_parse(str(paths), file), [], kinds, check)
    documents: list[Document] = []
    errors: list[InputError] = []
    for path in [paths] if isinstance(paths, str | PurePath) else paths:
        skip, before = skip_own or is_folder(path), len(documents)
        try:
            files = list(manifest_files(str(path), location))
        except InputError as error:
            errors.append(error)
            continue
        for name in files:
            try:
                read = _parse(read_text(name, location), "stdin" if name == "-" else name)
            except InputError as error:
                errors.append(error)
                continue
            documents += [each for each in read if not (skip and _is_own(each.value))]
        if is_folder(path) and len(documents) == before and not errors:
            text = f"folder {quoted(str(path), 200)} holds no manifest, only scenarios: name one"
            errors.append(InputError(text, location))
    return _finish(documents, errors, kinds, check)


def parse_manifests(
    text: str, file: str = "text", *, kinds: KindRegistry | None = None, check: bool = True
) -> list[SourceManifest]:
    """Return the manifests of a text; `file` names it in messages.

    Raises:
        InputError: As `load_manifests`.
    """
    return _finish(_parse(text, file), [], kinds, check)


def check_documents(
    documents: Iterable[Document], kinds: KindRegistry | None = None
) -> list[SourceManifest]:
    """Return the manifests of parts of another document (inline objects of a scenario).

    Raises:
        InputError: As `load_manifests`.
    """
    return _finish(list(documents), [], kinds, check=True)


def in_namespace(manifest: Manifest, kinds: KindRegistry, namespace: str = "default") -> Manifest:
    """Return an object as kubectl sends it: in the current namespace if it names none.

    A kind that nobody has defined counts as namespaced, as most custom resources are.
    """
    kind = kinds.kind_of(manifest)
    if namespace_of(manifest) or not (kind.namespaced or kind.guessed):
        return manifest
    return set_in(manifest, ("metadata", "namespace"), namespace)


def raise_problems(errors: Sequence[InputError]) -> None:
    """Raise the first error with all others as its problems; nothing if there is none.

    Raises:
        InputError: There is at least one.
    """
    if not errors:
        return
    flat = [part for error in errors for part in (error, *error.problems)]
    first, *rest = list({str(error): error for error in flat}.values())
    raise InputError(first.message, first.location, rest)


def _parse(text: str, file: str) -> list[Document]:
    documents = parse_documents(text, file)
    if not documents:
        raise InputError("the file is empty, needs at least one manifest", Location(file))
    return documents


def _finish(
    documents: Sequence[Document],
    errors: list[InputError],
    kinds: KindRegistry | None,
    check: bool,
) -> list[SourceManifest]:
    parts = [part for document in documents for part in _items(document, errors)]
    sources = [SourceManifest(part.value, part) for part in parts]
    if check:
        registry = _with_definitions(kinds or HUB_KINDS(), sources)
        for source in sources:
            errors += [
                InputError(problem.message, source.location(problem.path, key=problem.at_key))
                for problem in manifest_problems(source.manifest, registry)
            ]
    raise_problems(errors)
    return sources


def _is_own(value: Any) -> bool:
    """Tell whether a document is one of ours (a scenario, a fleet), and not for an API server."""
    return isinstance(value, dict) and value.get("apiVersion") == API_VERSION


def _items(document: Document, errors: list[InputError]) -> list[Document]:
    """Return the objects of a document: a List is taken apart, as kubectl does."""
    value: Any = document.value
    if not isinstance(value, dict):
        errors.append(InputError(f"a manifest is {quoted(value)}, needs a map", document.locate()))
        return []
    if _is_own(value):
        kind = quoted(value.get("kind"))
        text = f"{kind} of {API_VERSION} is no manifest: no API server has such objects"
        errors.append(InputError(text, document.locate()))
        return []
    items = value.get("items")
    if str(value.get("kind") or "").endswith("List") and isinstance(items, list):
        parts = [document.part(("items", index)) for index in range(len(items))]
        return [part for whole in parts for part in _items(whole, errors)]
    return [document]


def _with_definitions(registry: KindRegistry, sources: Sequence[SourceManifest]) -> KindRegistry:
    """Return the kinds, with those that CustomResourceDefinitions among the manifests define."""
    for source in sources:
        if source.manifest.get("kind") == "CustomResourceDefinition":
            try:
                defined = crd_kinds(source.manifest)
            except (AttributeError, TypeError, ValueError):
                continue  # its own problems are told by its own check
            for kind in defined:
                registry.add(kind)
    return registry
