# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the pinned image: would Freqtrade trade with this release?

``freqtrade show-config`` accepts nearly everything and ends with 0, so Freqtrade's own functions are called, in the
order in which a trading bot calls them. A configuration that it refuses is printed whole by Freqtrade, secrets and all:
hence this container gets no secrets but made-up ones of the same shape, and only the reason leaves it.

What Freqtrade accepts and ignores is found, too: keys that neither its schema nor its sources nor the strategy know,
and values of a kind that the schema does not want. So is what it would run with and the release does not say: by the
release freqops judges a bot and asks its exchange. Both leave as lines of JSON after `freqops-lint: `, places and kinds
without values; `config_lint.py` of freqops makes sentences of them. What is no reason to refuse a release leaves after
`freqops-remark: `, for `cautions.py`: among it what the bot would trade by where configuration and strategy both have
a say, and whose word that is.
"""

import difflib
import faulthandler
import importlib
import importlib.util
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import freqtrade
from freqtrade.config_schema import CONF_SCHEMA
from freqtrade.configuration import Configuration, validate_config_consistency
from freqtrade.configuration.load_config import load_config_file
from freqtrade.constants import ENV_VAR_PREFIX
from freqtrade.enums import RPCMessageType
from freqtrade.exceptions import FreqtradeException
from freqtrade.misc import deep_merge_dicts
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

RELEASE = Path("/freqops/release")
SECRETS = Path("/tmp/secrets.json")  # noqa: S108  the container's own
STATE = Path("/tmp/state.json")  # noqa: S108  as above
DRIVERS = {"postgresql": ("postgresql+psycopg2://a:b@postgres/c", "psycopg2"), "sqlite": ("sqlite://", "sqlite3")}
LONGEST = 500
LONGEST_SECONDS = 600  # a strategy whose import never ends, or that waits for a network, would hang the deploy
MARK, CAUTION = "freqops-lint: ", "freqops-remark: "
GATE = ("freqops.strategy.entry_gate", "EntryGate")
KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
PLUGINS = "pairlists"  # each entry is its plugin's own to read; the schema knows none of their options
BY_MESSAGE = (["telegram", "notification_settings"], ["webhook"], ["discord"])  # have a key for each kind of message
MOST_PLACES = 3
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
Finding = dict[str, Any]
Word = tuple[Any, str]


class Lint:
    """What a configuration says that Freqtrade would ignore, or that is of a kind it does not want."""

    def __init__(self, schema: dict[str, Any], strategies: Path, known: Collection[str] = ()) -> None:
        self._schema, self._known = schema, known
        self._places: dict[str, list[str]] = {}
        self._map(schema, "")
        self._strategies = "\n".join(file.read_text(errors="replace") for file in sorted(strategies.rglob("*.py")))

    def look(self, config: dict[str, Any]) -> list[Finding]:
        """Return what is found, each with its path."""
        return list(self._value(self._schema, config, []))

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        return self._schema["definitions"][name] if name else schema

    def _map(self, schema: dict[str, Any], place: str) -> None:
        """Note where the schema has which key."""
        schema = self._resolved(schema)
        for key, inner in schema.get("properties", {}).items():
            self._places.setdefault(key, []).append(f"{place}{key}")
            self._map(inner, f"{place}{key}.")
        if isinstance(schema.get("items"), dict):
            self._map(schema["items"], place)

    def _value(self, schema: dict[str, Any], value: Any, path: list[Any]) -> Iterator[Finding]:
        schema = self._resolved(schema)
        wrong = self._kind(schema, value)
        if wrong:
            yield {"path": path, **wrong}
        elif isinstance(value, dict) and path[:1] != [PLUGINS]:
            yield from self._object(schema, value, path)
        elif isinstance(value, list) and isinstance(schema.get("items"), dict):
            for index, item in enumerate(value):
                yield from self._value(schema["items"], item, [*path, index])

    def _kind(self, schema: dict[str, Any], value: Any) -> Finding | None:
        """Return how a value differs from what the schema wants, if it does."""
        found = KINDS.get(type(value), "null")
        wants = schema.get("type", [])
        wants = [wants] if isinstance(wants, str) else list(wants)
        fits = not wants or found in wants or (found == "integer" and "number" in wants)
        if not fits and not (found == "number" and "integer" in wants and value == int(value)):
            return {"kind": "type", "found": found, "wants": wants}
        if found == "string" and "pattern" in schema and not re.search(schema["pattern"], value):
            others = [want for want in wants if want != "string"]
            return {"kind": "type", "found": found, "wants": [*others, f"the text {schema['pattern']}"]}
        if "enum" in schema and value not in schema["enum"]:
            return {"kind": "choice", "found": found, "allowed": schema["enum"]}
        return None

    def _object(self, schema: dict[str, Any], value: dict[str, Any], path: list[Any]) -> Iterator[Finding]:
        properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        others = schema.get("additionalProperties", not (properties or patterns))
        for key, item in value.items():
            inner = properties.get(key, next((patterns[each] for each in patterns if re.search(each, key)), None))
            if inner is None and isinstance(others, dict):
                inner = others
            if inner is not None:
                yield from self._value(inner, item, [*path, key])
            elif others is True or self._is_read(path, key) or ".".join(map(str, [*path, key])) in self._known:
                continue
            elif self._is_named(key):
                yield {"path": [*path, key], "kind": "named"}
            else:
                near = difflib.get_close_matches(key, properties, n=1, cutoff=0.75)
                places = self._places.get(key, [])
                yield {
                    "path": [*path, key],
                    "kind": "unknown",
                    "near": near[0] if near else None,
                    "elsewhere": places if len(places) <= MOST_PLACES else [],
                }

    def _is_read(self, path: list[Any], key: str) -> bool:
        """Whether the strategy, or Freqtrade itself, reads a key that the schema does not have in this place."""
        word = rf"""["']{re.escape(key)}["']"""
        if path in BY_MESSAGE and key in list(RPCMessageType):
            return True
        read = rf"(\[|\.(get|pop|setdefault)\()\s*{word}|{word} (not )?in "
        if key in self._places:  # elsewhere: that it is read somewhere says nothing about this place
            read = rf"\b_?config(\.get\(|\[){word}|{word} (not )?in (self\.)?_?config\b(?!\[)"
            if path:
                return False
        return bool(re.search(read, self._strategies) or re.search(read, self._freqtrade))

    def _is_named(self, key: str) -> bool:
        """Whether the strategy has the word anywhere; of one that Freqtrade knows elsewhere, this says nothing."""
        return key not in self._places and bool(re.search(rf"(?<!\w){re.escape(key)}(?!\w)", self._strategies))

    @cached_property
    def _freqtrade(self) -> str:
        """The sources of Freqtrade; most configurations give no reason to read them."""
        files = sorted(Path(freqtrade.__file__).parent.rglob("*.py"))
        return "\n".join(file.read_text(errors="replace") for file in files)


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
            "strategy_path": str(RELEASE / "strategies"),
            "user_data_dir": "/tmp",  # noqa: S108
            "logfile": "/tmp/validation.log",  # noqa: S108
        }
        self._config = Configuration(arguments, None).get_config()
        self.strategy, self._words = loaded(self._config)
        validate_config_consistency(self._config)

    def differences(self) -> Iterator[Finding]:
        """Yield where the bot would run with something else than its files say, never with what."""
        variables = sorted(name for name in os.environ if name.startswith(ENV_VAR_PREFIX))
        if variables:
            yield {"path": [], "kind": "environment", "names": variables}
        if sorted(self._config["config_files"]) != sorted(map(str, self._files)):
            yield {"path": ["add_config_files"], "kind": "files"}
        if Path(self.strategy.__file__).parent != (RELEASE / "strategies").resolve():
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


