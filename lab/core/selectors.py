"""Label and field selectors: the map form of manifests and the text form of `-l`.

Source of the rules: `k8s.io/apimachinery/pkg/labels` and `metav1.LabelSelectorAsSelector`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Requirement:
    """One term. `operator` is In, NotIn, Exists, DoesNotExist, Gt or Lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a label map satisfies this term; an absent key satisfies NotIn."""
        present = self.key in labels
        if self.operator == "Exists":
            return present
        if self.operator == "DoesNotExist":
            return not present
        if self.operator == "NotIn":
            return not present or labels[self.key] not in self.values
        if not present:
            return False
        if self.operator == "In":
            return labels[self.key] in self.values
        try:
            found, bound = int(labels[self.key]), int(self.values[0])
        except (ValueError, IndexError):
            return False
        return found > bound if self.operator == "Gt" else found < bound

    def __str__(self) -> str:
        if self.operator == "Exists":
            return self.key
        if self.operator == "DoesNotExist":
            return f"!{self.key}"
        if self.operator in {"Gt", "Lt"}:
            return f"{self.key}{'>' if self.operator == 'Gt' else '<'}{self.values[0]}"
        word = "in" if self.operator == "In" else "notin"
        return f"{self.key} {word} ({','.join(self.values)})"


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements must hold; none at all matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a label map satisfies every requirement."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(str(requirement) for requirement in self.requirements)


EVERYTHING = Selector()
_OPERATORS = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"}
_NAME = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def label_key_error(key: str) -> str | None:
    """Return what is wrong with a label key, or None (qualified name: [prefix/]name)."""
    prefix, slash, name = key.rpartition("/")
    if slash and not _PREFIX.fullmatch(prefix):
        return f'label key "{key}" has a prefix that is no DNS subdomain'
    if not _NAME.fullmatch(name):
        return f'label key "{key}" must be at most 63 letters, digits, "-", "_" or "."'
    return None


def label_value_error(value: str) -> str | None:
    """Return what is wrong with a label value, or None."""
    if value == "" or _NAME.fullmatch(value):
        return None
    return f'label value "{value}" must be at most 63 letters, digits, "-", "_" or "."'


def parse_label_selector(selector: Mapping[str, Any] | None) -> Selector:
    """Return the selector of a `{matchLabels, matchExpressions}` map; None matches everything.

    Kubernetes itself reads an absent selector as "nothing" in some places: the caller decides.

    Raises:
        ValueError: An operator or its values are not as the API demands.
    """
    if not selector:
        return EVERYTHING
    terms = [
        Requirement(key, "In", (str(value),))
        for key, value in sorted((selector.get("matchLabels") or {}).items())
    ]
    terms += [
        requirement(str(e.get("key") or ""), str(e.get("operator") or ""), e.get("values") or ())
        for e in selector.get("matchExpressions") or ()
    ]
    return Selector(tuple(terms))


def requirement(key: str, operator: str, values: Sequence[Any]) -> Requirement:
    """Return a checked requirement.

    Raises:
        ValueError: Unknown operator, or values given where none belong (or the other way round).
    """
    if operator not in _OPERATORS:
        raise ValueError(f'"{operator}" is not a valid label selector operator')
    if operator in {"In", "NotIn"} and not values:
        raise ValueError(f'operator "{operator}" of key "{key}" needs values')
    if operator in {"Exists", "DoesNotExist"} and values:
        raise ValueError(f'operator "{operator}" of key "{key}" takes no values')
    if operator in {"Gt", "Lt"} and len(values) != 1:
        raise ValueError(f'operator "{operator}" of key "{key}" takes exactly one value')
    error = label_key_error(key)
    if error:
        raise ValueError(error)
    return Requirement(key, operator, tuple(str(value) for value in values))


_SET_TERM = re.compile(r"\s*([^\s!=,()]+)\s+(in|notin)\s*\(([^()]*)\)\s*")
_EQ_TERM = re.compile(r"\s*([^\s!=,()<>]+)\s*(==|=|!=|>|<)\s*([^\s=,()<>!]*)\s*")
_KEY_TERM = re.compile(r"\s*(!?)\s*([^\s!=,()<>]+)\s*")


def parse_selector_text(text: str) -> Selector:
    """Return the selector of `-l`: `a=b,c!=d,e in (f,g),h,!i`.

    Raises:
        ValueError: The text cannot be read; the message says from where on.

    Example:
        >>> str(parse_selector_text("app=web, tier notin (a,b),!old"))
        'app in (web),tier notin (a,b),!old'
    """
    terms: list[Requirement] = []
    position = 0
    while position < len(text) or (terms and text.endswith(",")):
        if match := _SET_TERM.match(text, position):
            values = [value.strip() for value in match[3].split(",")]
            terms.append(requirement(match[1], "In" if match[2] == "in" else "NotIn", values))
        elif match := _EQ_TERM.match(text, position):
            word = {"=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt"}[match[2]]
            terms.append(requirement(match[1], word, [match[3]]))
        elif match := _KEY_TERM.match(text, position):
            terms.append(requirement(match[2], "DoesNotExist" if match[1] else "Exists", ()))
        else:
            raise ValueError(f'cannot read selector "{text}" from "{text[position:]}" on')
        position = match.end()
        if position < len(text):
            if text[position] != ",":
                raise ValueError(f'cannot read selector "{text}" from "{text[position:]}" on')
            position += 1
    return Selector(tuple(terms))


def parse_field_selector(text: str) -> tuple[tuple[str, str, bool], ...]:
    """Return the terms of `--field-selector` as (dotted path, value, wanted equal).

    Raises:
        ValueError: A term is not path=value, path==value or path!=value.
    """
    terms = []
    for term in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([\w.\-\[\]/]+)(==|=|!=)(.*)", term)
        if match is None:
            raise ValueError(f'cannot read field selector term "{term}" (write path=value)')
        terms.append((match[1], match[3], match[2] != "!="))
    return tuple(terms)
