"""What a plain YAML word means: read exactly as kubectl reads it.

kubectl turns YAML into JSON with `sigs.k8s.io/yaml`: go-yaml v2, YAML 1.1 with exceptions.

    written                 read as             why
    yes no on off y n       true false          YAML 1.1 booleans
    0777  0o777  0x1F  0b1  511 511 31 1        Go's ParseInt with base 0
    08                      8                   no octal, so it is read as a float
    1_000                   1000                underscores are dropped
    22:22                   "22:22"             no base 60
    1e3  1.0                1000 1              a float without a fraction is a whole number in JSON
    2026-01-01              "2026-01-01"        dates stay text
    .nan  .inf              refused             JSON has no such numbers
    ~  null  (nothing)      null

Source: kubernetes-sigs/yaml `goyaml.v2/resolve.go`, `yaml.go`.
"""

from __future__ import annotations

import base64
import binascii
import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_INTEGERS = (
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)"), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)"), 2),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)"), 8),
    (re.compile(r"([-+]?)(0|[1-9][0-9]*)"), 10),
)
_STARTS = frozenset("0123456789+-.yYnNtTfFoO~")
_MAX_DIGITS = 400
_PREFIX = "tag:yaml.org,2002:"


def plain_scalar(text: str) -> Scalar:
    """Return the value of a word without quotes and tags; NaN and infinity are returned as floats.

    Example:
        >>> plain_scalar("no"), plain_scalar("0777"), plain_scalar("22:22"), plain_scalar("1e3")
        (False, 511, '22:22', 1000)
    """
    if text and text[0] not in _STARTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "yYnNtTfFoO~" or len(text) > _MAX_DIGITS or _DATE.fullmatch(text):
        return text
    digits = text if text[0] == "." else text.replace("_", "")
    if digits and text[0] != ".":
        for form, base in _INTEGERS:
            if match := form.fullmatch(digits):
                number = int(match[2], base)
                return -number if match[1] == "-" else number
    if not _FLOAT.fullmatch(digits) or math.isinf(value := float(digits)):
        return text
    return _json_number(value)


def tagged_scalar(tag: str, text: str) -> Scalar:
    """Return the value of a scalar with an explicit tag; tags go-yaml does not know mean text.

    Raises:
        ValueError: The text is not what the tag says.
    """
    kind = tag.removeprefix(_PREFIX)
    if kind == "binary":
        try:
            return base64.b64decode(text, validate=False).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError("a !!binary value is no base64 of a UTF-8 text") from None
    value = plain_scalar(text)
    if kind in {"int", "float"}:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f'cannot read "{text}" as !!{kind}')
        return value
    if kind == "bool" and not isinstance(value, bool):
        raise ValueError(f'cannot read "{text}" as !!bool')
    if kind == "null" and value is not None:
        raise ValueError(f'cannot read "{text}" as !!null')
    return value if kind in {"bool", "null"} else text


def _json_number(value: float) -> int | float:
    # Go prints a float64 without a fraction below 1e21 as an integer; what reads the JSON then
    # takes it for one if 64 bits hold it.
    if value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value
