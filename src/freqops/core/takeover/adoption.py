"""The rules of an adoption: its conditions, the changes by it, and the comparison of the trades."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base import durable
from ..base.errors import Refused
from ..base.next_step import RESUME, UNDO, NextStep, RefusedUntil
from ..bot import notify_secrets
from ..bot.database_contents import POSTGRES, SQLITE
from ..bot.layout import Home, container_of
from ..deploy import release
from ..exchange import lab_only
from ..halt import holds
from . import dropped, strategy_code
from .dropped import Dropped
from .foreign import Foreign, Picture

NOTE = "adopted.json"
KEPT = "adopted"
HOLDER = "restore"
BEGAN, UP, BACK = "began", "up", "back"  # back: it is given back, and nothing speaks against it any more
VERSION = re.compile(r"^([0-9]{4})\.([0-9]{1,2})(?:\.([0-9]+))?$")
# Settings that a start fills in by itself, or that say nothing about trading; a diff hides among them what matters.
NOISE = (
    *("internals", "initial_state", "bot_name", "api_server", "logfile", "log_config", "user_data_dir", "db_url"),
    "$schema",
)
EXCHANGE = "exchange"


@dataclass(frozen=True)
class Wanted:
    """The bot as the inventory declares it.

    Attributes:
        bot: Its name.
        mode: paper or live.
        config: Its whole configuration.
        image: Its image, by digest.
        version: Freqtrade of that image; empty where the image is not on the host yet.
        kind: ``sqlite`` or ``postgresql``.
        api_port: The port at which its API is published.
        strategies: The files of its strategy, by name.
    """

    bot: str
    mode: str
    config: Mapping[str, Any]
    image: str
    version: str
    kind: str
    api_port: int
    strategies: Mapping[str, str] = field(repr=False)


def objections(
    found: Foreign, wanted: Wanted, *, other_strategy: bool = False, accepted: Collection[str] = ()
) -> list[str]:
    """Return the reasons why a foreign Freqtrade may not be adopted as this bot, a line each.

    Args:
        found: The foreign project.
        wanted: The bot that it is to become.
        other_strategy: Whether another strategy may go on with its trades.
        accepted: The names of what may be left behind.
    """
    return [*_mode(found, wanted), *_money(found, wanted), *_strategy(found, wanted, other_strategy=other_strategy),
            *_version(found, wanted), *_database(found, wanted), *_account(found, wanted),
            *dropped.objections(left_behind(found, wanted), accepted, wanted.bot)]  # fmt: skip


def left_behind(found: Foreign, wanted: Wanted) -> list[Dropped]:
    """Return everything that the bot will not have of the old one: settings, code, and tables of its database."""
    tables = dropped.tables(found.tables) if (found.kind, wanted.kind) == (SQLITE, POSTGRES) else []
    settings = dropped.settings(found.config, wanted.config, is_live=wanted.mode == "live")
    return [*settings, *_code(found, wanted), *tables]


def _code(found: Foreign, wanted: Wanted) -> list[Dropped]:
    """Return the code that differs under one name; of another strategy, `_strategy` is the judge."""
    if found.strategy != wanted.config.get("strategy"):
        return []
    return strategy_code.differences(found.code, strategy_code.of_files(wanted.strategies, found.strategy))


def _mode(found: Foreign, wanted: Wanted) -> Iterator[str]:
    if found.dry_run != (wanted.mode == "paper"):
        there = "dry_run" if found.dry_run else "real orders"
        yield f"it trades with {there}, and {wanted.bot} is declared {wanted.mode}; declare the mode that it has"


def _money(found: Foreign, wanted: Wanted) -> Iterator[str]:
    names = {"exchange": ("exchange", "name"), "stake currency": ("stake_currency",), "trading mode": ("trading_mode",)}
    for what, path in names.items():
        before, after = _at(found.config, path), _at(wanted.config, path)
        if what == "trading mode":
            before = before or "spot"
        if before != after:
            yield f"its {what} is {before!r}, and that of {wanted.bot} is {after!r}; its trades make no sense there"


def _strategy(found: Foreign, wanted: Wanted, *, other_strategy: bool) -> Iterator[str]:
    name = wanted.config.get("strategy")
    if found.strategy != name and not other_strategy:
        yield (
            f"its strategy is {found.strategy}, and that of {wanted.bot} is {name}; "
            "if that one is to go on with its trades, say -e other_strategy=true"
        )


def _version(found: Foreign, wanted: Wanted) -> Iterator[str]:
    if not wanted.version or found.version == wanted.version:
        return
    there, ours = _number(found.version), _number(wanted.version)
    if there is None or ours is None:
        yield f"its Freqtrade {found.version} cannot be compared with {wanted.version} of freqtrade_image"
    elif there > ours:
        yield (
            f"its Freqtrade {found.version} is newer than {wanted.version} of freqtrade_image, which may not "
            "understand its database; pin an image that is at least as new"
        )


def _number(version: str) -> tuple[int, ...] | None:
    match = VERSION.match(version)
    return tuple(int(part or 0) for part in match.groups()) if match else None


def _database(found: Foreign, wanted: Wanted) -> Iterator[str]:
    if found.kind == POSTGRES and wanted.kind == SQLITE:
        yield "its database is Postgres, which cannot become SQLite; declare database: postgresql"


def _account(found: Foreign, wanted: Wanted) -> Iterator[str]:
    """Refuse live bots that trade, or would trade, anywhere but on the same lab exchange."""
    if found.dry_run or wanted.mode != "live":
        return
    places = []
    for what, config in (("it trades elsewhere", found.config), ("it would trade elsewhere", wanted.config)):
        try:
            places.append(lab_only.lab_exchange(dict(config)))
        except Refused as refusal:
            yield f"{what}: {refusal}"
    if len(set(places)) > 1:
        yield f"it trades at {places[0]}, and {wanted.bot} would trade at {places[1]}"


def _at(config: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = config
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def changes(found: Foreign, wanted: Wanted) -> list[tuple[str, str, str]]:
    """Return the changes: name, value before, value after."""
    port = f"127.0.0.1:{wanted.api_port}"
    there = f"{found.kind} {found.database}"
    trades = ", ".join(f"{number} {pair}" for number, (pair, _) in found.traded.open_trades.items()) or "none"
    rows = [
        ("runs as", f"{found.service} of {found.project}", container_of(wanted.bot)),
        ("image", found.image, wanted.image),
        ("Freqtrade", found.version, wanted.version or "not on this host yet"),
        ("mode", "dry_run" if found.dry_run else "real orders", wanted.mode),
        ("strategy", found.strategy, str(wanted.config.get("strategy"))),
        ("database", there, f"{wanted.kind} of freqops"),
        ("API", str(_at(found.config, ("api_server", "listen_port")) or "none"), port),
        ("open trades", trades, "the same"),
    ]
    rows += [(f"not brought along: {each.name}", each.before, each.after) for each in left_behind(found, wanted)]
    return [(what, before, after) for what, before, after in rows if before != after or what.startswith("not ")]


def diff(found: Foreign, wanted: Wanted) -> dict[str, str]:
    """Return both configurations as a diff may show them: without secrets, and without what is no setting."""
    return {
        "before_header": f"{found.service} of {found.project}",
        "after_header": container_of(wanted.bot),
        "before": _shown(found.config),
        "after": _shown(wanted.config),
    }


def _shown(config: Mapping[str, Any]) -> str:
    settings = {name: value for name, value in config.items() if name not in NOISE}
    return release.shown(release.CONFIG, json.dumps(settings, default=str))


def credentials(found: Foreign) -> dict[str, str]:
    """Return the account's credentials in its configuration, as far as it has them; they are never shown."""
    section = found.config.get(EXCHANGE)
    names = ("key", "secret", "password", "uid")
    known = {name: section.get(name) for name in names} if isinstance(section, Mapping) else {}
    return {name: str(value) for name, value in known.items() if value}


