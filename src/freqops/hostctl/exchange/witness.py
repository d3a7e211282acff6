"""The exchange witness as a host sees it: a container of the bot's own image that answers questions.

Every question and every answer goes into the journal. A question that was not answered is asked again until its
deadline; what is still unanswered then is an error, never an empty answer.
"""

from __future__ import annotations

import contextlib
import json
import queue
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Callable

from freqops.core.base.clock import Clock
from freqops.core.base.durable import read_json
from freqops.core.base.errors import FreqopsError
from freqops.core.bot import engine_names, layout, user_files
from freqops.core.bot.side_container import SideContainer
from freqops.core.exchange import account
from freqops.core.halt import holds, time_limits

from ..bot.engine import Engine
from ..bot.engine_command import end
from ..incident.journal import Journal
from . import sales_journal

ASKED = "/freqops/asked"
DATABASE_NETWORK, OUTSIDE_NETWORK = engine_names.DATABASE, engine_names.OUTSIDE
START_SECONDS = 30.0
ANSWER_SECONDS = 20.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
MARGIN_MS = 60_000
DAY_SECONDS = 86400
ACTS = ("buy", "sell", "cancel")
OLDEST = datetime(2010, 1, 1, tzinfo=timezone.utc)  # before any exchange of coins


Start = Callable[[], "subprocess.Popen[str]"]


class Unanswered(FreqopsError):
    """A question to exchange or database got no usable answer in time."""


class KeyRefused(Unanswered):
    """The exchange does not accept the key."""


class Rejected(FreqopsError):
    """The exchange understood and declined."""


def since_hold(bot: layout.Bot) -> int:
    """Return from which moment on closed trades matter, in milliseconds: a minute before the first hold in force.

    Where nothing holds the bot, or that is not known, it is a day ago. A hold that was set in the future says nothing
    of when it was set, so everything matters.
    """
    now = datetime.fromtimestamp(time.time(), timezone.utc)
    try:
        moments = [OLDEST if hold.is_ahead(now) else hold.moment for hold in holds.load(bot.holds).holds]
    except (holds.HoldsUnreadable, ValueError):
        moments = []
    first = min(moments).timestamp() if moments else now.timestamp() - DAY_SECONDS
    return int(first * 1000) - MARGIN_MS


class Witness:
    """One conversation with a bot's exchange and database; `conversation` opens and ends it."""

    def __init__(self, bot: layout.Bot, journal: Journal, clock: Clock, start: Start) -> None:
        self.bot, self._journal, self._clock = bot, journal, clock
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._started = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._ready = False
        self._broken: str | None = None
        self._turn = threading.Lock()
        config = read_json(bot.release_home / "config.json")
        self.stake = str(config["stake_currency"]) if isinstance(config, dict) else "USDT"
        # An engine that hangs must delay nothing but the answers of the exchange.
        threading.Thread(target=self._begin, args=(start,), daemon=True).start()

    def _begin(self, start: Start) -> None:
        try:
            self._process = start()
        except (FreqopsError, OSError) as error:
            self._broken = f"the witness was not started: {error}"
        finally:
            self._started.set()
        if self._process is not None and self._process.stdout is not None:
            for line in self._process.stdout:
                self._lines.put(line)
            self._lines.put(None)

    def ready(self) -> float:
        """Wait until the witness is there, or will not be, and return that moment; a question then says what is wrong.

        What a host takes to start it is no time of its exchange.
        """
        with self._turn, contextlib.suppress(Unanswered):
            self._await_greeting(self._clock.monotonic() + time_limits.WITNESS_READY_SECONDS)
        return self._clock.monotonic()

    def _await_greeting(self, until: float) -> None:
        if not self._started.wait(max(0.0, until - self._clock.monotonic())):
            raise Unanswered("the engine did not start the witness in time")
        if not self._ready and self._broken is None:
            self._ready = "ready" in self._receive(until)

    def end(self) -> subprocess.Popen[str] | None:
        """Let the witness end by itself, and return its process, where there is one."""
        self._started.wait(START_SECONDS)
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        return self._process

    def ask(self, what: str, deadline: float, **with_: Any) -> Any:
        """Ask until there is an answer, or until the clock shows ``deadline``.

        Raises:
            Unanswered: There was none; also where the exchange declines to answer, which a busy one does, too.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                return self.once(what, deadline, **with_)
            except Unanswered:
                if self._broken is not None or self._clock.monotonic() + pause >= deadline:
                    raise
            self._clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def once(self, what: str, deadline: float, **with_: Any) -> Any:
        """Ask once, as an order must be; raises as `ask`, and `Rejected` where the exchange declined to act."""
        began = self._clock.monotonic()
        kind = "act" if what in ACTS else "question"
        if kind == "act":
            self._journal.note("act", "exchange", f"{what} {json.dumps(with_)}, about to", durable=True)
        with self._turn:
            self._send(json.dumps({"ask": what, "with": with_}), deadline)
            answer = self._receive(min(deadline, self._clock.monotonic() + ANSWER_SECONDS))
        took = self._clock.monotonic() - began
        said = f"{what} {json.dumps(with_)}" if with_ else what
        if "error" in answer:
            self._journal.note(kind, "exchange", said, error=answer["error"], took=took)
            raise _error(f"{what}: {answer['error']}", answer.get("kind"), is_act=kind == "act")
        self._journal.note(kind, "exchange", said, answer=answer["answer"], took=took)
        return answer["answer"]

    def _send(self, line: str, deadline: float) -> None:
        self._await_greeting(min(deadline, self._clock.monotonic() + time_limits.WITNESS_READY_SECONDS))
        if self._broken is not None:
            raise Unanswered(self._broken)
        if self._process is None or self._process.stdin is None:
            raise self._break("the witness does not take questions any more")
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._break(f"the witness ended: {error}") from None

    def _receive(self, until: float) -> dict[str, Any]:
        """Return the next answer; a missed one ends the conversation, for later answers would be misread."""
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - self._clock.monotonic()))
            except queue.Empty:
                raise self._break("the witness gave no answer in time") from None
            if line is None:
                raise self._break("the witness ended; its image, its files or the engine do not let it run")
            with contextlib.suppress(ValueError):  # what the engine says of the container is no answer
                document = json.loads(line)
                if isinstance(document, dict):
                    return document
            self._journal.note("note", "engine", line.strip()[:300])

    def _break(self, why: str) -> Unanswered:
        self._broken = why
        return Unanswered(why)

    def view(self, since: int, deadline: float) -> account.View:
        """Return everything that must be known to judge the account; raises as `ask`.

        The records are read first, to know what to ask, and again last: what the bot did meanwhile is then no mystery.

        Args:
            since: Milliseconds since the epoch from which closed trades matter, too.
            deadline: When to give up, by the clock.
        """
        records = self.ask("records", deadline, since=since)
        orders = self.ask("open_orders", deadline, pairs=sorted({trade["pair"] for trade in records["trades"]}))
        found = self.ask("balances", deadline)
        balances = {coin: Decimal(part["free"]) + Decimal(part["used"]) for coin, part in found.items()}
        pairs = account.pairs_of_interest(records, balances, self.stake)
        markets = {
            pair: account.Market(
                market["base"], *(Decimal(market[name]) for name in ("min_amount", "min_cost", "step", "price"))
            )
            for pair, market in self.ask("markets", deadline, pairs=pairs, coins=[]).items()
        }
        fills = [
            fill
            for pair in pairs
            if pair in markets
            for fill in self.ask("fills", deadline, pair=pair, since=records["since"])
        ]
        return account.View(self.ask("records", deadline, since=since), balances, orders, fills, markets)

    def judge(self, since: int, deadline: float) -> account.Judgement:
        """Ask, and hold the answers against the bot's records; raises as `ask`."""
        return self.judge_view(self.view(since, deadline))

    def judge_view(self, view: account.View) -> account.Judgement:
        """Compare the answers with the bot's records, and write the judgement down."""
        ours = sales_journal.numbers(self.bot)
        judgement = account.judge(view, self.stake, self.bot.foreign_holdings, ours, self.bot.foreign_orders)
        self._journal.note("note", "exchange", "judged", answer=judgement.to_json())
        return judgement


