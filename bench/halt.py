"""How long halting takes, beside what a user would do instead, in the same run on the same bot.

Run it on a lab with a deployed bot: ``.venv/bin/python -m bench.halt [rounds]``. It prints medians of seconds and the
ratio of the medians; the machine's speed drifts, the ratio much less.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from freqops.core.base.text_table import table
from tests.support.field import Field, play, until

ROUNDS = 3


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that an action took."""
    began = time.monotonic()
    action()
    return time.monotonic() - began


def level_1(field: Field) -> dict[str, float]:
    """Level 1 by playbook and on the host, beside a bare ``POST /stopentry``, which proves nothing."""
    field.ready()
    seconds = {"POST /stopentry": timed(lambda: field.ask("api.pause()"))}
    field.ready()
    rows: list[dict[str, float]] = []
    seconds["level 1, on the host"] = timed(lambda: rows.append(field.halt(1)[1]))
    seconds["level 1, acknowledged"] = rows[0]["acknowledged_s"]
    seconds["level 1, proven"] = rows[0]["proven_s"]
    field.ready()
    seconds["level 1, killswitch.yml"] = timed(lambda: play("killswitch", "-e", "level=1", "-e", "reason=bench"))
    return seconds


def level_3(field: Field) -> dict[str, float]:
    """Level 3 by playbook and on the host, beside ``docker compose stop``, which a reboot or a deploy undoes."""
    field.ready()
    compose = f"docker compose --file /srv/freqops/bots/{field.bot}/compose.yml"
    seconds = {"docker compose stop": timed(lambda: field.sh(f"{compose} stop 2>&1"))}
    field.ready()
    rows: list[dict[str, float]] = []
    seconds["level 3, on the host"] = timed(lambda: rows.append(field.halt(3)[1]))
    seconds["level 3, proven"] = rows[0]["proven_s"]
    field.ready()
    seconds["level 3, killswitch.yml"] = timed(lambda: play("killswitch", "-e", "level=3", "-e", "reason=bench"))
    return seconds


def main() -> int:
    """Measure, and print a table for each level; the first row is what the others are compared with."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    field = Field()
    for measure in (level_1, level_3):
        found = [measure(field) for _ in range(rounds)]
        medians = {name: statistics.median(seconds[name] for seconds in found) for name in found[0]}
        base = next(iter(medians.values()))
        rows = [(name, f"{median:.2f}", f"{median / base:.2f}") for name, median in medians.items()]
        sys.stdout.write(table((f"median of {rounds}", "seconds", "ratio"), rows) + "\n\n")
    field.ready()
    until("the bot is back", lambda: field.state() == "running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
