"""The places of all files on a host, and the declaration of a bot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ..base.durable import read_json
from ..base.errors import FreqopsError, Refused
from . import limits
from .db_url import password_of
from .notify_secrets import target_of

ROOT = Path("/srv/freqops")
CONTAINER_UID = 1000
BOT_NAME = re.compile(r"^[a-z][a-z0-9-]{0,30}$")
SECRET_LENGTH = 12
LAID_OUT = ("release", "staged", "conf/freqops-host", ".lock")  # what a deploy writes before it installs anything
MODES = ("paper", "live")
REMOVED = "removed"
ROLLING = "rolling"
PLANNED = "stop"  # the command whose note is a planned stop: it is over, and the bot stays stopped
INITIAL_STATES = ("running", "paused", "stopped")
BREAKER_RESUMES = ("file", "person")


class BotUnreadable(FreqopsError):
    """A bot's declaration on the host is missing or not of the known format."""


class Home:
    """The directory of a bot, and the paths in it that are known before any of its files is read.

    Attributes:
        path: The directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def root(self) -> Path:
        """The tree of freqops."""
        return self.path.parent.parent

    @property
    def holds(self) -> Path:
        """The holds of the bot."""
        return self.path / "conf" / "holds.json"

    @property
    def left_holds(self) -> Path:
        """The holds that a removed bot left for the next of its name."""
        return self.root / REMOVED / f"{self.path.name}.holds.json"

    @property
    def state(self) -> Path:
        """The configuration overlay with its ``initial_state``."""
        return self.path / "conf" / "state.json"

    @property
    def limits(self) -> Path:
        """The limits within which its strategy enters."""
        return self.path / "conf" / limits.FILE

    @property
    def lock(self) -> Path:
        """The lock under which a command works on the bot."""
        return self.path / ".lock"

    @property
    def holds_lock(self) -> Path:
        """The short lock under which the holds change."""
        return self.path / ".holds.lock"

    @property
    def drill_lock(self) -> Path:
        """The lock under which a drill rehearses on the bot."""
        return self.path / ".drill.lock"

    @property
    def stopped(self) -> Path:
        """The note of a command that stopped the bot and has not started it again yet."""
        return self.path / "stopped.json"

    @property
    def breaker(self) -> Path:
        """The breaker file that trips this bot alone; normally absent."""
        return self.path / "circuit_breaker.json"

    @property
    def switch(self) -> Path:
        """The note of a switch that is not over."""
        return self.path / "switch.json"

    @property
    def converting(self) -> Path:
        """The copies of a database that a restore converts; nothing of it outlives the restore."""
        return self.path / ".converting"

    @property
    def restoring(self) -> Path:
        """The note of a restore that is not over."""
        return self.path / "restoring.json"

    @property
    def removing(self) -> Path:
        """The note of a removal that is not over."""
        return self.path / "removing.json"

    @property
    def under_way(self) -> bool:
        """Whether a command is at work on the bot, or was interrupted; a planned stop is over."""
        notes = (self.switch, self.removing, self.restoring)
        return any(note.exists() for note in notes) or (self.stopped.exists() and not self.stopped_by_plan)

    @property
    def stopped_by_plan(self) -> bool:
        """Whether somebody stopped the bot on purpose, so that nothing but an operator's start starts it."""
        note = read_json(self.stopped)
        return isinstance(note, dict) and note.get("command") == PLANNED

    @property
    def dumps(self) -> Path:
        """The dumps that the host makes of the bot's database by itself."""
        return self.path / "dumps" / ROLLING

    @property
    def left_dumps(self) -> Path:
        """The dumps of a removed bot of this name."""
        return self.root / REMOVED / f"{self.path.name}.dumps"

    @property
    def dump_lock(self) -> Path:
        """The lock under which its dumps are made, or one is restored."""
        return self.path / ".dump.lock"

    def unread(self) -> Bot:
        """Return the bot with no more than its name: enough to stop it, also where its files cannot be read."""
        return Bot(self.path.name, "unknown", 0, "", "", "stopped", self.path)


