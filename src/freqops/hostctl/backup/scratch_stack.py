"""The stack of a restore drill on a host: its directory, its two networks, its Postgres and its bot.

All of it has one name each, so a drill finds what one before it left that was killed. What is there is asked of the
engine and of the disk; an order to remove something proves nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
from functools import partial
from pathlib import Path
from typing import Callable

from freqops.core.backup import scratch_containers
from freqops.core.backup.repository import HOME
from freqops.core.backup.restore_drill import PLACE
from freqops.core.backup.scratch_containers import ScratchContainer
from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven
from freqops.core.base.visible import visible
from freqops.core.bot import postgres
from freqops.core.bot.engine_names import DRILL_BOT, DRILL_INSIDE, DRILL_OUTSIDE, DRILL_POSTGRES

from ..bot import databases
from ..bot.engine import Engine
from ..bot.engine_command import EngineError
from . import staging

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PRIVATE, PRIVATE_DIRECTORY, OWN_FILE, OWN_DIRECTORY = 0o600, 0o700, 0o400, 0o500
CONTAINERS, NETWORKS = (DRILL_BOT, DRILL_POSTGRES), (DRILL_OUTSIDE, DRILL_INSIDE)
READY_SECONDS = 300.0
POLL = 0.5
SALT = 16
LOG_LINES, SHOWN = 3, 800
FATAL = ("ERROR", "CRITICAL", "FATAL", "Error:", "Exception:")


class ScratchStack:
    """The one stack of a host; the caller has the lock of restore drills.

    Attributes:
        place: Its directory, root's alone: whatever of the bots lies there is gone with it.
    """

    def __init__(self, root: Path, engine: Engine, clock: Clock) -> None:
        self.place = root / HOME / PLACE
        self._root, self._engine, self._clock = root, engine, clock
        self._secrets: set[str] = set()

    def sweep(self) -> list[str]:
        """Take away everything that is there, and return what there was.

        Raises:
            NotProven: Something of it stays; everything else is gone.
        """
        found = self.there()
        self._take_away(self.place)
        return found

    def _take_away(self, directory: Path) -> None:
        """Take away containers, networks and a directory; what fails keeps nothing else from going."""
        steps: list[Callable[[], object]] = [partial(self._gone, name) for name in CONTAINERS]
        steps += [partial(self._engine.remove_network, name) for name in NETWORKS]
        failed = list[str]()
        steps.append(partial(staging.sweep, directory))
        for step in steps:
            try:
                step()
            except (FreqopsError, OSError) as error:
                failed.append(str(error))
        if failed:
            raise NotProven(f"not all of it is gone: {'; '.join(failed)}")

    def there(self) -> list[str]:
        """Return what is there of the stack, as engine and disk say it, a line each."""
        names = self._engine.container_names()
        found = [f"container {name}" for name in CONTAINERS if name in names]
        found += [f"network {name}" for name in NETWORKS if self._engine.has_network(name)]
        return found + ([f"directory {self.place}"] if self.place.is_symlink() or self.place.exists() else [])

    def cleared(self) -> list[str]:
        """Take away all that is there, and return what stays all the same, with why."""
        why = ""
        try:
            self.sweep()
        except (FreqopsError, OSError) as error:
            why = f": {error}"
        try:
            return [f"{text}{why}" for text in self.there()]
        except (FreqopsError, OSError) as error:
            return [f"it is not known what is there{why}: {error}"]

    def bring_up(self) -> None:
        """Make the networks, for one bot."""
        self._engine.make_network(DRILL_OUTSIDE, internal=False)
        self._engine.make_network(DRILL_INSIDE, internal=True)

    def take_down(self) -> None:
        """Take away containers, networks and files of one bot.

        Raises:
            NotProven: Something of it stays.
        """
        self._take_away(self.of_bot)
        left = [text for text in self.there() if text != f"directory {self.place}"]
        if left:
            raise NotProven(f"it is not gone: {', '.join(left)}")

    @property
    def of_bot(self) -> Path:
        """The directory of the bot that is restored now."""
        return self.place / "stack"

    def secret(self) -> str:
        """Return a new password, which no text of this stack shows."""
        made = secrets.token_urlsafe(32)
        self._secrets.add(made)
        return made

    def hide(self, text: str) -> str:
        """Return a text without the passwords of the stack."""
        for each in self._secrets:
            text = text.replace(each, "[secret]")
        return text

    def refuse_company(self) -> None:
        """Refuse strangers on the networks of the drill.

        Raises:
            NotProven: Somebody is who does not belong to it.
        """
        for network in NETWORKS:
            strangers = sorted(set(self._engine.members(network)) - set(CONTAINERS))
            if strangers:
                raise NotProven(f"network {network} is not the drill's alone: {', '.join(strangers)}")

    # --- files

    def directory(self, *parts: str, owner: int, mode: int = PRIVATE_DIRECTORY) -> Path:
        """Make a directory of the bot's stack that one user owns."""
        path = self.of_bot.joinpath(*parts)
        path.mkdir(mode=PRIVATE_DIRECTORY, parents=True)
        path.chmod(mode)
        os.chown(path, owner, owner)
        return path

    def file(self, path: Path, data: bytes, owner: int) -> None:
        """Write a file that one user alone can read."""
        durable.write_atomic(path, data, OWN_FILE, (owner, owner))

    def given(self, source: Path, target: str, owner: int) -> Path:
        """Copy a directory into the bot's stack, for one user to read."""
        path = self.of_bot / target
        shutil.copytree(source, path, symlinks=True)
        for below, directories, names in os.walk(path):
            for name in names:
                _hand(Path(below) / name, owner, OWN_FILE)
            for name in directories:
                _hand(Path(below) / name, owner, OWN_DIRECTORY)
        _hand(path, owner, OWN_DIRECTORY)
        return path

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file into the bot's stack, for root alone."""
        with source.open("rb") as given, os.fdopen(os.open(target, NEW, PRIVATE), "wb") as made:
            shutil.copyfileobj(given, made)

    def own(self, path: Path, owner: int) -> None:
        """Give all files of a directory of the bot's stack to the user who has to write them."""
        for below, _, names in os.walk(path):
            for name in names:
                _hand(Path(below) / name, owner, PRIVATE)

    # --- containers

    def start(self, container: ScratchContainer) -> None:
        """Start a container of the stack; its image must be here, or is brought.

        Raises:
            EngineError: The image cannot be had, or the container not be started.
        """
        try:
            self._engine.bring_image(container.image)
        except EngineError as error:
            raise EngineError(f"the image {container.image} is not on this host and cannot be had: {error}") from None
        self._engine.run_detached(container.command())

    def refuse_dead(self, name: str) -> None:
        """Look whether a container still runs.

        Raises:
            NotProven: It does not; the text ends with what it said last.
        """
        found = self._engine.container(name)
        if found is None or not found.runs:
            raise NotProven(f"{name} ended by itself: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """Return what a container said last, its errors where there are any, without any password of the stack."""
        lines = list(dict.fromkeys(line.strip() for line in self._engine.logs(name, 200) if line.strip()))
        wrong = [line for line in lines if any(word in line for word in FATAL)]
        return visible(self.hide("; ".join((wrong or lines)[-LOG_LINES:]))[-SHOWN:])

    def postgres(self) -> None:
        """Start a Postgres of the image of the host's, under a password of its own.

        Raises:
            NotProven: The host has none whose image could be taken, or it does not answer in time.
        """
        data = self._root / "postgres" / "data"
        host = self._engine.container(postgres.CONTAINER)
        if host is None or not data.is_dir():
            cure = "deploy.yml makes it where a bot is on Postgres"
            raise NotProven(f"this host has no {postgres.CONTAINER} whose image could be taken: {cure}")
        owner = data.stat().st_uid
        for name in ("data", "run"):
            self.directory("postgres", name, owner=owner)
        kept = self.directory("postgres", "secrets", owner=owner)
        self.file(kept / "superuser", self.secret().encode(), owner)
        self.start(scratch_containers.postgres(host.image, owner, self.of_bot / "postgres"))
        give_up = self._clock.monotonic() + READY_SECONDS
        while not self._is_ready():
            self.refuse_dead(DRILL_POSTGRES)
            if self._clock.monotonic() >= give_up:
                raise NotProven(f"{DRILL_POSTGRES} is not ready within {READY_SECONDS:.0f} s")
            self._clock.sleep(POLL)

    def _is_ready(self) -> bool:
        """Whether Postgres answers on the network: while it is being made, it answers on its socket alone."""
        try:
            self._engine.execute(DRILL_POSTGRES, ["pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres"])
        except EngineError:
            return False
        return True

    def user(self, name: str) -> str:
        """Make a user of the drill's Postgres, and return its password."""
        password = self.secret()
        verifier = postgres.scram_verifier(password, os.urandom(SALT))
        said = self.of_bot / "user.sql"
        durable.write_atomic(said, postgres.create_user(name, verifier).encode(), OWN_FILE)
        words = [DRILL_POSTGRES if word == postgres.CONTAINER else word for word in postgres.PSQL]
        self._engine.pipe(words, databases.SECONDS, source=said)
        return password

    def _gone(self, name: str) -> None:
        if name in self._engine.container_names():
            self._engine.remove(name)


def _hand(path: Path, owner: int, mode: int) -> None:
    if not path.is_symlink():
        path.chmod(mode)
        os.chown(path, owner, owner)
