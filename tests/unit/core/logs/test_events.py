"""Events that the runbook looks for in logs, kinds of errors, and which lines are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.logs import answer, error_rate, events, query
from freqops.core.logs.error_rate import Rate
from freqops.core.logs.json_line import Line
from freqops.core.logs.query import Query

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORCED = (  # as Freqtrade 2026.9 says it, rpc_manager.py
    "Sending rpc message: {'type': <RPCMessageType.EXIT: 'exit'>, 'trade_id': 1, 'pair': 'BTC/USDT', "
    "'exit_reason': 'force_exit', 'open_date': datetime.datetime(2026, 1, 2, 11, 0)}"
)


def line(message: str, minutes: float = 1, level: str = "INFO", **fields: Any) -> Line:
    return Line(NOW - timedelta(minutes=minutes), level, "l", message, fields)


SAID = {
    "Circuit Breaker TRIPPED: daily loss": [events.BREAKER],
    "alpha: HALTED by the operator breaker under 20260102T030405Z-breaker-9f3c21: feed": [events.BREAKER],
    "Updated HRP weights: {'BTC/USDT': 0.5}": [events.HRP],
    "Unable to fetch: ccxt.base.errors.ExchangeNotAvailable: 503": [events.EXCHANGE],
    "Force exiting trade 1": [events.FORCED],
    FORCED: [events.FORCED],
    FORCED.replace("EXIT: 'exit'", "EXIT_FILL: 'exit_fill'"): [],
    FORCED.replace("force_exit", "roi"): [],
    "Circuit Breaker is closed": [],
    "Bot heartbeat": [],
}


@pytest.mark.parametrize("message", SAID)
def test_an_event_is_known_by_what_the_component_says(message: str) -> None:
    assert list(events.of_line(line(message))) == SAID[message]


def test_what_was_raised_counts_too() -> None:
    assert list(events.of_line(line("no", exception="x\nccxt.base.errors.ExchangeNotAvailable: 503"))) == [
        events.EXCHANGE
    ]


def rate_of(errors: list[Line]) -> Rate:
    found = Rate()
    for each in errors:
        found.note_error(each)
    return found


def test_without_a_record_nothing_is_known_of_the_rate() -> None:
    assert Rate().rate is None


def test_errors_are_counted_by_kind_the_most_frequent_first() -> None:
    raised = "Traceback\nccxt.base.errors.RequestTimeout: a\n\nThe above\n\nfreqtrade.exceptions.TemporaryError: 5"
    there = [line(f"Trade {number} of 0xdeadbeef{number} lost", number, "ERROR") for number in (3, 2)]
    there += [line("y", 1, "ERROR", exception=raised), line("ExchangeNotAvailable", 1, "ERROR")]
    said = rate_of(there).to_json()["kinds"]
    assert [(each["kind"], each["count"]) for each in said] == [
        ("l: Trade # of # lost", 2), (events.EXCHANGE, 1), ("freqtrade.exceptions.TemporaryError", 1),
    ]  # fmt: skip
    assert said[0]["last"] == "2026-01-02T11:58:00Z"


def test_no_bot_can_make_up_endless_kinds() -> None:
    names = [f"{chr(97 + number % 26) * (number // 26 + 1)}" for number in range(500)]
    found = rate_of([line(name, 1, "ERROR") for name in names])
    assert len(found.kinds) == error_rate.MOST + 1
    assert found.errors == sum(count for count, _ in found.kinds.values()) == 500


@pytest.mark.parametrize(
    ("text", "ago"),
    [("90s", HOUR / 40), ("30m", HOUR / 2), ("1h", HOUR), ("7d", 168 * HOUR), ("2026-01-02T11:00Z", HOUR)],
)
def test_a_window_begins_so_long_ago_or_at_a_moment(text: str, ago: timedelta) -> None:
    assert query.since(text, NOW) == NOW - ago


@pytest.mark.parametrize(
    "text", ["", "h", "0h", "-1h", "1.5h", "1w", "1 h", "yesterday", "2026-01-03T00:00Z", "99999d", None]
)
def test_a_window_that_means_nothing_is_refused(text: Any) -> None:
    if text == "99999d":
        assert query.since(text, NOW).year < 1800
        return
    with pytest.raises(Refused, match="since"):
        query.since(text, NOW)


@pytest.mark.parametrize("text", ["", "loud", "20", None])
def test_a_level_that_is_none_is_refused_with_what_is_allowed(text: Any) -> None:
    with pytest.raises(Refused, match="allowed: DEBUG, INFO, WARNING, ERROR, CRITICAL"):
        query.rank(text)


@pytest.mark.parametrize(
    ("read", "text"), [(query.match, "a\nb"), (query.match, "x" * 201), (query.correlation, "../a")]
)
def test_what_no_line_has_is_refused(read: Any, text: str) -> None:
    with pytest.raises(Refused):
        read(text)


def test_which_lines_are_meant() -> None:
    asked = Query(NOW - HOUR, NOW, query.rank("warning"), "btc", "c-1")
    good = line("no stop on BTC/USDT", level="ERROR", correlation_id="c-1")
    assert asked.wants(good)
    assert asked.wants(line("x", level="WARNING", correlation_id="c-1", pair="BTC/USDT")), "what it says besides, too"
    assert not asked.wants(good._replace(level="INFO"))
    assert not asked.wants(good._replace(fields={"correlation_id": "c-2"}))
    assert not asked.wants(good._replace(message="no stop on ETH/USDT"))
    assert not asked.wants(good._replace(at=NOW - HOUR - timedelta(microseconds=1)))
    assert not asked.wants(good._replace(at=NOW + timedelta(microseconds=1)))


def document(host: str, *lines: Line, **more: Any) -> dict[str, Any]:
    said = [answer.of_line(each, "alpha") for each in lines]
    return {"host": host, "since": "s", "until": "u", "wrong": [], "more": False, "unread": 0, "sources": [],
            "lines": said, **more}  # fmt: skip


def test_lines_of_a_fleet_are_merged_by_time_and_what_is_not_there_is_said() -> None:
    answers = {
        "b": answer.checked(document("b", line("second", 4), line("fourth", 2), wrong=["x: Permission denied"])),
        "a": answer.checked(document("a", line("first\x1b[2J", 5), line("third", 3), more=True, unread=2)),
    }
    shown = answer.text(answers, errors=False)
    assert [text.split()[-1] for text in shown[:4]] == ["first\\x1b[2J", "second", "third", "fourth"]
    assert shown[0].startswith("2026-01-02T11:55:00.000000Z a alpha INFO l: first")
    assert shown[4:] == [
        "b: NOT READ x: Permission denied",
        "a: only the newest lines are shown: ask for a later since, a match or a level",
        "a: 2 lines are no lines of JSON, or too long, and were left out",
    ]


def test_the_error_rates_of_a_fleet_are_a_table() -> None:
    rate = rate_of([line("boom", level="ERROR")])
    rate.records = 2
    row = {"source": "alpha", **rate.to_json(), "events": [events.Seen(events.HRP, 1, NOW).to_json()]}
    text = "\n".join(answer.text({"a": answer.checked(document("a", sources=[row]))}, errors=True))
    assert "50.00 %" in text
    assert "l: boom" in text
    assert "hrp_updated" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": [{"at": 1}]},
        {"lines": "x"},
        {"more": 1},
        {"wrong": [1]},
        {"unread": -1},
        {"sources": [{"source": "a"}]},
    ],
)
def test_what_a_host_says_must_be_what_it_must_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        answer.checked(document("a", **wrong))
