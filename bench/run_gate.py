"""What a decision of the run gate and a call of the entry gate take, beside a bare flock, in the same run.

Run it anywhere: ``.venv/bin/python -m bench.run_gate [rounds]``. The entry gate is asked as Freqtrade asks it, with
holds and limits on the disk; what Freqtrade has open is a stand-in, so the bot's own database is not in these figures.
"""

from __future__ import annotations

import fcntl
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from freqops.core.base import durable
from freqops.core.base.text_table import table
from freqops.core.bot.limits import Limits
from freqops.core.halt.checksum import with_checksum
from freqops.core.halt.holds import Holds
from freqops.core.runs.run_gate import Question, Slots, judge
from freqops.strategy import EntryGate, entry_gate, within_limits

ROUNDS, CALLS = 7, 500
PAIR, OPEN = "BTC/USDT", 5


class Strategy(EntryGate):
    """A strategy that agrees to every entry."""

    def __init__(self) -> None:
        self.config = {"runmode": "live"}
        self.wallets = SimpleNamespace(get_total_stake_amount=lambda: 1000.0)

    def confirm_trade_entry(self, **_: object) -> bool:
        """Agree."""
        return True


def seconds(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes: the median of many, for on a busy machine some of them wait."""
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def flock(path: Path) -> Callable[[], None]:
    """Return what takes the lock of a file, and gives it back."""

    def take() -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.close(descriptor)

    return take


def entry(home: Path, limits: Limits) -> Callable[[], object]:
    """Return an entry that is asked for, with these limits on the disk."""
    strategy = Strategy()
    (home / within_limits.FILE).write_bytes(durable.as_json(limits.to_json()))

    def ask() -> object:
        return strategy.confirm_trade_entry(pair=PAIR, amount=1.0, rate=10.0)

    if ask() is not True:
        raise SystemExit("the entry is denied, so this would measure a refusal")
    return ask


def calls(place: Path) -> dict[str, Callable[[], Callable[[], object]]]:
    """Return what makes each call that is measured; the first is what the others are compared with."""
    home = place / "freqops"
    (home / "conf").mkdir(parents=True)
    (home / entry_gate.HOLDS).write_bytes(with_checksum(durable.as_json(Holds().to_json())))
    entry_gate.HOME = home
    trades = [
        SimpleNamespace(id=number, pair=PAIR, stake_amount=10.0, amount=1.0, open_orders=[], entry_side="buy")
        for number in range(OPEN)
    ]
    persistence = SimpleNamespace(Trade=SimpleNamespace(get_open_trades=lambda: trades))
    sys.modules["freqtrade.persistence"] = persistence  # type: ignore[assignment]
    sys.modules.setdefault("freqtrade", SimpleNamespace(persistence=persistence))  # type: ignore[arg-type]
    breaker = SimpleNamespace(active=False, reason="")
    question = Question("backtest", "Mine", breaker, False, 0.2, [0.1], slots=Slots(0, 2))
    return {
        "flock": lambda: flock(place / "lock"),
        "run gate": lambda: lambda: judge(question),
        "entry gate, no limits": lambda: entry(home, Limits()),
        f"entry gate, two limits, {OPEN} open trades": lambda: entry(home, Limits(10, 0.5)),
    }


def main() -> int:
    """Measure, and print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        measured = calls(Path(name))
        taken: dict[str, list[float]] = {key: [] for key in measured}
        for _ in range(rounds):
            for key, made in measured.items():
                taken[key].append(seconds(made()))
        bare = statistics.median(taken["flock"])
        medians = {key: statistics.median(found) for key, found in taken.items()}
        rows = [[key, f"{1e6 * median:.1f}", f"{median / bare:.2f}"] for key, median in medians.items()]
        sys.stdout.write(table((f"median of {rounds}", "microseconds", "ratio"), rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
