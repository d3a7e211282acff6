"""Numbers that look random and depend on nothing but their key."""

from __future__ import annotations

import struct
from hashlib import shake_128

DRAW_RANGE = 1 << 16


def draws(count: int, *key: object) -> tuple[int, ...]:
    """Return `count` whole numbers in [0, DRAW_RANGE), the same ones for the same key on every machine."""
    digest = shake_128(":".join(map(str, key)).encode()).digest(2 * count)
    return struct.unpack(f"<{count}H", digest)


def centred(draw: int, reach: int) -> int:
    """Map a draw to a whole number in [-reach, reach]."""
    return (2 * draw - DRAW_RANGE + 1) * reach // (DRAW_RANGE - 1)


def shares(total: int, weights: list[int]) -> list[int]:
    """Divide `total` in proportion to `weights`; the parts add up to it exactly."""
    whole = sum(weights)
    parts: list[int] = []
    weight_so_far = given = 0
    for weight in weights:
        weight_so_far += weight
        upto = total * weight_so_far // whole
        parts.append(upto - given)
        given = upto
    return parts
