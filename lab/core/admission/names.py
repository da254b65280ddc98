"""What names may look like, with Kubernetes' own texts; each check returns what is wrong.

Source: `k8s.io/apimachinery/pkg/util/validation` and `pkg/api/validate/content`.
"""

from __future__ import annotations

import re

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_KEY_SAYS = (
    "must consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character"
)
_KEY_EXAMPLES = ("MyName", "my.name", "123-abc")


def _regex(message: str, form: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {shown}regex used for validation is '{form}')"


def brief(text: str) -> str:
    """Return a check's text without its examples and regular expression."""
    return text.partition(" (e.g. ")[0]


def _form_errors(name: str, most: int, form: str, message: str, *examples: str) -> list[str]:
    errors = [] if len(name) <= most else [f"must be no more than {most} characters"]
    if not re.fullmatch(form, name):
        errors.append(_regex(message, form, *examples))
    return errors


def dns_label_errors(name: str) -> list[str]:
    """A DNS label (RFC 1123): namespaces, clusters, containers."""
    message = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        "and must start and end with an alphanumeric character"
    )
    errors = _form_errors(name, 63, _LABEL, message, "my-name", "123-abc")
    if errors and not re.fullmatch(_LABEL, name) and re.fullmatch(_SUBDOMAIN, name):
        errors[-1] = "must not contain dots"
    return errors


def dns_1035_errors(name: str) -> list[str]:
    """A DNS label that begins with a letter: services."""
    message = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
        "with an alphabetic character, and end with an alphanumeric character"
    )
    return _form_errors(name, 63, _LABEL_1035, message, "my-name", "abc-123")


def dns_subdomain_errors(name: str) -> list[str]:
    """A DNS subdomain: most objects."""
    message = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
        "'-' or '.', and must start and end with an alphanumeric character"
    )
    return _form_errors(name, 253, _SUBDOMAIN, message, "example.com")


def path_segment_errors(name: str) -> list[str]:
    """A name that only has to fit into a URL: RBAC objects."""
    if name in {".", ".."}:
        return [f"may not be '{name}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in name]


def cluster_name_errors(name: str) -> list[str]:
    """A Karmada member cluster: a DNS label of at most 48 characters."""
    if not name:
        return ["must be not empty"]
    if len(name) > 48:
        return ["must be no more than 48 characters"]
    return dns_label_errors(name)


def label_key_errors(key: str) -> list[str]:
    """A label key, annotation key, taint key: `[prefix/]name`."""
    parts = key.split("/")
    if len(parts) > 2:
        says = _regex(_KEY_SAYS, _KEY, *_KEY_EXAMPLES)
        return [
            f"a valid label key {says} with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')"
        ]
    errors = []
    if len(parts) == 2:
        if not parts[0]:
            errors.append("prefix part must be non-empty")
        else:
            errors += [f"prefix part {error}" for error in dns_subdomain_errors(parts[0])]
    name = parts[-1]
    if not name:
        errors.append("name part must be non-empty")
    elif len(name) > 63:
        errors.append("name part must be no more than 63 bytes")
    if not re.fullmatch(_KEY, name):
        errors.append(f"name part {_regex(_KEY_SAYS, _KEY, *_KEY_EXAMPLES)}")
    return errors


def label_value_errors(value: str) -> list[str]:
    """A label value: empty, or like the name part of a key."""
    errors = []
    if len(value) > 63:
        errors.append("must be no more than 63 bytes")
    if value and not re.fullmatch(_KEY, value):
        message = (
            "a valid label must be an empty string or consist of alphanumeric characters, "
            "'-', '_' or '.', and must start and end with an alphanumeric character"
        )
        errors.append(_regex(message, f"({_KEY})?", "MyValue", "my_value", "12345"))
    return errors
