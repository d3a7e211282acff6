"""A Freqtrade that somebody else set up with docker compose, as it is: read through its own code, nothing touched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Callable

from ..base import commands
from ..base.errors import Refused
from ..bot.side_container import SideContainer

SECONDS = 60.0
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
SQLITE, POSTGRES = "sqlite", "postgresql"
PROGRAM = """
import json, logging, os, sys
logging.disable(logging.CRITICAL)
import freqtrade, sqlalchemy
import freqtrade.configuration.configuration as configuration
from freqtrade.commands import Arguments

def said():
    configuration.setup_logging = lambda *_: None
    config = configuration.Configuration(Arguments(json.loads(ARGV)).get_parsed_arg()).get_config()
    url = sqlalchemy.engine.make_url(config["db_url"])
    found = {"version": freqtrade.__version__, "strategy": config.get("strategy"), "kind": url.get_backend_name(),
             "host": url.host, "database": url.database, "user": url.username, "config": config["original_config"],
             "dry_run": bool(config.get("dry_run")), "trades": [], "orders": []}
    if found["kind"] == "sqlite" and url.database in (None, "", ":memory:"):
        return found
    if found["kind"] == "sqlite":
        found["database"] = os.path.abspath(url.database)
        if not os.path.exists(found["database"]):
            sys.exit("its database " + found["database"] + " is not there")
    with sqlalchemy.create_engine(url).connect() as connection:
        for name, query in json.loads(QUERIES).items():
            found[name] = [list(row) for row in connection.execute(sqlalchemy.text(query))]
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

Ask = Callable[["Sequence[str]", str], str]


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
    config: Mapping[str, Any] = field(repr=False, default_factory=dict)


def ask(words: Sequence[str], text: str = "") -> str:
    """Run a program that only reads, give it ``text``, and return what it printed.

    Raises:
        Refused: It failed, or gave no answer in time; the text ends with its last words, never with its input.
    """
    done = commands.run(words, SECONDS, text)
    if done.returncode != 0:
        raise Refused(f"'{' '.join(words[:3])}': {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


def look(project: Path, service: str | None, asked: Ask = ask) -> Foreign:
    """Return the Freqtrade of a Compose project as it is.

    Args:
        project: Its Compose file, or the directory with it.
        service: Its service; may be left out where only one is a Freqtrade that trades.
        asked: Runs a program and returns what it printed.

    Raises:
        Refused: There is none, there are several, it does not run, or something of it cannot be read.
    """
    file = compose_file(project)
    services = json.loads(asked(["docker", "compose", "--file", str(file), "config", "--format", "json"], ""))
    name = chosen(services.get("services") or {}, service)
    container = _container(file, name, asked)
    inspected = json.loads(asked(["docker", "inspect", "--type", "container", container], ""))[0]
    if not inspected["State"]["Running"]:
        raise Refused(f"{name} of {file} does not run; start it, so that it can be read as it is: docker compose up -d")
    said = _said(container, arguments_of(inspected["Config"]), asked)
    pids = asked(["docker", "top", container, "-eo", "pid"], "").split()[1:]
    return Foreign(
        project=file, service=name, container=inspected["Id"], name=str(inspected["Name"]).lstrip("/"),
        image=inspected["Config"]["Image"], restart=policy(inspected["HostConfig"]["RestartPolicy"]),
        version=str(said["version"]), strategy=str(said["strategy"]), dry_run=bool(said["dry_run"]),
        kind=str(said["kind"]), database=_database(said), database_user=str(said["user"] or ""),
        database_container=_postgres(file, said, asked), traded=picture(said),
        pids=tuple(int(pid) for pid in pids), config=said["config"],
    )  # fmt: skip


def compose_file(project: Path) -> Path:
    """Return the Compose file of a project.

    Raises:
        Refused: There is none.
    """
    found = [project / name for name in NAMES if (project / name).is_file()] if project.is_dir() else [project]
    if not found or not found[0].is_file():
        raise Refused(f"there is no docker compose project at {project} on this host")
    return found[0]


def chosen(services: Mapping[str, Any], service: str | None) -> str:
    """Return the service that is to be adopted.

    Raises:
        Refused: It is not there, or it was not said which of several.
    """
    if service is not None:
        if service not in services:
            raise Refused(f"the project has no service {service}; it has {', '.join(sorted(services)) or 'none'}")
        return service
    found = sorted(name for name, described in services.items() if _trades(described))
    if len(found) != 1:
        what = f"several trade: {', '.join(found)}" if found else f"none trades: {', '.join(sorted(services))}"
        raise Refused(f"say which service of the project is the bot with -e service=…; {what}")
    return found[0]


def _trades(described: Mapping[str, Any]) -> bool:
    words = [*_words(described.get("entrypoint")), *_words(described.get("command"))]
    is_freqtrade = "freqtrade" in str(described.get("image", "")) or any(_is_freqtrade(word) for word in words)
    return is_freqtrade and "trade" in words


def _words(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else [str(word) for word in value or ()]


def _is_freqtrade(word: str) -> bool:
    return PurePosixPath(word).name == "freqtrade"


def _container(file: Path, service: str, asked: Ask) -> str:
    found = asked(["docker", "compose", "--file", str(file), "ps", "--all", "--quiet", service], "").split()
    if len(found) != 1:
        raise Refused(f"{service} of {file} has {len(found)} containers; there must be one: docker compose up -d")
    return found[0]


def arguments_of(described: Mapping[str, Any]) -> list[str]:
    """Return the arguments that its container gives Freqtrade.

    Raises:
        Refused: The container does not start Freqtrade in a way that can be understood, or it does not trade.
    """
    words = [*_words(described.get("Entrypoint")), *_words(described.get("Cmd"))]
    begin = next((number for number, word in enumerate(words) if _is_freqtrade(word)), None)
    if begin is None or words[begin + 1 : begin + 2] != ["trade"]:
        raise Refused("its container does not run 'freqtrade trade …' itself, so its arguments cannot be read")
    return words[begin + 1 :]


def policy(described: Mapping[str, Any]) -> str:
    """Return a restart policy as ``docker update`` takes it."""
    name, count = str(described.get("Name") or "no"), int(described.get("MaximumRetryCount") or 0)
    return f"{name}:{count}" if name == "on-failure" and count else name


def _said(container: str, argv: list[str], asked: Ask) -> dict[str, Any]:
    """Return the answers of Freqtrade's own code on configuration and trades; secrets go through its input."""
    program = f"ARGV = {json.dumps(argv)!r}\nQUERIES = {json.dumps(QUERIES)!r}\n{PROGRAM}"
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
        found = asked(["docker", "compose", "--file", str(file), "ps", "--quiet", str(said["host"])], "").split()
    except Refused:
        found = []
    if len(found) != 1:
        raise Refused(f"its Postgres at {said['host']} is no service of its project, so it cannot be dumped from here")
    return found[0]


def version_of(image: str, asked: Ask = ask) -> str:
    """Return the version of Freqtrade in an image that is on this host; raises as `ask`."""
    return asked(SideContainer(image, ("-c", VERSION)).command(), "").strip().splitlines()[-1]
