"""A bot that moves: at every moment at most one host may resume it, and nothing of it is lost on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from freqops.core.backup.manifest import DATABASE
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds, moved
from freqops.core.halt.holds import Hold, Holds
from freqops.core.migration import handover
from freqops.core.migration.fitting import Described
from freqops.core.migration.handover import Handover
from freqops.hostctl.backup.restore import restore
from freqops.hostctl.backup.restored import Order
from freqops.hostctl.bot import databases, holds_file
from freqops.hostctl.exchange import flatten, witness
from freqops.hostctl.halt import on_exchange, resume
from freqops.hostctl.halt.bot_halt import BotHalt
from freqops.hostctl.incident.journal import silent
from freqops.hostctl.migration import contact, expected, fencing, handing_over, taking_over
from freqops.hostctl.migration.taking_over import HandedOver
from freqops.hostctl.takeover.remove import Removal
from tests.unit.accounts import Account, conversations
from tests.unit.fakes import FakeClock
from tests.unit.hostctl.backup.dumped import Field, rows, write

MOVE = Mandate("20260102T030405Z-migrate_host-9f3c21", "a larger host", "ann@desk")
FENCED = "paper-1 proved at level 3"


class Fleet:
    """Two hosts: alpha trades on the old one, and is deployed on the new one without a database, held."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, mode: str = "paper") -> None:
        self.old = Field(place / "old", monkeypatch, mode=mode)
        self.new = Field(place / "new", monkeypatch, mode=mode)
        for each in (self.old, self.new):
            holds_file.change(each.home, lambda present: Holds(present.seq), each.clock)
        self.new.path.unlink()
        for module in (fencing, expected):
            monkeypatch.setattr(module, "alive", lambda bot: self.of(bot).processes)
        monkeypatch.setattr(fencing, "halt", self.halt)
        self.proven, self.halts = True, list[str]()
        given = Hold("restore", 3, MOVE.reason, MOVE.actor, MOVE.incident, 0, "")
        assert holds_file.latch(self.new.home, given, self.new.clock).error is None

    def of(self, bot: layout.Bot) -> Field:
        return self.old if bot.home == self.old.home else self.new

    def halt(self, homes: list[Path], order: Any, clock: FakeClock, _engine: Any) -> list[Any]:
        """Halt as the host does, but for the processes, which go at once."""
        [home] = homes
        self.halts.append(order.holder)
        latched = holds_file.latch(home, order.as_hold("2026-01-02T03:04:05Z"), clock)
        if self.proven:
            self.of(layout.load_bot(home)).processes.clear()
        return [Row(proven=self.proven, raised=latched.raised)]

    def leave(self) -> Any:
        return fencing.leave(self.old.bot, "new-1", MOVE, self.old.clock, self.old.engine)

    def hand_over(self) -> Handover:
        """Hand over as the control node does, and return what it was."""
        packed = handing_over.pack(self.old.bot, self.old.clock, self.old.engine)
        given = Handover.read(json.loads(json.dumps(packed.handover)))
        for offset, length in handover.pieces(given.size):
            piece = handing_over.read(self.old.bot, given.stamp, offset).data
            taking_over.write(self.new.bot, offset, given.size, handover.unpacked(piece, length))
        return given

    def restore(self, fenced: str = FENCED) -> Any:
        order = Order(replace(MOVE), "latest", overwrite=True, fenced=fenced)
        source = HandedOver(self.new.bot, order)
        return restore(self.new.bot, order, silent(self.new.clock), self.new.clock, self.new.engine, source)

    def resume(self, field: Field, incident: str = MOVE.incident) -> Any:
        return resume.resume(
            field.bot, replace(MOVE, incident=incident), silent(field.clock), field.clock, field.engine
        )


