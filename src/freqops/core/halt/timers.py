"""The guard and the timers that keep a host as it was left, and how old their last round may be.

A round proves itself by the stamp that it leaves; what systemd has of a timer is judged by `freqops.core.base.units`.
"""

from __future__ import annotations

from ..base import stamp
from ..base.clock import FUTURE_SECONDS, Clock

PREFIX = "freqops-"  # of the names of our units
GUARD, REASSERT, RECOVER, DEADMAN, DUMP = "guard", "reassert", "recover", "deadman", "dump"
# The guard comes round every few seconds, its backstop and the recovery every half minute or so, and up to two minutes
# for it; the round of a dead-man timer halts all bots. While a dump is made, the rounds of dumps go on beside it.
RED_SECONDS = {GUARD: 30.0, REASSERT: 180.0, RECOVER: 180.0, DEADMAN: 300.0, DUMP: 180.0}
ALWAYS = (REASSERT, RECOVER, DUMP)  # the dead-man timer is there only where it was asked for
MEANING = {
    GUARD: "breaker files and holds are followed by its backstop alone, every half minute",
    REASSERT: "the guard has no backstop",
    RECOVER: "an interrupted switch stays as it is",
    DUMP: "what the bots write into their databases is in no dump",
    DEADMAN: "a silent control node is not noticed",
}


def unit(name: str, kind: str) -> str:
    """Return the unit of a timer of ours: its ``timer``, or its ``service``."""
    return f"{PREFIX}{name}.{kind}"


def stamp_wrong(name: str, clock: Clock) -> list[str]:
    """Return the faults of the stamp that the rounds of a timer leave."""
    return round_wrong(name, stamp.age(name, clock.utcnow().timestamp()), clock.monotonic())


def round_wrong(name: str, age_s: float | None, up_s: float) -> list[str]:
    """Return the faults of the last round of a timer.

    Args:
        name: The timer.
        age_s: The seconds since its last round, None where there was none since the boot.
        up_s: The seconds since the boot.
    """
    limit = RED_SECONDS[name]
    asked = unit(name, "service") if name == GUARD else f"{unit(name, 'timer')} {unit(name, 'service')}"
    cure = f"{MEANING[name]}; 'systemctl status {asked}' says why"
    if age_s is not None and age_s < -FUTURE_SECONDS:
        said = f"the last round of {PREFIX}{name} is {-age_s:.0f} s in the future (red above {FUTURE_SECONDS:.0f} s)"
        return [f"{said}: the clock was set back, and no round came since; {cure}"]
    if (up_s if age_s is None else age_s) <= limit:
        return []
    last = "never came round since the boot, for" if age_s is None else "did not come round for"
    return [f"{PREFIX}{name} {last} {up_s if age_s is None else age_s:.0f} s (red above {limit:.0f} s): {cure}"]
