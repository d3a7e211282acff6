"""What is meant by a kind, and the answer of retention: what a person reads, and what a module believes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.retention import answer, things
from freqops.core.retention.answer import Retained
from freqops.core.retention.things import GOES, GONE, INCIDENTS, KINDS, LEFT, LOGS, RUNS, STAYS, Thing

OLD = Thing(LOGS, "bots/alpha/var/logs/freqtrade.log.3", 10 << 20, "its last line is old", (), "alpha")
NEEDED = Thing(RUNS, "user_data/runs/one", 5, "old", ("the table runs of the registry cites it",))
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_all_kinds_are_meant_where_none_is_named() -> None:
    assert things.parse("", ()) == KINDS
    assert things.parse("", ("alpha",)) == things.OF_BOTS
    assert things.parse("incidents, logs", ()) == (LOGS, INCIDENTS)


@pytest.mark.parametrize(
    ("text", "bots", "said"),
    [
        ("log", (), "unknown kind 'log'; kinds are logs, runs, dumps, releases, incidents"),
        ("logs,logs", (), "named twice"),
        ("logs,runs", ("alpha",), "runs belong to the host, not to a bot"),
    ],
)
def test_kinds_that_are_none_are_refused(text: str, bots: tuple[str, ...], said: str) -> None:
    with pytest.raises(Refused, match=said):
        things.parse(text, bots)


def test_what_is_not_older_stays() -> None:
    assert things.older(NOW - timedelta(days=8), 7, NOW)
    assert not things.older(NOW - timedelta(days=7), 7, NOW)
    assert not things.older(NOW + timedelta(days=8), 7, NOW)
    assert not things.older(NOW - timedelta(days=3650), 0, NOW)
    assert not things.older(things.at(1e30), 7, NOW)


def test_the_newest_are_counted_by_their_order() -> None:
    moments = [(NOW + timedelta(days=day), str(day)) for day in range(4)]
    assert things.beyond_newest(moments, 3) == {"0"}
    assert things.beyond_newest(moments, 4) == things.beyond_newest([], 0) == set()
    assert len(things.beyond_newest(moments, 0)) == 4


def acted() -> Retained:
    found = Retained(changed=True)
    found.add(OLD, GONE)
    found.add(NEEDED, STAYS)
    return found


def test_a_person_reads_what_went_why_and_what_stays() -> None:
    assert list(acted().lines()) == [
        "GONE: logs: bots/alpha/var/logs/freqtrade.log.3, 10.0 MiB: its last line is old",
        "STAYS: runs: user_data/runs/one, 5 bytes: the table runs of the registry cites it",
        "1 things, 10.0 MiB are gone",
        "1 old things stay",
        "ALL PROVEN",
    ]
    looked = Retained(looked=True, changed=True)
    looked.add(OLD, GOES)
    assert "NOTHING REMOVED, this was a look: 1 things, 10.0 MiB would go" in list(looked.lines())


def test_what_was_not_removed_or_not_looked_at_is_not_proven() -> None:
    assert acted().exit == 0
    left = acted()
    left.add(OLD, LEFT, "it is still there")
    assert (left.exit, left.wrong()) == (2, [f"logs: {OLD.name}: it is still there"])
    blind = Retained(problems=["runs: the registry is missing"])
    assert (blind.exit, blind.wrong()) == (2, ["runs: the registry is missing"])
    assert list(blind.lines())[-1] == "NOT ALL PROVEN"


def test_an_answer_is_read_as_it_was_given() -> None:
    assert answer.read(json.loads(json.dumps(acted().to_json()))) == acted()


@pytest.mark.parametrize(
    "changed",
    [
        {"exit": 2}, {"proven": False}, {"looked": True}, {"changed": False}, {"rows": [{"kind": "logs"}]}, {"rows": 1},
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_that_contradicts_itself_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        answer.read({**acted().to_json(), **changed})


def test_an_act_after_which_something_is_to_go_is_none() -> None:
    found = acted()
    found.add(OLD, GOES)
    with pytest.raises(Malformed, match="still to go"):
        answer.read(found.to_json())
