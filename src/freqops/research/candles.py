"""Says what is in files of candles: ``python3 -m freqops.research.candles FILE...`` prints one JSON object.

The files are Freqtrade's, in its format ``feather``; their names say pair and timeframe: ``BTC_USDT-5m.feather``. For
each of them the answer has its first and its last candle, how many there are, and the gaps between them, or why it
cannot be read.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd

NAME = re.compile(r"(?P<pair>.+)-(?P<number>[0-9]+)(?P<unit>[mhdwM])(?:-(?P<kind>[a-z_]+))?\.feather")
SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
MOST_GAPS = 1000
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def looked_at(path: Path) -> dict[str, Any]:
    """Return what is in one file."""
    name = NAME.fullmatch(path.name)
    if name is None:
        return {"error": "its name is not that of candles"}
    try:
        dates = pd.read_feather(path, columns=["date"])["date"]
    except Exception as error:  # noqa: BLE001  whatever the file has, it is an answer
        return {"error": f"{type(error).__name__}: {str(error)[:200]}"}
    if dates.empty:
        return {"candles": 0, "first": "", "last": "", "gaps": [], "more_gaps": 0}
    if not dates.is_monotonic_increasing or dates.duplicated().any():
        return {"error": "its candles are not in their order, or one is there twice"}
    gaps = _gaps(dates, SECONDS.get(name["unit"], 0) * int(name["number"]))
    return {
        "candles": len(dates), "first": dates.iloc[0].strftime(FORMAT), "last": dates.iloc[-1].strftime(FORMAT),
        "gaps": gaps[:MOST_GAPS], "more_gaps": max(0, len(gaps) - MOST_GAPS),
    }  # fmt: skip


def _gaps(dates: Any, seconds: int) -> list[list[str]]:
    """Return where candles are missing: the first one that is, and the next one that is there again.

    Months are not of one length, so that nothing is said of them.
    """
    if not seconds:
        return []
    step = pd.Timedelta(seconds=seconds)
    before = dates.shift(1)
    wide = dates.index[(dates - before) > step]
    return [[(before[at] + step).strftime(FORMAT), dates[at].strftime(FORMAT)] for at in wide]


def main() -> int:
    """Look at each file, and print what is in it."""
    sys.stdout.write(json.dumps({"candles": {name: looked_at(Path(name)) for name in sys.argv[1:]}}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
