"""Freqtrade's look-ahead or recursive analysis, and what it found in a file: ``analysis.py FILE lookahead-analysis``.

All words behind the file are those of ``freqtrade``, whose own program runs as it is, and prints its own table. The
file is there when that table was made, and whole; what of it is good enough, the host decides. It runs as a script, so
that a strategy finds on ``PYTHONPATH`` what it finds there in a bot.
"""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

VERSION = 1


def lookahead(found: Any) -> dict[str, Any]:
    """Return what a look-ahead analysis found."""
    seen, config = found.current_analysis, found.local_config
    return {
        "timeframe": str(found.full_varHolder.timeframe),
        "least_trades": int(config["minimum_trade_amount"]),
        "wanted_trades": int(config["targeted_trade_amount"]),
        "trades": int(seen.total_signals),
        "judged": not found.failed_bias_check,
        "biased": bool(seen.has_bias),
        "biased_entries": int(seen.false_entry_signals),
        "biased_exits": int(seen.false_exit_signals),
        "biased_indicators": [str(name) for name in seen.false_indicators],
    }


def recursive(found: Any) -> dict[str, Any]:
    """Return what a recursive analysis found.

    Raises:
        ValueError: What was compared are not the same candles, so that nothing follows from it.
    """
    pair = found.pair_to_used
    whole = found.full_varHolder.indicators[pair]
    parts = [(part.startup_candle, part.indicators[pair]) for part in found.partial_varHolder_array]
    odd = [startup for startup, frame in parts if frame["date"].iloc[-1] != whole["date"].iloc[-1]]
    if odd:
        raise ValueError(f"with {odd[0]} startup candles the last candle of {pair} is another one")
    given = set(found.full_varHolder.data[pair].columns)  # which are more than those of candles
    names = [str(name) for name in whole.columns if name not in given]
    strange = sorted(set(found.dict_recursive) - set(names))
    if strange:
        raise ValueError(f"{', '.join(strange)} of the last candle of {pair} is not the same in all of them")
    ahead = _ahead(whole, found.partial_varHolder_lookahead_array[0].indicators[pair])
    return {
        "timeframe": str(found.full_varHolder.timeframe),
        "pair": str(pair),
        "startup": int(found._strat_scc),
        "candles": len(whole),
        "parts": [{"startup": int(startup), "candles": len(frame)} for startup, frame in parts],
        "indicators": [
            {
                "name": name, "has_value": bool(whole[name].notna().iloc[-1]), "lookahead": name in ahead,
                "variances": [
                    {"startup": int(startup), "percent": _percent(variance)}
                    for startup, variance in sorted(found.dict_recursive.get(name, {}).items())
                ],
            }
            for name in names
        ],
    }  # fmt: skip


def _ahead(whole: Any, part: Any) -> set[str]:
    """Return the columns whose value at a candle is another one where no later candles are known.

    Freqtrade looks at this one candle, too, and says what it found in its log alone.
    """
    last = part.iloc[-1]
    same = whole.loc[whole["date"] == last["date"]].iloc[-1]
    return {str(name) for name in same.compare(last).index}


def _percent(variance: float) -> float | None:
    """Return a variance in percent; None where Freqtrade has no figure: one value is missing, zero, or no number."""
    return 100.0 * float(variance) if math.isfinite(variance) else None


def watch(helpers: Any, name: str, kind: str, read: Callable[[Any], dict[str, Any]], path: Path) -> None:
    """Have what an analysis found written to ``path`` when Freqtrade makes its table of it."""
    made = getattr(helpers, name)

    @functools.wraps(made)
    def table(*arguments: Any, **named: Any) -> Any:
        [instances] = [each for each in arguments if isinstance(each, list)]
        [found] = instances
        write(path, kind, str(found.strategy_obj["name"]), read(found))
        return made(*arguments, **named)

    setattr(helpers, name, staticmethod(table))


def write(path: Path, kind: str, strategy: str, found: dict[str, Any]) -> None:
    """Write what was found: the whole file, or none."""
    from freqtrade import __version__  # noqa: PLC0415  it takes seconds

    document = {"version": VERSION, "kind": kind, "freqtrade_version": __version__, "strategy": strategy, **found}
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(json.dumps(document, allow_nan=False))
    beside.replace(path)


def main(words: Sequence[str]) -> int:
    """Run Freqtrade with the words behind the first, which names the file."""
    from freqtrade.main import main as freqtrade  # noqa: PLC0415  likewise
    from freqtrade.optimize.analysis.lookahead_helpers import LookaheadAnalysisSubFunctions  # noqa: PLC0415
    from freqtrade.optimize.analysis.recursive_helpers import RecursiveAnalysisSubFunctions  # noqa: PLC0415

    path = Path(words[0])
    watch(
        LookaheadAnalysisSubFunctions, "text_table_lookahead_analysis_instances", "lookahead_analysis", lookahead, path
    )
    watch(
        RecursiveAnalysisSubFunctions, "text_table_recursive_analysis_instances", "recursive_analysis", recursive, path
    )
    freqtrade(list(words[1:]))  # which ends this process itself
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
