"""The kinds an API server serves: names, scope, short names, columns, subresources.

`HUB_KINDS()` is a Karmada control plane, `MEMBER_KINDS()` a plain cluster. Both return a registry
of one's own: a CustomResourceDefinition adds to one cluster's kinds, not to all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from lab.core import fields
from lab.core.errors import InputError, did_you_mean
from lab.core.facts import table
from lab.core.manifest import Manifest, get_in, namespace_of


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the server-side table; `priority` 1 is shown with `-o wide` only."""

    name: str
    type: str
    format: str = ""
    priority: int = 0
    json_path: str = ""
    """Where a custom resource's cell comes from; empty for built-in kinds."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind in one version of its API."""

    api_version: str
    kind: str
    plural: str
    singular: str = ""
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    custom: bool = False
    """Defined by a CustomResourceDefinition: no strategic merge, other generation rules."""
    guessed: bool = False
    """Not known at all: names were guessed from a manifest."""
    schema: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    """The OpenAPI schema, for kinds from a CustomResourceDefinition of the user's."""

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        group, slash, _ = self.api_version.rpartition("/")
        return group if slash else ""

    @property
    def version(self) -> str:
        """The version inside the group."""
        return self.api_version.rpartition("/")[2]

    @property
    def resource(self) -> str:
        """The resource as error messages write it: `deployments.apps`, `configmaps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified(self) -> str:
        """The kind as "is invalid" messages write it: `Deployment.apps`, `ConfigMap`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def field_type(self) -> fields.FieldType | None:
        """What may stand in a manifest of this kind; None if nothing is known."""
        if self.schema is not None:
            return _schema_type(id(self.schema), self)
        return fields.type_of(self.api_version, self.kind)


_SCHEMA_TYPES: dict[int, tuple[Kind, fields.FieldType]] = {}


def _schema_type(key: int, kind: Kind) -> fields.FieldType:
    # The Kind is kept beside its type, so that no other schema can get the same id.
    if key not in _SCHEMA_TYPES:
        assert kind.schema is not None
        _SCHEMA_TYPES[key] = (kind, fields.schema_type(kind.schema))
    return _SCHEMA_TYPES[key][1]


def _version_rank(version: str) -> tuple[int, int, int]:
    """Order versions as Kubernetes does: v2 before v1 before v1beta2 before v1alpha1."""
    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if match is None:
        return (3, 0, 0)
    stage = {None: 0, "beta": 1, "alpha": 2}[match[2]]
    return (stage, -int(match[1]), -int(match[3] or 0))


class KindRegistry:
    """The kinds of one API server, found by API version and kind, or by a kubectl word."""

    def __init__(self, kinds: Iterable[Kind] = ()) -> None:
        self._kinds: dict[tuple[str, str], Kind] = {
            (kind.api_version, kind.kind): kind for kind in kinds
        }
        self._words: dict[str, Kind] | None = None
        self._missing: tuple[str, ...] = ()

    def get(self, api_version: str, kind: str) -> Kind | None:
        """Return a kind, or None if this server does not serve it."""
        return self._kinds.get((api_version, kind))

    def all(self) -> list[Kind]:
        """Return every kind, in the order the server lists them."""
        return list(self._kinds.values())

    def add(self, kind: Kind) -> None:
        """Serve a further kind; one of the same name is replaced."""
        self._kinds[kind.api_version, kind.kind] = kind
        self._words = None

    def remove(self, api_version: str, kind: str) -> None:
        """Serve a kind no longer."""
        self._kinds.pop((api_version, kind), None)
        self._words = None

    def without(self, missing: Sequence[str]) -> KindRegistry:
        """Return a registry that does not serve some APIs: `group/version[/Kind]`, `v1/Kind`."""
        result = KindRegistry(
            kind for kind in self._kinds.values() if not _is_missing(kind, missing)
        )
        result._missing = (*self._missing, *missing)
        return result

    def is_missing(self, api_version: str, kind: str) -> bool:
        """Tell whether `without` took this API away (so that it must not be guessed)."""
        return _is_missing(Kind(api_version, kind, ""), self._missing)

    def kind_of(self, manifest: Manifest) -> Kind:
        """Return the kind of a manifest; an unknown kind's names are guessed as kubectl does."""
        api_version = str(manifest.get("apiVersion") or "")
        kind = str(manifest.get("kind") or "")
        known = self.get(api_version, kind)
        return known or guess(api_version, kind, namespaced=bool(namespace_of(manifest)))

    def preferred(self, group: str, kind: str) -> Kind | None:
        """Return a kind in the version its group prefers (which is also the stored one)."""
        found = [k for k in self._kinds.values() if k.kind == kind and k.group == group]
        return min(found, key=lambda k: _version_rank(k.version)) if found else None

    def resolve(self, word: str) -> Kind:
        """Return the kind a kubectl word means: "deploy", "deployments.apps", "rb", "Deployment".

        Raises:
            InputError: No kind has this name; the message is kubectl's, with the nearest word.
        """
        words = self._word_table()
        found = words.get(word.lower())
        if found is None:
            hint = did_you_mean(word.lower(), [key for key in words if "." not in key])
            raise InputError(f'the server doesn\'t have a resource type "{word}"{hint}')
        return found

    def in_category(self, category: str) -> list[Kind]:
        """Return the kinds of a category ("all", "karmada-io"), each in its preferred version."""
        return [
            kind
            for kind in self._kinds.values()
            if category in kind.categories and self.preferred(kind.group, kind.kind) is kind
        ]

    def _word_table(self) -> dict[str, Kind]:
        if self._words is None:
            self._words = _words(self._kinds.values())
        return self._words


