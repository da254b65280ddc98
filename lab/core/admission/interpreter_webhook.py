"""ResourceInterpreterWebhookConfiguration: names, rules, timeouts, one place to call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.admission.field_errors import (
    FieldError,
    Path,
    aggregate,
    denied,
    duplicate,
    invalid,
    not_supported,
    required,
)
from lab.core.admission.names import dns_subdomain_errors
from lab.core.admission.request import Request
from lab.core.manifest import Manifest

OPERATIONS = (
    "*", "AggregateStatus", "InterpretComponent", "InterpretDependency", "InterpretHealth",
    "InterpretReplica", "InterpretStatus", "Retain", "ReviseReplica",
)  # fmt: skip
_VERSION = "v1alpha1"


def validate(configuration: Manifest, request: Request) -> None:
    """Refuse what the webhook refuses.

    Raises:
        ApiError: With the webhook's text.
    """
    del request
    errors: list[FieldError] = []
    names: set[str] = set()
    for index, hook in enumerate(configuration.get("webhooks") or ()):
        path: Path = ("webhooks", index)
        errors += _hook_errors(hook, path)
        name = str(hook.get("name") or "")
        if name in names:
            errors.append(duplicate((*path, "name"), name))
        names.add(name)
    if errors:
        raise denied("config.karmada.io", aggregate(errors))


def _hook_errors(hook: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    name = str(hook.get("name") or "")
    if not name:
        errors.append(required((*path, "name")))
    else:
        errors += [invalid((*path, "name"), name, text) for text in dns_subdomain_errors(name)]
        if name.count(".") < 2:
            text = "should be a domain with at least three segments separated by dots"
            errors.append(invalid((*path, "name"), name, text))
    for index, rule in enumerate(hook.get("rules") or ()):
        errors += _rule_errors(rule, (*path, "rules", index))
    timeout = hook.get("timeoutSeconds")
    if timeout is not None and not 1 <= timeout <= 30:
        text = "the timeout value must be between 1 and 30 seconds"
        errors.append(invalid((*path, "timeoutSeconds"), timeout, text))
    client = hook.get("clientConfig") or {}
    if (client.get("url") is None) == (client.get("service") is None):
        text = "exactly one of url or service is required"
        errors.append(required((*path, "clientConfig"), text))
    versions = list(hook.get("interpreterContextVersions") or ())
    where = (*path, "interpreterContextVersions")
    if not versions:
        errors.append(required(where, f"must specify one of {_VERSION}"))
    elif _VERSION not in versions:
        text = f"must include at least one of {_VERSION}"
        errors.append(invalid(where, versions, text))
    return errors


def _rule_errors(rule: Mapping[str, Any], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    words = {
        "operations": "operations",
        "apiGroups": "API groups",
        "apiVersions": "API versions",
        "kinds": "kinds",
    }
    for field, plural in words.items():
        values = list(rule.get(field) or ())
        if not values:
            errors.append(required((*path, field)))
        if len(values) > 1 and "*" in values:
            text = f"if '*' is present, must not specify other {plural}"
            errors.append(invalid((*path, field), values, text))
        for index, value in enumerate(values):
            where = (*path, field, index)
            if field == "operations" and value not in OPERATIONS:
                errors.append(not_supported(where, value, OPERATIONS))
            elif field in {"apiVersions", "kinds"} and not value:
                errors.append(required(where))
    return errors