def overlays(database: str, *, dry_run: bool) -> list[Path]:
    """Write overlays of the shape that the real ones have, and return them in their order."""
    api = dict.fromkeys(("password", "jwt_secret_key", "ws_token"), "0" * 43)
    secrets: dict[str, Any] = {"api_server": {"username": "freqops", **api}, "db_url": DRIVERS[database][0]}
    if not dry_run:
        secrets["exchange"] = dict.fromkeys(("key", "secret"), "0" * 43)
    SECRETS.write_text(json.dumps(secrets))
    STATE.write_text(json.dumps({"initial_state": "paused"}))
    return [SECRETS, STATE]


def validate(database: str) -> Built:
    """Return what would trade, or raise what Freqtrade raises."""
    os.environ.pop("FT_APP_ENV", None)  # else Freqtrade tries sudo here, and what sudo says buries the reason
    config_file = RELEASE / "config.json"
    made_up = overlays(database, dry_run=json.loads(config_file.read_text())["dry_run"])
    built = Built([config_file, *made_up])
    importlib.import_module(DRIVERS[database][1])
    return built


def cautions(strategy: IStrategy) -> list[Finding]:
    """Return what the operator of a live bot should know: that its strategy may buy more while the bot is held."""
    own = type(strategy).adjust_trade_position is not IStrategy.adjust_trade_position
    increases = strategy.position_adjustment_enable or own
    if strategy.config["dry_run"] or has_gate(strategy) or not increases:
        return []
    return [{"kind": "ungated", "strategy": strategy.get_strategy_name()}]


