"""Whatever is commanded, written by hand, or done to the clock: the breaker is what the file last certainly said."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from freqops.core.base.clock import iso
from freqops.core.base.exit_status import BREAKER_ACTIVE, BREAKER_UNREADABLE, NOT_PROVEN, PROVEN
from freqops.core.breaker import breaker_file
from freqops.hostctl.breaker import switching
from tests.unit.hostctl.breaker.guarded import ME, GuardedHost

MINUTES = st.none() | st.integers(1, 300)
SPOILT = [
    "",
    "{",
    "[]",
    "{}",
    '{"active": "false"}',
    '{"active": true, "active": false}',
    '{"active": false, "x": NaN}',
]
HOUR = timedelta(hours=1)


class BreakerMachine(RuleBasedStateMachine):
    """A model of the file: None where it cannot be read, else whether it is on, and its end."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="freqops-breaker-"))
        self.patch = pytest.MonkeyPatch()
        self.host = GuardedHost(self.place, self.patch, bots=("alpha",))
        self.model: tuple[bool, datetime | None] | None = (False, None)

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.place)

    @initialize()
    def deploy(self) -> None:
        self.host.lay_inactive()
        self.host.round()

    @property
    def now(self) -> datetime:
        return self.host.clock.utcnow()

    @property
    def active(self) -> bool:
        if self.model is None:
            return True
        on, end = self.model
        return on and (end is None or self.now < end)

    @rule(minutes=MINUTES)
    def enable(self, minutes: int | None) -> None:
        end = None if minutes is None else (self.now + timedelta(minutes=minutes)).replace(microsecond=0)
        before, unread = self._bytes(), self.model is None
        done = switching.enable(self.host.order("enable", end=end), self.host.clock)
        self.model = (True, end)
        assert done.exit == PROVEN
        assert done.answer.changed is (unread or self._bytes() != before)  # its mode may have been all that was wrong
        assert all(row.incident for row in done.answer.rows)

    @rule()
    def disable(self) -> None:
        before, unread, end = self._bytes(), self.model is None, self.model[1] if self.model else None
        done = switching.disable(self.host.order("disable"), self.host.clock)
        self.model = (False, end)
        assert done.exit == PROVEN
        assert done.answer.changed is (unread or self._bytes() != before)  # its mode may have been all that was wrong
        assert not any(row.incident for row in done.answer.rows)

    @rule(on=st.booleans(), minutes=MINUTES, naive=st.booleans())
    def edit(self, on: bool, minutes: int | None, naive: bool) -> None:
        end = None if minutes is None else (self.now + timedelta(minutes=minutes - 60)).replace(microsecond=0)
        said = {} if end is None else {"until_iso": iso(end).rstrip("Z") if naive else iso(end)}
        self.host.write(self.host.file, json.dumps({"active": on, "reason": "by hand", **said}))
        self.model = (on, end)

    @rule(text=st.sampled_from(SPOILT))
    def spoil(self, text: str) -> None:
        self.host.write(self.host.file, text)
        self.model = None

    @rule()
    def remove(self) -> None:
        self.host.file.unlink(missing_ok=True)
        self.model = None

    @precondition(lambda self: self.host.file.exists())
    @rule(mode=st.sampled_from([0o000, 0o666, 0o620]))
    def give_away(self, mode: int) -> None:
        self.host.file.chmod(mode)
        self.model = None

    @rule(minutes=st.integers(1, 200))
    def time_passes(self, minutes: int) -> None:
        self.host.clock.sleep(60.0 * minutes)

    @rule()
    def clock_is_set_back(self) -> None:
        self.host.clock.ahead -= HOUR.total_seconds()

    @invariant()
    def the_file_says_what_the_model_says(self) -> None:
        found = breaker_file.read(self.host.file, self.now, owner=ME)
        assert (found.active, found.readable) == (self.active, self.model is not None)

    @invariant()
    def the_bot_follows_and_status_says_so(self) -> None:
        self.host.round()
        done = switching.status(self.host.order("status"), self.host.clock)
        assert done.exit == (BREAKER_UNREADABLE if self.model is None else BREAKER_ACTIVE if self.active else PROVEN)
        assert done.exit != NOT_PROVEN
        assert all(row.proven for row in done.answer.rows)
        assert (self.host.hold(self.host.homes[0]) is not None) is self.active

    def _bytes(self) -> bytes | None:
        try:
            return self.host.file.read_bytes()
        except OSError:
            return None


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
