"""The rules of an upgrade: room, names, what is the same; its note and its record, and the answer as lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.bot.database_contents import Recorded, Table
from freqops.core.maintenance import upgrade, upgrade_answer
from freqops.core.maintenance.upgrade_note import PREPARING, RUN, UNDO, Held, Kept, Note

GIB = 1 << 30
OLD, NEW = (f"registry.example/postgres@sha256:{digit * 64}" for digit in "12")
NOTE = Note(RUN, PREPARING, "one", OLD, NEW, "data.15.one", "data.new")
HELD = Held(Recorded("postgresql", {("", "trades"): (("id",), Table(3, "1:2"))}), {"trades.id": 4}, "mark")
KEPT = Kept("data.15.one", OLD, 15, 17, "one", "2026-01-02T03:04:05Z", {"alpha_paper": HELD})


def test_there_must_be_room_for_the_new_cluster_and_the_dumps() -> None:
    assert upgrade.without_room(2 * GIB, 5 * GIB) == ""
    assert "5119.0 MiB are left" in upgrade.without_room(2 * GIB, 5 * GIB - (1 << 20))
    assert upgrade.without_room(0, GIB) == ""


def test_only_a_higher_version_is_one_to_upgrade_to() -> None:
    assert upgrade.no_upgrade(15, 17) == ""
    assert "deploy.yml brings another image of the same version" in upgrade.no_upgrade(17, 17)
    assert "there is no upgrade to an older version" in upgrade.no_upgrade(17, 15)


def test_names_that_a_program_could_take_for_something_else_are_strange() -> None:
    assert upgrade.strange_names(["alpha_paper", "postgres"]) == ""
    found = upgrade.strange_names(["host=elsewhere", "postgresql://x", "-c", "a/b"])
    assert found.startswith("databases with names that cannot be brought along: '-c', 'a/b', 'host=elsewhere', ")


def test_a_password_is_never_shown() -> None:
    before = {
        "role": {"alpha": "connections 20", "beta": "x"},
        "password of role": {"alpha": "one"},
        "extension": {"e": ""},
    }
    after = {"role": {"alpha": "connections -1"}, "password of role": {"alpha": "two"}, "schema": {"s": "alpha"}}
    assert list(upgrade.differences("the cluster", before, after)) == [
        "the cluster: role alpha is not the same: connections 20 before, connections -1 after",
        "the cluster: role beta is not the same: x before, not there after",
        "the cluster: password of role alpha is not the same",
        "the cluster: extension e is not the same: there before, not there after",
        "the cluster: schema s is not the same: not there before, alpha after",
    ]
    assert not list(upgrade.differences("the cluster", before, before))


def test_note_and_record_are_read_as_they_were_written() -> None:
    assert Note.read(json.loads(json.dumps(NOTE.to_json()))) == NOTE
    assert Kept.read(json.loads(json.dumps(KEPT.to_json()))) == KEPT


@pytest.mark.parametrize(
    "said",
    [
        {"out": "../../etc"}, {"out": "data.new"}, {"into": "data"}, {"before": "postgres:15"}, {"action": UNDO},
        {"into": "data.17.x"}, {"step": "done"}, {"version": 2}, {"incident": 1}, {"out": "data.15.a/b"},
    ],
)  # fmt: skip
def test_a_note_that_makes_no_sense_is_not_read(said: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Note.read({**NOTE.to_json(), **said})


@pytest.mark.parametrize(
    "said",
    [{"directory": "data"}, {"image": "x"}, {"major": "15"}, {"databases": {"a b": {}}}, {"databases": [1]},
     {"databases": {"a": {"contents": {}, "numbers": {"x": "y"}, "mark": ""}}}],
)  # fmt: skip
def test_a_record_that_makes_no_sense_is_not_read(said: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Kept.read({**KEPT.to_json(), **said})


ANSWER: dict[str, Any] = {
    "outcome": "upgraded", "proven": True, "changed": True, "stands": 17, "wanted": 17, "size": 1 << 20, "free": None,
    "databases": [{"database": "alpha_paper", "bot": "alpha", "size": 1 << 20, "tables": 2, "rows": 3}],
    "bots": [{"bot": "alpha", "outcome": "running"}], "kept": "/srv/x, Postgres 15, as it was",
    "way_back": "ansible-playbook …", "delete": "rm -r /srv/x", "detail": ["a remark"],
}  # fmt: skip


def test_the_answer_names_what_stands_what_is_kept_and_the_way_back() -> None:
    lines = list(upgrade_answer.lines(ANSWER))
    assert lines[2].split("  ")[0] == "upgraded"
    assert "Postgres 17" in lines[2]
    assert any(line.split() == ["alpha_paper", "alpha", "1.0", "MiB", "2", "3"] for line in lines)
    assert lines[-4:] == [
        "a remark", "kept: /srv/x, Postgres 15, as it was", "the way back: ansible-playbook …",
        "when it is not needed any more: rm -r /srv/x",
    ]  # fmt: skip
