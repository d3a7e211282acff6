"""A Freqtrade that somebody else set up with docker compose, as it is: read through its own code, nothing touched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..base.errors import Refused
from ..bot.compose_files import compose_file
from ..bot.database_contents import POSTGRES, SQLITE
from ..bot.side_container import SideContainer
from . import compose_project, open_file, strategy_code
from .compose_project import Ask, ask
from .strategy_code import Code

PROGRAM = """
import json, logging, os, sys
logging.disable(logging.CRITICAL)
import freqtrade, sqlalchemy
import freqtrade.configuration.configuration as configuration
from freqtrade.commands import Arguments

def said():
    configuration.setup_logging = lambda *_: None
    given = Arguments(json.loads(ARGV)).get_parsed_arg()
    config = configuration.Configuration(given).get_config()
    settings = config["original_config"]
    settings.update({name: config[name] for name in ("dry_run_wallet", "fee", "freqaimodel") if given.get(name)})
    files = [os.path.abspath(name) for name in settings.pop("config_files", []) if os.path.exists(name)]
    url = sqlalchemy.engine.make_url(config["db_url"])
    found = {"version": freqtrade.__version__, "strategy": config.get("strategy"), "kind": url.get_backend_name(),
             "host": url.host, "database": url.database, "user": url.username, "config": settings,
             "dry_run": bool(config.get("dry_run")), "trades": [], "orders": [], "tables": {},
             "written": [[os.path.getmtime(name), name] for name in files], "code": code_of(config)}
    found["written"] = max(found["written"] + found["code"].pop("written", []), default=[0, ""])
    if found["kind"] == "sqlite" and url.database in (None, "", ":memory:"):
        return found
    if found["kind"] == "sqlite":
        found["database"] = os.path.realpath(url.database)
        if not os.path.exists(found["database"]):
            sys.exit("its database " + found["database"] + " is not there")
    with sqlalchemy.create_engine(url).connect() as connection:
        for name, query in json.loads(QUERIES).items():
            found[name] = [list(row) for row in connection.execute(sqlalchemy.text(query))]
        for name in sqlalchemy.inspect(connection).get_table_names():
            place = connection.dialect.identifier_preparer.quote_identifier(name)
            found["tables"][name] = connection.execute(sqlalchemy.text("select count(*) from " + place)).scalar()
    return found

try:
    print(json.dumps(said(), default=str))
except (OSError, sqlalchemy.exc.SQLAlchemyError) as error:
    sys.exit(type(error).__name__ + ": " + (str(error).splitlines() or [""])[0][:200])
except Exception as error:
    sys.exit(type(error).__name__)  # what it says may be a piece of the configuration
