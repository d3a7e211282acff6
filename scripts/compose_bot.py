# SPDX-License-Identifier: GPL-3.0-or-later
"""One bot of docker compose as freqops declares it: what its configuration says, sorted by where it belongs.

The rules are those of the preflight: what it refuses in a configuration is moved to its place, or dropped, and said.
No value of the configuration is part of what is said.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible
from freqops.core.bot import configuration, proxies
from freqops.core.bot.bot_secrets import CREDENTIALS
from freqops.core.bot.db_url import POSTGRES, SQLITE
from freqops.core.bot.notify_secrets import SECTIONS, enabled, section
from freqops.core.exchange import lab_only
from freqops.core.preflight import config_lint, notify, secrets
from freqops.core.preflight.names import PORTS
from freqops.core.preflight.refusal import VariablePath, dotted
from freqops.core.preflight.shared import OWN_DATABASE
from freqops.plays.inventory_files import SECRETS
from scripts import commented_json

MORE_FILES = "add_config_files"
MOST_LEVELS = 5
PAPER, LIVE = "paper", "live"
DROPPED, ADDED = "dropped", "added"
MOVED_TO_SECRETS = f"moved to {SECRETS}"
TAKE_OUT = "take it out of the inventory before anything is deployed or adopted"
FOR_EDITORS = "$schema"


@dataclass(frozen=True)
class Said:
    """The result for a setting, in one line.

    Attributes:
        what: The setting, or several of a section.
        became: The result: dropped, added, or where it is now.
        why: Why, or more exactly where.
    """

    what: str
    became: str
    why: str

    def line(self, bot: str) -> str:
        """Return the line about a bot."""
        return f"{bot}: {visible(self.what, None)}: {self.became}: {self.why}"


@dataclass
class ComposeBot:
    """A bot, sorted.

    Attributes:
        name: Its name.
        host: The name of its host.
        mode: ``paper`` or ``live``.
        strategy: The class of its strategy.
        database: The kind of its database.
        initial_state: Its state after a start.
        port: The port that its API listened on, where that can be its ``api_port``.
        config: What remains of its configuration.
        account: Its entry in ``secrets_exchange``.
        messengers: Its entry in ``secrets_notify``.
        said: What became of everything else.
    """

    name: str
    host: str
    mode: str
    strategy: str
    database: str
    initial_state: Any
    port: int | None
    config: dict[str, Any]
    account: dict[str, Any] = field(default_factory=dict, repr=False)
    messengers: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    said: list[Said] = field(default_factory=list)


def merged(files: Sequence[Path], level: int = 0) -> tuple[dict[str, Any], list[Path]]:
    """Return what the files say together, as Freqtrade merges them, and the further files that they take in.

    A later file wins over an earlier one, and a file over those that it names in ``add_config_files``, which begin in
    its directory.

    Raises:
        Refused: A file cannot be read; see `commented_json.load`.
    """
    if files and level > MOST_LEVELS:
        raise Refused(f"{visible(str(files[0]))}: {MORE_FILES} leads in a circle, or deeper than {MOST_LEVELS} levels")
    config: dict[str, Any] = {}
    further: list[Path] = []
    for file in files:
        said = commented_json.load(file)
        more = said.pop(MORE_FILES, [])
        if not isinstance(more, list) or not all(isinstance(name, str) for name in more):
            raise Refused(f"{visible(str(file))}: {MORE_FILES} must be a list of files")
        below, deeper = merged([file.resolve().parent / name for name in more], level + 1)
        further += [file.resolve().parent / name for name in more] + deeper
        config = configuration.merged(config, configuration.merged(below, said))
    return config, further


def sort(host: str, name: str, strategy: str, files: Sequence[Path]) -> ComposeBot:
    """Return a bot by its configuration.

    Args:
        host: The name of its host.
        name: The name of the bot.
        strategy: The class of its strategy, where its command line says it; empty where its configuration does.
        files: Its configuration files, in the order of its command line.

    Raises:
        Refused: A file cannot be read, or says something without which nothing can be said of the bot.
    """
    config, further = merged(files)
    said = [Said(MORE_FILES, "taken in", visible(str(file))) for file in further]
    config = copy.deepcopy(config)
    mode, text = _mode(name, config.pop("dry_run", None))
    said.append(Said("dry_run", "moved to mode", f"{mode}{text}"))
    bot = ComposeBot(
        name, host, mode, _strategy(name, strategy, config.pop("strategy", None), said),
        _database(name, config.pop("db_url", None), said), _initial_state(config, said), None, config, said=said,
    )  # fmt: skip
    if config.pop("bot_name", None) is not None:
        said.append(Said("bot_name", DROPPED, f"freqops calls the bot {name}"))
    if config.pop(FOR_EDITORS, None) is not None:
        said.append(Said(FOR_EDITORS, DROPPED, "editors read it and Freqtrade does not"))
    bot.port = _port(config)
    said += _fixed(config)
    said += _mistakes(config)
    said += _messengers(bot)
    said += _credentials(bot)
    said += _proxies(bot)
    said += _other_secrets(config)
    said += _added(bot)
    return bot


def _mode(name: str, dry_run: Any) -> tuple[str, str]:
    if dry_run is not None and not isinstance(dry_run, bool):
        raise Refused(f"{name}: dry_run is neither true nor false; write one of them")
    if dry_run is False:
        return LIVE, f"; {lab_only.WHY}keep it with compose, and {TAKE_OUT}"
    return PAPER, "" if dry_run else ", which Freqtrade takes where nothing is said"


def _strategy(name: str, given: str, found: Any, said: list[Said]) -> str:
    """Return the class of the strategy; a command line wins over the configuration, as it does in Freqtrade."""
    if not given and not (isinstance(found, str) and found):
        cure = f"write {name}:ItsClass=… as its command line has it, or add the key strategy to its configuration"
        raise Refused(f"{name}: no strategy is said; {cure}")
    if not given:
        said.append(Said("strategy", "moved to strategy", visible(found)))
    elif found is not None and found != given:
        said.append(Said("strategy", DROPPED, f"its command line says {visible(given)}, by the word of BOTS"))
    return given or str(found)


def _database(name: str, url: Any, said: list[Said]) -> str:
    """Return the kind of the database; its address goes nowhere, for it may have a password."""
    if url is None:
        text = f"{SQLITE}, which Freqtrade takes where nothing is said; does its command say --db-url?"
        said.append(Said("database", ADDED, text))
        return SQLITE
    scheme = str(url).partition(":")[0].partition("+")[0]
    kind = {SQLITE: SQLITE, POSTGRES: POSTGRES, "postgres": POSTGRES}.get(scheme)
    if kind is None:
        cure = f"freqops has {SQLITE} and {POSTGRES}: take db_url out to begin with an empty database"
        raise Refused(f"{name}: db_url leads to a database of another kind; {cure}")
    said.append(Said("db_url", "moved to database", f"{kind}; the address is dropped: {OWN_DATABASE}"))
    return kind


def _initial_state(config: dict[str, Any], said: list[Said]) -> Any:
    found = config.pop("initial_state", None)
    if found is not None:
        said.append(Said("initial_state", "moved to initial_state", visible(found)))
        return found
    said.append(Said("initial_state", ADDED, "stopped, which Freqtrade takes where nothing is said"))
    return "stopped"


def _port(config: Mapping[str, Any]) -> int | None:
    """Return the port that the bot's API listens on, where it may be published by freqops."""
    port = section(config, "api_server").get("listen_port")
    return port if type(port) is int and PORTS[0] <= port <= PORTS[1] else None


