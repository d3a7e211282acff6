"""What a strategy is, as the bot's own Freqtrade makes it: executed in a process of its own, and believed in nothing.

A strategy is loaded by Freqtrade's own resolver, so what stands here is what a bot would trade by where its
configuration says nothing else. ``bot_start`` is not called, and no candle is looked at.
"""

from __future__ import annotations

import importlib.util
import inspect
import logging
import math
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import strategy_files

GATE = ("freqops.strategy.entry_gate", "EntryGate")  # as roles/freqtrade/files/validate_release.py has it
DATA = Path("/tmp")  # noqa: S108  user_data_dir, the container's own
PLAIN = (
    "can_short", "startup_candle_count", "stoploss", "trailing_stop", "trailing_stop_positive",
    "trailing_stop_positive_offset", "trailing_only_offset_is_reached", "use_custom_stoploss",
    "position_adjustment_enable", "max_entry_position_adjustment", "order_types", "protections",
)  # fmt: skip
NO_LIMIT = -1  # as a configuration writes it
DEEPEST, MOST, LONGEST = 8, 500, 1000
SHORT_ONLY = "Short strategies cannot run in spot markets"
INDEFINITE = "Impossible to load"
OWN = "freqops"


class NotLoaded(Exception):
    """A strategy cannot be loaded; the text says why, in one line."""


def freqtrade() -> str:
    """Load Freqtrade, once for all the processes that come after, and return its version."""
    import freqtrade.resolvers  # noqa: PLC0415  the image's own, and slow to load

    return str(freqtrade.__version__)


def alone(path: Sequence[str]) -> None:
    """Leave this process with the modules and the search path that a bot has, and without those of the reader.

    Args:
        path: The directories that a bot has before those of its Python.
    """
    logging.disable(logging.CRITICAL)
    for name in [name for name in sys.modules if name == OWN or name.startswith(f"{OWN}.")]:
        del sys.modules[name]
    python = [each for each in sys.path if each and each != str(Path.cwd()) and not each.endswith("freqops-host")]
    sys.path[:] = [*path, *python]


def classes(directory: Path, file: str) -> dict[str, Any]:
    """Return the strategies of a file, and why it could not be executed to its end; empty where it could."""
    from freqtrade.strategy import IStrategy  # noqa: PLC0415  as above

    sys.path.insert(0, str(directory))  # as Freqtrade does meanwhile
    spec = importlib.util.spec_from_file_location(Path(file).stem, directory / file)
    if spec is None or spec.loader is None:
        return {"classes": [], "why": "Python does not know what it is", "missing": ""}
    module, why, missing = importlib.util.module_from_spec(spec), "", ""
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # noqa: BLE001  SystemExit, too
        why = _blamed(error, directory)
        missing = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    found = [
        name
        for name, each in vars(module).copy().items()
        if inspect.isclass(each) and issubclass(each, IStrategy)
        if (each.__module__, each.__name__) == (module.__name__, name)
    ]
    return {"classes": sorted(found), "why": why, "missing": missing}


def facts(directory: Path, file: str, strategy: str) -> dict[str, Any]:
    """Return what a strategy is.

    Args:
        directory: The directory of all strategies.
        file: The name of the file that has its class.
        strategy: The name of its class.

    Raises:
        NotLoaded: Freqtrade does not load it, or takes another one of that name.
    """
    found, trading_mode = _loaded(directory, strategy)
    place = Path(str(type(found).__file__)).name
    if place != file:
        raise NotLoaded(f"Freqtrade takes the class of this name from {place}")
    before = _values(found)
    try:
        found.ft_load_hyper_params(False)
        return {**_facts(found, before), "trading_mode": trading_mode}
    except NotLoaded:
        raise
    except Exception as error:  # noqa: BLE001  a strategy may raise anything at all
        raise NotLoaded(_blamed(error, directory)) from None


def _loaded(directory: Path, strategy: str) -> tuple[Any, str]:
    """Return a strategy as Freqtrade loads it, and the kind of market for which it does."""
    from freqtrade.exceptions import OperationalException  # noqa: PLC0415  as above
    from freqtrade.resolvers import StrategyResolver  # noqa: PLC0415  as above

    for trading_mode in ("spot", "futures"):
        try:
            return StrategyResolver.load_strategy(_config(directory, strategy, trading_mode)), trading_mode
        except ImportError as error:
            if trading_mode == "spot" and str(error).startswith(SHORT_ONLY):
                continue
            raise NotLoaded(_blamed(error, directory)) from None
        except OperationalException as error:
            raise NotLoaded(_line(str(error))) from None
        except Exception as error:  # noqa: BLE001  a strategy may raise anything at all
            raise NotLoaded(_blamed(error, directory)) from None
    raise NotLoaded("Freqtrade takes it for no kind of market")


def _config(directory: Path, strategy: str, trading_mode: str) -> dict[str, Any]:
    """Return a configuration that overrules nothing of a strategy."""
    from freqtrade.enums import CandleType, MarginMode, RunMode, TradingMode  # noqa: PLC0415  as above

    spot = trading_mode == "spot"
    return {
        "strategy": strategy, "strategy_path": str(directory), "user_data_dir": DATA, "dry_run": True,
        "runmode": RunMode.DRY_RUN, "trading_mode": TradingMode(trading_mode),
        "margin_mode": MarginMode.NONE if spot else MarginMode.ISOLATED,
        "candle_type_def": CandleType.SPOT if spot else CandleType.FUTURES,
        "exchange": {"name": "binance", "pair_whitelist": [], "pair_blacklist": []}, "pairlists": [], "internals": {},
    }  # fmt: skip


