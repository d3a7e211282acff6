"""The dump before a change: it has all of the database, it is made once, and nothing stands for one that failed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from freqops.core.backup import changes, recovery_points
from freqops.core.base.errors import NotProven
from freqops.core.bot.layout import Home
from freqops.hostctl.backup import before_change, dumps
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.hostctl.backup.trading import Dumping, trade, write


def first(host: Dumping) -> str:
    return before_change.in_a_dump(host.home, host.clock, host.engine)


def test_what_is_in_no_dump_yet_is_dumped(host: Dumping) -> None:
    assert [first(host)] == host.stamps
    assert host.point().dump == host.stamps[0]


def test_what_the_newest_dump_has_all_of_is_not_dumped_again(host: Dumping) -> None:
    host.round()
    assert [first(host)] == [first(host)] == host.stamps


def test_one_commit_more_means_another_dump(host: Dumping) -> None:
    host.round()
    trade(host.path)
    assert first(host) == host.stamps[-1]
    assert [dump.manifest.rows["trades"] for dump in host.store.dumps()] == [1, 2]


@pytest.mark.parametrize("gone", ["the dump", "the point", "the newest"])
def test_only_a_dump_that_is_there_and_known_stands_for_the_database(host: Dumping, gone: str) -> None:
    host.round()
    if gone == "the dump":
        (host.store.dumps()[0].path / "database").write_bytes(b"")
    elif gone == "the point":
        recovery_points.FILE.unlink()
    else:  # somebody made another one since, of which no mark is known
        host.clock.now += 1
        dumps.take(host.home, host.clock, host.engine)
    before = len(host.stamps)
    made = first(host)
    assert len(host.stamps) == before + 1
    assert made == host.stamps[-1]


def test_a_bot_that_never_had_a_database_has_none_to_dump(host: Dumping) -> None:
    beta = host.bot("beta")
    assert before_change.in_a_dump(beta, host.clock, host.engine) == ""
    assert not Home(beta).dumps.exists()


def test_a_database_that_is_gone_is_not_one_that_never_was(host: Dumping) -> None:
    host.round()
    host.path.unlink()
    with pytest.raises(NotProven, match=r"there is no trades\.sqlite; its newest dump is " + host.stamps[0]):
        first(host)


def test_it_says_what_failed_what_there_is_and_what_to_do(host: Dumping) -> None:
    host.round()
    write(host.path, "delete from trades")
    with pytest.raises(NotProven) as caught:
        first(host)
    text = str(caught.value)
    assert text.startswith("the database of alpha could not be dumped before the change: ")
    assert "table trades: it is empty, and had 1 rows" in text
    assert f"its newest dump is {host.stamps[0]}" in text
    assert "'freqops-host dump alpha'" in text
    assert "accept_stale_dump=true" in text
    assert len(host.stamps) == 1


def test_one_without_any_dump_says_that(host: Dumping) -> None:
    host.path.write_bytes(b"spoilt")
    with pytest.raises(NotProven, match="there is no dump of it at all"):
        first(host)


def test_of_postgres_a_dump_is_always_made_for_it_tells_late(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    host.round()
    newest = host.store.newest()
    assert newest is not None
    secrets = {"db_url": "postgresql://u:p@postgres/alpha_paper"}
    (host.home / "conf" / "secrets.json").write_text(json.dumps(secrets))
    told = '{"alpha_paper": [1, 1, 0, 0, null, "then", "on"]}'
    mark = changes.of_postgres(told)["alpha_paper"]
    assert mark is not None
    recovery_points.write("alpha", replace(host.point(), mark=mark), host.clock, recovery_points.FILE)
    made: list[str] = []

    def take(home: Path, *_: object, **__: object) -> NoReturn:
        made.append(home.name)
        raise NotProven("the rest is not asked here")

    monkeypatch.setattr(host.engine, "pipe", lambda *_, **__: told)
    monkeypatch.setattr(dumps, "take_locked", take)
    with pytest.raises(NotProven):
        first(host)
    assert made == ["alpha"]


def test_a_postgres_that_does_not_answer_is_no_dump(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> str:
        raise EngineError("no answer")

    beta = host.bot("beta", "postgresql://u:p@postgres/beta_paper")
    monkeypatch.setattr(host.engine, "pipe", silent)
    with pytest.raises(NotProven, match="the database of beta could not be dumped before the change: no answer"):
        before_change.in_a_dump(beta, host.clock, host.engine)
