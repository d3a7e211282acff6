"""The state of a snapshot merged into that of its host, with the real restic: upward, and never down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from freqops.core.backup.parts_answer import ADD, KEEP, LEAVE_OUT, MAY_BE, RAISE, RESTORED, SAME_ALREADY
from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.breaker import breaker_file, places
from freqops.core.halt import holds, moved
from freqops.hostctl.backup import state_part
from freqops.hostctl.bot import holds_file
from freqops.hostctl.breaker import writer
from tests.unit.hostctl.backup.repositories.conftest import one
from tests.unit.hostctl.backup.repositories.parts.parted import (
    INCIDENT,
    JOURNAL,
    LIMITS,
    ORDER,
    SLOTS,
    Lost,
    breaker,
    hold,
    what,
    write,
)

HOST_BREAKER = str(places.host_breaker(Path()))
ALPHA = "bots/alpha/conf/holds.json"


def document(path: Path) -> object:
    return json.loads(path.read_text())


def test_what_is_missing_comes_back_and_is_proven_and_again_nothing_changes(lost: Lost) -> None:
    done = lost.restore("state")
    assert (done.outcome, done.proven, done.changed, done.snapshot) == (RESTORED, True, True, lost.saved.number)
    assert lost.holds() == {"halt": 3, "breaker": 1}
    assert lost.holds("beta") == {"halt": 1}
    present = {each.holder: each for each in holds.load(lost.root / ALPHA).holds}
    assert (present["halt"].incident, present["halt"].set_at) == ("one", "2026-01-02T03:04:05Z")
    assert document(lost.home() / "conf" / "state.json") == {"initial_state": "paused"}
    assert document(lost.home() / "conf" / "limits.json") == LIMITS
    assert document(lost.home() / "sold.json") == {"version": 1, "orders": [ORDER]}
    assert (lost.root / INCIDENT).read_text() == JOURNAL
    assert ((lost.root / INCIDENT).stat().st_mode & 0o777, (lost.root / INCIDENT).parent.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    read = breaker_file.read(places.host_breaker(lost.root), lost.host.clock.utcnow())
    assert (read.active, str(read.until), read.reason) == (True, "2026-01-02 09:00:00+00:00", "outage")
    assert breaker_file.read(lost.home("beta") / places.NAME, lost.host.clock.utcnow()).active
    assert not (lost.root / "user_data" / "state" / "override.json").exists()
    assert what(done)[ALPHA] == RAISE
    assert what(done)[INCIDENT] == what(done)["bots/alpha/sold.json"] == ADD
    [evidence] = (lost.root / "incidents" / "again").glob("*-restore-parts-*.json")
    assert document(evidence)["reason"] == "the disk was lost"  # type: ignore[index]
    before = lost.state()
    again = lost.restore("state")
    assert (again.outcome, again.proven, again.changed) == (SAME_ALREADY, True, False)
    assert lost.state() == before


def test_a_look_says_what_would_become_of_each_and_changes_nothing(lost: Lost) -> None:
    before = lost.state()
    seen = lost.look("state")
    assert (seen.outcome, seen.changed, seen.in_the_way) == (MAY_BE, True, [])
    assert lost.state() == before
    assert not (lost.root / "incidents").exists()
    rows = {row["path"]: row["why"] for row in seen.rows}
    assert rows[ALPHA] == (
        "alpha: hold of halt: none becomes level 3 (one); hold of breaker: none becomes level 1 (two)"
    )
    assert what(seen) == what(lost.restore("state"))
    assert not lost.look("state").changed


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("user_data/state/override.json", "a permission is never restored"),
        ("user_data/state/odd.json", "it is not known whether that would loosen anything"),
        ("user_data/state/running/.lock", "a lock"),
    ],
)
def test_what_could_loosen_anything_is_left_out_by_name(lost: Lost, path: str, why: str) -> None:
    [row] = [row for row in lost.restore("state").rows if row["path"] == path]
    assert (row["what"], row["why"][: len(why)]) == (LEAVE_OUT, why)
    assert not (lost.root / path).exists()


def test_a_hold_that_is_here_stays_whatever_the_snapshot_says(lost: Lost) -> None:
    hold(lost.host, "alpha", 3, "breaker", "now")
    hold(lost.host, "beta", 3, "halt", "now")
    hold(lost.host, "beta", 1, "risk", "now")
    lost.restore("state")
    assert lost.holds() == {"halt": 3, "breaker": 3}
    assert lost.holds("beta") == {"halt": 3, "risk": 1}
    assert holds.load(lost.home("beta") / "conf" / "holds.json").of("halt").incident == "now"  # type: ignore[union-attr]


def test_what_is_stricter_here_stays(lost: Lost) -> None:
    write(lost.home() / "conf" / "limits.json", json.dumps({**LIMITS, "max_concurrent_trades": 1}), 0o444)
    write(lost.root / state_part.SLOTS, json.dumps({**SLOTS, "limits": {"backtest": 1}}))
    breaker(lost.host, active=True)
    breaker(lost.host, active=True, bot="beta")
    paths = [lost.home() / "conf" / "limits.json", lost.root / state_part.SLOTS, places.host_breaker(lost.root)]
    before = [path.read_bytes() for path in paths]
    done = lost.restore("state")
    assert [path.read_bytes() for path in paths] == before
    assert what(done)[HOST_BREAKER] == KEEP


def test_looser_limits_and_slots_here_become_those_of_the_snapshot(lost: Lost) -> None:
    write(lost.root / state_part.SLOTS, json.dumps({"version": 1, "limits": {"backtest": 9, "hyperopt": 1}}))
    lost.restore("state")
    assert document(lost.root / state_part.SLOTS) == {
        "version": 1, "limits": {"backtest": 2, "hyperopt": 1}, "ttl_seconds": 900,
    }  # fmt: skip


def test_a_breaker_that_ends_sooner_is_in_force_for_longer(lost: Lost) -> None:
    path = breaker(lost.host, active=True, until="2026-01-02T05:00:00Z")
    lost.restore("state")
    assert document(path)["until_iso"] == "2026-01-02T09:00:00Z"  # type: ignore[index]


def test_a_breaker_of_the_snapshot_whose_end_has_passed_switches_nothing_on(lost: Lost) -> None:
    lost.host.clock.sleep(24 * 3600)
    lost.restore("state")
    assert not breaker_file.read(places.host_breaker(lost.root), lost.host.clock.utcnow()).active


def test_an_incident_that_differs_is_kept_and_named(lost: Lost) -> None:
    write(lost.root / INCIDENT, "more of it\n", 0o600)
    done = lost.restore("state", overwrite=True)
    assert (lost.root / INCIDENT).read_text() == "more of it\n"
    assert what(done)[INCIDENT] == KEEP


def test_orders_that_were_sold_are_united(lost: Lost) -> None:
    mine = {**ORDER, "client_id": "freqops-2"}
    write(lost.home() / "sold.json", json.dumps({"version": 1, "orders": [mine, {**ORDER, "id": "78"}]}), 0o600)
    lost.restore("state")
    assert document(lost.home() / "sold.json")["orders"] == [mine, {**ORDER, "id": "78"}]  # type: ignore[index]
    write(lost.home() / "sold.json", json.dumps({"version": 1, "orders": [mine]}), 0o600)
    lost.restore("state")
    assert document(lost.home() / "sold.json")["orders"] == [ORDER, mine]  # type: ignore[index]


def unreadable_holds(lost: Lost) -> None:
    write(lost.root / ALPHA, "{", 0o444)


def lost_holds(lost: Lost) -> None:
    (lost.root / ALPHA).unlink()


def unreadable_sales(lost: Lost) -> None:
    write(lost.home() / "sold.json", "[]", 0o600)


def unreadable_slots(lost: Lost) -> None:
    write(lost.root / state_part.SLOTS, "{}")


def a_link(lost: Lost) -> None:
    (lost.root / INCIDENT).parent.parent.mkdir(parents=True)
    lost.elsewhere.mkdir()
    (lost.root / INCIDENT).parent.symlink_to(lost.elsewhere)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (unreadable_holds, f"{ALPHA}: .*they count as level 3; killswitch.yml -e level=3 replaces them"),
        (lost_holds, f"{ALPHA}: .*they count as level 3"),
        (unreadable_sales, r"bots/alpha/sold.json: it is no list of orders"),
        (unreadable_slots, r"run_slots.json: .*another version"),
        (a_link, f"{INCIDENT}: .*one on its way is no directory"),
    ],
)
def test_what_cannot_be_merged_is_refused_by_name_and_nothing_is_touched(
    lost: Lost, spoil: Callable[[Lost], None], text: str
) -> None:
    spoil(lost)
    before = lost.state()
    assert any(text.partition(":")[0] in line for line in lost.look("state").in_the_way)
    with pytest.raises(Refused, match=f"nothing was restored: .*{text}"):
        lost.restore("state")
    assert lost.state() == before


def test_a_bot_that_is_not_here_comes_up_held_when_it_is_deployed(lost: Lost) -> None:
    (lost.home() / "bot.json").unlink()
    for path in sorted(lost.home().rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    lost.home().rmdir()
    with pytest.raises(Refused, match=r"bots/alpha/sold\.json: alpha is not on this host: deploy it first"):
        lost.restore("state")
    assert lost.restore("state", bots=("beta",)).proven
    assert not (lost.root / "removed").exists()


def test_left_holds_are_united_too(lost: Lost) -> None:
    left = lost.root / "removed" / "gamma.holds.json"
    before = holds.Holds().raised(holds.Hold("risk", 1, "r", "a", "old", 0, ""), lost.host.clock.utcnow())
    home = lost.root / "bots" / "gamma"
    holds_file.change_left(home, lambda _: before, lost.host.clock)
    row = one(lost.host.backups.back_up(("state",), "local"))
    assert row.proven, row.problems
    left.unlink()
    done = lost.restore("state")
    assert what(done)["removed/gamma.holds.json"] == RAISE
    assert [(each.holder, each.level) for each in holds.load(left).holds] == [("risk", 1)]
    assert left.stat().st_mode & 0o777 == 0o400


def test_where_a_bot_moved_to_is_known_again_also_where_the_bot_is_not(lost: Lost) -> None:
    note = moved.Moved("new-1", "one", "2026-01-02T03:04:05Z")
    moved.write(lost.root, "gamma", note)
    assert one(lost.host.backups.back_up(("state",), "local")).proven
    moved.take_back(lost.root, "gamma")
    assert what(lost.restore("state"))["moved/gamma.json"] == ADD
    assert moved.load(lost.root, "gamma") == note
    moved.write(lost.root, "gamma", replace(note, to="new-2"))
    assert what(lost.restore("state"))["moved/gamma.json"] == KEEP
    assert moved.load(lost.root, "gamma") == replace(note, to="new-2")


def test_a_merge_that_does_not_stay_is_not_proven(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds_file, "change", lambda *_: None)
    with pytest.raises(NotProven, match=f"state: {ALPHA} is not as it was made; .*the same call goes on from there"):
        lost.restore("state")
    [evidence] = (lost.root / "incidents" / "again").glob("*-restore-parts-*.json")
    assert document(evidence)["proven"] is False  # type: ignore[index]


def test_what_was_written_and_cannot_be_read_back_is_not_proven(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of limits that cannot be read is kept as it is, for nothing enters then; that is no proof of the merge."""
    write_json = durable.write_json

    def spoilt(path: Path, value: object, mode: int) -> None:
        write_json(path, {} if path.name == "limits.json" else value, mode)

    monkeypatch.setattr(durable, "write_json", spoilt)
    with pytest.raises(NotProven, match=r"state: bots/alpha/conf/limits\.json is not as it was made"):
        lost.restore("state")


def test_a_disk_that_fails_half_way_is_gone_on_from(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "enable", full)
        with pytest.raises(NotProven, match=r"No space left on device; [0-9]+ of [0-9]+ changes were made before"):
            lost.restore("state")
    assert not (lost.root / "backup" / "restores").exists()
    done = lost.restore("state")
    assert (done.proven, done.changed) == (True, True)
    assert lost.holds() == {"halt": 3, "breaker": 1}


def test_an_initial_state_that_a_kill_left_behind_its_holds_follows_again(lost: Lost) -> None:
    lost.restore("state")
    write(lost.home() / "conf" / "state.json", '{"initial_state": "running"}', 0o444)
    assert lost.restore("state").changed
    assert document(lost.home() / "conf" / "state.json") == {"initial_state": "paused"}
    assert not lost.restore("state").changed


def test_another_command_on_a_bot_is_not_met(lost: Lost) -> None:
    with durable.locked(lost.home() / ".lock", 0, lost.host.clock) as mine:
        assert mine
        with pytest.raises(Refused, match="another command is working on alpha; nothing was restored"):
            lost.restore("state")
    assert lost.holds() == {}
