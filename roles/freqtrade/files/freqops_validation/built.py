# SPDX-License-Identifier: GPL-3.0-or-later
"""What Freqtrade makes of a release: where it would run with something else, and what it would trade by."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from freqtrade.configuration import Configuration, validate_config_consistency
from freqtrade.configuration.load_config import load_config_file
from freqtrade.constants import ENV_VAR_PREFIX
from freqtrade.misc import deep_merge_dicts
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

from . import place, trading
from .place import Finding

# What freqops takes from the release for what the bot does, and what it relies on it for. After Freqtrade and the
# strategy have had their say, each must be what the release says.
RELIED = {
    ("dry_run",): "it says whether orders are real",
    ("runmode",): "behind the entry gate no hold counts in a backtest",
    ("initial_state",): "a held bot starts paused by it",
    ("trading_mode",): "live bots trade spot only",
    ("stake_currency",): "the account is counted in it",
    ("db_url",): "the records are read there",
    ("api_server",): "the bot is halted and read over it",
    ("exchange",): "the exchange is asked there, with that key",
    ("force_entry_enable",): "no hold stops an entry that is forced",
    ("cancel_open_orders_on_exit",): "a bot that ends must leave its exits where they are",
    ("order_types", "stoploss_on_exchange"): "a stop on the exchange outlives the bot",
}
# What freqops leaves to a strategy that settles it: the configuration must then not have been left without it.
OF_STRATEGY = ("stake_amount", "max_open_trades", "timeframe", "unfilledtimeout")
# What Freqtrade takes from a file of parameters into the strategy, and the section in which it stands there.
SECTIONS = {
    "minimal_roi": "roi",
    "stoploss": "stoploss",
    "max_open_trades": "max_open_trades",
    "trailing_stop": "trailing",
    "trailing_stop_positive": "trailing",
    "trailing_stop_positive_offset": "trailing",
    "trailing_only_offset_is_reached": "trailing",
}
NOTHING = object()
SILENT = (None, "Freqtrade")
Word = tuple[Any, str]


class Built:
    """What Freqtrade makes of a release, its overlays and its strategy, held against what these files say.

    Attributes:
        strategy: The strategy that would trade.
    """

    def __init__(self, files: list[Path]) -> None:
        """Build everything in the order in which a trading bot does; raises what Freqtrade raises."""
        self._files = files
        arguments = {
            "command": "trade",
            "config": [str(file) for file in files],
            "strategy_path": str(place.RELEASE / "strategies"),
            "user_data_dir": str(place.DATA),
            "logfile": str(place.DATA / "validation.log"),
        }
        self._config = Configuration(arguments, None).get_config()
        self._stake_before = {name: self._config[name] for name in trading.STAKE if name in self._config}
        self.strategy, self._words = loaded(self._config)
        validate_config_consistency(self._config)

    def differences(self) -> Iterator[Finding]:
        """Yield where the bot would run with something else than its files say, never with what."""
        variables = sorted(name for name in os.environ if name.startswith(ENV_VAR_PREFIX))
        if variables:
            yield {"path": [], "kind": "environment", "names": variables}
        if sorted(self._config["config_files"]) != sorted(map(str, self._files)):
            yield {"path": ["add_config_files"], "kind": "files"}
        if Path(self.strategy.__file__).parent != (place.RELEASE / "strategies").resolve():
            yield {"path": ["strategy"], "kind": "elsewhere"}
        said = self._said()
        taken_in = list(differing(said, {**self._config["original_config"], "config_files": NOTHING}, []))
        yield from ({"path": path, "kind": "taken_in"} for path in taken_in)
        wanted = {**said, "runmode": "dry_run" if said["dry_run"] else "live"}
        of_strategy = {"order_types": self.strategy.order_types, "runmode": at(self.strategy.config, ("runmode",))}
        final = {**self._config, **of_strategy}
        for relied, why in RELIED.items():
            for path in differing(at(wanted, relied), at(final, relied), list(relied), only_said=True):
                if path not in taken_in:
                    yield {"path": path, "kind": "resolved", "why": why}
        for name in OF_STRATEGY:
            if name not in said and self._words.get(name, SILENT)[1] == SILENT[1]:
                yield {"path": [name], "kind": "open"}

    def effective(self) -> Finding:
        """Return what the bot would trade by where its strategy has a say, and whose other word is overruled."""
        said = self._said()
        found = {name: getattr(self.strategy, name, NOTHING) for name in self._words}
        values = {
            name: setting(plain(value), plain(said[name]) if name in said else NOTHING, self._words[name])
            for name, value in found.items()
            if value is not NOTHING
        }
        return {"kind": "effective", "values": values}

    def trading(self) -> list[Finding]:
        """Return what decides its trades in what was built, of what it was built, and its stake."""
        return [*trading.remarks(self._config), trading.stake(self._stake_before, self._config, self.strategy)]

    def _said(self) -> dict[str, Any]:
        """Return what the files say, merged by Freqtrade's own function."""
        said: dict[str, Any] = {}
        for file in self._files:
            deep_merge_dicts(load_config_file(str(file)), said)
        return {"internals": {}, **said}  # without this section Freqtrade makes an empty one


