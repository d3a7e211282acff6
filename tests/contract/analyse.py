"""Runs in the container: analyses strategies over candles of its own, a process each; Freqtrade is imported once.

``analyse.py CASES`` takes an object of names and words of Freqtrade, and prints one of names and what came of each.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.optimize.analysis import lookahead_helpers, recursive_helpers  # noqa: F401  once for all cases

CANDLES = 2400
DATA, RESULTS = Path("/tmp/data/binance"), Path("/tmp/results")  # noqa: S108  the container's own
PROGRAM = "/freqops/release/program/analysis.py"


def make_candles() -> None:
    """Write eight days of candles that go up and down."""
    DATA.mkdir(parents=True)
    number = np.arange(CANDLES)
    price = 100 + 10 * np.sin(number / 15) + 3 * np.sin(number / 4.3)
    dates = pd.date_range("2026-01-01", periods=CANDLES, freq="5min", tz="UTC")
    made = {
        "date": dates,
        "open": price,
        "high": price + 0.5,
        "low": price - 0.5,
        "close": price + 0.2 * np.sin(number),
    }
    pd.DataFrame({**made, "volume": 100.0}).to_feather(DATA / "BTC_USDT-5m.feather")


def analysed(name: str, words: list[str]) -> dict[str, Any]:
    """Run the program of a run in a process of its own, and return how it ended and what it left."""
    path = RESULTS / f"{name}.json"
    child = os.fork()
    if not child:
        log = os.open(RESULTS / f"{name}.log", os.O_WRONLY | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.argv = [PROGRAM, str(path), *words, "--datadir", str(DATA)]
        status = 1
        try:
            runpy.run_path(PROGRAM, run_name="__main__")
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        finally:
            sys.stdout.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    result = json.loads(path.read_text()) if path.exists() else None
    return {"status": status, "result": result, "log": (RESULTS / f"{name}.log").read_text()[-2000:]}


def main() -> int:
    """Analyse each case."""
    RESULTS.mkdir()
    make_candles()
    cases = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps({name: analysed(name, words) for name, words in cases.items()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
