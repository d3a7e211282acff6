"""The proofs of the demo, read back from the bots, their hosts, the exchange and the database; each is one line."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.base.paths import BIN, INVENTORY, ROOT, STATE_DIR
from lab.hosts.host import Host
from lab.services import accounts
from lab.services.control import control

BOT, SECOND_BOT, HOST = "alpha", "beta", "paper-1"
LIVE_BOT, LIVE_HOST = "gamma", "prod-1"
DUST = 5
CONFIGURATION = STATE_DIR / "configuration.yml"
SECOND_DEPLOY = STATE_DIR / "second-deploy.log"
MOVED = STATE_DIR / "moved"  # the inventory in which the second bot is on the other host
ORDERS = """
import sqlite3, sys
path = f"/srv/freqops/bots/{sys.argv[1]}/var/trades.paper.sqlite"
print(sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("select count(*) from orders").fetchone()[0])
"""
TRADES = """
import json, sys
from pathlib import Path
from freqops.core.bot import layout
from freqops.core.bot.client import FreqtradeClient
bot = layout.load_bot(Path("/srv/freqops/bots") / sys.argv[1])
api = FreqtradeClient(bot.api_port, *bot.credentials(), timeout=10)
bought = lambda trade: any(o["ft_order_side"] == "buy" and o["filled"] for o in trade["orders"])
answer = {"held": {}, "waiting": {}, "closed": {}}
for trade in api.open_trades():
    answer["held" if bought(trade) else "waiting"][trade["trade_id"]] = trade["pair"]
for trade in api.call("GET", "/trades?limit=500")["trades"]:
    if not trade["is_open"]:
        answer["closed"][trade["trade_id"]] = f"{trade['pair']} closed by {trade['exit_reason']}"
print(json.dumps(answer))
"""

RUNS = """
import hashlib, json, sqlite3
from pathlib import Path
root = Path("/srv/freqops")
rows = sqlite3.connect(f"file:{root}/user_data/registry/strategies_registry.sqlite?mode=ro", uri=True)
answer = []
for run, status, data in rows.execute(
    "select id, status, data_sha256 from runs where kind = 'backtest' and source = 'run' order by started_utc"
):
    metrics = dict(rows.execute("select key, value from metrics where run_id = ?", [run]))
    kept = [
        hashlib.sha256((root / path).read_bytes()).hexdigest() == sha256
        for path, sha256 in rows.execute("select path, sha256 from artifacts where run_id = ?", [run])
    ]
    answer.append({"run": run, "status": status, "data": data, "metrics": metrics, "whole": bool(kept) and all(kept)})
