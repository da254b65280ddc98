"""Image references: what is host, repository, tag and digest, and what is no reference."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.overrides.image_reference import ImageReference, parse_image

SHA = "sha256:" + "ab" * 32

CASES = {
    "bare name": ("nginx", ("", "nginx", "", "")),
    "tag": ("nginx:1.25", ("", "nginx", "1.25", "")),
    "first segment without dot or colon is repository": (
        "library/nginx",
        ("", "library/nginx", "", ""),
    ),
    "host with a dot": ("ghcr.io/o/app:v1", ("ghcr.io", "o/app", "v1", "")),
    "host with a port": ("registry:5000/app", ("registry:5000", "app", "", "")),
    "localhost is a host": ("localhost/app", ("localhost", "app", "", "")),
    "host may have capitals": ("Ghcr.IO/app", ("Ghcr.IO", "app", "", "")),
    "digest": (f"app@{SHA}", ("", "app", "", SHA)),
    "beside a tag the digest is dropped": (f"r.io/app:v1@{SHA}", ("r.io", "app", "v1", "")),
    "ipv6 host": ("[::1]:5000/app", ("[::1]:5000", "app", "", "")),
    "a number after a lone name is a tag": ("app:5000", ("", "app", "5000", "")),
}


@pytest.mark.parametrize(("text", "want"), CASES.values(), ids=CASES.keys())
def test_parts(text: str, want: tuple[str, str, str, str]) -> None:
    found = parse_image(text)
    assert (found.host, found.repository, found.tag, found.digest) == want


BROKEN = {
    "empty": ("", "at least one component"),
    "capitals in the repository": ("Nginx", "must be lowercase"),
    "two tags": ("a:b:c", "invalid reference format"),
    "space": ("a b", "invalid reference format"),
    "newline": ("nginx\n", "invalid reference format"),
    "unknown hash": ("a@md5:" + "0" * 32, "unsupported digest algorithm"),
    "short hash": ("a@sha256:" + "0" * 40, "invalid checksum digest length"),
    "capital hash": ("a@sha256:" + "A" * 64, "invalid checksum digest format"),
    "name of 300 letters": ("a" * 300, "must not be more than 255"),
    "very long": ("a" * 100_000, "invalid reference format"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_no_reference(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_image(text)


TAGS = {
    "tag for tag": (ImageReference("", "a", "v1"), "v2", "a:v2"),
    "digest for tag": (ImageReference("", "a", "v1"), SHA, f"a@{SHA}"),
    "tag for digest": (ImageReference("", "a", "", SHA), "v2", "a:v2"),
    "neither changes nothing": (ImageReference("", "a", "v1"), "-bad", "a:v1"),
    "a tag of 129 letters is none": (ImageReference("", "a", "v1"), "x" * 129, "a:v1"),
}


@pytest.mark.parametrize(("image", "text", "want"), TAGS.values(), ids=TAGS.keys())
def test_with_tag_or_digest(image: ImageReference, text: str, want: str) -> None:
    assert str(image.with_tag_or_digest(text)) == want


@settings(derandomize=True, max_examples=200)
@given(
    st.sampled_from(["", "r.io", "localhost", "h:5000"]),
    st.from_regex(r"[a-z0-9]{1,5}(/[a-z0-9]{1,5}){0,2}", fullmatch=True),
    st.from_regex(r"(:[\w][\w.-]{0,9})?", fullmatch=True).filter(str.isascii),
)
def test_a_reference_comes_back_as_it_was(host: str, repository: str, tag: str) -> None:
    text = (f"{host}/" if host else "") + repository + tag
    assert str(parse_image(text)) == text
