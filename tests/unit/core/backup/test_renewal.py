"""The record of a renewal, what went with a repository, and who may seed the new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import parts, renewal
from freqops.core.backup.renewal import Gone, Renewal
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
RECORD = Renewal(
    "vault", "20260102T030405Z-renew-repository-9f3c21", "it burnt down", "local", NOON, "f" * 64,
    (Gone("a" * 64, NOON, parts.ORDINARY, "local"), Gone("b" * 64, NOON + timedelta(hours=1), ("trades",))), 1,
)  # fmt: skip


def snapshot(hours: int, asked: tuple[str, ...] = parts.ORDINARY) -> Snapshot:
    moment = NOON + timedelta(hours=hours)
    return Snapshot("paper-1", moment, moment, asked)


@pytest.mark.parametrize("record", [RECORD, replace(RECORD, ended=NOON, source="", gone=())])
def test_a_record_is_read_as_it_was_written(record: Renewal, tmp_path: Path) -> None:
    place = renewal.place(tmp_path, "vault")
    assert renewal.load(tmp_path, "vault") is None
    place.parent.mkdir(parents=True)
    durable.write_json(place, record.to_json(), 0o600)
    assert renewal.load(tmp_path, "vault") == record
    assert record.is_over == (record.ended is not None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"incident": "../../etc"},
        {"began": "yesterday"},
        {"ended": 7},
        {"gone": [{"id": "a", "began": "never", "parts": "trades", "also_in": ""}]},
        {"gone": [{"id": "a"}]},
        {"lost": None},
    ],
)
def test_what_is_no_record_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Renewal.read({**RECORD.to_json(), **wrong})


def test_what_another_repository_has_of_the_same_moment_with_the_same_parts_is_not_gone() -> None:
    had = {"c" * 64: snapshot(2), "a" * 64: snapshot(1), "b" * 64: snapshot(1, ("trades",))}
    found = renewal.gone(had, {"local": [snapshot(1)], "other": [snapshot(1), snapshot(3)]})
    assert [(row.id[0], row.also_in) for row in found] == [("a", "local"), ("b", ""), ("c", "")]


def test_what_is_gone_is_said_from_when_to_when() -> None:
    assert RECORD.lines() == [
        "lost: it burnt down",
        "gone with it: 2 snapshots, from 2026-01-02T12:00:00Z to 2026-01-02T13:00:00Z",
        "of 1 more nothing is known: their manifests cannot be read",
        "in no other repository, and gone for good: 1 snapshot, of 2026-01-02T13:00:00Z",
        "these are of 2026-01-02T13:00:00Z; the incident has all",
    ]
    many = tuple(Gone(str(n), NOON + timedelta(hours=n), ("trades",)) for n in range(8))
    assert "2026-01-02T19:00:00Z, 2026-01-02T18:00:00Z" in replace(RECORD, gone=many).lines()[-1]
    assert "and 3 older ones" in replace(RECORD, gone=many).lines()[-1]
    assert replace(RECORD, gone=(), unread=0).lines()[1:] == [
        "gone with it: no snapshot", "in no other repository, and gone for good: no snapshot",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "having", "silent", "source"),
    [
        ("", {"a": 1, "b": 3, "c": 3}, {}, "b"),
        ("", {"a": 1}, {"b": "it is away"}, "a"),
        ("a", {"a": 1, "b": 3}, {}, "a"),
        ("none", {"a": 1}, {"b": "it is away"}, ""),
        ("none", {"none": 2}, {}, "none"),
        ("", {"a": 0}, {}, ""),
        ("", {}, {}, ""),
    ],
)
def test_the_fullest_seeds_it_or_the_one_that_is_named(
    asked: str, having: dict[str, int], silent: dict[str, str], source: str
) -> None:
    assert renewal.seeder(asked, having, silent) == source


@pytest.mark.parametrize(
    ("asked", "having", "silent", "why"),
    [
        ("b", {"a": 1}, {"b": "it is away"}, "b is to seed it, and cannot be opened: it is away"),
        ("a", {"a": 0}, {}, "has no complete snapshot; --from-repository=none says"),
        ("c", {"a": 1}, {"b": "x"}, r"c cannot seed it: .* \(a, b\), and none"),
        ("c", {}, {}, r"\(there is none\)"),
        ("", {"a": 0}, {"b": "it is away"}, r"one may that does not \(b: it is away\)"),
    ],
)
def test_what_cannot_seed_it_is_refused_and_what_may_is_not_passed_over(
    asked: str, having: dict[str, int], silent: dict[str, str], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        renewal.seeder(asked, having, silent)