def _values(strategy: Any) -> dict[tuple[str, str], Any]:
    """Return the values of all parameters, before anything else is loaded into them: their defaults."""
    from freqtrade.strategy.hyper import detect_all_parameters  # noqa: PLC0415  as above

    try:
        found = detect_all_parameters(strategy)
    except Exception as error:  # noqa: BLE001  a strategy may raise anything at all
        raise NotLoaded(_line(f"{type(error).__name__}: {error}")) from None
    return {(space, name): each.value for space, several in found.items() for name, each in several.items()}


def _facts(strategy: Any, before: dict[tuple[str, str], Any]) -> dict[str, Any]:
    from freqtrade.strategy import IStrategy  # noqa: PLC0415  as above

    kind = type(strategy)
    callbacks = [
        name
        for name, own in vars(IStrategy).items()
        if inspect.isfunction(own) and not name.startswith("_") and getattr(kind, name, own) is not own
    ]
    informative, known = _informative(strategy)
    return {
        "timeframe": plain(getattr(strategy, "timeframe", "")),
        "informative": informative, "informative_known": known,
        "minimal_roi": {str(minutes): plain(value) for minutes, value in strategy.minimal_roi.items()},
        **{name: plain(getattr(strategy, name, None)) for name in PLAIN},
        "parameters": [_parameter(each, before) for _, each in strategy.enumerate_parameters()],
        "parameter_file": bool(strategy._ft_params_from_file),
        "callbacks": sorted(callbacks)[:MOST],
        "entry_gate": any((base.__module__, base.__name__) == GATE for base in kind.__mro__),
    }  # fmt: skip


def _informative(strategy: Any) -> tuple[list[str], bool]:
    """Return the other timeframes at which a strategy looks, and whether these are all.

    What is computed from its pairlist is not known without one.
    """
    found = {str(each.timeframe) for each, _ in strategy._ft_informative}
    try:
        found |= {str(each[1]) for each in strategy.informative_pairs()}
    except Exception:  # noqa: BLE001  it asks for what only a bot has
        return sorted(found)[:MOST], False
    return sorted(found)[:MOST], True


def _parameter(parameter: Any, before: dict[tuple[str, str], Any]) -> dict[str, Any]:
    categories = getattr(parameter, "opt_range", None)
    return {
        "space": plain(parameter.space), "name": plain(parameter.name), "type": type(parameter).__name__,
        "low": plain(getattr(parameter, "low", None)), "high": plain(getattr(parameter, "high", None)),
        "categories": plain(list(categories)) if categories is not None else None,
        "default": plain(before.get((parameter.space, parameter.name))), "value": plain(parameter.value),
        "optimize": bool(parameter.optimize), "load": bool(parameter.load),
    }  # fmt: skip


def plain(value: Any, depth: int = DEEPEST) -> Any:
    """Return a value as JSON has it, bounded; what JSON does not have is its text, and no limit is -1."""
    if isinstance(value, dict) and depth:
        return {str(key)[:LONGEST]: plain(inner, depth - 1) for key, inner in _bounded(value).items()}
    if isinstance(value, (list, tuple)) and depth:
        return [plain(inner, depth - 1) for inner in _bounded(value)]
    if isinstance(value, (bool, int)) or value is None:
        return value
    number = _number(value)
    return str(value)[:LONGEST] if number is None else number


def _bounded(value: Any) -> Any:
    """Return what has entries; nothing of it is left out unsaid.

    Raises:
        NotLoaded: They are too many.
    """
    if len(value) > MOST:
        raise NotLoaded(f"something of it has {len(value)} entries, more than {MOST}")
    return value


def _number(value: Any) -> float | int | None:
    """Return the finite number that a value is, one of numpy, too; None where it is none."""
    if hasattr(value, "item"):
        with suppress(Exception):
            value = value.item()
    if isinstance(value, int):
        return value
    if not isinstance(value, float):
        return None
    return float(value) if math.isfinite(value) else NO_LIMIT if value == math.inf else None


def _blamed(error: BaseException, directory: Path) -> str:
    """Return an error in one line, with the line of a strategy's own file where it comes from one."""
    places = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]
    own = [(Path(path).name, line) for path, line in places if directory in Path(path).parents]
    try:
        said = str(error)
    except Exception:  # noqa: BLE001  its words may raise in their turn
        said = "(cannot be told)"
    told = isinstance(error, SyntaxError)  # it names its line itself
    where = f" ({own[-1][0]}, line {own[-1][1]})" if own and not told else ""
    return _line(f"{type(error).__name__}: {said[:LONGEST]}{where}")


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def missing(directory: Path, file: str) -> list[str]:
    """Return the modules that a file imports and that a bot would not find.

    Args:
        directory: The directory of all strategies.
        file: The name of the file.
    """
    sys.path.insert(0, str(directory))
    return strategy_files.missing((directory / file).read_text(encoding="utf-8", errors="replace"))