def _fixed(config: dict[str, Any]) -> Iterator[Said]:
    """Yield what freqops sets for every bot."""
    for name, value in configuration.REQUIRED.items():
        if name not in config:
            continue
        found = config.pop(name)
        if isinstance(value, Mapping):
            keys = ", ".join(found) if isinstance(found, Mapping) else ""
            made_up = ", and deploy makes its secrets up on the host" if name == "api_server" else ""
            yield Said(f"{name} ({keys})" if keys else name, DROPPED, f"freqops sets it for every bot{made_up}")
        else:
            yield Said(name, DROPPED, f"freqops sets it for every bot: {str(value).lower()}")


def _mistakes(config: dict[str, Any]) -> Iterator[Said]:
    """Yield what the preflight refuses wherever it stands: what Freqtrade ignores or takes for something else."""
    while found := list(config_lint.mistakes(config)):
        path, wrong, cure = found[-1]  # what stands behind it in a list, or is inside of it, is gone already
        _take(config, path)
        yield Said(dotted(path), DROPPED, f"it {wrong}; {cure}")


def _messengers(bot: ComposeBot) -> Iterator[Said]:
    """Yield what opens the bot's messengers; of one that is off deploy takes no secrets."""
    on = enabled(bot.config)
    for name, keys in SECTIONS.items():
        for key in (key for key in keys if key in section(bot.config, name)):
            value = _take(bot.config, (name, key))
            if value in (None, ""):
                yield Said(f"{name}.{key}", DROPPED, "it is empty")
            elif name in on:
                bot.messengers.setdefault(name, {})[key] = value
                yield Said(f"{name}.{key}", MOVED_TO_SECRETS, f"{notify.NAME}.{bot.name}.{name}.{key}")
            else:
                yield Said(f"{name}.{key}", DROPPED, f"{name} is not enabled, and deploy refuses secrets in vain")


