"""The unit of a run: a transient service of systemd, which outlives the connection and the control node."""

from __future__ import annotations

from freqops.core.base import commands
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot.host_command import TOOL
from freqops.core.runs import run_id

from .run_directory import ENDED, UNDER_WAY, RunDirectory
from .supervisor import REFUSED, STARTING

START_SECONDS = 120.0
POLL = 0.2
STOP_SECONDS = 300  # in which its container ends, and what it left is read


def start(place: RunDirectory, clock: Clock) -> str:
    """Start the unit of a run, and wait until the run began.

    Returns:
        Why it did not begin; empty where it did.

    Raises:
        Refused: systemd does not start it.
        NotProven: It is not known whether it began.
    """
    run = place.run
    done = commands.run(
        [
            *("systemd-run", f"--unit={run_id.unit(run)}", "--collect", "--no-ask-password", "--quiet"),
            f"--description=Run {run} of freqops",
            *("--property=Type=exec", "--property=After=docker.service", "--property=KillMode=mixed"),
            f"--property=TimeoutStopSec={STOP_SECONDS}",
            f"--property=ExecStop={TOOL} run stop {run}",
            f"--property=ExecStopPost={TOOL} run end {run}",
            *(TOOL, "run", "supervise", run),
        ]
    )
    if done.returncode != 0:
        raise Refused(f"systemd does not start the run: {(done.stderr or done.stdout).strip()[-300:]}")
    give_up = clock.monotonic() + START_SECONDS
    while clock.monotonic() < give_up:
        refused = place.read(REFUSED)
        if refused is not None:
            return str(refused.get("refused"))
        note = place.read(UNDER_WAY)
        if place.read(ENDED) is not None or (note is not None and note.get("state") != STARTING):
            return ""
        clock.sleep(POLL)
    raise NotProven(f"{run} did not begin within {START_SECONDS:.0f} s: journalctl -u {run_id.unit(run)}")


def is_active(run: str) -> bool:
    """Return whether the unit of a run is there."""
    done = commands.run(["systemctl", "is-active", "--quiet", run_id.unit(run)])
    return done.returncode == 0
