"""The container in which strategies are read: the bot's image, without any network, and nothing of any bot in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import Refused
from ..bot import user_files
from ..bot.side_container import SideContainer
from ..deploy import policy
from . import run_command
from .run_container import CPU_SHARES, OOM_SCORE_ADJ, VARIABLES

NAME = "freqops-strategies"  # one at a time on a host
INPUT, TOOL = "input", "tool"  # below its directory on the host
TOOL_INSIDE = "/freqops/tool"
DATA = "/tmp"  # noqa: S108  user_data_dir in the container
SPACE, MEMORY = "64m", "1g"
SECONDS, ALL_SECONDS = 60, 900  # for one strategy, which may import what takes long; and for all
PROGRAM = ("-m", "freqops.research.strategies")


@dataclass(frozen=True)
class ReadingContainer(SideContainer):
    """The container, which steps back behind the bots of its host; what a strategy writes in it is bounded."""

    def service(self) -> dict[str, Any]:
        """Return the container as a service of a Compose document would describe it."""
        return {**super().service(), "cpu_shares": CPU_SHARES, "oom_score_adj": OOM_SCORE_ADJ}

    def command(self) -> list[str]:
        """Return the command line that starts the container."""
        return [f"--tmpfs={DATA}:size={SPACE}" if word == f"--tmpfs={DATA}" else word for word in super().command()]

    def _life(self) -> list[str]:
        return [*super()._life(), f"--cpu-shares={CPU_SHARES}", f"--oom-score-adj={OOM_SCORE_ADJ}"]


def options(classes: Sequence[str], seconds: float = SECONDS, all_seconds: float = ALL_SECONDS) -> str:
    """Return what the program is told, as JSON.

    Args:
        classes: The classes that are wanted; none for all.
        seconds: The most time for one strategy.
        all_seconds: The most time for all.
    """
    return json.dumps({
        "directory": f"{run_command.INPUT}/strategies", "path": run_command.PYTHONPATH.split(":"),
        "classes": list(classes), "seconds": seconds, "all_seconds": all_seconds,
    })  # fmt: skip


def of(image: str, classes: Sequence[str], place: Path, packages: Path | None) -> ReadingContainer:
    """Return the container that reads the strategies of a directory.

    Args:
        image: The image, by digest.
        classes: The classes that are wanted; none for all.
        place: The directory on the host, with those of the input and of the program.
        packages: The packages that are added to the image, None where there are none.

    Raises:
        Refused: The policy does not allow it.
    """
    container = made(image, options(classes), place, packages)
    wrong = [*policy.violations_beside(container.service()), *violations(container, place)]
    if wrong:
        raise Refused(f"the container that reads strategies may not be like this: {'; '.join(wrong)}")
    return container


def made(image: str, told: str, place: Path, packages: Path | None = None) -> ReadingContainer:
    """Return such a container, which nobody has judged yet.

    Args:
        image: The image.
        told: What the program is told, as `options` gives it.
        place: As of `of`.
        packages: As of `of`.
    """
    return ReadingContainer(
        image=image,
        program=(*PROGRAM, told),
        name=NAME,
        mounts=(
            f"{place / INPUT}:{run_command.INPUT}:ro",
            f"{place / TOOL}:{TOOL_INSIDE}:ro",
            *((f"{packages}:{run_command.PACKAGES}:ro",) if packages is not None else ()),
            *user_files.mounts(place / INPUT, DATA),
        ),
        environment={**VARIABLES, "PYTHONPATH": f"{TOOL_INSIDE}/freqops-host", "PYTHONHASHSEED": "0"},
        memory=MEMORY,
    )


def violations(container: SideContainer, place: Path) -> Iterator[str]:
    """Yield every rule that only this container has, and that this one breaks.

    Args:
        container: The container.
        place: As of `of`.
    """
    if container.networks:
        yield f"its networks are {', '.join(container.networks)}; none is allowed"
    for mount in container.mounts:
        source, target = mount.split(":")[:2]
        if not mount.endswith(":ro"):
            yield f"{source} can be written"
        if place not in Path(source).parents and target != run_command.PACKAGES:
            yield f"{source} is none of its own"