print(json.dumps(answer))
"""

found: dict[str, dict[str, str]] = {}  # the positions that a bot had before it was halted
processes: dict[str, str] = {}  # the process of a bot before it was restarted
known: dict[str, int] = {}  # what was in the database before it was lost


class NotShown(Exception):
    """A step did not do what the demo says it does."""


@dataclass(frozen=True)
class Trades:
    """A bot's trades, by their numbers.

    Attributes:
        held: The pairs of those with a position.
        waiting: The pairs of those whose first order rests.
        closed: Pair and reason of those that are over.
    """

    held: dict[str, str]
    waiting: dict[str, str]
    closed: dict[str, str]


@dataclass(frozen=True)
class Backtest:
    """A backtest in the registry of the host.

    Attributes:
        run: Its id.
        status: How it ended.
        data: The checksum of its candles.
        metrics: Its metrics, by name.
        whole: Whether its files have the checksums of its row.
    """

    run: str
    status: str
    data: str
    metrics: dict[str, float]
    whole: bool


def statuses() -> list[dict[str, Any]]:
    """Return the row of each bot in status.yml, read again, with its host."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "status.json"
        words = ["playbooks/status.yml", "-i", str(INVENTORY), "-e", f"output={output}"]
        command = [str(BIN / "ansible-playbook"), *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not output.exists():
            raise NotShown(f"status.yml gave no answer: {done.stdout[-500:]}")
        answers = json.loads(output.read_text())
    return [{**row, "host": host} for host, answer in answers.items() for row in answer.get("bots", [])]


def status(bot: str = BOT, host: str = "") -> dict[str, Any]:
    """Return a bot's row of status.yml, read again; of a bot that left something on another host, that of one host."""
    rows = [row for row in statuses() if row["bot"] == bot and host in ("", row["host"])]
    if len(rows) != 1:
        raise NotShown(f"{bot} has {len(rows)} rows in status.yml, not one: {rows}")
    return rows[0]


def trades(host: str, bot: str) -> Trades:
    """Return a bot's trades, as it says itself."""
    tool = "sudo env PYTHONPATH=/usr/local/bin/freqops-host python3 -"
    done = Host(host).run(f"{tool} {bot}", stdin=TRADES)
    if done.rc != 0:
        raise NotShown(f"{bot} does not tell its trades: {done.err[-500:]}")
    return Trades(**json.loads(done.out))


def counted(question: str) -> int:
    """Return a number that the bot's database tells when nothing of freqops is asked."""
    psql = f"sudo docker exec freqops-postgres psql --username postgres --dbname {BOT}_paper --tuples-only --command"
    done = Host(HOST).run(f'{psql} "{question}"')
    if done.rc != 0:
        raise NotShown(f"the database does not answer: {done.err[-500:]}")
    return int(done.out.split()[-1])


def expect(what: str, *, found: object, wanted: object) -> str:
    """Return what was found, if it is what it should be."""
    if found != wanted:
        raise NotShown(f"{what} is {found!r}, not {wanted!r}")
    return f"{what} {found}"


def lab() -> str:
    """Return that the exchange answers and the hosts are bare."""
    prices = control("GET", "/status")["prices"]
    for host in (HOST, LIVE_HOST):
        expect(f"{host}: programs found", found=Host(host).run("command -v docker freqops-host").out, wanted="")
    return f"exchange quotes {len(prices)} pairs, {HOST} and {LIVE_HOST} are bare"


def deployed() -> str:
    """Return that all bots run."""
    rows = statuses()
    for row in rows:
        expect(f"trader of {row['bot']}", found=row["trader"], wanted="running")
    expect("bots", found=sorted(row["bot"] for row in rows), wanted=sorted((BOT, SECOND_BOT, LIVE_BOT)))
    return ", ".join(f"{row['bot']} ({row['mode']}) {row['trader']}" for row in rows)


def unchanged() -> str:
    """Return what Ansible counted on the hosts."""
    lines = SECOND_DEPLOY.read_text().splitlines()
    for host in (HOST, LIVE_HOST):
        recap = [line for line in lines if line.startswith(f"{host} ")][-1]
        counted = dict(word.split("=") for word in recap.split() if "=" in word)
        proof = expect(f"{host}: changed", found=counted["changed"], wanted="0")
    return f"second deploy: {proof}, the other host likewise"


def positions() -> str:
    """Return which positions both bots have."""
    return "; ".join(f"{bot} holds {', '.join(sorted(held.values()))}" for bot, held in found.items())


def level_1() -> str:
    """Return that the bot is paused and held, and that it still looks after each position that it had before.

    Raises:
        NotShown: It is not, or a position is gone by no exit that has a name.
    """
    row = status()
    expect("trader", found=row["trader"], wanted="paused")
    expect("level", found=row["level"], wanted=1)
    before, now = found[BOT], trades(HOST, BOT)
    ended = [number for number in before if number not in now.held]
    lost = [before[number] for number in ended if number not in now.closed]
    if lost or not before:
        raise NotShown(f"of {len(before)} positions before the halt, gone without an exit: {', '.join(lost) or 'all'}")
    named = "".join(f", {now.closed[number]}" for number in ended)
    return f"trader paused, level 1, {len(before) - len(ended)} of {len(before)} positions still managed{named}"


def flat() -> str:
    """Return that the live bot has no trade, and that its account at the exchange has no order and no position."""
    expect("open trades", found=status(LIVE_BOT)["open_trades"], wanted=0)
    account = accounts.account_of(LIVE_HOST, LIVE_BOT)
    orders = control("GET", f"/accounts/{account}/orders")
    resting = [order for order in orders if order["status"] in ("NEW", "PARTIALLY_FILLED")]
    expect("orders on the exchange", found=len(resting), wanted=0)
    prices = control("GET", "/status")["prices"]
    worth = {
        coin: (float(part["free"]) + float(part["locked"])) * float(prices[f"{coin}USDT"])
        for coin, part in control("GET", f"/accounts/{account}")["balances"].items()
        if coin != "USDT"
    }
    if max(worth.values(), default=0) >= DUST:
        raise NotShown(f"the account still holds {worth}")
    return f"no trade, no order on the exchange, {len(worth)} coins below {DUST} USDT each"


def resumed(bot: str = BOT, host: str = "") -> str:
    """Return that nothing holds a bot and that it trades again."""
    row = status(bot, host)
    expect("level", found=row["level"], wanted=0)
    return expect("trader", found=row["trader"], wanted="running") + f", {row['open_trades']} open trades"


def process(bot: str) -> str:
    """Return container and start of a bot on paper: another one after each start."""
    shown = Host(HOST).run(f"sudo docker inspect --format '{{{{.Id}}}} {{{{.State.StartedAt}}}}' freqops-{bot}")
    if shown.rc != 0:
        raise NotShown(f"{bot} has no container: {shown.err[-500:]}")
    return shown.out.strip()


def configured() -> str:
    """Return the origin of some values by which the bot runs, and that its password is not shown."""
    lines = [line.strip() for line in CONFIGURATION.read_text().splitlines()]
    wanted = ("dry_run: true  # its declaration", "max_open_trades: 6  # freqtrade_config")
    hidden = 'api_server.password: "[not shown]"  # secrets of the host'
    missing = [line for line in (*wanted, hidden) if line not in lines]
    if missing:
        raise NotShown(f"its configuration does not say: {'; '.join(missing)}")
    return f"{len(lines) - 2} values, each with who says it; its password is not shown"


def restarted() -> str:
    """Return that the other bot on paper has another process, and trades again."""
    if process(SECOND_BOT) == processes[SECOND_BOT]:
        raise NotShown(f"{SECOND_BOT} has the process that it had before")
    return "another process, " + expect("trader", found=status(SECOND_BOT)["trader"], wanted="running")


def breaker() -> str:
    """Return that the breaker holds the bot."""
    row = status()
    expect("trader", found=row["trader"], wanted="paused")
    return "trader paused, " + expect("held by", found=[hold["holder"] for hold in row["holds"]], wanted=["breaker"])


def level_3() -> str:
    """Return that no Freqtrade process is left."""
    row = status()
    expect("level", found=row["level"], wanted=3)
    return expect("trader", found=row["trader"], wanted="no process")


def backup() -> str:
    """Return that the newest snapshot counts, and has the bot."""
    answer = json.loads(Host(HOST).run("sudo freqops-host backup list --json").out)
    newest = answer["repositories"][0]["snapshots"][-1]
    if newest["counts"] != "yes" or BOT not in newest["bots"].split(","):
        raise NotShown(f"the newest snapshot is {newest}")
    return f"snapshot {newest['id'][:8]} has {newest['files']} files of {newest['bots']}, every byte read"


def orders(host: str) -> int:
    """Return how many orders the database of the second bot has on a host, read from its file."""
    done = Host(host).run(f"sudo python3 - {SECOND_BOT}", stdin=ORDERS)
    if done.rc != 0:
        raise NotShown(f"{host}: the database of {SECOND_BOT} cannot be read: {done.err[-500:]}")
    return int(done.out)


def moved() -> str:
    """Return that every order came over, that the bot is held on both hosts, and that the old one knows where it is."""
    old, new = status(SECOND_BOT, HOST), status(SECOND_BOT, LIVE_HOST)
    for host, row in ((HOST, old), (LIVE_HOST, new)):
        expect(f"level on {host}", found=row["level"], wanted=3)
        expect(f"trader on {host}", found=row["trader"], wanted="no process")
    if not any(f"moved to {LIVE_HOST}" in note for note in old["notes"]):
        raise NotShown(f"{HOST} does not know where {SECOND_BOT} is: {old['notes']}")
    there = expect(f"orders on {LIVE_HOST}", found=orders(LIVE_HOST), wanted=orders(HOST))
    return f"{there}, as many as on {HOST}, which never resumes it"


def back() -> str:
    """Return that the bot trades where it was, and cannot where it had gone."""
    notes = status(SECOND_BOT, LIVE_HOST)["notes"]
    if not any(f"moved to {HOST}" in note for note in notes):
        raise NotShown(f"{LIVE_HOST} does not know where {SECOND_BOT} is: {notes}")
    return resumed(SECOND_BOT, HOST)


def backtests() -> list[Backtest]:
    """Return the backtests in the registry of the host, the oldest first, read from its file."""
    done = Host(HOST).run("sudo python3 -", stdin=RUNS)
    if done.rc != 0:
        raise NotShown(f"the registry of {HOST} cannot be read: {done.err[-500:]}")
    return [Backtest(**each) for each in json.loads(done.out)]


def backtested() -> str:
    """Return what the row of the backtest says, and that its result is the one of the row."""
    [row] = backtests()
    expect("end", found=row.status, wanted="finished")
    expect("result whole", found=row.whole, wanted=True)
    if not row.metrics.get("trades"):
        raise NotShown(f"{row.run} has no trades: {row.metrics}")
    return f"{row.metrics['trades']:.0f} trades over candles {row.data[:8]}, its result has the checksum of its row"


def reproduced() -> str:
    """Return that there is another run with the same figures over the same candles."""
    first, second = backtests()
    expect("end", found=second.status, wanted="finished")
    expect("candles", found=second.data, wanted=first.data)
    expect("figures", found=second.metrics, wanted=first.metrics)
    return f"another run, {len(second.metrics)} figures, all of them the same"


def restored() -> str:
    """Return that all trades are there again, and that the bot is held."""
    expect("level", found=status()["level"], wanted=3)
    return expect("trades in its database", found=counted("select count(*) from trades"), wanted=known["trades"])
