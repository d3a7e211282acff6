# SPDX-License-Identifier: GPL-3.0-or-later
"""Levels of pairs, as a file of the operator has them."""

from __future__ import annotations

import csv


def parsed(text: str) -> dict[str, float]:
    """Return the level of each pair.

    Raises:
        ValueError: A line is no pair and a level above 0.
    """
    levels: dict[str, float] = {}
    for line in csv.DictReader(text.splitlines()):
        pair, level = line.get("pair") or "", line.get("level") or ""
        if "/" not in pair or not level.replace(".", "", 1).isdigit() or not float(level):
            raise ValueError(f"{pair or 'no pair'}: {level or 'nothing'} is no level; write a line like BTC/USDT,60000")
        levels[pair] = float(level)
    return levels
