"""What the hub's webhooks will refuse, told before anything is applied."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lab.core.admission import admit
from lab.core.errors import ApiError, InputError
from lab.core.settings import KarmadaSettings
from lab.scenario.source import SourceManifest

_FIELD = re.compile(r"\b(?:spec|metadata|customizations|webhooks)(?:\.\w+|\[\d+\])+")
_STEP = re.compile(r"\w+|\[\d+\]")


def refusals(sources: Iterable[SourceManifest], settings: KarmadaSettings) -> list[InputError]:
    """Return an error for every manifest that could not be created, at the field it is about."""
    errors = []
    for source in sources:
        try:
            admit("CREATE", source.manifest, None, 0.0, settings)
        except ApiError as error:
            errors.append(InputError(error.message, source.location(_path_in(error))))
    return errors


def _path_in(error: ApiError) -> tuple[str | int, ...]:
    """Return the path of the first field a refusal names, the object itself if it names none."""
    fields = [cause.field for cause in error.causes if cause.field]
    found = _FIELD.search(fields[0] if fields else error.message)
    if found is None:
        return ()
    steps = _STEP.findall(found[0])
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in steps)
