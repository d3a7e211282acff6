"""The answer of ``freqops-host witness-contract``, as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..base.text_table import table

HEADINGS = ("claim", "verdict", "evidence")


def lines(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield the outcome, a table of all claims, and what there is to say besides."""
    asked = f"{row['exchange']}, ccxt {row['ccxt']}" if row["exchange"] else "an exchange that did not answer"
    yield f"{row['bot']} on {asked}: {row['outcome']}"
    yield from table(HEADINGS, [[claim[name] for name in HEADINGS] for claim in row["claims"]]).splitlines()
    yield from (f"LEFT ON THE ACCOUNT: {text}" for text in row["left"])
    yield from row["detail"]
    yield from (f"does not count for live trading: {text}" for text in row["why_not"])
