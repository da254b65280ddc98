"""Taking an image reference apart and putting it together, as Karmada does.

Modelled on `github.com/distribution/reference` (Parse) and Karmada v1.19 `pkg/util/imageparser`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
_DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"((?:{_HOST}/)?{_PATH})(?::({_TAG}))?(?:@({_DIGEST}))?")
_TAG_ALONE, _DIGEST_ALONE = re.compile(_TAG), re.compile(_DIGEST)
_HASH_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
_MAX_NAME, _MAX_TEXT = 255, 2048


@dataclass(frozen=True, slots=True)
class ImageReference:
    """host/repository:tag, or host/repository@digest when there is no tag."""

    host: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        name = f"{self.host}/{self.repository}" if self.host else self.repository
        if self.tag:
            return f"{name}:{self.tag}"
        return f"{name}@{self.digest}" if self.digest else name

    @property
    def tag_or_digest(self) -> str:
        """The tag, or the digest when there is no tag."""
        return self.tag or self.digest

    def with_tag_or_digest(self, text: str) -> ImageReference:
        """Return a reference with another tag or digest; a text that is neither changes nothing."""
        if _TAG_ALONE.fullmatch(text):
            return replace(self, tag=text, digest="")
        if _DIGEST_ALONE.fullmatch(text):
            return replace(self, tag="", digest=text)
        return self

    def without_tag_or_digest(self) -> ImageReference:
        """Return a reference without its tag, or without its digest when there is no tag."""
        return replace(self, tag="") if self.tag else replace(self, digest="")


def parse_image(text: str) -> ImageReference:
    """Return the parts of an image reference; beside a tag, the digest is dropped.

    Raises:
        ValueError: The text is no image reference.

    Example:
        >>> parse_image("ghcr.io/o/app:v1@sha256:" + "0" * 64)
        ImageReference(host='ghcr.io', repository='o/app', tag='v1', digest='')
    """
    match = _REFERENCE.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        if not text:
            raise ValueError("repository name must have at least one component")
        if len(text) <= _MAX_TEXT and _REFERENCE.fullmatch(text.lower()):
            raise ValueError("repository name must be lowercase")
        raise ValueError("invalid reference format")
    name, tag, digest = match[1], match[2] or "", match[3] or ""
    host, repository = _split_host(name)
    path = re.fullmatch(rf"(?:({_HOST})/)?({_PATH})", name)
    if path is not None and len(path[2]) > _MAX_NAME:
        raise ValueError(f"repository name must not be more than {_MAX_NAME} characters")
    if digest:
        _check_digest(digest)
    return ImageReference(host, repository, tag, "" if tag else digest)


def _split_host(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", name


def _check_digest(digest: str) -> None:
    algorithm, _, digits = digest.partition(":")
    if algorithm not in _HASH_DIGITS:
        raise ValueError("unsupported digest algorithm")
    if len(digits) != _HASH_DIGITS[algorithm]:
        raise ValueError("invalid checksum digest length")
    if not re.fullmatch("[a-f0-9]+", digits):
        raise ValueError("invalid checksum digest format")
