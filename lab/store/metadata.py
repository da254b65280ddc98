"""What the API server itself does to `metadata`: names, uids, labels' rules, what nobody may write.

Source of rules and texts: apimachinery `api/validation`, `util/validation` and `registry/rest`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.errors import ApiError, Cause
from lab.core.fnv import safe_encode
from lab.core.kinds import Kind
from lab.core.manifest import Manifest, timestamp
from lab.store import refusals

_UID_SPACE = uuid.UUID("8f9b3c52-6c1e-5c0a-9f5b-2d7b6a4f1e10")
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_SUBDOMAIN_RE, _LABEL_RE = re.compile(_SUBDOMAIN), re.compile(_LABEL)
_DNS1035_RE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED_RE = re.compile(_QUALIFIED)
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN}')"
)
_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    f"for validation is '{_LABEL}')"
)
_DNS1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_PATH_SEGMENT_KINDS = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
_MAX_GENERATED = 63 - 5

SERVER_OWNED = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "selfLink",
)
"""Fields of metadata that an update cannot change."""


def new_uid(seed: str, cluster: str, kind: str, namespace: str, name: str, counter: int) -> str:
    """Return a uid that depends on nothing but its arguments."""
    text = "\x00".join((seed, cluster, kind, namespace, name, str(counter)))
    return str(uuid.uuid5(_UID_SPACE, text))


def generated_name(prefix: str, seed: str, cluster: str, counter: int) -> str:
    """Return a name for `metadata.generateName`: five characters behind the prefix."""
    digest = uuid.uuid5(_UID_SPACE, "\x00".join(("name", seed, cluster, prefix, str(counter))))
    return prefix[:_MAX_GENERATED] + safe_encode(digest.bytes[:5].decode("latin-1"))


def stamped(
    meta: Mapping[str, Any], uid: str, name: str, now_s: float, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a new object's metadata with what the server sets."""
    result = {**meta, "name": name, "uid": meta.get("uid") or uid}
    for key in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"):
        result.pop(key, None)
    result.pop("generation", None)
    result.update(extra)
    result["creationTimestamp"] = timestamp(now_s)
    return result


def check_name(kind: Kind, meta: Mapping[str, Any]) -> ApiError | None:
    """Return what is wrong with name and labels of a new object, or None."""
    name = meta.get("name") or ""
    causes: list[Cause] = []
    if not name:
        text = "Required value: name or generateName is required"
        causes.append(Cause("metadata.name", "FieldValueRequired", text))
    elif wrong := _name_error(kind, str(name)):
        message = f'Invalid value: "{name}": {wrong}'
        causes.append(Cause("metadata.name", "FieldValueInvalid", message))
    causes += label_causes(meta)
    return refusals.invalid(kind, str(name), causes) if causes else None


def _name_error(kind: Kind, name: str) -> str | None:
    if kind.group == "rbac.authorization.k8s.io" and kind.kind in _PATH_SEGMENT_KINDS:
        if name in {".", ".."}:
            return f"may not be '{name}'"
        for part in ("/", "%"):
            if part in name:
                return f"may not contain '{part}'"
        return None
    if not kind.group and kind.kind == "Namespace":
        return _bounded(name, 63) or (None if _LABEL_RE.fullmatch(name) else _LABEL_TEXT)
    if not kind.group and kind.kind == "Service":
        return _bounded(name, 63) or (None if _DNS1035_RE.fullmatch(name) else _DNS1035_TEXT)
    return _bounded(name, 253) or (None if _SUBDOMAIN_RE.fullmatch(name) else _SUBDOMAIN_TEXT)


def _bounded(name: str, limit: int) -> str | None:
    return f"must be no more than {limit} characters" if len(name) > limit else None


def label_causes(meta: Mapping[str, Any]) -> list[Cause]:
    """Return what is wrong with the labels and annotations.

    Raises:
        ApiError: BadRequest, if a value is no text: such an object cannot even be read.
    """
    causes = []
    for field in ("labels", "annotations"):
        for value in (meta.get(field) or {}).values():
            if not isinstance(value, str):
                raise refusals.bad_request(
                    f"metadata.{field}: every value must be a text, found {value!r}"
                )
    for key, value in (meta.get("labels") or {}).items():
        if wrong := _key_error(key):
            message = f'Invalid value: "{key}": {wrong}'
            causes.append(Cause("metadata.labels", "FieldValueInvalid", message))
        if wrong := _value_error(value):
            message = f'Invalid value: "{value}": {wrong}'
            causes.append(Cause("metadata.labels", "FieldValueInvalid", message))
    for key in meta.get("annotations") or {}:
        # Annotation keys are compared in lower case, a leftover the server keeps.
        if wrong := _key_error(key.lower()):
            message = f'Invalid value: "{key}": {wrong}'
            causes.append(Cause("metadata.annotations", "FieldValueInvalid", message))
    return causes


def _value_error(value: str) -> str | None:
    if value == "":
        return None
    return _bounded(value, 63) or (None if _QUALIFIED_RE.fullmatch(value) else _VALUE_TEXT)


def _key_error(key: str) -> str | None:
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not _SUBDOMAIN_RE.fullmatch(prefix)):
        return f"prefix part {_SUBDOMAIN_TEXT}"
    if not name:
        return f"name part must be non-empty; {_KEY_TEXT}"
    if len(name) > 63:
        return "name part must be no more than 63 characters"
    return None if _QUALIFIED_RE.fullmatch(name) else _KEY_TEXT


def check_finalizers(kind: Kind, name: str, old: Manifest, new: Sequence[str]) -> ApiError | None:
    """Refuse finalizers that appear while the object is being deleted."""
    before = old["metadata"].get("finalizers") or ()
    added = [finalizer for finalizer in new if finalizer not in before]
    if not added:
        return None
    listed = ", ".join(f'"{finalizer}"' for finalizer in added)
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, "
        f"found new finalizers []string{{{listed}}}"
    )
    return refusals.invalid(kind, name, [Cause("metadata.finalizers", "FieldValueForbidden", text)])
