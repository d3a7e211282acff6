"""The manifest of a snapshot: only what was written counts, and what contradicts itself does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from freqops.core.backup.answer import Answer, Row, read
from freqops.core.backup.manifest import File
from freqops.core.backup.snapshot import LATER, Snapshot
from freqops.core.base.kinds import Malformed
from freqops.core.bot.database_contents import SQLITE, Recorded, Table
from freqops.core.incident import chain
from tests.unit.core.backup.dumped import BEGAN, manifest

SUM = "0" * 64
DATABASE = File("database", 3, SUM)
FILES = (File("state/x", 1, SUM), File("trades/alpha/database", 3, SUM))


def made(**changed: Any) -> Snapshot:
    found = Snapshot(
        "host", BEGAN.replace(microsecond=0), BEGAN.replace(microsecond=0), ("trades", "state"),
        {"alpha": manifest(DATABASE)}, (), {}, FILES, ("x: it is a link",),
    )  # fmt: skip
    return replace(found, **changed)


def rows(**counts: int) -> Any:
    tables = {("", name): (("id",), Table(count, "mark")) for name, count in counts.items()}
    return {"alpha": replace(manifest(DATABASE), contents=Recorded(SQLITE, tables))}


def test_what_was_written_is_read() -> None:
    assert Snapshot.read(made().to_json()) == made()
    assert made().size == 4
    assert not made().is_complete
    everything = ("trades", "registry", "state", "releases", "runs", "logs")
    assert replace(made(), parts=everything).is_complete
    assert replace(made(), parts=("secrets",)).is_complete


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 2}, "version is"),
        ({"began": "yesterday"}, "began"),
        ({"ended": "2020-01-01T00:00:00Z"}, "ended before it began"),
        ({"parts": []}, "parts"),
        ({"parts": ["state", "trades"]}, "parts"),
        ({"parts": ["trades", "state", "other"]}, "parts"),
        ({"parts": ["trades"]}, "belongs to none of its parts"),
        ({"files": [FILES[0].to_json()]}, "is not the file of which the dump tells"),
        ({"files": [f.to_json() for f in (FILES[0], replace(FILES[1], size=4))]}, "is not the file of which"),
        ({"files": [f.to_json() for f in (*FILES, FILES[0])]}, "2 rows"),
        ({"files": [{"path": "../x", "size": 1, "sha256": SUM}]}, "no path of a file"),
        ({"bots": {"beta": manifest(DATABASE).to_json()}}, "is one of alpha"),
        ({"bots": {"alpha": {}}}, "has no"),
        ({"registry": {"runs": "x"}}, "no numbers"),
        ({"left_out": None}, "left_out is"),
        ({"incident_head": "3"}, "incident_head is"),
    ],
)
def test_what_was_not_written_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        Snapshot.read({**made().to_json(), **changed})


@pytest.mark.parametrize("name", sorted(made().to_json().keys() - LATER.keys()))
def test_each_field_must_be_there(name: str) -> None:
    document = made().to_json()
    del document[name]
    with pytest.raises(Malformed, match=f"no {name}"):
        Snapshot.read(document)


def test_what_lost_all_its_rows_is_named() -> None:
    before = made(bots=rows(trades=2, orders=3, pairlocks=4))
    assert made(bots=rows(trades=1, orders=1, pairlocks=0)).emptied(before) == {}
    lost = made(bots=rows(trades=0, pairlocks=0)).emptied(before)
    assert lost == {"alpha": ["trades had 2 rows, and has none", "orders had 3 rows, and has none"]}
    assert made(bots=rows(trades=0)).emptied(made(bots=rows(trades=0))) == {}
    assert made(bots={}).emptied(before) == {}
    assert made(bots={}, without=("alpha",)).emptied(before) == {
        "alpha": ["trades had 2 rows, and there is no database", "orders had 3 rows, and there is no database"]
    }
    assert made(bots=rows(trades=0)).emptied(None) == {}


@pytest.mark.parametrize(("filled", "is_lost"), [(0, False), (1, True), (None, True)])
def test_trades_of_which_none_bought_anything_may_go(filled: int | None, is_lost: bool) -> None:
    then = replace(rows(trades=2, orders=3)["alpha"], filled=filled)
    lost = made(bots=rows(trades=0, orders=0)).emptied(made(bots={"alpha": then}))
    assert bool(lost) is is_lost


def test_a_registry_that_lost_its_rows_is_named_where_it_is_a_part() -> None:
    before = made(parts=("registry",), registry={"runs": 3, "metrics": 0})
    now = made(parts=("registry",), registry={"runs": 0, "metrics": 0})
    assert now.emptied(before) == {"registry": ["runs had 3 rows, and has none"]}
    assert made(parts=("state",)).emptied(before) == {}


@pytest.mark.parametrize(
    ("head", "lost"),
    [
        (f"8-{'b' * 64}", []),
        (f"7-{'a' * 64}", []),
        (f"6-{'a' * 64}", ["the chain of incidents had 7 events, and has 6"]),
        (chain.EMPTY, ["the chain of incidents had 7 events, and has 0"]),
        (f"7-{'b' * 64}", ["event 7 of the chain of incidents is another one"]),
    ],
)
def test_a_chain_of_incidents_that_ends_elsewhere_than_before_is_named(head: str, lost: list[str]) -> None:
    before = made(parts=("registry",), incident_head=f"7-{'a' * 64}")
    now = made(parts=("registry",), incident_head=head)
    assert now.emptied(before) == ({"registry": lost} if lost else {})
    assert now.emptied(made(parts=("registry",))) == {}
    assert made(parts=("state",)).emptied(before) == {}


def test_a_snapshot_of_an_older_version_has_no_head_and_is_read() -> None:
    document = made().to_json()
    del document["incident_head"]
    assert Snapshot.read(document) == made()


def test_an_answer_is_read_as_what_it_must_be() -> None:
    listed = {"id": "a", "made": None, "parts": None, "bots": None, "files": None, "bytes": None, "counts": "no: x"}
    answer = Answer("run", [Row("local", proven=True, changed=True, detail=["said"], snapshots=[listed])])
    assert read(answer.to_json()) == answer
    assert answer.exit == 0
    assert "local: said" in answer.lines()


@pytest.mark.parametrize(
    "changed",
    [
        {"exit": 2},
        {"repositories": []},
        {"repositories": [{"repository": "local"}]},
        {"repositories": [vars(Row("local", proven=True)), vars(Row("local", proven=True))]},
        {"repositories": [vars(Row("local", proven=False))]},
        {"repositories": [vars(Row("local", proven=True, problems=["x"]))]},
        {"repositories": [{**vars(Row("local", proven=True)), "snapshots": [{"id": 1}]}]},
    ],
)
def test_an_answer_that_contradicts_itself_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read({**Answer("run", [Row("local", proven=True)]).to_json(), **changed})


def test_an_answer_of_nothing_proves_nothing() -> None:
    assert Answer("run").exit == 2
    assert Answer("run").wrong() == ["no repository was touched"]
    assert Answer("run", [Row("local")]).wrong() == ["local: it is not proven"]


def test_seconds_are_enough_and_the_order_is_that_of_time() -> None:
    later = made(began=made().began + timedelta(seconds=1), ended=made().began + timedelta(seconds=2))
    assert Snapshot.read(later.to_json()).began == later.began
