"""FNV-1a, 32 bit, and the text form Kubernetes uses for hashes in names."""

from __future__ import annotations

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def fnv1a_32(data: bytes) -> int:
    """Return the FNV-1a hash (32 bit) of `data`."""
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def safe_encode(text: str) -> str:
    """Map each character to an alphabet without vowels (`rand.SafeEncodeString`)."""
    return "".join(_ALPHABET[ord(character) % len(_ALPHABET)] for character in text)