"""
VERSION = "import freqtrade; print(freqtrade.__version__)"
QUERIES = {
    "trades": "select id, pair, is_open, amount from trades order by id",
    "orders": "select ft_trade_id, order_id, ft_order_side, ft_is_open, status, filled from orders order by id",
}


@dataclass(frozen=True)
class Picture:
    """The trades and orders of a database; equal for the same trades, wherever they lie."""

    trades: tuple[tuple[int, str, bool, float], ...] = ()
    orders: tuple[tuple[int, str, str, bool, str, float], ...] = ()

    @property
    def open_trades(self) -> dict[int, tuple[str, float]]:
        """Pair and amount of each open trade, by its number."""
        return {number: (pair, amount) for number, pair, is_open, amount in self.trades if is_open}

    def with_open_orders(self) -> frozenset[int]:
        """Return the numbers of trades of which an order rests, stops left aside."""
        return frozenset(trade for trade, _, side, rests, _, _ in self.orders if rests and side != "stoploss")

    def without_simulated_stops(self) -> Picture:
        """Return the picture without stops that were never filled: paper places them again at every start."""
        kept = tuple(order for order in self.orders if order[2] != "stoploss" or order[5] > 0)
        return Picture(self.trades, kept)

    def to_json(self) -> dict[str, Any]:
        """Return the picture as it lies on the disk."""
        return {"trades": [list(row) for row in self.trades], "orders": [list(row) for row in self.orders]}


def picture(document: Mapping[str, Any]) -> Picture:
    """Return the picture that ``trades`` and ``orders`` make, however their database writes truth and numbers."""
    trades = [(int(n), str(pair), bool(is_open), float(amount or 0)) for n, pair, is_open, amount in document["trades"]]
    orders = [
        (int(trade), str(order), str(side), bool(rests), str(status), float(filled or 0))
        for trade, order, side, rests, status, filled in document["orders"]
    ]
    return Picture(tuple(sorted(trades)), tuple(sorted(orders)))  # a conversion of a database numbers its orders again


@dataclass(frozen=True)
class Foreign:
    """A foreign Freqtrade.

    Attributes:
        project: Its Compose file.
        service: Its service there.
        container: The id of its container.
        name: The name of that container.
        image: The image it was made from.
        restart: Its restart policy, as ``docker update`` takes it.
        version: Its Freqtrade.
        strategy: Its strategy.
        dry_run: Whether its orders are simulated.
        config: Its configuration, all files and variables merged; with its secrets.
        kind: ``sqlite`` or ``postgresql``.
        database: Path of its file in the container, or name of its database.
        database_user: Its user in Postgres.
        database_container: The container of its Postgres; empty for SQLite.
        traded: Its trades and orders.
        pids: Its processes, as the host numbers them.
        file: Device and number of its SQLite file; None for Postgres.
        tables: The tables of its database, with the number of their rows.
        code: The code of its strategy.
    """

    project: Path
    service: str
    container: str
    name: str
    image: str
    restart: str
    version: str
    strategy: str
    dry_run: bool
    kind: str
    database: str
    database_user: str
    database_container: str
    traded: Picture
    pids: tuple[int, ...]
    file: open_file.Identity | None = None
    tables: Mapping[str, int] = field(default_factory=dict)
    code: Code = field(default_factory=lambda: Code(error="nobody looked"))
    config: Mapping[str, Any] = field(repr=False, default_factory=dict)


def look(project: Path, service: str | None, asked: Ask = ask, proc: Path = open_file.PROC) -> Foreign:
    """Return the Freqtrade of a Compose project as it is.

    Args:
        project: Its Compose file, or the directory with it.
        service: Its service; may be left out where only one is a Freqtrade that trades.
        asked: Runs a program and returns what it printed.
        proc: What the kernel says of processes.

    Raises:
        Refused: There is none, there are several, it does not run, or something of it cannot be read.
    """
    file = compose_file(project)
    name = compose_project.chosen(compose_project.services(file, asked), service)
    inspected = compose_project.container(file, name, asked)
    container = str(inspected["Id"])
    said = _said(container, compose_project.arguments_of(inspected["Config"]), asked)
    _refuse_where_written_since(said, inspected)
    pids = compose_project.pids(inspected, proc)
    database = _database(said)
    shared = None if said["kind"] == POSTGRES else _file(database, inspected, pids, proc)
    return Foreign(
        project=file, service=name, container=container, name=compose_project.name_of(inspected),
        image=inspected["Config"]["Image"], restart=compose_project.policy(inspected["HostConfig"]["RestartPolicy"]),
        version=str(said["version"]), strategy=str(said["strategy"]), dry_run=bool(said["dry_run"]),
        kind=str(said["kind"]), database=database, database_user=str(said["user"] or ""),
        database_container=_postgres(file, said, asked), traded=picture(said), pids=pids, file=shared,
        tables={str(name): int(rows) for name, rows in said["tables"].items()}, config=said["config"],
        code=strategy_code.read(said.get("code")),
    )  # fmt: skip


def _refuse_where_written_since(said: Mapping[str, Any], inspected: Mapping[str, Any]) -> None:
    """Refuse a bot that may run with another configuration, or other code, than its files say now."""
    written, path = said["written"]
    started = str(inspected["State"]["StartedAt"])[:19]
    moment = datetime.strptime(started, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    if float(written) >= moment.timestamp() + 1:
        name = compose_project.name_of(inspected)
        raise Refused(
            f"its file {path} was written after its start ({started} UTC), so it may run with another; "
            f"restart it first: docker restart {name}"
        )


def _file(database: str, inspected: Mapping[str, Any], pids: Sequence[int], proc: Path) -> open_file.Identity:
    """Return the identity of its database file, which nobody else may have open."""
    identity = open_file.identity(int(inspected["State"]["Pid"]), database, proc)
    if identity is None:
        raise Refused(
            f"its database {database} cannot be found through {proc}, so it is not known who else writes to it"
        )
    refuse_others(identity, pids, proc)
    return identity


def refuse_others(identity: open_file.Identity, pids: Sequence[int] = (), proc: Path = open_file.PROC) -> None:
    """Refuse a database that somebody else has open.

    Args:
        identity: Its file.
        pids: The processes that may have it open.
        proc: What the kernel says of processes.

    Raises:
        Refused: The text names the processes.
    """
    others = [f"{pid} ({command})" for pid, command in open_file.holders(identity, proc).items() if pid not in pids]
    if others:
        raise Refused(
            f"another process has its database open, and may be a second bot: {', '.join(others)}; end it first"
        )


def _said(container: str, argv: list[str], asked: Ask) -> dict[str, Any]:
    """Return the answers of Freqtrade's own code on configuration and trades; secrets go through its input."""
    given = f"ARGV = {json.dumps(argv)!r}\nQUERIES = {json.dumps(QUERIES)!r}\n"
    program = f"{given}{strategy_code.PROGRAM}{PROGRAM}"
    try:
        document = json.loads(asked(["docker", "exec", "--interactive", container, "python3", "-"], program))
    except ValueError:
        raise Refused("its configuration or its database cannot be read: its answer is no JSON") from None
    if not isinstance(document, dict):
        raise Refused("its configuration or its database cannot be read: its answer is no object")
    return document


def _database(said: Mapping[str, Any]) -> str:
    if said["kind"] not in (SQLITE, POSTGRES):
        raise Refused(f"its database is {said['kind']}; only {SQLITE} and {POSTGRES} can be taken over")
    if not said["database"] or said["database"] == ":memory:":
        raise Refused("its database lives in its memory only, and would end with it")
    return str(said["database"])


def _postgres(file: Path, said: Mapping[str, Any], asked: Ask) -> str:
    """Return the container of its Postgres."""
    if said["kind"] != POSTGRES:
        return ""
    try:
        found = asked(compose_project.compose(file, "ps", "--quiet", str(said["host"])), "").split()
    except Refused:
        found = []
    if len(found) != 1:
        raise Refused(f"its Postgres at {said['host']} is no service of its project, so it cannot be dumped from here")
    return found[0]


def version_of(image: str, asked: Ask = ask) -> str:
    """Return the version of Freqtrade in an image that is on this host; raises as `ask`."""
    return asked(SideContainer(image, ("-c", VERSION)).command(), "").strip().splitlines()[-1]
