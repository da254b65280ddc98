"""What may stand where in a manifest: field types with their list keys and patch strategies.

One shape for two sources: the table of built-in types, and the OpenAPI schema of a custom resource.
Strategic merge, server-side apply and validation walk it side by side with a manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

from lab.core.facts import table

Form = Literal["struct", "map", "list", "scalar", "any"]
OBJECT_META = "apis.meta.v1.ObjectMeta"


class FieldType:
    """The type of one place in a manifest.

    Attributes:
        form: "struct" (known fields), "map" (free keys), "list", "scalar", or "any" (no structure
            known: everything may stand there).
        name: The type's name (struct), or the scalar: string, integer:int32, integer:int64,
            number:double, boolean, string:byte, string:date-time, int-or-string, quantity.
        item: Type of a list's elements or a map's values.
        atomic: Server-side apply takes this list, map or struct as one value.
        list_type: "map" (elements are known by `list_keys`), "set" or "atomic".
        merge_key: Key of strategic merge, or an empty text.
        strategies: Patch strategies: "merge", "replace", "retainKeys".
        enum: The allowed values, empty if any.
        default: What the API server fills in (None: nothing).
        required: Fields that must be there.
        schema: The OpenAPI schema this came from, for limits and patterns; None for built-ins.
        accepts: A test of scalars, made once by whoever validates.
    """

    __slots__ = (
        "_fields",
        "_load",
        "accepts",
        "atomic",
        "default",
        "enum",
        "form",
        "item",
        "list_keys",
        "list_type",
        "merge_key",
        "name",
        "required",
        "schema",
        "strategies",
    )

    def __init__(
        self,
        form: Form,
        name: str = "",
        *,
        item: FieldType | None = None,
        load: Callable[[], dict[str, FieldType]] | None = None,
        options: Mapping[str, Any] | None = None,
        required: tuple[str, ...] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        given = options or {}
        self.form: Form = form
        self.name = name
        self.item = item
        self.list_type: str = given.get("list") or ("atomic" if form == "list" else "")
        self.atomic: bool = self.list_type == "atomic" or given.get("map") == "atomic"
        self.list_keys: tuple[str, ...] = tuple(given.get("keys") or ())
        self.merge_key: str = given.get("merge") or ""
        self.strategies: tuple[str, ...] = tuple((given.get("strategy") or "").split(","))
        self.enum: tuple[Any, ...] = tuple(given.get("enum") or ())
        self.default: Any = given.get("default")
        self.required = required
        self.schema = schema
        self.accepts: Callable[[Any], bool] | None = None
        self._load = load
        self._fields: dict[str, FieldType] | None = None

    @property
    def fields(self) -> Mapping[str, FieldType]:
        """The known fields of a struct (read when first asked); empty for other forms."""
        if self._fields is None:
            self._fields = self._load() if self._load else {}
        return self._fields

    def at(self, step: str) -> FieldType:
        """Return the type under a field or key; ANY where nothing is known about it."""
        if self.form == "struct":
            return self.fields.get(step, ANY)
        return self.item if self.form == "map" and self.item is not None else ANY

    def __repr__(self) -> str:
        inner = f" of {self.item!r}" if self.item else ""
        return f"<{self.form} {self.name}{inner}>"


ANY = FieldType("any")
_QUANTITY = "api.resource.Quantity"
_FORMLESS = {"object"}


@cache
def fields_of(name: str) -> FieldType:
    """Return a built-in type by its short name, for example "core.v1.PodSpec".

    Raises:
        KeyError: There is no such type.
    """
    entry = table("fields")["types"][name]
    if isinstance(entry, str):
        if entry in _FORMLESS:
            return ANY
        return FieldType("scalar", "quantity" if name == _QUANTITY else entry)
    return _struct(name, entry, {})


def _struct(name: str, entry: Mapping[str, Any], options: Mapping[str, Any]) -> FieldType:
    def load() -> dict[str, FieldType]:
        return {
            key: _of(value, {}) if isinstance(value, str) else _of(value[0], value[1])
            for key, value in entry["f"].items()
        }

    if entry.get("a"):
        options = {"map": "atomic", **options}
    return FieldType(
        "struct", name, load=load, options=options, required=tuple(entry.get("r") or ())
    )


def _of(text: str, options: Mapping[str, Any]) -> FieldType:
    if text.startswith("[]"):
        return FieldType("list", text, item=_of(text[2:], {}), options=options)
    if text.startswith("{}"):
        return FieldType("map", text, item=_of(text[2:], {}), options=options)
    entry = table("fields")["types"].get(text)
    if entry is None:
        return FieldType("scalar", text, options=options)
    if isinstance(entry, str) or not options:
        return fields_of(text)
    return _struct(text, entry, options)


def type_of(api_version: str, kind: str) -> FieldType | None:
    """Return the type of a kind the lab knows (built-in, or a Karmada CRD), or None."""
    return _type_of(f"{api_version} {kind}")


@cache
def _type_of(key: str) -> FieldType | None:
    name = table("fields")["kinds"].get(key)
    if name is not None:
        return fields_of(name)
    crd = table("crds").get(key)
    return schema_type(crd[0]) if crd else None


def schema_type(schema: Mapping[str, Any]) -> FieldType:
    """Return the type of a custom resource from its OpenAPI schema (its metadata is ObjectMeta)."""

    def load() -> dict[str, FieldType]:
        given = {key: _from_schema(value) for key, value in schema.get("properties", {}).items()}
        text = FieldType("scalar", "string")
        return {**given, "apiVersion": text, "kind": text, "metadata": fields_of(OBJECT_META)}

    return FieldType(
        "struct", load=load, required=tuple(schema.get("required") or ()), schema=schema
    )


_SCALARS = {"string", "integer", "number", "boolean"}


def _from_schema(schema: Mapping[str, Any]) -> FieldType:
    options = {
        "list": schema.get("x-kubernetes-list-type"),
        "keys": schema.get("x-kubernetes-list-map-keys"),
        "map": schema.get("x-kubernetes-map-type"),
        "enum": schema.get("enum"),
        "default": schema.get("default"),
    }
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return FieldType("scalar", "int-or-string", options=options, schema=schema)
    if kind in _SCALARS:
        name = f"{kind}:{schema['format']}" if schema.get("format") else str(kind)
        return FieldType("scalar", name, options=options, schema=schema)
    if kind == "array":
        item = _from_schema(schema.get("items") or {})
        return FieldType("list", item=item, options=options, schema=schema)
    properties = schema.get("properties")
    if properties is not None and not schema.get("x-kubernetes-preserve-unknown-fields"):
        return FieldType(
            "struct",
            load=lambda: {key: _from_schema(value) for key, value in properties.items()},
            options=options,
            required=tuple(schema.get("required") or ()),
            schema=schema,
        )
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping):
        return FieldType("map", item=_from_schema(values), options=options, schema=schema)
    return FieldType("any", options=options, schema=schema)


def deduced_type() -> FieldType:
    """Return the type of an object nothing is known about, but for its metadata."""
    return _DEDUCED


_DEDUCED = FieldType("struct", load=lambda: {"metadata": fields_of(OBJECT_META)})
