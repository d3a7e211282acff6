"""The host's Postgres brought to its staged description, and never restarted under a running bot.

A database that blinks ends every bot on it, in the middle of its work. So its bots are stopped first, in
order, and started again when it is back; where it does not come back, the former one does.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout, postgres, postgres_major
from freqops.core.bot.db_url import POSTGRES
from freqops.core.bot.layout import Home
from freqops.core.bot.postgres import CONTAINER, UPGRADING
from freqops.core.deploy import own_container
from freqops.core.deploy.own_container import OwnContainer

from ..bot import stopping
from ..bot.engine import Engine
from ..bot.processes_and_api import alive
from ..bot.start import LOCK_SECONDS, start_locked
from ..bot.stopped import Stopped
from .dump_first import DumpFirst

HEALTHY_SECONDS = 120
COMPOSE = "compose.yml"
FORMER = "former.yml"  # while a change is not over: what it replaced
LOCK = ".lock"
ENDS = "freqops-recover ends it within 15 s, or says why not"


@dataclass
class Brought(Outcome):
    """The outcome of a change of Postgres: proven, for what is not proven is raised.

    Attributes:
        restarted: The outcome for each bot that had to be stopped; ``bot`` is empty.
    """

    bot: str = ""
    proven: bool = True
    restarted: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it stands in the answer."""
        return {"changed": self.changed, "bots": self.restarted, "detail": self.detail}


def bring(root: Path, clock: Clock, engine: Engine, *, reread: bool = False, first: DumpFirst | None = None) -> Brought:
    """Bring Postgres to its staged description, with its bots stopped where it has to be made again.

    Args:
        root: The tree of freqops.
        clock: The source of the time.
        engine: The container engine.
        reread: Whether one that runs on must read again who may connect.
        first: The dump of each bot on it that is made before it is made again; None where none is made.

    Raises:
        Refused: Nothing was touched: a bot is in the hands of another command or could not be dumped, or a container
            of somebody else has the name of Postgres.
        NotProven: It did not come up; the text says whether the former one is back, and which bots are.
    """
    home = root / "postgres"
    with durable.locked(home / LOCK, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused("Postgres was not touched: another command is working on it")
        if (home / UPGRADING).exists():
            raise Refused(f"Postgres was not touched: an upgrade of it is not over; {ENDS}")
        return _bring(root, clock, engine, reread=reread, first=first)


def resume(root: Path, clock: Clock, engine: Engine) -> Brought | None:
    """Bring Postgres where a command wanted it that was interrupted, or back; None where there is nothing to do.

    Raises:
        Refused: As `bring`.
        NotProven: As `bring`.
    """
    home = root / "postgres"
    if not (home / FORMER).exists():
        return None
    with durable.locked(home / LOCK, 0, clock) as free:
        return _bring(root, clock, engine, reread=False) if free and (home / FORMER).exists() else None


def judge(root: Path, image: str, engine: Engine) -> None:
    """Refuse an image of another major version than the cluster on the disk; it is brought where it is not here.

    Raises:
        Refused: It is one, or its version is not known.
    """
    if postgres_major.of_directory(root / "postgres" / postgres_major.DATA) is not None:
        engine.bring_image(image)
        refuse_other_major(root, image, engine, known=True)


def refuse_other_major(root: Path, image: str, engine: Engine, *, known: bool = False) -> None:
    """Refuse to bring up an image of another major version than the cluster on the disk.

    Args:
        root: The tree of freqops.
        image: The image; empty where the file that was staged names none.
        engine: The container engine.
        known: Whether one whose version is not known is refused, too.

    Raises:
        Refused: It is one.
    """
    try:
        cluster = postgres_major.of_directory(root / "postgres" / postgres_major.DATA)
        wanted = engine.postgres_major(image) if image and cluster is not None else None
    except postgres_major.NoMajor as error:
        if known:
            raise Refused(f"Postgres was not touched: {error}") from None
        return
    why = postgres_major.refused(cluster, wanted)
    if why:
        raise Refused(f"Postgres was not touched: {why}")


def _bring(root: Path, clock: Clock, engine: Engine, *, reread: bool, first: DumpFirst | None = None) -> Brought:
    own, present = own_container.of_postgres(root), engine.container(CONTAINER)
    own.refuse_foreign(present)
    runs = present is not None and present.status == "running" and not own.differences(present)
    if runs and durable.same(own.home / "staged" / COMPOSE, own.home / COMPOSE) and _came_up(own, engine):
        _over(own)
        if reread:
            engine.execute(CONTAINER, ["pg_ctl", "reload", "--silent"])
        return Brought()
    refuse_other_major(root, postgres_major.image_in((own.home / "staged" / COMPOSE).read_text()), engine)
    with ExitStack() as locks:
        bots = [bot for bot in bots_on_it(root) if alive(bot)]
        for bot in bots:
            if not locks.enter_context(durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock)):
                raise Refused(f"Postgres was not touched: another command is working on {bot.name}")
        answers = present is not None and present.status == "running" and not (own.home / FORMER).exists()
        said = _dumped(first, root, clock, engine) if answers and first is not None else []
        brought = _changed(own, bots, clock, engine)
        brought.detail += said
        return brought


