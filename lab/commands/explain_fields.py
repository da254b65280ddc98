"""The field table of a kind: `explain pp.spec.placement.spreadConstraints`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.commands.context import Context
from lab.commands.verb import Args, Result

if TYPE_CHECKING:
    from lab.core.fields import FieldType
    from lab.core.kinds import Kind, KindRegistry


def explain_fields(context: Context, args: Args) -> Result:
    """Return the fields at a path: name, type, whether required, default, allowed values.

    Raises:
        InputError: The kind or a field does not exist; the message has the nearest word.
    """
    from lab.commands.printers import documents
    from lab.commands.printers.text import columns
    from lab.core.errors import InputError

    words = args.words("targets")
    if len(words) != 1 or "/" in words[0]:
        raise InputError(
            "we accept only this format: explain KIND.FIELD.FIELD "
            "(fedlab explain KIND/NAME says why an object is where it is)"
        )
    kind, steps = _kind_and_path(words[0], _registry(context), args.text("api-version"))
    field = kind.field_type
    if field is None:
        raise InputError(f"nothing is known of the fields of {kind.kind}: no schema came with it")
    for index, step in enumerate(steps):
        field = _at(field, step, ".".join([kind.plural, *steps[:index]]))
    rows = _rows(field, "", recursive=args.on("recursive"))
    data = {
        "group": kind.group,
        "kind": kind.kind,
        "version": kind.version,
        "path": ".".join(steps),
        **_facts(field),
        "fields": rows,
    }
    text = documents.rendered(args.text("output"), data, [row["name"] for row in rows])
    if text is not None:
        return Result(text, (), data)
    lines = [f"GROUP:      {kind.group}"] if kind.group else []
    lines += [f"KIND:       {kind.kind}", f"VERSION:    {kind.version}", ""]
    if steps:
        lines += [f"FIELD: {steps[-1]} <{type_word(field)}>{_extra(_facts(field))}", ""]
    if rows:
        table = [["  FIELD", "TYPE", "REQUIRED", "DEFAULT", "ALLOWED"]]
        table += [
            [
                "  " + row["name"],
                row["type"],
                "yes" if row["required"] else "",
                _shown(row["default"]),
                ", ".join(map(_shown, row["enum"])),
            ]
            for row in rows
        ]
        lines += ["FIELDS:", columns(table)]
    return Result("\n".join(lines).rstrip(), (), data)


def _registry(context: Context) -> KindRegistry:
    from lab.core.kinds import HUB_KINDS

    return HUB_KINDS() if context.world is None else context.world.kinds("")


def _kind_and_path(word: str, kinds: KindRegistry, api_version: str) -> tuple[Kind, list[str]]:
    from lab.core.errors import InputError

    parts = word.rstrip(".").split(".")
    kind = kinds.resolve(parts[0])
    if api_version:
        found = kinds.get(api_version, kind.kind)
        if found is None:
            raise InputError(f'no kind "{kind.kind}" in version "{api_version}"')
        kind = found
    return kind, parts[1:]


def _at(field: FieldType, step: str, path: str) -> FieldType:
    from lab.core.errors import InputError, did_you_mean

    inner = _element(field)
    found = inner.fields.get(step)
    if found is None:
        near = did_you_mean(step, list(inner.fields))
        raise InputError(f'field "{step}" does not exist in {path}{near}')
    return found


def _element(field: FieldType) -> FieldType:
    while field.form in {"list", "map"} and field.item is not None:
        field = field.item
    return field


def type_word(field: FieldType) -> str:
    """Return a type as kubectl explain writes it: `[]Object`, `map[string]string`, `integer`."""
    if field.form == "list":
        return "[]" + (type_word(field.item) if field.item else "Object")
    if field.form == "map":
        return "map[string]" + (type_word(field.item) if field.item else "Object")
    if field.form in {"struct", "any"}:
        return field.name.rpartition(".")[2] or "Object"
    return field.name.partition(":")[0]


def _facts(field: FieldType) -> dict[str, Any]:
    return {
        "type": type_word(field),
        "default": field.default,
        "enum": list(field.enum),
        "listType": field.list_type,
        "listKeys": list(field.list_keys),
        "mergeKey": field.merge_key,
    }


def _extra(facts: dict[str, Any]) -> str:
    words = []
    if facts["default"] is not None:
        words.append(f"default {_shown(facts['default'])}")
    if facts["enum"]:
        words.append("one of " + ", ".join(map(_shown, facts["enum"])))
    if facts["listKeys"]:
        words.append("a map by " + ", ".join(facts["listKeys"]))
    return f" ({'; '.join(words)})" if words else ""


def _rows(field: FieldType, prefix: str, *, recursive: bool, depth: int = 0) -> list[Any]:
    rows = []
    inner = _element(field)
    for name, each in sorted(inner.fields.items()):
        required = name in inner.required
        rows.append({"name": prefix + name, "required": required, **_facts(each)})
        # Schemas of schemas contain themselves: a depth that no real manifest reaches ends it.
        if recursive and depth < 8:
            rows += _rows(each, prefix + name + ".", recursive=True, depth=depth + 1)
    return rows


def _shown(value: Any) -> str:
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, str):
        return value or '""'
    from lab.core.jsonpath import value_text

    return value_text(value)
