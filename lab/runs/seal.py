"""The seal of a closed run file: a checksum over all its bytes, kept inside of it.

A database finds damage only where its own structure is hurt; a bit that flips inside a text would
be read as if it had been written. The seal stands on a page of its own near the beginning, is all
zeros while the run is written, and is filled in when the file is closed.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from pathlib import Path

_MARK = b"fedlab-seal:"
_BLANK = b"0" * 64
_HEAD = 32_768
"""The seal stands on the second page; pages are 4 KiB."""
_CHUNK = 1 << 20

TABLE = """
CREATE TABLE seal (mark TEXT NOT NULL);
INSERT INTO seal VALUES ('fedlab-seal:' || printf('%064d', 0));
"""


class State(Enum):
    """What the seal of a file says."""

    OPEN = "open"
    """There is none: the file is being written, or its writer was killed."""
    SEALED = "sealed"
    BROKEN = "broken"
    """The file is not what was closed."""


def close(path: Path) -> None:
    """Seal a file that nobody writes any more.

    Raises:
        OSError: It cannot be written.
    """
    with path.open("r+b") as file:
        place = file.read(_HEAD).find(_MARK)
        if place < 0:
            return
        place += len(_MARK)
        digest = _digest(path, place)
        file.seek(place)
        file.write(digest)


def state(path: Path) -> State:
    """Return what a file's seal says; a file that cannot be read counts as open."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        place = head.find(_MARK)
        if place < 0:
            return State.BROKEN
        place += len(_MARK)
        found = head[place : place + len(_BLANK)]
        if found == _BLANK:
            return State.OPEN
        return State.SEALED if found == _digest(path, place) else State.BROKEN
    except OSError:
        return State.OPEN


def _digest(path: Path, place: int) -> bytes:
    """Return the checksum of a file as if its seal were blank, as hexadecimal text."""
    total = hashlib.blake2b(digest_size=len(_BLANK) // 2)
    with path.open("rb") as file:
        total.update(file.read(place))
        total.update(_BLANK)
        file.seek(place + len(_BLANK))
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest().encode()
