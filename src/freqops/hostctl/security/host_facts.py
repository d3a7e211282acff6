"""What a host tells of itself: its clock, its packages, its containers, and what listens."""

from __future__ import annotations

import platform
import time
from pathlib import Path

from freqops.core.base import commands
from freqops.core.base.commands import NOT_THERE, Run
from freqops.core.base.visible import visible
from freqops.core.security import clock_drift, images, items, sockets, updates
from freqops.core.security.clock_drift import Drift
from freqops.core.security.row import UNKNOWN, Row
from freqops.core.security.sockets import Socket

from ..bot.engine import Engine
from ..bot.engine_command import EngineError

CHRONY = ("chronyc", "-n", "-c", "tracking")
SIMULATED = ("env", "LC_ALL=C", "apt-get", "--simulate", "--quiet", "dist-upgrade")
KERNELS = ("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Abbrev}\n", "linux-image-*")
LISTS = Path("var/lib/apt/lists")
NET = Path("proc/net")
TABLES = (("tcp", sockets.TCP), ("tcp6", sockets.TCP), ("udp", sockets.UDP), ("udp6", sockets.UDP))
SHOWN = 200


def chrony(run: Run = commands.run) -> list[Drift]:
    """Return the drift that chrony tells; none where it is not there, or follows no clock."""
    done = run(CHRONY)
    found = clock_drift.of_chrony(done.stdout) if done.returncode == 0 else None
    return [] if found is None else [found]


def pending(run: Run = commands.run, system: Path = Path("/"), now: float | None = None) -> list[Row]:
    """Return the rows about updates and the kernel; a host without apt does not know them.

    Args:
        run: Runs a program.
        system: The root of the file system.
        now: The present, in seconds since 1970; that of the clock where not given.
    """
    done = run(SIMULATED)
    if done.returncode != 0:
        missing = done.returncode == NOT_THERE or "No such file" in done.stderr
        said = "" if missing else visible(f"apt-get ended with {done.returncode}: {done.stderr.strip()}", SHOWN)
        found = updates.judged(None, None, said)
    else:
        found = updates.judged(done.stdout, _age(system, time.time() if now is None else now))
    return [found, updates.kernel(platform.release(), _kernels(run))]


def _age(system: Path, now: float) -> float | None:
    """Return how long ago a package list was last replaced by a newer one; None where there is none.

    The dates of the files are those of the archive; their directory has the date of the last one that was put there.
    """
    try:
        lists = system / LISTS
        return now - lists.stat().st_mtime if any("_Packages" in path.name for path in lists.iterdir()) else None
    except OSError:
        return None


def _kernels(run: Run) -> list[str] | None:
    done = run(KERNELS)
    if done.returncode not in (0, 1):  # 1: no package of that name
        return None
    pairs = [line.split() for line in done.stdout.splitlines()]
    return [pair[0] for pair in pairs if len(pair) == 2 and pair[1].startswith("ii")]


def containers(engine: Engine) -> tuple[Row, list[Socket] | None]:
    """Return the row about images, and what containers publish beyond loopback; None where the engine does not tell."""
    try:
        running = engine.running_containers()
        known = engine.image_facts(sorted({str(each.get("Image")) for each in running}))
    except (EngineError, ValueError) as error:
        return Row(items.IMAGES, "", UNKNOWN, visible(str(error), SHOWN)), None
    return images.judged(running, known), [each for one in running for each in sockets.of_engine(one)]


def listening(system: Path = Path("/")) -> list[Socket]:
    """Return what listens beyond loopback by the tables of the kernel.

    Raises:
        Unknown: A table cannot be read.
    """
    found: set[Socket] = set()
    for name, protocol in TABLES:
        path = system / NET / name
        try:
            text = path.read_text()
        except FileNotFoundError:
            if name.endswith("6"):  # a kernel without IPv6
                continue
            raise sockets.Unknown(f"{path} is missing") from None
        except OSError as error:
            raise sockets.Unknown(f"{path} cannot be read: {error.strerror}") from None
        found.update(sockets.of_kernel(protocol, text))
    return sorted(found)