def _dumped(first: DumpFirst, root: Path, clock: Clock, engine: Engine) -> list[str]:
    """Have each database on it in a dump, and return remarks on that.

    One that does not run can be asked for none; nothing was written since it ended, and it is to run again.

    Raises:
        Refused: A database is in no dump.
    """
    homes = [bot.home for bot in bots_on_it(root) if postgres.url_in_use(bot.home).startswith(POSTGRES)]
    said = {home.name: first.made(home, clock, engine, "Postgres")[1] for home in homes}
    return [f"{name}: {text}" for name, text in said.items() if text]


def _came_up(own: OwnContainer, engine: Engine) -> bool:
    """Whether one that runs as it is staged is healthy; asked where its command did not live to see that."""
    try:
        if (own.home / FORMER).exists():
            engine.compose_up_healthy(own.home / COMPOSE, HEALTHY_SECONDS)
    except FreqopsError:
        return False
    return True


def _changed(own: OwnContainer, bots: list[layout.Bot], clock: Clock, engine: Engine) -> Brought:
    used, former = own.home / COMPOSE, own.home / FORMER
    if used.exists() and not former.exists():  # an earlier one that was interrupted has written the former one
        durable.write_atomic(former, used.read_bytes(), 0o644)
    try:
        for bot in bots:
            stopping.stop(bot, Stopped("postgres", starts=bot.release), clock, engine)
        up(own, (own.home / "staged" / COMPOSE).read_bytes(), engine)
        _over(own)
    except (FreqopsError, OSError) as error:
        said = "\n".join(engine.logs(CONTAINER, 15))
        back = _back(own, bots, clock, engine)
        raise NotProven(f"Postgres did not come up: {error}\n{back}\nits last log lines:\n{said}") from None
    return Brought(changed=True, restarted=_started(bots, clock, engine))


def up(own: OwnContainer, compose: bytes, engine: Engine) -> None:
    """Bring it up as a Compose file declares it; a crash on the way leaves it as one of which nothing is known."""
    before = engine.container(CONTAINER)
    differing = own.differences(before)
    own.forget()
    durable.write_atomic(own.home / COMPOSE, compose, 0o644)
    engine.compose_up_healthy(own.home / COMPOSE, HEALTHY_SECONDS, recreate=bool(differing))
    own.take_in(before, engine.container(CONTAINER), differing)


def _over(own: OwnContainer) -> None:
    (own.home / FORMER).unlink(missing_ok=True)
    durable.sync_directory(own.home)


def _back(own: OwnContainer, bots: list[layout.Bot], clock: Clock, engine: Engine) -> str:
    if not (own.home / FORMER).exists():
        return "there was none before"
    try:
        up(own, (own.home / FORMER).read_bytes(), engine)
        _over(own)
        _started(bots, clock, engine)
    except (FreqopsError, OSError) as error:
        return f"the former one is NOT PROVEN to be back: {error}"
    return f"the former one is back, and so are {', '.join(bot.name for bot in bots) or 'no bots'}"


def _started(bots: list[layout.Bot], clock: Clock, engine: Engine) -> list[dict[str, Any]]:
    """Start the bots that ran, each through the one door; all are tried before the first that fails is reported."""
    rows, failures = [], []
    for bot in bots:
        try:
            rows.append(start_locked(bot, clock, engine).to_json())
        except FreqopsError as error:
            failures.append(str(error))
    if failures:
        raise NotProven("Postgres is up, but not all of its bots: " + "; ".join(failures))
    return rows


def bots_on_it(root: Path) -> list[layout.Bot]:
    """Return the bots of this host that use Postgres."""
    bots = [layout.load_bot(home) for home in layout.homes(root) if (home / "bot.json").exists()]
    return [bot for bot in bots if postgres.may_use(bot.home)]
