"""The count of a container's starts that no command asked for: after five within ten minutes its gate waits.

It waits two minutes, then five, then fifteen each time, and lets Freqtrade try again: an exchange that was away is back
by itself. What is counted are seconds since the boot of the host, which no clock that is set moves; the first start
after a boot begins again.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

CRASHES = 5
WINDOW = 600.0
WAITS = (120.0, 300.0, 900.0)
STARTS_FILE = "starts.json"
CRASHED = (
    f"crashed {CRASHES} times in {WINDOW / 60:.0f} minutes, and is started again by itself after "
    f"{', '.join(f'{wait / 60:.0f}' for wait in WAITS)} minutes"
)
BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Moment(NamedTuple):
    """A moment: which boot of the host it is, and the seconds since then."""

    boot: str
    seconds: float


class Starts(NamedTuple):
    """The starts of a container: when, how often its gate has waited, and until when it waits (0: it does not)."""

    starts: tuple[float, ...] = ()
    waited: int = 0
    opens: float = 0.0


def present() -> Moment:
    """Return the present moment."""
    return Moment(Path(BOOT_ID).read_text().strip(), time.clock_gettime(time.CLOCK_BOOTTIME))


def seconds_to_wait(var: Path, now: Moment) -> float:
    """Write down this start and return the seconds for which its gate waits; 0 where nothing keeps it.

    Every start that went through the one door (``freqops-host start``) forgets the earlier ones, so the starts that
    are counted here are those that no command asked for. A gate that has waited asks again. One that is started again
    while it waits waits for what is left.
    """
    path = var / STARTS_FILE
    known = _known(path, now)
    if known.opens > now.seconds:
        return known.opens - now.seconds
    recent = () if known.opens else tuple(start for start in known.starts if now.seconds - start < WINDOW)
    waited = known.waited if recent or known.opens else 0
    if len(recent) < CRASHES:
        _write(path, now.boot, Starts((*recent, now.seconds), waited))
        return 0.0
    seconds = WAITS[min(waited, len(WAITS) - 1)]
    _write(path, now.boot, Starts(recent, waited + 1, now.seconds + seconds))
    return seconds


def why(seconds: float) -> str:
    """Return in words why a gate waits for so many seconds."""
    return f"it {CRASHED}; this time in {seconds:.0f} s. Read its log, repair the cause, then freqops-host start"


def _write(path: Path, boot: str, starts: Starts) -> None:
    with contextlib.suppress(OSError):  # a full disk must not keep a bot from looking after its positions
        path.write_text(json.dumps({"boot": boot, **starts._asdict()}))


def _known(path: Path, now: Moment) -> Starts:
    """Return what was written down in this boot; the bot itself can write the file, so it is believed in its bounds."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        if document["boot"] != now.boot:
            return Starts()
        starts, waited, opens = document["starts"], int(document["waited"]), float(document["opens"])
        known = Starts(tuple(float(start) for start in starts), waited, opens)
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Starts()
    sane = all(start <= now.seconds for start in known.starts) and 0 <= waited < 10**6
    return known if sane and opens - now.seconds <= WAITS[-1] else Starts()