def _error(text: str, kind: str | None, *, is_act: bool) -> FreqopsError:
    if is_act and kind in ("rejected", "unauthorized"):
        return Rejected(text)
    return KeyRefused(text) if kind == "unauthorized" else Unanswered(text)


@contextmanager
def conversation(
    bot: layout.Bot, journal: Journal, clock: Clock, engine: Engine, conf: Path | None = None
) -> Iterator[Witness]:
    """Open a conversation with the exchange of ``bot`` without waiting for it; its container is gone soon after it.

    Args:
        bot: Whose exchange and account.
        journal: The journal of questions and answers.
        clock: The source of the time.
        engine: The container engine.
        conf: A directory with other secrets than those of the bot, to ask with another key.
    """
    # The one before it may not be gone yet.
    name = engine_names.beside(bot.name, engine_names.WITNESS, secrets.token_hex(4))

    def start() -> subprocess.Popen[str]:
        engine.ensure_network(OUTSIDE_NETWORK)
        return engine.talk(command(bot, name, conf=conf))

    talk = Witness(bot, journal, clock, start)
    try:
        yield talk
    finally:
        threading.Thread(target=_end, args=(talk, engine, name), daemon=False).start()


def _end(talk: Witness, engine: Engine, name: str) -> None:
    """Let the witness end by itself, or remove it; nothing waits for this."""
    process = talk.end()
    if process is None:
        return
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        end(process)
        with contextlib.suppress(FreqopsError):
            engine.remove(name)


def command(bot: layout.Bot, name: str, module: str = "freqops.witness", conf: Path | None = None) -> list[str]:
    """Return the command line of a container beside the bot's own, with its image, files and way to the outside."""
    return container(bot, name, module, conf).command()


def container(bot: layout.Bot, name: str, module: str, conf: Path | None) -> SideContainer:
    """Return a container beside the bot's own.

    Its ``conf`` is mounted elsewhere than in the bot's container, for what has it there counts as the bot itself.
    """
    document = read_json(bot.conf / "secrets.json")
    url = str(document.get("db_url", "")) if isinstance(document, dict) else ""
    local = url.startswith("sqlite")
    return SideContainer(
        image=bot.image,
        program=("-m", module),
        name=name,
        networks=(OUTSIDE_NETWORK,) if local else (OUTSIDE_NETWORK, DATABASE_NETWORK),
        mounts=(
            f"{conf or bot.conf}:{ASKED}:ro",
            f"{bot.release_home}:/freqops/release:ro",
            f"{bot.packages_home}:/freqops/packages:ro",
            *((f"{bot.home / 'var'}:/freqops/var",) if local else ()),  # SQLite in WAL mode wants to write to read
            *user_files.mounts(bot.release_home, "/tmp"),  # noqa: S108  user_data_dir of what loads its strategy there
        ),
        environment={"PYTHONPATH": f"/freqops/packages:{ASKED}/freqops-host"},
        interactive=True,
    )