def has_gate(strategy: IStrategy) -> bool:
    """Whether a strategy is behind the entry gate."""
    return any((base.__module__, base.__name__) == GATE for base in type(strategy).__mro__)


def without_gate(strategy: IStrategy) -> list[Finding]:
    """Return the limits of the release to which nothing would keep: they act through the entry gate."""
    limits = json.loads((RELEASE / "bot.json").read_text()).get("limits", {})
    names = [name for name, value in limits.items() if name != "version" and value is not None]
    if not names or has_gate(strategy):
        return []
    return [{"path": [], "kind": "no_gate", "strategy": strategy.get_strategy_name(), "names": sorted(names)}]


def ignored(known: Collection[str]) -> list[Finding]:
    """Return what the configuration of the release says in vain, and what only its strategy names."""
    config = json.loads((RELEASE / "config.json").read_text())
    return Lint(CONF_SCHEMA, RELEASE / "strategies", known).look(config)


def broken() -> list[Finding]:
    """Return why its strategy cannot be had: Freqtrade only logs it, and logs are not for us."""
    files, found = sorted((RELEASE / "strategies").glob("*.py")), []
    sys.path.insert(0, str(RELEASE / "strategies"))  # as Freqtrade does meanwhile
    for file in files:
        spec = importlib.util.spec_from_file_location(f"read_{file.stem}", file)
        try:
            if spec is not None and spec.loader is not None:
                spec.loader.exec_module(importlib.util.module_from_spec(spec))
        except Exception as error:  # noqa: BLE001  a strategy may raise anything at all
            found += raised(error, file.name)
    return found or absent(files)


def raised(error: Exception, file: str = "") -> list[Finding]:
    """Return an error of a strategy with the line that is to blame; nothing where it comes from none of its files.

    Args:
        error: The error.
        file: The file that was read, where it was none but one of the strategy's.
    """
    strategies = (RELEASE / "strategies").resolve()
    places = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno or 0))
    own = [(Path(path).name, line) for path, line in places if Path(path).resolve().parent == strategies]
    if not own and not file:
        return []
    name, line = own[-1] if own else (file, 0)
    found = {"path": [], "file": name, "line": line, "why": f"{type(error).__name__}: {str(error)[:LONGEST]}"}
    if isinstance(error, ModuleNotFoundError) and error.name:
        return [{**found, "kind": "missing", "module": error.name.partition(".")[0]}]
    return [{**found, "kind": "broken"}]


def absent(files: list[Path]) -> list[Finding]:
    """Return the classes that there are, where its strategy is none of them."""
    strategy = json.loads((RELEASE / "config.json").read_text())["strategy"]
    names = [name for file in files for name in re.findall(r"^class +(\w+)", file.read_text(errors="replace"), re.M)]
    return [] if strategy in names else [{"path": [], "kind": "absent", "strategy": strategy, "names": names}]


def report(found: list[Finding]) -> None:
    """Print findings on one line, where there are any."""
    if found:
        sys.stderr.write(f"{MARK}{json.dumps(found)}\n")


def main() -> int:
    """Say who would trade and end with 0, or say why not and end with 1.

    What takes too long ends with 1, too, and with the lines in which it was.
    """
    faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True)
    logging.disable(logging.CRITICAL)
    database, *known = sys.argv[1:]
    found = ignored(known)
    named = [finding for finding in found if finding["kind"] == "named"]
    found = [finding for finding in found if finding not in named]
    report(found)
    try:
        built = validate(database)
        strategy = built.strategy
        differences = [*built.differences(), *without_gate(strategy)]
        said = [*cautions(strategy), *named, built.effective()]
    except FreqtradeException as error:
        report(broken())
        sys.stderr.write(f"Freqtrade refuses this release: {str(error)[:LONGEST]}\n")
        return 1
    except Exception as error:  # noqa: BLE001  a strategy may raise anything at all
        report(raised(error))
        sys.stderr.write("Freqtrade fails on this release: " + traceback.format_exc(limit=-3)[-LONGEST:])
        return 1
    report(differences)
    if found or differences:
        return 1
    sys.stderr.writelines(f"{CAUTION}{json.dumps(caution)}\n" for caution in said)
    sys.stdout.write(f"{strategy.get_strategy_name()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
