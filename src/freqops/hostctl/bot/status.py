"""``freqops-host status``: what every bot of this host is doing, read from the bot, the disk and /proc."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.text_table import table
from freqops.core.bot import layout, processes
from freqops.core.bot.client import ApiError
from freqops.core.bot.layout import Home
from freqops.core.bot.status_table import HEADINGS, cells, problems
from freqops.core.exchange.positions import position
from freqops.core.halt import halt_drill, holds, start_gate

from . import own_container
from .engine import Container, Engine, EngineError
from .processes_and_api import client


def status(homes: list[Path], clock: Clock, engine: Engine) -> dict[str, Any]:
    """Return a row for each bot, and the Freqtrade processes that belong to no bot."""
    found = processes.scan()
    containers = _Containers(homes, engine)
    rows = [_row(home, found, clock, containers) for home in homes]
    foreign = processes.undeclared([home.name for home in homes], found)
    return {"bots": rows, "undeclared": [{"pid": p.pid, "command": p.command} for p in foreign]}


class _Containers:
    """The containers of all bots, for which the engine is asked once."""

    def __init__(self, homes: list[Path], engine: Engine) -> None:
        self._error: EngineError | None = None
        self._present: dict[str, Container] = {}
        try:
            self._present = engine.containers_called([layout.container_of(home.name) for home in homes])
        except EngineError as error:
            self._error = error

    def of(self, bot: layout.Bot) -> Container | None:
        """Return the container of a bot, None where it has none.

        Raises:
            EngineError: The engine did not answer.
        """
        if self._error is not None:
            raise self._error
        return self._present.get(bot.container)


def _row(home: Path, found: list[processes.Process], clock: Clock, containers: _Containers) -> dict[str, Any]:
    row: dict[str, Any] = {"bot": home.name, "problems": [], **_holds(home)}
    try:
        bot = layout.load_bot(home)
        row.update(mode=bot.mode, image=bot.image, release=bot.release, api_port=bot.api_port)
        row["drill_days"] = halt_drill.days_since(home, clock.utcnow())
        if processes.trading(bot.name, found):
            row.update(_asked(bot, clock))
        else:
            row["trader"] = "no process"
            row["problems"] += _why_not(bot, found)
        container = containers.of(bot)
        row["container"] = container.status if container else "none"
        if row["level"] < holds.HARD:  # what is held there is made again when it is started
            row["problems"] += own_container.of_bot(bot).wrong(container)
    except FreqopsError as error:
        row["problems"].append(str(error))
    return row


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
        return ["its start gate waits: " + (start_gate.verdict(bot.conf) or "it crashed too often; see its log")]
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
