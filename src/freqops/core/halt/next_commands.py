"""What to type next, on the way from a halt back to trading: complete commands, with bots and incident filled in.

They are pasted into a shell. So nothing stands in them that a host said, unless it is what such a name must be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ..bot.layout import BOT_NAME
from .answer import Row
from .holds import HARD

INCIDENT = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z_]+[0-9]?-[0-9a-f]{6}", re.ASCII)
EXIT = 2  # the level that sells
GONE = "when the cause is gone"
BY_HAND = ("halt", "restore")  # the holders whose holds only a resume takes down
AFTER = {
    "flatten": ("reconcile", "next, to take in what was sold"),
    "reconcile": ("resume", f"{GONE}, to have it up and paused"),
}


def after_halt(level: int, rows: Iterable[tuple[str, Row]], declared: Collection[str]) -> list[str]:
    """Return what is due next, a line each; first what is not proven.

    Args:
        level: The level that was commanded.
        rows: Hosts, and what became of each bot.
        declared: The bots of the inventory; no other name gets into a command.
    """
    known = [row for _, row in rows if row.bot in declared and BOT_NAME.fullmatch(row.bot)]
    return [*_again(level, [row for row in known if not row.proven]), *_way_back([row for row in known if row.proven])]


def of_holds(rows: Iterable[Mapping[str, Any]], declared: Collection[str]) -> list[str]:
    """Return the way back for each hold that a person takes down, a line each.

    Args:
        rows: The rows of the bots, as ``freqops-host status`` makes them.
        declared: As in `after_halt`.
    """
    held = [
        Row(row["bot"], hold["level"], hold["incident"], mode=row.get("mode") or "")
        for row in rows if row["bot"] in declared and BOT_NAME.fullmatch(row["bot"])
        for hold in row["holds"] if hold["holder"] in BY_HAND
    ]  # fmt: skip
    return list(_way_back(held))


def after_step(step: str, bot: str, incident: str, declared: Collection[str]) -> list[str]:
    """Return what is due for a bot after a step of the way back that was proven, a line each.

    Args:
        step: The playbook, one of `AFTER`.
        bot: The bot.
        incident: The incident under which it is held.
        declared: As in `after_halt`.
    """
    if bot not in declared or not BOT_NAME.fullmatch(bot) or not INCIDENT.fullmatch(incident):
        return []
    following, what = AFTER[step]
    return [f"{what}: {_command(following, bot, f'-e incident={incident}')}"]


def _again(level: int, rows: list[Row]) -> Iterator[str]:
    """Give the same command for what is not proven, and the next stronger one."""
    if not rows:
        return
    bots = _names(rows)
    yield f"not proven: look at the lines above, then repeat: {_command('killswitch', bots, f'-e level={level}')}"
    if level < HARD:
        yield f"if that does not prove it: {_command('killswitch', bots, f'-e level={HARD}')}"
    if level >= EXIT:
        yield "then sell what a dead bot has left: flatten.yml, with the incident of that halt"


def _way_back(rows: list[Row]) -> Iterator[str]:
    """Give the steps back to trading, for each incident and level that is in force."""
    held = {(row.incident, row.level >= HARD) for row in rows if INCIDENT.fullmatch(row.incident)}
    for incident, is_hard in sorted(held):
        those = [row for row in rows if (row.incident, row.level >= HARD) == (incident, is_hard)]
        under = f"-e incident={incident}"
        live = [row for row in those if row.mode == "live"]
        if is_hard and live:
            yield f"to sell what is open: {_command('flatten', _names(live), under)}"
            yield f"after a flatten, or a sale by hand: {_command('reconcile', _names(live), under)}"
        back = _command("resume", _names(those), under)
        if is_hard:
            yield f"{GONE}, to have them up and paused: {back}"
            yield "then, to let them buy again: the same once more"
        else:
            yield f"{GONE}, to let them buy again: {back}"


def _names(rows: list[Row]) -> str:
    return ",".join(sorted({row.bot for row in rows}))


def _command(playbook: str, bots: str, words: str) -> str:
    return f"FREQOPS_REASON='…' ansible-playbook playbooks/{playbook}.yml -e bots={bots} {words}"
