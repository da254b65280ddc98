"""Settings of a plan by keyword, under the names Python has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from lab.core.errors import InputError, did_you_mean
from lab.core.settings import KarmadaSettings, karmada_settings, setting_name


def chosen_settings(
    base: KarmadaSettings, gates: Mapping[str, bool] | None, flags: Mapping[str, Any]
) -> KarmadaSettings:
    """Return `base` with some gates and single settings changed.

    Args:
        base: What the others keep.
        gates: Gates to change, by name.
        flags: Settings to change, by attribute name; a duration's `_s` may be left out.

    Raises:
        InputError: There is no such gate or setting, or its value is of the wrong type.
    """
    names = {item.name: item.name for item in fields(KarmadaSettings)}
    names.update({name.removesuffix("_s"): name for name in names})
    given: dict[str, str] = {}
    for flag in flags:
        if flag not in names or flag == "feature_gates":
            raise InputError(f'unknown setting "{flag}"{did_you_mean(flag, list(names))}')
        given[names[flag]] = flag
    parsed = karmada_settings(
        {setting_name(flag): flags[flag] for flag in given.values()}
        | ({"featureGates": {**base.feature_gates, **gates}} if gates is not None else {})
    )
    changed = {name: getattr(parsed, name) for name in given}
    if gates is not None:
        changed["feature_gates"] = parsed.feature_gates
    return replace(base, **changed)