@dataclass(frozen=True)
class Bot:
    """One bot, as declared on its host.

    Attributes:
        name: Its name, unique on the host.
        mode: ``paper`` or ``live``.
        api_port: Loopback port of the host on which its REST API is published.
        image: The image it runs, by digest.
        release: Fingerprint of what it runs: strategies, configuration, image, packages.
        initial_state: The trader state after a start when nothing holds it: one of `INITIAL_STATES`.
        home: Its directory.
        packages: Mark of the Python packages that are added to its image; empty where there are none.
        foreign_holdings: Coins on its account that are not the bot's, each with its amount.
        foreign_orders: Numbers of orders on its account that somebody placed by hand.
        breaker_resume: Who ends the hold of an operator breaker on it, with real orders: its ``file``, or a ``person``.
    """

    name: str
    mode: str
    api_port: int
    image: str
    release: str
    initial_state: str
    home: Path
    packages: str = ""
    foreign_holdings: Mapping[str, Decimal] = field(default_factory=dict)
    foreign_orders: frozenset[str] = frozenset()
    breaker_resume: str = BREAKER_RESUMES[0]

    @property
    def is_live(self) -> bool:
        """Whether the bot places real orders."""
        return self.mode == "live"

    @property
    def container(self) -> str:
        """Name of its container and of its Compose project."""
        return container_of(self.name)

    @property
    def conf(self) -> Path:
        """The directory that the container sees read-only as /freqops/conf."""
        return self.home / "conf"

    @property
    def holds(self) -> Path:
        """Its holds."""
        return Home(self.home).holds

    @property
    def state(self) -> Path:
        """The configuration overlay with its ``initial_state``."""
        return Home(self.home).state

    @property
    def release_home(self) -> Path:
        """Strategies and configuration that it runs; the container sees it read-only as /freqops/release."""
        return self.home / "release" / self.release

    @property
    def packages_home(self) -> Path:
        """The packages that are added to its image; the container sees them read-only as /freqops/packages."""
        return Home(self.home).root / "packages" / self.packages

    @property
    def sales(self) -> Path:
        """The orders by which its positions were closed on the exchange behind its back."""
        return self.home / "sold.json"

    @property
    def compose(self) -> Path:
        """Its Compose file."""
        return self.home / "compose.yml"

    def credentials(self) -> tuple[str, str]:
        """Return user and password of its REST API.

        Raises:
            BotUnreadable: The file of secrets is missing or lacks them.
        """
        try:
            api = json.loads((self.conf / "secrets.json").read_text())["api_server"]
            return str(api["username"]), str(api["password"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BotUnreadable(
                f"no API credentials in {self.conf / 'secrets.json'} ({type(error).__name__})"
            ) from None

    @property
    def leaked(self) -> Path:
        """Secrets that leaked and were replaced, kept until they are proven to open nothing any more."""
        return self.home / "lockout" / "leaked.json"

    def secret_values(self) -> list[str]:
        """Return every text in its files of secrets that is long enough to be one, the longest first."""
        document = [read_json(self.conf / "secrets.json"), read_json(self.leaked)]
        return sorted(secret_texts(document), key=len, reverse=True)


def secret_texts(document: Any) -> set[str]:
    """Return every text in the content of a file of secrets that is long enough to be one."""
    return {text for text in _leaves(document) if len(text) >= SECRET_LENGTH}


def container_of(name: str) -> str:
    """Return the name of a bot's container and of its Compose project."""
    return f"freqops-{name}"


def _leaves(value: Any) -> Iterator[str]:
    """Yield every text inside a JSON value, and of URLs the passwords, and what stands behind the host."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value
        yield password_of(value)
        yield target_of(value)


def load_bot(home: Path) -> Bot:
    """Read the declaration of the bot whose directory is ``home``.

    Raises:
        BotUnreadable: ``bot.json`` is missing, not JSON, or a field is missing or of the wrong type.
    """
    path = home / "bot.json"
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise BotUnreadable(f"{path}: {error}") from None
    return declared(document, home)


def declared(document: Any, home: Path) -> Bot:
    """Return the bot that a declaration describes.

    Raises:
        BotUnreadable: A field is missing or of the wrong type.
    """
    if not isinstance(document, dict):
        raise BotUnreadable(f"{home / 'bot.json'} is not an object")
    wanted = {"name": str, "mode": str, "api_port": int, "image": str, "release": str, "initial_state": str}
    for key, kind in wanted.items():
        if not isinstance(document.get(key), kind) or isinstance(document[key], bool):
            raise BotUnreadable(f"{home / 'bot.json'}: {key} is missing or not {kind.__name__}")
    if document["name"] != home.name or document["mode"] not in MODES:
        raise BotUnreadable(f"{home / 'bot.json'} does not describe {home.name}")
    if document["initial_state"] not in INITIAL_STATES:
        raise BotUnreadable(f"{home / 'bot.json'}: initial_state is none of {', '.join(INITIAL_STATES)}")
    return Bot(
        home=home,
        packages=str(document.get("packages", "")),  # hosts that were deployed before there was a witness have none
        foreign_holdings=_holdings(document.get("foreign_holdings", {}), home),
        foreign_orders=_orders(document.get("foreign_orders", []), home),
        breaker_resume=_breaker_resume(document.get("breaker_resume", BREAKER_RESUMES[0]), home),
        **{key: document[key] for key in wanted},
    )


def _holdings(value: Any, home: Path) -> dict[str, Decimal]:
    try:
        amounts = {str(coin): Decimal(str(amount)) for coin, amount in value.items()}
    except (AttributeError, InvalidOperation):
        raise BotUnreadable(f"{home / 'bot.json'}: foreign_holdings does not map coins to amounts") from None
    if not all(amount.is_finite() and amount >= 0 for amount in amounts.values()):
        raise BotUnreadable(f"{home / 'bot.json'}: foreign_holdings has an amount below zero")
    return amounts


def _breaker_resume(value: Any, home: Path) -> str:
    if value not in BREAKER_RESUMES:
        raise BotUnreadable(f"{home / 'bot.json'}: breaker_resume is none of {', '.join(BREAKER_RESUMES)}")
    return str(value)


def _orders(value: Any, home: Path) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(number, (str, int)) for number in value):
        raise BotUnreadable(f"{home / 'bot.json'}: foreign_orders is not a list of order numbers")
    return frozenset(str(number) for number in value)


def homes(root: Path = ROOT) -> list[Path]:
    """Return the directories of all bots of this host, by name; those that were only `laid_out` are none."""
    return [home for home in _directories(root) if not _only_laid_out(home)]


def laid_out(root: Path = ROOT) -> list[Path]:
    """Return the directories in which a release was laid out and never installed: that of a refused first deploy."""
    return [home for home in _directories(root) if _only_laid_out(home)]


def _directories(root: Path) -> list[Path]:
    bots = root / "bots"
    if not bots.is_dir():
        return []
    return sorted(path for path in bots.iterdir() if path.is_dir() and BOT_NAME.fullmatch(path.name))


def _only_laid_out(home: Path) -> bool:
    """Whether there is a release, and no file that only an installed bot has: one whose files were lost has others."""
    if (home / "bot.json").exists() or not (home / "release").is_dir():
        return False
    files = (path.relative_to(home) for path in home.rglob("*") if path.is_symlink() or not path.is_dir())
    return all(path.parts[0] in LAID_OUT or str(path) in LAID_OUT for path in files)


def select(names: list[str] | None, root: Path = ROOT) -> list[Path]:
    """Return the directories of the bots called ``names``, or of all where None.

    Raises:
        Refused: A name is unknown here, none is given, or the host has no bots at all.
    """
    known = {path.name: path for path in homes(root)}
    if not known:
        raise Refused(f"no bots below {root / 'bots'}")
    if names is not None and not names:
        raise Refused("no bot is named")
    if names is None:
        return list(known.values())
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise Refused(f"unknown bot {', '.join(unknown)}; this host has {', '.join(known)}")
    return [known[name] for name in sorted(set(names))]
