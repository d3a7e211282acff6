"""The container of a run: the bot's image, with a network of its own, and nothing of any bot in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ..base.errors import Refused
from ..bot import user_files
from ..bot.side_container import SideContainer
from ..deploy import policy
from . import progress_bars, run_command, run_id

CONF = "conf"  # a directory of a bot that has its secrets
CPU_SHARES, OOM_SCORE_ADJ = 256, 800  # of 1024, and of 1000: a bot beside it goes first, and is killed last
STOP_SIGNAL = "SIGINT"  # as Ctrl-C: the first process of a container has no other that ends it, and saves what it has
SHARED_MEMORY = "256m"  # for the processes of a hyperopt
VARIABLES = {"PYTHONPATH": run_command.PYTHONPATH, "OMP_NUM_THREADS": "1", "NUMBA_CACHE_DIR": "/tmp", "FT_APP_ENV": ""}  # noqa: S108


@dataclass(frozen=True)
class RunContainer(SideContainer):
    """The container of a run, which stays until its end was read."""

    PIDS: ClassVar[int] = 512
    entrypoint: str = "nice"

    def service(self) -> dict[str, Any]:
        """Return the container as a service of a Compose document would describe it."""
        return {
            **super().service(),
            "cpu_shares": CPU_SHARES,
            "oom_score_adj": OOM_SCORE_ADJ,
            "stop_signal": STOP_SIGNAL,
        }

    def _life(self) -> list[str]:
        return [
            *("--log-driver=none", f"--cpu-shares={CPU_SHARES}", f"--oom-score-adj={OOM_SCORE_ADJ}"),
            *(f"--shm-size={SHARED_MEMORY}", f"--stop-signal={STOP_SIGNAL}", "--env=PYTHONDONTWRITEBYTECODE=1"),
        ]


def of_run(run: str, image: str, words: list[str], place: Path, packages: Path | None, memory: str) -> RunContainer:
    """Return the container of a run.

    Args:
        run: The id of the run.
        image: The image, by digest.
        words: The command.
        place: The directory of the run on the host.
        packages: The packages that are added to the image, None where there are none.
        memory: The most memory that it gets.

    Raises:
        Refused: The policy does not allow it.
    """
    made = RunContainer(
        image=image,
        program=("-n", str(run_command.NICE), *words),
        name=run_id.container(run),
        networks=(run_id.network(run),),
        mounts=(
            f"{place / 'input'}:{run_command.INPUT}:ro",
            f"{place / 'output'}:{run_command.OUTPUT}",
            f"{place / 'data'}:{run_command.DATA}:ro",
            *((f"{packages}:{run_command.PACKAGES}:ro",) if packages is not None else ()),
            *user_files.mounts(place / "input", run_command.OUTPUT),
        ),
        environment={**VARIABLES, **(progress_bars.VARIABLES if run_id.kind_of(run) == "backtest" else {})},
        memory=memory,
    )
    wrong = [*policy.violations_beside(made.service()), *violations(made, run, place)]
    if wrong:
        raise Refused(f"the container of {run} may not be like this: {'; '.join(wrong)}")
    return made


def violations(container: SideContainer, run: str, place: Path) -> Iterator[str]:
    """Yield every rule that only a container of a run has, and that this one breaks.

    Args:
        container: The container.
        run: The id of the run.
        place: The directory of the run on the host.
    """
    if container.networks != (run_id.network(run),):
        yield f"its networks are {', '.join(container.networks) or 'none'}; only its own is allowed"
    for mount in container.mounts:
        source, target = mount.split(":")[:2]
        writable = not mount.endswith(":ro")
        inside = Path(source) == place or place in Path(source).parents
        if writable and Path(source) != place / "output":
            yield f"{source} can be written; only its own output may be"
        if not inside and target != run_command.PACKAGES:
            yield f"{source} is none of its own"
        if Path(source).name == CONF or target == "/freqops/conf":
            yield f"{source} has secrets of a bot"