def _is_missing(kind: Kind, missing: Sequence[str]) -> bool:
    return any(
        api in (kind.api_version, f"{kind.api_version}/{kind.kind}", kind.group or None)
        for api in missing
    )


def _words(kinds: Iterable[Kind]) -> dict[str, Kind]:
    # The core group comes first and wins; within a group the preferred version does.
    ranked = sorted(kinds, key=lambda kind: (kind.group != "", _version_rank(kind.version)))
    words: dict[str, Kind] = {}
    # A name beats a short name, whichever group it is in.
    for kind in ranked:
        for name in (kind.plural, kind.singular or kind.kind.lower(), kind.kind.lower()):
            words.setdefault(name, kind)
            if kind.group:
                words.setdefault(f"{name}.{kind.group}", kind)
            words.setdefault(f"{name}.{kind.version}.{kind.group}".rstrip("."), kind)
    for kind in ranked:
        for name in kind.short_names:
            words.setdefault(name, kind)
            if kind.group:
                words.setdefault(f"{name}.{kind.group}", kind)
    return words


def guess(api_version: str, kind: str, *, namespaced: bool = True) -> Kind:
    """Return a kind nothing is known about, named by the rule `UnsafeGuessKindToResource`.

    Example:
        >>> guess("example.com/v1", "Policy").resource
        'policies.example.com'
    """
    singular = kind.lower()
    if singular.endswith("endpoints"):
        plural = singular
    elif singular.endswith("s"):
        plural = singular + "es"
    elif singular.endswith("y"):
        plural = singular[:-1] + "ies"
    else:
        plural = singular + "s"
    return Kind(
        api_version, kind, plural, singular, namespaced=namespaced, custom=True, guessed=True
    )


def crd_kinds(crd: Manifest) -> list[Kind]:
    """Return the kinds that a CustomResourceDefinition (v1) makes a server serve."""
    names = get_in(crd, ("spec", "names")) or {}
    group = get_in(crd, ("spec", "group")) or ""
    found = []
    for version in get_in(crd, ("spec", "versions")) or ():
        if not version.get("served", True):
            continue
        columns = [
            Column(
                str(column.get("name") or ""),
                str(column.get("type") or "string"),
                str(column.get("format") or ""),
                int(column.get("priority") or 0),
                str(column.get("jsonPath") or ""),
            )
            for column in version.get("additionalPrinterColumns") or ()
        ]
        if not columns:
            columns = [Column("Age", "date", "", 0, ".metadata.creationTimestamp")]
        found.append(
            Kind(
                f"{group}/{version.get('name') or ''}",
                str(names.get("kind") or ""),
                str(names.get("plural") or ""),
                str(names.get("singular") or str(names.get("kind") or "").lower()),
                namespaced=get_in(crd, ("spec", "scope")) != "Cluster",
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                columns=(Column("Name", "string", "name"), *columns),
                subresources=tuple(sorted(version.get("subresources") or {})),
                verbs=_VERBS,
                custom=True,
                schema=get_in(version, ("schema", "openAPIV3Schema")),
            )
        )
    return found


_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@cache
def _table(name: str) -> tuple[Kind, ...]:
    return tuple(
        Kind(
            row["apiVersion"],
            row["kind"],
            row["plural"],
            row["singular"],
            row["namespaced"],
            tuple(row["shortNames"]),
            tuple(row["categories"]),
            tuple(Column(*column) for column in row["columns"]),
            tuple(row["subresources"]),
            tuple(row["verbs"]),
            row["custom"],
        )
        for row in table("kinds")[name]
    )


def HUB_KINDS() -> KindRegistry:  # noqa: N802 — reads as the constant it stands for
    """Return the kinds of a Karmada control plane, in a registry of one's own."""
    return KindRegistry((*_table("kubernetes"), *_table("karmada")))


def MEMBER_KINDS() -> KindRegistry:  # noqa: N802 — reads as the constant it stands for
    """Return the kinds of a plain Kubernetes cluster, in a registry of one's own."""
    return KindRegistry(_table("kubernetes"))
