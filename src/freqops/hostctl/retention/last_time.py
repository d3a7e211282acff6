"""The last time that old things were removed: a clock that jumped ahead makes everything old at once.

The timer comes each week. Where much more time seems to have passed since it came, the clock of the host was set ahead,
or the host was off; which of them, a person says.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from freqops.core.base import durable, iso_time
from freqops.core.base.clock import iso
from freqops.core.base.errors import Refused

FILE = Path("user_data") / "retention.json"
LONGEST = timedelta(days=60)


def refuse_jump(root: Path, now: datetime) -> None:
    """Refuse a moment that is much later than the last time.

    Raises:
        Refused: It is.
    """
    last = _last(root)
    if last is not None and now - last > LONGEST:
        raise Refused(
            f"the last retention was at {iso(last)}, and by this host's clock it is {iso(now)}: its clock was set "
            "ahead, or it was off; look at timedatectl, and where the time is right, say --accept-clock, or "
            "-e accept_clock=true"
        )


def note(root: Path, now: datetime) -> list[str]:
    """Write down that old things were removed now, and return why that could not be written; nothing where it was."""
    try:
        durable.write_json(root / FILE, {"version": 1, "at": iso(now)}, 0o600)
    except OSError as error:
        return [f"when this was done could not be written: {error.strerror or error}"]
    return []


def _last(root: Path) -> datetime | None:
    document = durable.read_json(root / FILE)
    said = document.get("at") if isinstance(document, dict) else None
    try:
        return iso_time.parse(said) if isinstance(said, str) else None
    except ValueError:
        return None
