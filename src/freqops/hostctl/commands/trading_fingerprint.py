"""``freqops-host trading-fingerprint``: the digest of all that decides a bot's trades, for each kept release."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.base.text_table import table
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.deploy import release
from freqops.core.promotion import trading_fingerprint
from freqops.core.promotion.trading_fingerprint import PARTS, FingerprintUnknown

from . import output
from .one_bot import bot_of

HELP = "say by which trading fingerprint a bot trades, and by which it would"
IN_SESSION = False
SHOWN = 12  # characters of the digest of a part; the fingerprint is shown whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, one release of it, and the form of the answer."""
    parser.add_argument("bot")
    parser.add_argument("--release", help="only this one, and what differs from the one that is installed")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the trading fingerprints; 2 where a release has none. Nothing changes."""
    bot = bot_of(options)
    rows = [_row(bot, place) for place in _places(bot, options.release)]
    answer: dict[str, Any] = {"version": 1, "command": "trading-fingerprint", "bot": bot.name, "releases": rows}
    known = all(row["error"] is None for row in rows)
    if options.release is not None and known and options.release != bot.release:
        answer["changes"] = _changes(bot, options.release)
    output.print_json(answer) if options.json else output.print_text(*_lines(answer))
    return PROVEN if known else NOT_PROVEN


def _places(bot: layout.Bot, wanted: str | None) -> list[Path]:
    """Return the directories of the releases that are asked for.

    Raises:
        Refused: There is none.
    """
    kept = [path for path in sorted((bot.home / "release").glob("*")) if release.FINGERPRINT.fullmatch(path.name)]
    found = [path for path in kept if path.is_dir() and wanted in (None, path.name)]
    if not found:
        raise Refused(f"{bot.name} has no release {visible(wanted or '')}".rstrip())
    return found


def _row(bot: layout.Bot, place: Path) -> dict[str, Any]:
    row: dict[str, Any] = {"release": place.name, "installed": place.name == bot.release}
    try:
        found = trading_fingerprint.of_release(place)
    except FingerprintUnknown as error:
        return {**row, "trading_fingerprint": None, "parts": None, "error": str(error)}
    return {**row, "trading_fingerprint": found.fingerprint, "parts": dict(found.parts), "error": None}


def _changes(bot: layout.Bot, wanted: str) -> list[str] | None:
    """Return what differs from the installed release; None where that one has no trading fingerprint."""
    try:
        return trading_fingerprint.changes(bot.release_home, bot.home / "release" / wanted)
    except FingerprintUnknown:
        return None


def _lines(answer: Mapping[str, Any]) -> list[str]:
    """Return the answer for a person."""
    rows: Sequence[Mapping[str, Any]] = answer["releases"]
    known = [row for row in rows if row["error"] is None]
    lines = [f"{answer['bot']}: {row['release']}{_here(row)}: {row['trading_fingerprint']}" for row in known]
    if known:
        cells = [[row["release"], *(row["parts"][part][:SHOWN] for part in PARTS)] for row in known]
        lines += table(["release", *PARTS], cells).splitlines()
    lines += [f"{answer['bot']}: NO TRADING FINGERPRINT{_here(row)}: {row['error']}" for row in rows if row["error"]]
    if "changes" in answer:
        lines += _compared(answer["changes"])
    return lines


def _here(row: Mapping[str, Any]) -> str:
    return " (installed)" if row["installed"] else ""


def _compared(changes: Sequence[str] | None) -> list[str]:
    if changes is None:
        return ["the installed release has no trading fingerprint to compare with"]
    return [f"differs: {line}" for line in changes] or ["it trades as the installed release does"]
