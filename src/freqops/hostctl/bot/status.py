"""``freqops-host status``: the state of every bot of this host, read from the bot, the disk and /proc."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.text_table import table
from freqops.core.bot import configuration, crash_loop, layout, messenger_log, notify_secrets, processes, vital_signs
from freqops.core.bot.client import ApiError, Reading
from freqops.core.bot.layout import Home
from freqops.core.bot.status_table import HEADINGS, NO_PROCESS, cells, notes, problems
from freqops.core.deploy import installed, own_container
from freqops.core.deploy.container import Container
from freqops.core.exchange.positions import position
from freqops.core.halt import halt_drill, holds, moved, start_gate
from freqops.core.incident import opening

from . import breaker_notes, foreign_freqtrade, limits_notes, plan_notes, recovery_point, stopped
from .engine import Engine
from .engine_command import EngineError
from .processes_and_api import client

RECOVERY = (
    "freqops-recover.timer brings it to its end within 15 s, unless a command works on it: see journalctl -u "
    "freqops-recover, or run 'freqops-host resume-switch'"
)


def status(homes: list[Path], clock: Clock, engine: Engine) -> dict[str, Any]:
    """Return a row for each bot, all of them looked at at once, and the Freqtrade processes that belong to no bot."""
    found = processes.scan()
    containers = _Containers(homes, engine)
    rows: list[dict[str, Any]] = [{"bot": home.name, "problems": [], "notes": []} for home in homes]
    workers = [
        threading.Thread(target=_fill, args=(row, home, found, clock, containers)) for row, home in zip(rows, homes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    foreign = processes.undeclared([home.name for home in homes], found)
    return {"bots": rows, "undeclared": foreign_freqtrade.told(foreign)}


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


def _fill(
    row: dict[str, Any], home: Path, found: list[processes.Process], clock: Clock, containers: _Containers
) -> None:
    try:
        row["problems"] += [*_interrupted(home), *_of_holds(home, clock), *breaker_notes.problems(home, clock)]
        row["notes"] += [*breaker_notes.notes(home, clock), *_moved(home)]
        recovery_point.fill(row, home, clock)
        row.update(_holds(home))
        bot = layout.load_bot(home)
        row.update(mode=bot.mode, image=bot.image, release=bot.release, api_port=bot.api_port)
        if not Home(home).switch.exists():  # which installs them one after the other
            row["problems"] += [f"its {text}" for text in installed.of_bot(home, bot.release)]
        row["drill_days"] = halt_drill.days_since(home, clock.utcnow())
        row["undrilled_days"] = halt_drill.days_undrilled(home, clock.utcnow())
        container = _container(bot, containers, row["problems"])
        row["container"] = container.status if container else "none"
        if row["level"] < holds.HARD and not Home(home).stopped_by_plan:  # else it is made again when it is started
            row["problems"] += own_container.of_bot(bot).wrong(container)
        row["problems"] += limits_notes.wrong(bot)
        row["notes"] += limits_notes.of(bot)
        trading = processes.trading(bot.name, found)
        if trading:
            row["problems"] += [*_held_and_alive(row["level"], trading), *plan_notes.broken(home)]
            _Asked(bot, row, container, clock).fill()
        else:
            row["trader"] = NO_PROCESS
            row["problems"] += plan_notes.wrong(home) if stopped.plan_of(home) else _why_not(bot, found)
            row["notes"] += plan_notes.notes(home)
    except FreqopsError as error:
        row["problems"].append(str(error))
    except Exception as error:  # noqa: BLE001  a row for each bot, whatever happens to any of them
        row["problems"].append(f"unexpected {type(error).__name__}: {error}")


def _interrupted(home: Path) -> list[str]:
    """Return the command that is not over: it is still at work, or the timer takes it over."""
    found = ["a switch is not over"] if Home(home).switch.exists() else []
    found += ["a restore is not over"] if Home(home).restoring.exists() else []
    note = stopped.note_of(home)
    found += [str(note)] if note is not None and not note.planned else []
    return [f"{text}; {RECOVERY}" for text in found]


def _container(bot: layout.Bot, containers: _Containers, problems: list[str]) -> Container | None:
    try:
        return containers.of(bot)
    except EngineError as error:
        problems.append(str(error))
        return None


def _of_holds(home: Path, clock: Clock) -> list[str]:
    """Return the faults of the holds of a bot, with the cure."""
    try:
        return holds.load(Home(home).holds).ahead(clock.utcnow())
    except holds.HoldsUnreadable as error:
        cure = "a halt at that level, or the next deploy, replaces them and keeps what is left of them; then resume it"
        return [f"its holds cannot be read ({error}): this counts as level {holds.HARD}; {cure}"]


def _moved(home: Path) -> list[str]:
    """Return where a bot is that moved away."""
    why = moved.why_not_resumed(Home(home).root, home.name)
    return [why] if why else []


def _holds(home: Path) -> dict[str, Any]:
    try:
        held = holds.load(Home(home).holds)
    except holds.HoldsUnreadable as error:
        return {"level": holds.HARD, "holds": [], "holds_seq": None, "holds_unreadable": str(error)}
    return {"level": held.level, "holds": [vars(hold) for hold in held.holds], "holds_seq": held.seq}


def _held_and_alive(level: int, trading: list[processes.Process]) -> list[str]:
    """Return which processes a bot has that is held at level 3."""
    if level < holds.HARD:
        return []
    alive = ", ".join(f"{process.pid} {process.command}" for process in trading)
    return [f"held at level 3, and it has a process ({alive}): killswitch.yml -e level=3 ends it and proves that"]


def _why_not(bot: layout.Bot, found: list[processes.Process]) -> list[str]:
    """Return the reason why a bot that nothing holds has no process."""
    if holds.effective_level(bot.holds) >= holds.HARD:
        return []
    if any(process.bot == bot.name for process in found):
        crashed = f"it {crash_loop.CRASHED}; see its log"
        return [f"{opening.GATE_SHUT}: {start_gate.verdict(bot.conf) or crashed}"]
    return ["nothing holds it at level 3 and it does not run"]


class _Asked:
    """The answers of one bot, judged."""

    def __init__(self, bot: layout.Bot, row: dict[str, Any], container: Container | None, clock: Clock) -> None:
        self._bot, self._row, self._clock, self._api = bot, row, clock, client(bot)
        self._started = container.started if container else None
        self._config = configuration.installed(bot)

    def fill(self) -> None:
        """Ask the bot, and fill its row: its answers, problems, and notes."""
        try:
            reading = self._api.read()
            trades = self._api.open_trades()
            self._tell(reading, trades)
            self._judge(reading, trades)
            self._row["notes"] += vital_signs.locks(self._api.locks_of_others())
            self._messengers(self._up_s(reading))
        except ApiError as error:
            self._row.setdefault("trader", "no answer")
            self._row["problems"].append(str(error))

    def _tell(self, reading: Reading, trades: list[dict[str, Any]]) -> None:
        positions = [position(trade, paper=self._bot.mode == "paper") for trade in trades]
        self._row.update(
            trader=reading.state,
            heartbeat_s=None if reading.last_process is None else round(self._age(reading.last_process), 1),
            positions=positions,
            open_trades=len(positions),
            unrealised=round(sum(each["profit"] or 0.0 for each in positions), 4),
        )
        if reading.bot_name != self._bot.name:
            self._row["problems"].append(f"another bot answers on its port: {reading.bot_name}")
        if reading.dry_run != (self._bot.mode == "paper"):
            self._row["problems"].append(f"declared {self._bot.mode}, but dry_run is {reading.dry_run}")

    def _judge(self, reading: Reading, trades: list[dict[str, Any]]) -> None:
        problems, beat, up_s = self._row["problems"], self._row["heartbeat_s"], self._up_s(reading)
        loop_s = vital_signs.loop_seconds(self._config)
        problems += vital_signs.heartbeat(reading.state, beat, loop_s, up_s)
        if beat is None and up_s <= vital_signs.BOOT_SECONDS and not self._api.past_boot():
            self._row["notes"].append(f"it is still coming up, {up_s:.0f} s after its start")
            return
        if self._row["level"] < holds.HARD:
            declared, rest = self._bot.initial_state, self._rest()
            problems += vital_signs.trader_state(reading.state, declared, rest, len(trades))
            self._row["notes"] += vital_signs.trader_note(reading.state, declared, rest)
        if beat is not None and reading.state in vital_signs.LOOPS:
            problems += self._data(reading, [trade["pair"] for trade in trades], up_s)

    def _data(self, reading: Reading, traded: list[str], up_s: float) -> list[str]:
        """Return the faults of the data on which it decides."""
        pairs = self._api.whitelist()
        asked = list(dict.fromkeys([*traded, *pairs]))[: vital_signs.PAIRS_ASKED if reading.timeframe_s else 0]
        began = {pair: self._api.newest_candle(pair, reading.timeframe) for pair in asked}
        ages = {pair: None if moment is None else self._age(moment) for pair, moment in began.items()}
        return [*vital_signs.whitelist(len(pairs), up_s), *vital_signs.candles(ages, traded, reading.timeframe_s, up_s)]

    def _messengers(self, up_s: float) -> None:
        """Take in what its log says of the messengers that are on."""
        enabled = notify_secrets.enabled(self._config)
        if not enabled:
            return
        records = [messenger_log.Record(self._age(moment), logger, text)
                   for moment, logger, text in self._api.log(*messenger_log.LOGGERS)]  # fmt: skip
        self._row["problems"] += messenger_log.problems(records, enabled)
        self._row["notes"] += messenger_log.notes(records, enabled, up_s)

    def _rest(self) -> str | None:
        """Return the state that its hold keeps it in, None where nothing holds it."""
        rests = [hold["rest"] for hold in self._row["holds"]]
        return min(rests, key=vital_signs.STATES.index, default=None)

    def _up_s(self, reading: Reading) -> float:
        """Return the seconds since the later of its container's start and its own."""
        known = [moment for moment in (self._started, reading.startup) if moment is not None]
        return self._age(max(known)) if known else 0.0

    def _age(self, moment: datetime) -> float:
        return (self._clock.utcnow() - moment).total_seconds()


def render(answer: dict[str, Any]) -> list[str]:
    """Return the answer as the lines of a table, problems, notes and the age of the last drill below it."""
    _, drilled = halt_drill.overdue(answer["bots"])
    shown = table(HEADINGS, [cells(row) for row in answer["bots"]]).splitlines()
    return [line for line in [*shown, *problems(answer), *notes(answer), drilled] if line]
