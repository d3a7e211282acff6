"""The whole inventory as deploy knows it before it touches anything: its hosts, their bots, their secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..bot import configuration
from ..bot.db_url import POSTGRES
from ..bot.layout import BOT_NAME, MODES
from . import declared
from .refusal import Refusal, VariablePath

BOTS, SHARED = "freqtrade_bots", "freqtrade_config"
REPOSITORIES = "backup_repositories"
ONE_BY_ONE = (BOTS, REPOSITORIES)


@dataclass(frozen=True)
class DeclaredBot:
    """One bot of the inventory whose entry is sound enough to be judged.

    Attributes:
        host: Its host.
        index: Its place in ``freqtrade_bots``.
        entry: Its entry, without values of the wrong kind.
        shared: ``freqtrade_config`` of its host.
    """

    host: str
    index: int
    entry: Mapping[str, Any]
    shared: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.entry["name"])

    @property
    def mode(self) -> str:
        """``paper`` or ``live``."""
        return str(self.entry["mode"])

    @property
    def is_live(self) -> bool:
        """Whether the bot places real orders."""
        return self.mode == "live"

    @property
    def kind(self) -> str:
        """The kind of its database."""
        return str(self.entry.get("database", POSTGRES))

    @property
    def database(self) -> str:
        """The name of its database: roles secrets and postgres make one for each bot and mode."""
        return f"{self.name.replace('-', '_')}_{self.mode}"

    @cached_property
    def config(self) -> dict[str, Any]:
        """Its whole configuration but for secrets."""
        return configuration.effective(self.shared, self.entry)

    @property
    def layers(self) -> list[tuple[VariablePath, Mapping[str, Any]]]:
        """Its configuration in the inventory, its own above what all bots of the host share."""
        return [((BOTS, self.index, "config"), self.entry.get("config") or {}), ((SHARED,), self.shared)]

    def places(self, *path: Any) -> tuple[VariablePath, ...]:
        """Return the places of a value of its configuration among the variables of its host."""
        return tuple((*layer, *path) for layer, _ in self.layers)

    def refused(self, wrong: str, cure: str, *paths: VariablePath) -> Refusal:
        """Return a refusal about this bot."""
        return Refusal(self.host, wrong, cure, self.name, paths or ((BOTS, self.index),))


@dataclass(frozen=True)
class Way:
    """How the control node reaches a host.

    Attributes:
        address: Its address, or the name by which it is looked up.
        port: The port.
        through: What leads there beside both: the kind of connection, and arguments of ssh that may name a jump host,
            behind which an address is another one.
    """

    address: str
    port: str = "22"
    through: tuple[str, ...] = ()

    @property
    def beside(self) -> tuple[str, ...]:
        """The settings that must be equal for two equal addresses to be one."""
        return (self.port, *self.through)


@dataclass(frozen=True)
class Fleet:
    """The whole inventory.

    Attributes:
        hosts: For each host its variables that begin with a prefix of ours, templated.
        secrets: ``secrets_exchange``, as it was loaded.
        known: The declarations of the roles: for each variable its entry in ``argument_specs.yml``.
        ways: The way to each host.
        notify: ``secrets_notify``, as it was loaded.
    """

    hosts: Mapping[str, Mapping[str, Any]]
    secrets: Any
    known: Mapping[str, Mapping[str, Any]]
    ways: Mapping[str, Way] = field(default_factory=dict)
    notify: Any = field(default_factory=dict)

    def spec(self, name: str) -> Mapping[str, Any]:
        """Return the declaration of a variable; bots and repositories are looked at one by one, elsewhere."""
        return {**self.known[name], "elements": None} if name in ONE_BY_ONE else self.known[name]

    def value(self, host: str, name: str) -> Any:
        """Return a variable of a host, or the role's default where it has none or one of the wrong kind."""
        given = self.hosts[host].get(name)
        default = self.known[name].get("default")
        if given is None or declared.wrong_kind(given, self.spec(name), as_text=True):
            return default
        return int(given) if self.known[name].get("type") == "int" else given

    def has_postgres(self, host: str) -> bool:
        """Whether a bot of a host is declared on Postgres, as one is whose entry names no database."""
        return any(bot.host == host and bot.kind == POSTGRES for bot in self.bots)

    @cached_property
    def bots(self) -> list[DeclaredBot]:
        """All bots that are sound enough to be judged."""
        spec = self.known[BOTS]["options"]
        return [
            DeclaredBot(host, index, sound(entry, spec), self.value(host, SHARED))
            for host in self.hosts
            for index, entry in enumerate(self.value(host, BOTS))
            if _judgeable(entry)
        ]


def _judgeable(entry: Any) -> bool:
    """Whether an entry says the three things without which nothing can be said of a bot."""
    if not isinstance(entry, dict):
        return False
    name, mode, strategy = (entry.get(key) for key in ("name", "mode", "strategy"))
    return isinstance(name, str) and bool(BOT_NAME.fullmatch(name)) and mode in MODES and isinstance(strategy, str)


def sound(entry: Mapping[str, Any], spec: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an entry without what is unknown or of the wrong kind; that is refused elsewhere."""
    return {key: value for key, value in entry.items() if key in spec and not declared.wrong_kind(value, spec[key])}


def entries(fleet: Fleet) -> Iterator[tuple[str, int, Any]]:
    """Yield every entry of ``freqtrade_bots``, whatever it is."""
    for host in fleet.hosts:
        for index, entry in enumerate(fleet.value(host, BOTS)):
            yield host, index, entry