def _credentials(bot: ComposeBot) -> Iterator[Said]:
    """Yield what opens the bot's account; on paper Freqtrade needs none of it."""
    for key in (key for key in CREDENTIALS if key in section(bot.config, "exchange")):
        value = _take(bot.config, ("exchange", key))
        if value in (None, ""):
            yield Said(f"exchange.{key}", DROPPED, "it is empty")
        elif bot.mode == LIVE:
            bot.account[key] = value
            yield Said(f"exchange.{key}", MOVED_TO_SECRETS, f"{secrets.NAME}.{bot.name}.{key}")
        else:
            yield Said(f"exchange.{key}", DROPPED, "a paper bot does not need it")


def _proxies(bot: ComposeBot) -> Iterator[Said]:
    """Yield the proxies that want a user and a password: among the secrets is their one place."""
    for path, value in reversed(list(secrets.within(bot.config))):
        if not proxies.is_place(path) or proxies.wrong(path[1:], value):
            continue
        _take(bot.config, path)
        if bot.mode == LIVE:
            yield Said(dotted(path), DROPPED, "a live bot reaches its exchange by itself")
            continue
        section = bot.account
        for name in path[1:-1]:
            section = section.setdefault(name, {})
        section[path[-1]] = value
        yield Said(dotted(path), MOVED_TO_SECRETS, f"{secrets.NAME}.{bot.name}.{dotted(path[1:])}")


def _other_secrets(config: dict[str, Any]) -> Iterator[Said]:
    """Yield the secrets for which freqops has no place."""
    for path, value in reversed(list(secrets.within(config))):
        _take(config, path)
        yield Said(dotted(path), DROPPED, f"it is a secret; {secrets.home(path, value)}")


def _added(bot: ComposeBot) -> Iterator[Said]:
    """Yield what freqops says where neither the configuration nor, perhaps, the strategy does."""
    known = {*bot.config, *configuration.OF_STRATEGY, *(("dry_run_wallet",) if bot.mode == LIVE else ())}
    for name, value in configuration.BASE.items():
        if name not in known and value and not isinstance(value, (Mapping, list)):
            yield Said(name, ADDED, f"{value}, from which every bot of freqops starts")


def _take(config: dict[str, Any], path: VariablePath) -> Any:
    """Take a value out, and what is empty around it then, and return the value."""
    holders: list[Any] = [config]
    for step in path[:-1]:
        holders.append(holders[-1][step])
    value = holders[-1].pop(path[-1])
    for holder, inner, step in reversed(list(zip(holders, holders[1:], path, strict=False))):
        if inner:
            break
        holder.pop(step)
    return value