class Row:
    """The row of a halt, as far as a move reads it."""

    def __init__(self, *, proven: bool, raised: bool) -> None:
        self.proven, self.raised, self.acted = proven, raised, raised
        self.verdict, self.detail = ("PROVEN" if proven else "NOT PROVEN"), ["why"]


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Two hosts."""
    return Fleet(tmp_path, monkeypatch)


# --- a bot that is to come


def test_a_bot_that_is_not_here_yet_comes_up_held(fleet: Fleet) -> None:
    done = expected.expect(fleet.new.root, "beta", MOVE, fleet.new.clock)
    assert (done.proven, done.changed, done.level, done.incident) == (True, True, 3, MOVE.incident)
    [hold] = holds.load(Home(fleet.new.root / "bots" / "beta").left_holds).holds
    assert (hold.holder, hold.level, hold.incident) == ("restore", 3, MOVE.incident)
    again = expected.expect(fleet.new.root, "beta", replace(MOVE, incident="another"), fleet.new.clock)
    assert (again.changed, again.incident) == (False, MOVE.incident)
    assert (done.since, again.since) == (hold.set_at, hold.set_at)


def test_a_bot_of_which_no_more_than_its_secrets_are_here_comes_up_held_too(fleet: Fleet) -> None:
    home = fleet.new.root / "bots" / "beta"
    (home / "conf").mkdir(parents=True)
    (home / "conf" / "secrets.json").write_text("{}")
    assert expected.expect(fleet.new.root, "beta", MOVE, fleet.new.clock).changed
    assert holds.load(Home(home).left_holds).level == 3


def test_a_look_holds_nothing(fleet: Fleet) -> None:
    done = expected.expect(fleet.new.root, "beta", MOVE, fleet.new.clock, look=True)
    assert done.changed
    assert not Home(fleet.new.root / "bots" / "beta").left_holds.exists()


def test_holds_that_a_removed_bot_left_stay_beside_that(fleet: Fleet) -> None:
    left = Hold("halt", 1, "why", "ann", "two", 1, "")
    holds_file.change_left(fleet.new.root / "bots" / "beta", lambda _: Holds(1, (left,)), fleet.new.clock)
    expected.expect(fleet.new.root, "beta", MOVE, fleet.new.clock)
    found = holds.load(Home(fleet.new.root / "bots" / "beta").left_holds)
    assert [hold.holder for hold in found.holds] == ["halt", "restore"]


def test_a_bot_that_is_here_and_may_trade_is_refused(fleet: Fleet) -> None:
    with pytest.raises(Refused, match="not held for a restore"):
        expected.expect(fleet.old.root, "alpha", MOVE, fleet.old.clock)
    fleet.old.hold(3, "by-a-person")
    with pytest.raises(Refused, match="not held for a restore"):
        expected.expect(fleet.old.root, "alpha", MOVE, fleet.old.clock)


def test_a_bot_that_came_held_is_expected_unless_it_runs(fleet: Fleet) -> None:
    done = expected.expect(fleet.new.root, "alpha", replace(MOVE, incident="another"), fleet.new.clock)
    assert (done.changed, done.incident) == (False, MOVE.incident)
    fleet.new.runs()
    with pytest.raises(Refused, match="runs, as process"):
        expected.expect(fleet.new.root, "alpha", MOVE, fleet.new.clock)


# --- before anything stops


def ask(fleet: Fleet, account: Account, monkeypatch: pytest.MonkeyPatch, there: Described | None = None) -> Any:
    monkeypatch.setattr(witness, "conversation", conversations(account))
    new = fleet.new
    here = Described.of(new.bot, databases.of(new.bot, new.engine).contents().kind)
    return contact.ask(new.bot, there or here, silent(new.clock), new.clock, new.engine)


def test_a_bot_that_does_not_fit_is_refused_before_its_exchange_is_asked(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="cannot come here as it is: there its mode is live"):
        ask(fleet, Account(), monkeypatch, Described("live", fleet.new.bot.image, "sqlite"))


def test_a_paper_bot_has_no_key_to_try(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(fleet, Account(), monkeypatch).outcome == "no key"


# --- leaving


def test_a_bot_that_left_is_held_by_the_restore_and_nothing_resumes_it_there(fleet: Fleet) -> None:
    fleet.old.runs()
    done = fleet.leave()
    assert (done.proven, done.changed, done.level) == (True, True, 3)
    assert fleet.halts == ["restore"]
    assert moved.load(fleet.old.root, "alpha") == moved.Moved("new-1", MOVE.incident, done_at(fleet))
    with pytest.raises(Refused, match="moved to new-1"):
        fleet.resume(fleet.old)
    assert fleet.old.level == 3
    assert fleet.leave().changed is False


def done_at(fleet: Fleet) -> str:
    note = moved.load(fleet.old.root, "alpha")
    assert note is not None
    return note.at


def test_a_bot_whose_halt_is_not_proven_did_not_leave(fleet: Fleet) -> None:
    fleet.old.runs()
    fleet.proven = False
    with pytest.raises(NotProven, match="did not leave: NOT PROVEN; why"):
        fleet.leave()
    assert moved.load(fleet.old.root, "alpha") is None
    with pytest.raises(Refused, match="nothing of it is handed over"):
        handing_over.pack(fleet.old.bot, fleet.old.clock, fleet.old.engine)


def test_a_bot_that_was_resumed_while_it_left_did_not_leave(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def halted_and_resumed(homes: list[Path], _order: Any, clock: FakeClock, _engine: Any) -> list[Row]:
        holds_file.change(homes[0], lambda present: Holds(present.seq + 2), clock)
        return [Row(proven=True, raised=True)]

    monkeypatch.setattr(fencing, "halt", halted_and_resumed)
    with pytest.raises(NotProven, match="resumed meanwhile"):
        fleet.leave()
    assert moved.load(fleet.old.root, "alpha") is None


def test_a_process_that_came_back_keeps_it_from_leaving(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.leave()
    moved.take_back(fleet.old.root, "alpha")
    monkeypatch.setattr(fencing, "halt", lambda *_: [Row(proven=True, raised=False)])
    fleet.old.runs()
    with pytest.raises(NotProven, match="it runs"):
        fleet.leave()
    assert moved.load(fleet.old.root, "alpha") is None


def test_the_note_outlives_a_removal_of_the_bot(fleet: Fleet) -> None:
    fleet.leave()
    assert not moved.place(fleet.old.root, "alpha").is_relative_to(fleet.old.home)


def test_its_account_is_not_touched_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet(tmp_path, monkeypatch, mode="live")
    fleet.leave()
    monkeypatch.setattr(witness, "conversation", lambda *_: pytest.fail("the exchange was asked"))
    with pytest.raises(Refused, match="nothing of alpha is there to sell: alpha moved to new-1"):
        flatten.refuse_unless_dead(fleet.old.bot, MOVE.incident, "sell")
    row = SimpleNamespace(proven_s=1.0, verdict="HALTED", detail=[])
    halted = cast(BotHalt, SimpleNamespace(bot=fleet.old.bot, row=row))
    on_exchange.prove_no_entries(halted)
    assert (row.proven_s, row.verdict) == (1.0, "HALTED")
    assert "its exchange is not asked from here" in row.detail[0]
    with pytest.raises(Refused, match="in the hands of that host"):
        on_exchange.conversation(halted)


def test_it_may_be_removed_there_although_its_trades_are_open(fleet: Fleet) -> None:
    old = fleet.old
    removal = Removal(old.home, silent(old.clock), old.clock, old.engine)
    with pytest.raises(Refused, match="1 BTC/USDT open"):
        removal.judge()
    fleet.leave()
    removal.judge()
    moved.take_back(old.root, "alpha")
    with pytest.raises(Refused, match="1 BTC/USDT open"):
        removal.judge()


# --- the way over


def test_every_row_arrives_and_so_do_its_holds_and_what_was_sold(fleet: Fleet) -> None:
    fleet.old.hold(1, "by-a-person")
    sold = {"version": 1, "orders": [{"client_id": "x", "id": "7"}]}
    fleet.old.bot.sales.write_text(json.dumps(sold))
    write(fleet.old.path, "insert into trades values (3, 'XRP/USDT', 1, 9, '2026-01-02 03:00:00', null)")
    fleet.leave()
    given = fleet.hand_over()
    done = taking_over.take(fleet.new.bot, given, fleet.new.clock)
    assert (done.proven, done.level, done.incident) == (True, 3, MOVE.incident)
    restored = fleet.restore()
    assert (restored.outcome, restored.proven) == ("restored", True)
    assert rows(fleet.new.path) == rows(fleet.old.path)
    held = {hold.holder: (hold.level, hold.incident) for hold in holds.load(fleet.new.bot.holds).holds}
    assert held == {"restore": (3, MOVE.incident), "halt": (1, "by-a-person")}
    assert json.loads(fleet.new.bot.sales.read_text()) == sold
    assert taking_over.tidy(fleet.new.bot).changed
    assert not taking_over.place(fleet.new.root, "alpha").exists()
    assert not taking_over.tidy(fleet.new.bot).changed


def test_a_second_handover_takes_the_place_of_one_that_was_cut_off(fleet: Fleet) -> None:
    fleet.leave()
    fleet.hand_over()
    given = fleet.hand_over()
    taking_over.take(fleet.new.bot, given, fleet.new.clock)
    again = taking_over.take(fleet.new.bot, given, fleet.new.clock)
    assert again.proven
    assert fleet.restore().proven


def test_a_byte_that_changed_on_the_way_is_not_taken(fleet: Fleet) -> None:
    fleet.leave()
    given = fleet.hand_over()
    path = taking_over.place(fleet.new.root, "alpha") / f"{DATABASE}.partial"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(NotProven, match="not those that were written"):
        taking_over.take(fleet.new.bot, given, fleet.new.clock)
    with pytest.raises(Refused, match="was not touched"):
        fleet.restore()
    assert not fleet.new.path.exists()


def test_a_piece_that_is_missing_or_comes_twice_is_refused(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PIECE", 1000)
    fleet.leave()
    size = fleet.hand_over().size
    with pytest.raises(Refused, match="begin anew"):
        taking_over.write(fleet.new.bot, 1000, size, b"x")
    with pytest.raises(Refused, match="make room"):
        taking_over.write(fleet.new.bot, 0, 1 << 60, b"x")


def test_what_another_bot_hands_over_is_refused(fleet: Fleet) -> None:
    fleet.leave()
    given = fleet.hand_over()
    with pytest.raises(Refused, match="of gamma"):
        taking_over.take(fleet.new.bot, replace(given, bot="gamma"), fleet.new.clock)


def test_nothing_is_restored_without_a_handover(fleet: Fleet) -> None:
    with pytest.raises(Refused, match="nothing that counts was handed over"):
        fleet.restore()


def test_a_live_bot_is_restored_only_where_its_old_host_is_said_to_be_fenced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = Fleet(tmp_path, monkeypatch, mode="live")
    fleet.leave()
    taking_over.take(fleet.new.bot, fleet.hand_over(), fleet.new.clock)
    with pytest.raises(Refused, match="not said to be kept from that"):
        fleet.restore(fenced="")
    done = fleet.restore()
    assert (done.proven, done.fenced) == (True, FENCED)


# --- on which host it may be resumed


def test_undone_it_may_be_resumed_where_it_was_and_not_where_it_went(fleet: Fleet) -> None:
    fleet.leave()
    gone = fencing.give_back(fleet.new.bot, "old-1", MOVE.incident, MOVE, fleet.new.clock)
    assert (gone.proven, gone.level) == (True, 3)
    for field in (fleet.old, fleet.new):  # between the two steps it is fenced on both
        assert moved.why_not_resumed(field.root, "alpha")
    back = fencing.arrive(fleet.old.bot, MOVE.incident, fleet.old.clock)
    assert (back.proven, back.changed, back.incident) == (True, True, MOVE.incident)
    assert moved.why_not_resumed(fleet.old.root, "alpha") == ""
    assert moved.why_not_resumed(fleet.new.root, "alpha")
    assert not fencing.arrive(fleet.old.bot, MOVE.incident, fleet.old.clock).changed


def test_what_was_resumed_on_the_new_host_is_not_undone(fleet: Fleet) -> None:
    fleet.leave()
    clock = fleet.new.clock
    holds_file.change(fleet.new.home, lambda held: held.resumed(MOVE.incident, clock.utcnow()), clock)
    with pytest.raises(Refused, match="was resumed here"):
        fencing.give_back(fleet.new.bot, "old-1", MOVE.incident, MOVE, clock)
    fleet.new.hold(3, "another-halt")
    with pytest.raises(Refused, match="was resumed here"):
        fencing.give_back(fleet.new.bot, "old-1", MOVE.incident, MOVE, clock)
    assert moved.load(fleet.new.root, "alpha") is None


def test_a_bot_that_left_by_another_move_does_not_come_back_from_this_one(fleet: Fleet) -> None:
    fleet.leave()
    with pytest.raises(Refused, match="and not under another"):
        fencing.arrive(fleet.old.bot, "another", fleet.old.clock)
    assert moved.load(fleet.old.root, "alpha") is not None


def test_a_bot_that_may_trade_is_not_said_to_arrive(fleet: Fleet) -> None:
    moved.write(fleet.old.root, "alpha", moved.Moved("new-1", MOVE.incident, "2026-01-02T03:04:05Z"))
    with pytest.raises(Refused, match="may trade"):
        fencing.arrive(fleet.old.bot, "", fleet.old.clock)
    assert moved.load(fleet.old.root, "alpha") is not None