def loaded(config: dict[str, Any]) -> tuple[IStrategy, dict[str, Word]]:
    """Return the strategy, and its own word on each setting, before Freqtrade lays the configuration over it."""
    words: dict[str, Word] = {}
    override = StrategyResolver._override_attribute_helper

    def noting(strategy: IStrategy, config: dict[str, Any], attribute: str, default: Any) -> None:
        words[attribute] = word(strategy, attribute)
        override(strategy, config, attribute, default)

    StrategyResolver._override_attribute_helper = staticmethod(noting)
    return StrategyResolver.load_strategy(config), words


def word(strategy: IStrategy, attribute: str) -> Word:
    """Return what a strategy says of a setting, and where: not what it has from Freqtrade."""
    parameters, section = getattr(strategy, "_ft_params_from_file", None) or {}, SECTIONS.get(attribute)
    if section in parameters and (section == "roi" or attribute in parameters[section]):
        return plain(getattr(strategy, attribute)), "parameter file"
    filled = bool(parameters) and section is not None  # by Freqtrade, in every strategy that has a file of parameters
    its_own = getattr(type(strategy), attribute, NOTHING) is not getattr(IStrategy, attribute, NOTHING)
    if its_own or (attribute in vars(strategy) and not filled):
        return plain(getattr(strategy, attribute)), "strategy"
    return SILENT


def setting(value: Any, said: Any, own: Word) -> dict[str, Any]:
    """Return a value, whose it is, and whose other word it overrules.

    Args:
        value: What the bot would trade by.
        said: What its configuration says, `NOTHING` where it says nothing.
        own: What its strategy says, and where.
    """
    if said is NOTHING:
        return {"is": value, "from": own[1]}
    if not fits(said, value):
        return {"is": value, "from": "strategy", "configuration": said}
    other = {} if own[1] == SILENT[1] or fits(own[0], value) else {"strategy": own[0]}
    return {"is": value, "from": "configuration", **other}


def plain(value: Any) -> Any:
    """Return a value as JSON has it; no limit is -1, as a configuration writes it."""
    return -1 if value == float("inf") else json.loads(json.dumps(value, default=str))


def fits(said: Any, value: Any) -> bool:
    """Whether a value is what was said; into a mapping Freqtrade fills its defaults."""
    if isinstance(said, dict) and isinstance(value, dict):
        return all(value.get(key, NOTHING) == item for key, item in said.items())
    return bool(said == value)


def at(config: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path, `NOTHING` where there is none."""
    value: Any = config
    for key in path:
        value = value.get(key, NOTHING) if isinstance(value, dict) else NOTHING
    return value


def differing(said: Any, built: Any, path: list[Any], *, only_said: bool = False) -> Iterator[list[Any]]:
    """Yield the paths at which two values differ.

    Args:
        said: What the files say.
        built: What Freqtrade made of it.
        path: Where both stand.
        only_said: Whether keys that the files do not have count for nothing: Freqtrade fills in its defaults.
    """
    if isinstance(said, dict) and isinstance(built, dict):
        for key in said if only_said else {**said, **built}:
            yield from differing(said.get(key, NOTHING), built.get(key, NOTHING), [*path, key], only_said=only_said)
    elif said is NOTHING and (only_said or built is NOTHING):
        return
    elif NOTHING in (said, built) or as_text(said) != as_text(built):
        yield path


def as_text(value: Any) -> str:
    """Return a value as JSON: there true is not 1, and the name of a mode is its text."""
    return json.dumps(value, sort_keys=True, default=str)
