"""Dumps go by their rule, those of removed bots by the policy; the newest never does, and none while it is damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from freqops.core.backup.manifest import DATABASE
from freqops.core.bot.layout import Home, load_bot
from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.retention.things import DUMPS, GONE, LEFT, STAYS
from freqops.hostctl.backup import dumps
from freqops.hostctl.incident import registered
from freqops.hostctl.retention import old_dumps
from tests.unit.hostctl.backup.dumped import TABLES, URL, lay_dump, write
from tests.unit.hostctl.retention.aged import Field, Later, names, why


@pytest.fixture
def dumped(field: Field) -> Field:
    """A bot with three dumps of another day each, all older than their rule keeps them."""
    (field.home / "conf" / "secrets.json").write_text(f'{{"db_url": "{URL}"}}')
    write(field.home / "var" / "trades.paper.sqlite", *TABLES)
    for day in range(3):
        lay_dump(load_bot(field.home), field.engine, day * 86_400)
    return field


def of(field: Field) -> list[str]:
    return sorted(str(path.relative_to(field.root)) for path in Home(field.home).dumps.iterdir())


def removed(field: Field) -> list[str]:
    """Remove the bot, but for its dumps, and return these."""
    place = Home(field.home).left_dumps
    place.parent.mkdir(exist_ok=True)
    shutil.move(Home(field.home).dumps, place)
    shutil.rmtree(field.home)
    field.keep(removed_dump_days=365)
    field.days = 4000
    return sorted(str(path.relative_to(field.root)) for path in place.iterdir())


def test_all_but_the_newest_go_by_the_rule_of_dumps(dumped: Field) -> None:
    dumped.days = 4000
    first, second, newest = of(dumped)
    assert len(dumped.look(DUMPS).rows) == 2
    done = dumped.remove(DUMPS)
    assert (names(done, GONE), done.exit) == ([first, second], 0)
    assert of(dumped) == [newest]
    assert dumped.remove(DUMPS).changed is False


def test_as_long_as_the_newest_is_damaged_all_others_stay(dumped: Field) -> None:
    dumped.days = 4000
    found = of(dumped)
    path = dumped.root / found[-1] / DATABASE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    done = dumped.remove(DUMPS)
    assert (names(done, STAYS), of(dumped)) == (found[:2], found)
    assert "the newest dump is damaged" in why(done, found[0])


@pytest.mark.parametrize("note", ["restoring.json", "switch.json", "removing.json"])
def test_while_a_command_on_the_bot_is_not_over_all_stay(dumped: Field, note: str) -> None:
    dumped.days = 4000
    dumped.lay(f"bots/alpha/{note}", "{}")
    assert len(names(dumped.remove(DUMPS), STAYS)) == 2
    assert len(of(dumped)) == 3


def test_while_an_incident_about_the_bot_is_not_closed_all_stay(dumped: Field) -> None:
    dumped.days = 4000
    event = Event(life.OPENED, "2026-01-02T03:04:05Z", "ann", "odd", life.MANUAL, "warning", "manual: odd", ("alpha",))
    registered.open_one(dumped.root, event, Later(), "given")
    done = dumped.remove(DUMPS)
    assert "given is not closed" in why(done, of(dumped)[0])
    assert len(of(dumped)) == 3


def test_dumps_of_a_removed_bot_stay_for_ever_where_nothing_else_is_said(dumped: Field) -> None:
    found = removed(dumped)
    dumped.keep(removed_dump_days=0)
    assert dumped.remove(DUMPS).rows == []
    dumped.keep(removed_dump_days=365)
    done = dumped.remove(DUMPS, bots=("alpha",))
    assert (names(done, GONE), done.exit) == (found[:2], 0)
    assert [path.name for path in (dumped.root / "removed/alpha.dumps").iterdir()] == [Path(found[2]).name]


def test_dumps_of_another_removed_bot_stay(dumped: Field) -> None:
    removed(dumped)
    assert dumped.remove(DUMPS, bots=("beta",)).rows == []


def test_below_a_link_nothing_is_looked_at(dumped: Field, tmp_path: Path) -> None:
    removed(dumped)
    outside = tmp_path / "outside"
    shutil.move(dumped.root / "removed/alpha.dumps", outside)
    (dumped.root / "removed/alpha.dumps").symlink_to(outside)
    done = dumped.remove(DUMPS)
    assert (done.exit, len(list(outside.iterdir()))) == (2, 3)


def test_a_removal_that_was_killed_is_ended_by_the_next(dumped: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    found = removed(dumped)

    def killed(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        dumped.remove(DUMPS)
    monkeypatch.undo()
    done = dumped.remove(DUMPS)
    assert (names(done, LEFT), done.exit) == ([], 0)
    assert [path.name for path in (dumped.root / "removed/alpha.dumps").iterdir()] == [Path(found[2]).name]


def test_what_is_needed_by_now_stays(dumped: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    dumped.days = 4000
    host = dumped.host()
    seen = list(old_dumps.look(host, []))
    monkeypatch.setattr(old_dumps, "look", lambda *_: iter(seen))
    monkeypatch.setattr(dumps, "superfluous", lambda *_: [])
    done = dumped.remove(DUMPS)
    assert (len(names(done, LEFT)), done.changed, len(of(dumped))) == (2, False, 3)


def test_a_command_that_began_after_the_look_keeps_all(dumped: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    dumped.days = 4000
    seen = list(old_dumps.look(dumped.host(), []))
    monkeypatch.setattr(old_dumps, "look", lambda *_: iter(seen))
    dumped.lay("bots/alpha/restoring.json", "{}")
    done = dumped.remove(DUMPS)
    assert (len(names(done, LEFT)), len(of(dumped))) == (2, 3)
