"""Rounds over the bots of a host: a thread for each bot, so that one that hangs keeps no other from its round."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError

ROUND_SECONDS = 5.0


@dataclass
class Said:
    """The result of a round.

    Attributes:
        done: A line for each thing that had to be done.
        failed: A line for each thing that could not be.
        unseen: A line for each hold that the bot was not seen to keep.
    """

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def take_in(self, other: Said) -> None:
        """Add the result of another one."""
        self.done += other.done
        self.failed += other.failed
        self.unseen += other.unseen


Act = Callable[[Path], Said]


def attempted(home: Path, act: Act) -> Said:
    """Do ``act`` on the bot at ``home`` and return the result; an error is part of it, and ends nothing."""
    try:
        return act(home)
    except (FreqopsError, OSError) as error:
        return Said(failed=[f"{home.name}: {error}"])
    except Exception as error:  # noqa: BLE001  what nobody thought of
        return Said(failed=[f"{home.name}: unexpected {type(error).__name__}: {error}"])


class Rounds:
    """Rounds of one act over bots; a bot that is still busy with an earlier round is left out of the next."""

    def __init__(self, homes: Callable[[], list[Path]], act: Act, clock: Clock) -> None:
        self._homes, self._act, self._clock = homes, act, clock
        self._busy: dict[Path, _Turn] = {}

    @property
    def busy(self) -> bool:
        """Whether a bot is not done yet."""
        return bool(self._busy)

    def late(self) -> dict[str, str]:
        """Return why a round is not over, for each bot whose round has taken longer than `ROUND_SECONDS`."""
        now = self._clock.monotonic()
        return {
            turn.home.name: f"its round is not over after {now - turn.began:.0f} s: its disk, its API or the engine "
            "does not answer; it goes on, and the other bots have their rounds"
            for turn in self._busy.values()
            if now - turn.began >= ROUND_SECONDS
        }

    def begin(self) -> None:
        """Begin a round of every bot that is not busy."""
        for home in self._homes():
            if home not in self._busy:
                self._busy[home] = _Turn(home, self._act, self._clock)
                self._busy[home].thread.start()

    def ended(self) -> Said:
        """Return the results of the rounds that ended since the last look."""
        said = Said()
        for turn in [turn for turn in self._busy.values() if not turn.thread.is_alive()]:
            del self._busy[turn.home]
            said.take_in(turn.said)
        return said

    def wait(self, seconds: float) -> None:
        """Wait until no bot is busy, and no longer than ``seconds``."""
        give_up = self._clock.monotonic() + seconds
        for turn in self._busy.values():
            turn.thread.join(max(0.0, give_up - self._clock.monotonic()))

    def once(self) -> Said:
        """Do one round, of at most `ROUND_SECONDS`, and return its result."""
        self.begin()
        self.wait(ROUND_SECONDS)
        said = self.ended()
        said.failed += [f"{bot}: {why}" for bot, why in self.late().items()]
        return said


class _Turn:
    """The round of one bot."""

    def __init__(self, home: Path, act: Act, clock: Clock) -> None:
        self.home, self._act, self.said = home, act, Said()
        self.began = clock.monotonic()
        self.thread: Any = threading.Thread(target=self._run, name=f"round {home.name}", daemon=True)

    def _run(self) -> None:
        self.said.take_in(attempted(self.home, self._act))
