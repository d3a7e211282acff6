"""Sizes as Compose writes them."""

from __future__ import annotations

import pytest

from freqops.core.base.errors import Refused
from freqops.core.preflight import sizes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512m", 512 * 1024**2),
        ("1g", 1024**3),
        ("1.5gb", 3 * 1024**3 // 2),
        ("64K", 65536),
        ("2GiB", 2 * 1024**3),
        ("1048576", 1048576),
        ("7b", 7),
        ("1 g", 1024**3),
    ],
)
def test_a_size_is_read(text: str, size: int) -> None:
    assert sizes.parse(text) == size


@pytest.mark.parametrize("text", ["", "0", "0m", "-1g", "1x", "g", "1.g", "1 gig", None, 5, True, [], "1g\n2g"])
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(Refused, match="like 512m or 1g"):
        sizes.parse(text)
