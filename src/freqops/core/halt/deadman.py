"""The time since a host last heard of its control node, independent of changes to its clock."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..base import durable
from ..base.clock import Clock, iso

FILE = "keepalive.json"
MODE = 0o644
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Boot:
    """One boot of a host: its id, and the seconds since it began, time in suspension too."""

    id: str
    uptime: float


@dataclass(frozen=True)
class Keepalive:
    """When the control node was heard.

    Attributes:
        at: The moment, ISO 8601 UTC.
        boot: The boot of the host that it came in.
        uptime: Seconds that this boot was old.
        actor: The sender.
    """

    at: str
    boot: str
    uptime: float
    actor: str

    def silence(self, now: datetime, boot: Boot) -> float:
        """Return the seconds since then.

        Within a boot its own age is what counts: a clock that jumps neither silences nor revives anybody. Across a boot
        there is only the clock, and nothing was heard in this boot for sure. What this boot will be too young for yet
        was not heard in it: then it is not known, and without end.
        """
        if boot.id == self.boot:
            return boot.uptime - self.uptime if self.uptime <= boot.uptime else math.inf
        heard = datetime.strptime(self.at, _FORMAT).replace(tzinfo=timezone.utc)
        return max(boot.uptime, (now - heard).total_seconds())


def this_boot(proc: Path = Path("/proc")) -> Boot:
    """Return the present boot.

    Raises:
        OSError: ``/proc`` does not say.
    """
    return Boot(
        (proc / "sys/kernel/random/boot_id").read_text().strip(), float((proc / "uptime").read_text().split()[0])
    )


def note(root: Path, actor: str, clock: Clock, boot: Boot) -> Keepalive:
    """Write down that the control node was heard just now."""
    keepalive = Keepalive(iso(clock.utcnow()), boot.id, boot.uptime, actor)
    durable.write_json(root / FILE, asdict(keepalive), MODE)
    return keepalive


def load(root: Path) -> Keepalive | None:
    """Return when the control node was last heard, None where that is not known."""
    document = durable.read_json(root / FILE)
    try:
        keepalive = Keepalive(
            str(document["at"]), str(document["boot"]), float(document["uptime"]), str(document["actor"])
        )
        datetime.strptime(keepalive.at, _FORMAT).replace(tzinfo=timezone.utc)
    except (KeyError, TypeError, ValueError):
        return None
    return keepalive if math.isfinite(keepalive.uptime) else None


def silence(root: Path, clock: Clock, boot: Boot) -> float:
    """Return the seconds since the control node was last heard; without end where that is not known."""
    keepalive = load(root)
    return math.inf if keepalive is None else keepalive.silence(clock.utcnow(), boot)
