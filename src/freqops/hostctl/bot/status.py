"""``freqops-host status``: what every bot of this host is doing, read from the bot, the disk and /proc."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.text_table import table
from freqops.core.bot import crash_loop, layout, processes
from freqops.core.bot.client import ApiError
from freqops.core.bot.layout import Home
from freqops.core.bot.status_table import HEADINGS, cells, problems
from freqops.core.exchange.positions import position
from freqops.core.halt import halt_drill, holds, start_gate

from . import stopped
from .engine import Engine
from .processes_and_api import client

RECOVERY = (
    "freqops-recover.timer brings it to its end within 15 s, unless a command works on it: see journalctl -u "
    "freqops-recover, or run 'freqops-host resume-switch'"
)


def status(homes: list[Path], clock: Clock, engine: Engine) -> dict[str, Any]:
    """Return a row for each bot, and the Freqtrade processes that belong to no bot."""
    found = processes.scan()
    rows = [_row(home, found, clock, engine) for home in homes]
    foreign = processes.undeclared([home.name for home in homes], found)
    return {"bots": rows, "undeclared": [{"pid": p.pid, "command": p.command} for p in foreign]}


def _row(home: Path, found: list[processes.Process], clock: Clock, engine: Engine) -> dict[str, Any]:
    row: dict[str, Any] = {"bot": home.name, "problems": _interrupted(home), **_holds(home)}
    try:
        bot = layout.load_bot(home)
        row.update(mode=bot.mode, image=bot.image, release=bot.release, api_port=bot.api_port)
        row["drill_days"] = halt_drill.days_since(home, clock.utcnow())
        if processes.trading(bot.name, found):
            asked = _asked(bot, clock)
            row["problems"] += asked.pop("problems")
            row.update(asked)
        else:
            row["trader"] = "no process"
            row["problems"] += _why_not(bot, found)
        container = engine.container(bot.container)
        row["container"] = container.status if container else "none"
    except FreqopsError as error:
        row["problems"].append(str(error))
    return row


def _interrupted(home: Path) -> list[str]:
    """Return what a command began and has not ended: it is still at it, or the timer takes it over."""
    found = ["a switch is not over"] if Home(home).switch.exists() else []
    note = stopped.note_of(home)
    found += [str(note)] if note is not None else []
    return [f"{text}; {RECOVERY}" for text in found]


def _holds(home: Path) -> dict[str, Any]:
    try:
        held = holds.load(Home(home).holds)
    except holds.HoldsUnreadable as error:
        return {"level": holds.HARD, "holds": [], "holds_seq": None, "holds_unreadable": str(error)}
    return {"level": held.level, "holds": [vars(hold) for hold in held.holds], "holds_seq": held.seq}


def _why_not(bot: layout.Bot, found: list[processes.Process]) -> list[str]:
    """Return the reason why a bot that nothing holds has no process."""
    if holds.effective_level(bot.holds) >= holds.HARD:
        return []
    if any(process.bot == bot.name for process in found):
        crashed = f"it {crash_loop.CRASHED}; see its log"
        return [f"its start gate waits: {start_gate.verdict(bot.conf) or crashed}"]
    return ["nothing holds it at level 3 and it does not run"]


def _asked(bot: layout.Bot, clock: Clock) -> dict[str, Any]:
    api = client(bot)
    try:
        reading = api.read()
        trades = [position(trade, paper=bot.mode == "paper") for trade in api.open_trades()]
    except ApiError as error:
        return {"trader": "no answer", "problems": [str(error)]}
    age = None if reading.last_process is None else (clock.utcnow() - reading.last_process).total_seconds()
    problems = [] if reading.bot_name == bot.name else [f"another bot answers on its port: {reading.bot_name}"]
    if reading.dry_run != (bot.mode == "paper"):
        problems.append(f"declared {bot.mode}, but dry_run is {reading.dry_run}")
    return {
        "trader": reading.state,
        "heartbeat_s": None if age is None else round(age, 1),
        "positions": trades,
        "open_trades": len(trades),
        "unrealised": round(sum(trade["profit"] or 0.0 for trade in trades), 4),
        "problems": problems,
    }


def render(answer: dict[str, Any]) -> list[str]:
    """Return the answer as the lines of a table, problems and the age of the last drill below it."""
    _, drilled = halt_drill.overdue(answer["bots"])
    lines = [*table(HEADINGS, [cells(row) for row in answer["bots"]]).splitlines(), *problems(answer), drilled]
    return [line for line in lines if line]