def messengers(found: Foreign, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what opens these messengers in its configuration, as far as all of it is there; it is never shown."""
    sections = {name: notify_secrets.section(found.config, name) for name in names}
    known = {
        name: {key: str(section[key]) for key in notify_secrets.SECTIONS[name] if section.get(key)}
        for name, section in sections.items()
    }
    return {name: secrets for name, secrets in known.items() if notify_secrets.has(known, name)}


def compared(before: Picture, present: Mapping[int, tuple[str, float]], after: Picture) -> tuple[list[str], list[str]]:
    """Hold the trades that were open before against those that a bot says it has.

    Args:
        before: The trades before.
        present: The open trades of the bot, by number, as it says itself.
        after: The trades in its database.

    Returns:
        What is wrong, and what is worth knowing: an entry that rested was cancelled, a trade was sold since.
    """
    rested, closed = before.with_open_orders(), {number for number, _, is_open, _ in after.trades if not is_open}
    wrong, remarks = [], []
    for number, (pair, amount) in before.open_trades.items():
        if present.get(number) == (pair, amount):
            continue
        text = f"trade {number} {pair} {amount}"
        if number in rested:
            remarks.append(f"{text} had an order that rested, and is now {present.get(number, 'gone')}")
        elif number in closed and number not in present:
            remarks.append(f"{text} was closed meanwhile by the bot itself")
        else:
            wrong.append(f"{text} was open, and is now {present.get(number, 'gone')}")
    wrong += [f"trade {number} {present[number]} was not there before" for number in present
              if number not in before.open_trades]  # fmt: skip
    return wrong, remarks


def same(before: Picture, after: Picture, *, is_live: bool) -> bool:
    """Return whether nothing was traded between two pictures."""
    if is_live:
        return before == after
    return before.without_simulated_stops() == after.without_simulated_stops()


def lost(note: Mapping[str, Any], after: Picture) -> list[str]:
    """Return the trades that an adoption noted as open and that a database does not have any more."""
    known = {number for number, _, _, _ in after.trades}
    return [f"{row[0]} {row[1]}" for row in note.get("trades", []) if row[2] and row[0] not in known]


def differs(before: Picture, after: Picture) -> str:
    """Return in words the trades between two pictures."""
    old, new = before.without_simulated_stops(), after.without_simulated_stops()
    trades = sorted({row[0] for row in set(old.trades) ^ set(new.trades)})
    orders = sorted({row[0] for row in set(old.orders) ^ set(new.orders)})
    return f"trades {', '.join(map(str, trades)) or 'none'}, orders of trades {', '.join(map(str, orders)) or 'none'}"


def note_of(home: Path) -> dict[str, Any] | None:
    """Return the note of an adoption, None where the bot was never adopted."""
    document = durable.read_json(home / NOTE)
    return document if isinstance(document, dict) else None


def add_to_note(home: Path, more: Mapping[str, Any]) -> None:
    """Add to the note of an adoption."""
    durable.write_json(home / NOTE, {**(note_of(home) or {}), **more}, 0o600)


def held_by(home: Path, note: dict[str, Any]) -> bool:
    """Return whether the hold of an adoption is still in force: it was not resumed."""
    try:
        return any(hold.incident == note.get("incident") for hold in holds.load(Home(home).holds).holds)
    except holds.HoldsUnreadable:
        return True


def refuse_unless_new(home: Path) -> None:
    """Refuse a bot that freqops runs already.

    Raises:
        Refused: The text says what to do instead.
    """
    note = note_of(home)
    if note is not None and held_by(home, note):
        incident = str(note.get("incident"))
        text = f"{home.name} is adopted already and held: resume {incident}, or undo it"
        raise RefusedUntil(text, NextStep(RESUME, incident), NextStep(UNDO))
    if (home / "bot.json").exists():
        raise Refused(f"freqops runs {home.name} already; a Freqtrade is adopted as a bot that is not deployed yet")
