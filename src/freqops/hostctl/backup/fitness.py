"""The reasons against a restore now: the dump, or the state of the bot; each reason names its cure."""

from __future__ import annotations

from pathlib import Path

from freqops.core.backup.store import Dump, Store
from freqops.core.base.errors import Refused
from freqops.core.base.next_step import AGAIN, NextStep
from freqops.core.base.next_step import HALT as HALT_STEP
from freqops.core.bot import layout, postgres
from freqops.core.bot.layout import Home
from freqops.core.halt import holds

from ..bot import processes_and_api, stopped
from ..bot.engine import Engine

HALT = "killswitch.yml -e level=3 ends it and holds it"
NOT_HELD = f"it is not held at level {holds.HARD}"


def store_of(home: Path) -> Store:
    """Return the dumps of a bot."""
    return Store(Home(home).dumps)


def refuse_damaged(store: Store, dump: Dump) -> None:
    """Compare every byte of a dump with its manifest.

    Raises:
        Refused: Something is wrong with it; the newest sound one before it is named.
    """
    wrong = store.damaged(dump)
    if wrong:
        sound = store.newest_sound(before=dump)
        cure = f"the newest sound one before it is {sound.stamp}" if sound else "there is no sound one before it"
        raise Refused(f"dump {dump.stamp} is damaged: {'; '.join(wrong)}; {cure}")


def releases(home: Path) -> set[str]:
    """Return the releases that the host knows of a bot."""
    laid_out = home / "release"
    return {path.name for path in laid_out.iterdir()} if laid_out.is_dir() else set()


def needs_overwrite(bot: layout.Bot) -> str:
    """Return why a database that is there is not replaced."""
    return f"{bot.name} has a database: say that it may be replaced (--overwrite, or overwrite=true of restore.yml)"


def may_trade(bot: layout.Bot) -> bool:
    """Whether a process of the bot could use its database."""
    return bool(processes_and_api.alive(bot))


def in_the_way(bot: layout.Bot, incident: str, engine: Engine) -> list[str]:
    """Return the reasons in the state of a bot against a restore, all at once.

    Raises:
        EngineError: The engine does not answer.
    """
    return [*lives(bot, engine), *_not_held(bot, incident), *under_way(bot.home), *no_plain_file(bot)]


def lives(bot: layout.Bot, engine: Engine) -> list[str]:
    """Return why a bot could use its database at this moment; nothing where none of it runs.

    Raises:
        EngineError: The engine does not answer.
    """
    pids = ", ".join(str(process.pid) for process in processes_and_api.alive(bot))
    if pids:
        return [f"it runs, as process {pids}: {HALT}"]
    container = engine.container(bot.container)
    waits = any(process.waits for process in processes_and_api.living(bot))
    return [f"its container runs: {HALT}"] if container is not None and container.runs and not waits else []


def _not_held(bot: layout.Bot, incident: str) -> list[str]:
    try:
        present = holds.load(bot.holds)
    except holds.HoldsUnreadable as error:
        return [f"its holds cannot be read ({error}): {HALT}, and replaces them"]
    if any(hold.incident == incident and hold.level == holds.HARD for hold in present.holds):
        return []
    cure = f"name {' or '.join(_hard(present))}" if _hard(present) else HALT
    return [f"{NOT_HELD} under {incident} (in force: {present.incidents}): {cure}"]


def _hard(present: holds.Holds) -> list[str]:
    """Return the incidents under which a bot is held at level 3 by what this version can end."""
    known = (hold for hold in present.holds if hold.level == holds.HARD and hold.holder in holds.HOLDERS)
    return list(dict.fromkeys(hold.incident for hold in known))


def steps_out(bot: layout.Bot, reasons: list[str]) -> list[NextStep]:
    """Return what is due before a restore: a halt, or the same restore under an incident that is in force."""
    if any(HALT in reason for reason in reasons):
        return [NextStep(HALT_STEP)]
    wrong = any(reason.startswith(NOT_HELD) for reason in reasons)
    return [NextStep(AGAIN, incident) for incident in _hard(holds.load(bot.holds))] if wrong else []


def under_way(home: Path) -> list[str]:
    """Return the commands on a bot that are not over, a line each; a planned stop is over."""
    found = ["a switch"] if Home(home).switch.exists() else []
    found += ["a removal"] if Home(home).removing.exists() else []
    note = stopped.note_of(home)
    found += [f"a {note.command}"] if note is not None and not note.planned else []
    found += ["an upgrade of its Postgres"] if postgres.is_between(home) else []
    cure = "freqops-recover ends it within 15 s, or says why not"
    return [f"{what} is not over: {cure}" for what in found]


def no_plain_file(bot: layout.Bot) -> list[str]:
    """Refuse links below ``var``, which the bot may have put there: the owner of a file is taken from it."""
    found = [path for path in (bot.home / "var").glob("*.sqlite*") if path.is_symlink() or not path.is_file()]
    return [f"{path} is no plain file: look who put it there, and move it away" for path in sorted(found)]
