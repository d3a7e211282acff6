"""What hosts tell while their logs are followed is hostile until it was checked; and what may be asked for."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.bot import host_command
from freqops.core.logs import query, told

EVIL = "x\x1b[2J\nALL WELL\u202e"
ROW = {"at": "2026-01-02T03:04:05.000000Z", "source": "a", "level": "INFO", "text": "said", "correlation": ""}


@pytest.mark.parametrize("event", [{told.LINE: ROW}, {told.NOTE: {"source": "a", "text": "b"}}, {told.READING: True}])
def test_an_event_is_read_as_it_was_told(event: dict[str, Any]) -> None:
    line = host_command.told(event)
    assert line.startswith(host_command.TOLD)
    assert told.checked(host_command.event_of(f"{line}\r".encode())) == event


def test_every_text_of_an_event_is_visible_and_bounded() -> None:
    found = told.checked({told.LINE: {**ROW, "text": EVIL * 1000, "source": EVIL, "level": EVIL}})
    [line] = told.shown("host", found)
    assert line.isprintable()
    assert len(line) < 7000
    assert told.shown("host", {told.NOTE: {"source": "a", "text": "b"}}) == ["host a: b"]
    assert told.shown("host", {told.READING: True}) == []


@pytest.mark.parametrize(
    "event",
    [
        5, [], {}, {"other": 1}, {told.LINE: {}}, {told.LINE: {**ROW, "text": 5}}, {told.LINE: {**ROW, "at": "soon"}},
        {told.LINE: {**ROW, "at": "9" * 60}},
        {told.LINE: {**ROW, "at": f"{ROW['at']} ago"}}, {told.NOTE: "x"}, {told.READING: 1},
        {told.READING: True, told.LINE: ROW},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_event_is_refused(event: object) -> None:
    with pytest.raises(Malformed):
        told.checked(event)


@pytest.mark.parametrize("line", [b"", b'{"told": ', b'{"told": 5}', b'{"told": {}', b"{" + b'"a":[' * 900])
def test_a_line_that_tells_nothing_is_an_error(line: bytes) -> None:
    with pytest.raises(host_command.NoAnswer):
        host_command.event_of(line)


@pytest.mark.parametrize(("text", "seconds"), [("", None), (None, None), ("30s", 30), ("10m", 600), ("24h", 86400)])
def test_for_how_long_is_followed(text: object, seconds: float | None) -> None:
    assert query.duration(text) == seconds


@pytest.mark.parametrize("text", ["0s", "soon", "-1s", "25h", "2d", "86401s", "1.5h", 5, "2026-01-31T18:00:00Z"])
def test_a_duration_that_is_none_or_too_long_is_refused(text: object) -> None:
    with pytest.raises(Refused, match="duration is"):
        query.duration(text)


def test_what_cannot_be_followed_is_refused() -> None:
    with pytest.raises(Refused, match="only lines are followed"):
        query.of_following(query.ERRORS, "", follow=True)
    with pytest.raises(Refused, match="use it with follow"):
        query.of_following(query.SHOW, "30s", follow=False)
    query.of_following(query.ERRORS, "", follow=False)
    query.of_following(query.SHOW, "30s", follow=True)
