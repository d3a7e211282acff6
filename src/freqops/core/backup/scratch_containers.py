"""The containers of a restore drill: a Postgres and a bot that nothing else reaches, gone when the drill is over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..bot import layout, user_files
from ..bot.engine_names import DRILL_BOT, DRILL_INSIDE, DRILL_OUTSIDE, DRILL_POSTGRES
from ..bot.side_container import SideContainer

MEMORY = re.compile(r"^ *mem_limit: \"?([1-9][0-9]{0,11}[bkmg]?)\"?$", re.MULTILINE | re.ASCII)
USUAL = "1g"
DATABASE_HOST = DRILL_POSTGRES
CONF = "/freqops/rehearsed"  # what has a bot's directory at /freqops/conf counts as the bot itself
PYTHONPATH = "/freqops/release/python:/freqops/packages"
# No process that a halt must stop: it begins stopped, its orders are simulated, and no key is anywhere in it.
FREQTRADE = "from freqtrade.main import main; main()"


@dataclass(frozen=True)
class ScratchContainer(SideContainer):
    """A container of a restore drill, which runs on by itself until the drill takes it away."""

    PIDS: ClassVar[int] = 512
    entrypoint: str = ""
    memory: str = USUAL

    def _life(self) -> list[str]:
        return ["--detach", "--restart=no", "--log-driver=json-file", "--log-opt=max-size=10m"]


def postgres(image: str, user: int, place: Path) -> ScratchContainer:
    """Return the Postgres of a drill, which only the bot of the drill reaches, and which reaches nothing.

    Args:
        image: The image of the host's Postgres.
        user: The user who owns the host's Postgres.
        place: The directory with ``data``, ``run`` and ``secrets``.
    """
    return ScratchContainer(
        name=DRILL_POSTGRES,
        image=image,
        user=user,
        networks=(DRILL_INSIDE,),
        mounts=(
            f"{place / 'data'}:/var/lib/postgresql/data",
            f"{place / 'run'}:/var/run/postgresql",
            f"{place / 'secrets'}:/secrets:ro",
        ),
        program=("postgres",),
        environment={
            "POSTGRES_PASSWORD_FILE": "/secrets/superuser",
            "POSTGRES_INITDB_ARGS": "--data-checksums",
            "PGDATA": "/var/lib/postgresql/data",
        },
        memory="512m",
    )


def memory_of(compose: str) -> str:
    """Return the memory that a release gives to its bot, as its Compose file has it."""
    found = MEMORY.search(compose)
    return found[1] if found else USUAL


def bot(
    image: str, place: Path, packages: Path | None, *, with_postgres: bool, memory: str = USUAL
) -> ScratchContainer:
    """Return the bot of a drill: in its own image, on its restored database, with a way to its exchange alone.

    Args:
        image: The image of which the snapshot tells.
        place: The directory with ``conf``, ``release`` and ``var``.
        packages: The packages that are added to the image, None where there are none.
        with_postgres: Whether its database is in the Postgres of the drill.
        memory: The most memory that it gets.
    """
    return ScratchContainer(
        name=DRILL_BOT,
        image=image,
        user=layout.CONTAINER_UID,
        networks=(DRILL_OUTSIDE, *((DRILL_INSIDE,) if with_postgres else ())),
        mounts=(
            f"{place / 'conf'}:{CONF}:ro",
            f"{place / 'release'}:/freqops/release:ro",
            *((f"{packages}:/freqops/packages:ro",) if packages is not None else ()),
            f"{place / 'var'}:/freqops/var",
            *user_files.mounts(place / "release", user_files.DATA),
        ),
        program=(
            *("-c", FREQTRADE, "trade", "--config", f"{CONF}/config.json"),
            *("--strategy-path", "/freqops/release/strategies", "--userdir", "/freqops/var"),
        ),
        entrypoint="python3",
        environment={"PYTHONPATH": PYTHONPATH, "PYTHONDONTWRITEBYTECODE": "1"},
        memory=memory,
    )
