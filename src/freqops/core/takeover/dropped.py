"""The things that an adoption leaves behind: settings, code of the strategy, and tables that no conversion carries.

Nothing of the old configuration is brought along but the account's credentials and what opens its messengers: the
inventory says what the bot runs with. So every setting that the inventory does not have, or has otherwise, is named,
and a setting that would change how the bot trades, or who gets its messages, has to be accepted by its name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..bot import notify_secrets, proxies
from ..bot.database_contents import CARRIED
from ..deploy import release

NONE = "none"
LONGEST = 80
TABLES = "tables."
STRATEGY = "strategy"
MESSENGERS = tuple(notify_secrets.SECTIONS)
# Judged by rules of their own.
JUDGED = (("dry_run",), ("stake_currency",), ("strategy",), ("trading_mode",), ("exchange", "name"))
# Brought along as secrets of a live bot; on paper nobody needs them.
CREDENTIALS = tuple(("exchange", name) for name in ("key", "secret", "password", "uid"))
# Settings of the program around the trader. Every other one changes how it trades, as far as anybody knows.
HARMLESS = (
    "$schema", "add_config_files", "api_server", "bot_name", "coingecko", "config_files", "datadir",
    "dataformat_ohlcv", "dataformat_trades", "db_url", "disableparamexport", "download_trades", "export",
    "fiat_display_currency", "initial_state", "internals", "log_config", "logfile", "new_pairs_days",
    "print_colorized", "recursive_strategy_search", "skip_wallet_history_migration", "strategy_path", "user_data_dir",
    "verbosity",
)  # fmt: skip


@dataclass(frozen=True)
class Dropped:
    """A setting, a file of the strategy, or a table that is left behind.

    Attributes:
        name: Its place, like ``unfilledtimeout.exit``.
        before: Its value there, without secrets.
        after: The value of the bot as it is declared.
        matters: Whether it must be accepted.
    """

    name: str
    before: str
    after: str
    matters: bool

    def is_among(self, accepted: Collection[str]) -> bool:
        """Return whether it was accepted, by its own name or by that of a section around it."""
        parts = self.name.split(".")
        return any(".".join(parts[:length]) in accepted for length in range(1, len(parts) + 1))


def names(text: str) -> tuple[str, ...]:
    """Return the names in ``accept_dropped``, which separates them by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def settings(before: Mapping[str, Any], after: Mapping[str, Any], *, is_live: bool) -> list[Dropped]:
    """Return the settings that a bot does not have as the old configuration has them.

    Args:
        before: The old configuration, with its secrets.
        after: That of the bot as it is declared.
        is_live: Whether its orders are real; what it has on paper does not matter then.
    """
    found, shown, wanted = [], _shown(before), _shown(after)
    for path in _differing(before, after):
        section = path[0]
        if path in JUDGED or (is_live and path in CREDENTIALS):
            continue
        matters = section not in HARMLESS and path not in CREDENTIALS and not (is_live and section == "dry_run_wallet")
        if section in MESSENGERS:
            if _is_brought_along(after, path):
                continue
            said = before[section]
            matters = len(path) == 1 and (not isinstance(said, Mapping) or bool(said.get("enabled")))
        found.append(Dropped(".".join(path), _text(shown, path), _text(wanted, path), matters))
    return found


def tables(rows: Mapping[str, int]) -> list[Dropped]:
    """Return the tables that a conversion of SQLite into Postgres leaves behind; an empty one holds nothing."""
    return [Dropped(f"{TABLES}{name}", f"{number} rows", NONE, number > 0) for name, number in sorted(rows.items())
            if name not in CARRIED]  # fmt: skip


def left_tables(accepted: Collection[str]) -> list[str]:
    """Return the names of the tables that may be left behind."""
    return [name[len(TABLES) :] for name in accepted if name.startswith(TABLES)]


def objections(found: Collection[Dropped], accepted: Collection[str], bot: str) -> Iterator[str]:
    """Give the reasons why a bot may not be adopted with what is left behind, and how to answer them."""
    missing = [each for each in found if each.matters and not each.is_among(accepted)]
    answer = f"accept that: -e accept_dropped={','.join(each.name for each in missing)}"
    tables = [each for each in missing if each.name.startswith(TABLES)]
    silent = [each.name for each in missing if each.name in MESSENGERS]
    code = [each for each in missing if each.name.partition(".")[0] == STRATEGY]
    secret = [each for each in missing if each not in code and _is_secret_proxy(each)]
    others = [*tables, *code, *secret]
    trading = [each for each in missing if each not in others and each.name not in MESSENGERS]
    if silent:
        yield f"its {', '.join(silent)} will be off after the adoption; {answer}"
    if secret:
        listed = ", ".join(each.name for each in secret)
        cure = f"put it into secrets_exchange of {bot}, and {answer}"
        yield f"its proxy with a password is not brought along: {listed}; {cure}"
    if trading:
        listed = ", ".join(f"{each.name} ({each.before}; {bot}: {each.after})" for each in trading)
        yield f"how it trades would change by {listed}; write it into config of {bot}, or {answer}"
    if code:
        listed = ", ".join(f"{each.name} ({each.before}; {bot}: {each.after})" for each in code)
        yield f"the code of its strategy would change by {listed}; put it into strategy_dir of {bot}, or {answer}"
    if tables:
        listed = ", ".join(f"{each.name} ({each.before})" for each in tables)
        yield f"Freqtrade's conversion would leave {listed} behind; declare database: sqlite, or {answer}"
    for name in accepted:
        if not any(each.is_among((name,)) for each in found):
            known = ", ".join(each.name for each in found) or "nothing"
            yield f"accept_dropped names {name!r}, which is not dropped; dropped are {known}"


def _differing(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the places of ``before`` that ``after`` has not, or otherwise; one for a messenger that goes off."""
    if before == after or (after is None and before in ({}, [], None)):
        return
    if not isinstance(before, Mapping) or not before or _will_be_off(path, after):
        yield path
        return
    for name, value in before.items():
        yield from _differing(value, after.get(name) if isinstance(after, Mapping) else None, (*path, str(name)))


def _will_be_off(path: tuple[str, ...], after: Any) -> bool:
    return len(path) == 1 and path[0] in MESSENGERS and path[0] not in notify_secrets.enabled({path[0]: after})


def _is_brought_along(after: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether a place is that of a secret of a messenger that stays on, and that the bot does not have otherwise."""
    section, *keys = path
    return len(keys) == 1 and keys[0] in notify_secrets.wanting(after, section)


def _is_secret_proxy(each: Dropped) -> bool:
    return proxies.is_place(tuple(each.name.split("."))) and release.HIDDEN in each.before


def _shown(config: Mapping[str, Any]) -> Any:
    return json.loads(release.shown(release.CONFIG, json.dumps(config, default=str)))


def _text(shown: Any, path: tuple[str, ...]) -> str:
    for name in path:
        if not isinstance(shown, Mapping) or name not in shown:
            return NONE
        shown = shown[name]
    text = json.dumps(shown)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
