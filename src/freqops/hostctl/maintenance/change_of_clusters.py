"""The change from one cluster of the host's Postgres to another: by renames, under a note, with one way back.

The note is written before anything is touched. As long as it is there, the former cluster counts: whoever finds the
note brings that back. It is taken away when the other one is proven, and by nothing else.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven
from freqops.core.base.kinds import Malformed
from freqops.core.bot import engine_names, layout, postgres_major
from freqops.core.bot.postgres import CONTAINER
from freqops.core.bot.postgres import UPGRADING as FILE
from freqops.core.deploy import own_container
from freqops.core.maintenance import upgrade as rules
from freqops.core.maintenance.upgrade_note import RUN, SWITCHING, Kept, Note

from ..bot.engine import Engine
from ..deploy import shared_postgres
from ..deploy.shared_postgres import COMPOSE, HEALTHY_SECONDS, LOCK

GRACE = 60
PRIVATE = 0o600

Start = Callable[["list[layout.Bot]"], "tuple[list[dict[str, Any]], list[str]]"]


@dataclass(frozen=True)
class Change:
    """The change of clusters of one host; the caller has the lock of Postgres."""

    root: Path
    engine: Engine

    @property
    def home(self) -> Path:
        """The directory of Postgres."""
        return self.root / "postgres"

    @property
    def data(self) -> Path:
        """The directory of the cluster that stands."""
        return self.home / postgres_major.DATA

    def note(self) -> Note | None:
        """Return the note of a change that is not over, None where there is none.

        Raises:
            NotProven: There is one that cannot be read.
        """
        path = self.home / FILE
        if not path.exists():
            return None
        try:
            return Note.read(durable.read_json(path))
        except Malformed as error:
            raise NotProven(
                f"{path} cannot be read ({error}), so it is not known which cluster counts: {self.data}/PG_VERSION "
                f"says of which version the one is that would start; the others are {self.home}/data.*"
            ) from None

    def begin(self, note: Note) -> None:
        """Write the note; nothing was touched before.

        Raises:
            OSError: The disk does not take it.
        """
        durable.write_json(self.home / FILE, note.to_json(), PRIVATE)

    def switch(self, note: Note) -> None:
        """Stop the cluster, let the other one take its place, and bring that up.

        Raises:
            NotProven: It did not stop, or the other one did not come up.
            FreqopsError: As the engine says.
            OSError: As the disk says.
        """
        self.begin(replace(note, step=SWITCHING))
        self._stop()
        self._rename(self.data, self.home / note.out)
        self._rename(self.home / note.into, self.data)
        self._up(note.after)

    def back(self, note: Note) -> None:
        """Bring the former cluster back to where it was, and up, and forget the note; as often as it takes.

        Raises:
            FreqopsError: It is not proven to be up; the note stays.
            OSError: As the disk says; the note stays.
        """
        if (self.home / note.out).is_dir():
            self._stop()
            if self.data.is_dir() and not any(self.data.iterdir()):
                self.data.rmdir()  # the engine makes what it is to mount
            if self.data.is_dir():
                self._rename(self.data, self.home / note.into)
            self._rename(self.home / note.out, self.data)
        self.clear(note)
        self._up(note.before)
        self.over()

    def clear(self, note: Note) -> None:
        """Take away what was made for the change: the scratch container, the dumps, a cluster that does not stand.

        Raises:
            FreqopsError: The container stays.
            OSError: A directory stays.
        """
        if engine_names.UPGRADE in self.engine.container_names():
            self.engine.remove(engine_names.UPGRADE)
        for name in (rules.WORK, rules.NEW):
            if (self.home / name).exists():
                shutil.rmtree(self.home / name)
        if note.action == RUN and not (self.home / note.out).is_dir():
            self._record(note.out).unlink(missing_ok=True)
        durable.sync_directory(self.home)

    def over(self) -> None:
        """Forget the note: the cluster that stands is proven."""
        (self.home / FILE).unlink(missing_ok=True)
        durable.sync_directory(self.home)

    # --- clusters that are kept

    def keep(self, kept: Kept) -> None:
        """Write down what a cluster is that is kept, beside its directory."""
        durable.write_json(self._record(kept.directory), kept.to_json(), PRIVATE)

    def forget(self, directory: str) -> None:
        """Take the record of a cluster away that stands again."""
        self._record(directory).unlink(missing_ok=True)
        durable.sync_directory(self.home)

    def kept(self) -> Kept | None:
        """Return the cluster that was kept last, and is there with its record; None where there is none."""
        found = []
        for path in self.home.glob(f"data.*{rules.RECORD}"):
            with suppress(Malformed):
                kept = Kept.read(durable.read_json(path))
                if path == self._record(kept.directory) and (self.home / kept.directory).is_dir():
                    found.append(kept)
        return max(found, key=lambda kept: kept.at, default=None)

    def _record(self, directory: str) -> Path:
        return self.home / f"{directory}{rules.RECORD}"

    # --- acts

    def _stop(self) -> None:
        if self.engine.container(CONTAINER) is not None:
            self.engine.stop(CONTAINER, GRACE)
        found = self.engine.container(CONTAINER)
        if found is not None and found.runs:
            raise NotProven(f"{CONTAINER} does not stop")

    def _rename(self, source: Path, target: Path) -> None:
        if target.exists():
            raise NotProven(f"{target} is in the way of {source}")
        source.rename(target)
        durable.sync_directory(self.home)

    def _up(self, image: str) -> None:
        """Bring Postgres up with an image, by the file that a deploy would write for it."""
        own, used = own_container.of_postgres(self.root), self.home / COMPOSE
        compose = postgres_major.with_image(used.read_text(), image)
        staged = self.home / "staged" / COMPOSE
        if staged.read_text() != compose:
            durable.write_atomic(staged, compose.encode(), 0o644)
        if used.read_text() == compose and not own.differences(self.engine.container(CONTAINER)):
            self.engine.compose_up_healthy(used, HEALTHY_SECONDS)
        else:
            shared_postgres.up(own, compose.encode(), self.engine)
        found = self.engine.container(CONTAINER)
        if found is None or found.image != image:
            raise NotProven(f"{CONTAINER} is not of {image}, but of {found.image if found else 'nothing'}")


def resume(root: Path, clock: Clock, engine: Engine) -> str:
    """Bring back the former cluster of a change that was cut off, and say so; empty where there is nothing to do.

    Its bots have notes of their own, and are started by whoever recovers these.

    Raises:
        FreqopsError: It is not proven to be back.
        OSError: As the disk says.
    """
    change = Change(root, engine)
    if not (change.home / FILE).exists():
        return ""
    with durable.locked(change.home / LOCK, 0, clock) as free:
        if not free:
            return ""
        note = change.note()
        return taken_back(change, note) if note is not None else ""


def taken_back(change: Change, note: Note) -> str:
    """Bring the former cluster of a change back that was cut off; the text says which one stands.

    Raises:
        NotProven: It is not proven to be back; the text says how to try again.
    """
    what = f"the {'upgrade' if note.action == RUN else 'undo of an upgrade'} of {note.incident}"
    try:
        change.back(note)
    except (FreqopsError, OSError) as error:
        raise NotProven(
            f"{what} was cut off while {note.step}, and the former cluster is NOT PROVEN to be back: {error}; "
            "'freqops-host resume-switch' tries again, as does its timer each 15 s"
        ) from None
    return f"{what} was cut off while {note.step}: the former cluster stands, Postgres {version(change)}"


def gone_back(change: Change, note: Note, which: str, bots: list[layout.Bot], start: Start) -> str:
    """Bring the former cluster of a change back that failed, then its bots, and return what there is to say.

    Args:
        change: The change.
        note: Its note.
        which: Which cluster that is, ``old`` or ``newer``.
        bots: The bots that were stopped for it.
        start: Starts them, and returns their rows, and what failed.
    """
    try:
        change.back(note)
    except (FreqopsError, OSError) as worse:
        return (f"the {which} cluster is NOT PROVEN to be back: {worse}; freqops-recover tries again each 15 s, and "
                "'freqops-host resume-switch' at once; its bots are not started before")  # fmt: skip
    _, failed = start(bots)
    names = ", ".join(bot.name for bot in bots) or "no bots"
    started = f"not all bots run: {'; '.join(failed)}" if failed else f"and so are {names}"
    return f"the {which} cluster is back, Postgres {version(change)}, {started}"


def version(change: Change) -> int | None:
    """Return the version of the cluster that stands, as its directory says it."""
    return postgres_major.of_directory(change.data)
