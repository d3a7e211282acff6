"""A line of JSON: the runbook's two samples, what is said of others, and what is read from a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from freqops.core.logs import json_line
from freqops.core.logs.redaction import MARK, Redactor

AT = datetime(2025, 8, 25, tzinfo=UTC)
SAMPLES: dict[str, dict[str, Any]] = {
    "incident_logged": {
        "ts": "2025-08-25T00:00:00+00:00",
        "level": "WARNING",
        "logger": "risk",
        "message": "incident_logged",
        "correlation_id": "abc123",
        "incident_id": "incident_1692921600_12345_abc123",
        "run_id": "run_bt_2025-08-25",
        "severity": "warning",
        "description": "max drawdown threshold exceeded",
        "log_excerpt_path": "user_data/logs/freqtrade.log",
    },
    "slot_acquired": {
        "ts": "2025-08-25T00:00:00+00:00",
        "level": "INFO",
        "logger": "risk",
        "message": "slot_acquired",
        "correlation_id": "abc123",
        "kind": "backtest",
        "active_before": 1,
        "lock": "user_data/state/running/backtest_1692921600_12345_abc123.lock",
    },
}


def line(message: str = "said", redact: Redactor | None = None, **fields: Any) -> dict[str, Any]:
    text = json_line.form(redact or Redactor(), AT, "INFO", "risk", message, fields.items())
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_of_the_runbook_are_written_field_for_field(name: str) -> None:
    sample = SAMPLES[name]
    fields = [(key, value) for key, value in sample.items() if key not in json_line.FIXED]
    text = json_line.form(Redactor(), AT, str(sample["level"]), "risk", name, fields)
    assert list(json.loads(text).items()) == list(sample.items()), "in its order, too"


def test_a_moment_has_its_microseconds_in_utc() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 67, timezone(timedelta(hours=2)))
    assert json.loads(json_line.form(Redactor(), at, "INFO", "x", "y"))["ts"] == "2026-01-02T01:04:05.000067+00:00"


def test_no_field_takes_the_place_of_one_of_the_first_four() -> None:
    assert line(level="CRITICAL", ts="x", logger="y")["level"] == "INFO"


def test_values_are_redacted_before_they_are_json() -> None:
    redact = Redactor(['a"b\nc'])
    said = line('it is a"b\nc', redact, deep={'a"b\nc': ['a"b\nc', ("x", 'a"b\nc')]}, thing=Exception('a"b\nc'))
    assert said["message"] == f"it is {MARK}"
    assert said["deep"] == {MARK: [MARK, ["x", MARK]]}
    assert said["thing"] == MARK


@pytest.mark.parametrize("before", [json_line.MESSAGE - 4, json_line.MESSAGE + json_line.MARGIN - 4])
def test_a_secret_is_not_cut_in_two_and_so_let_through(before: int) -> None:
    said = line("x" * before + "verysecret" + "y" * 30_000, Redactor(["verysecret"]))["message"]
    assert "very" not in said
    assert len(said) < json_line.MESSAGE + 100
    assert said.endswith("characters)")


def test_what_json_does_not_have_becomes_text() -> None:
    said = line(a=float("nan"), b=float("inf"), c={1, 2}, d=object, e=10**400, f=None, g="", h=True)
    assert (said["a"], said["b"], said["c"], said["h"]) == ("nan", "inf", [1, 2], True)
    assert said["e"] is None, "no reader takes so large a number"
    assert "f" not in said
    assert "g" not in said


def test_a_line_is_bounded_whatever_is_said() -> None:
    endless: list[Any] = []
    endless.append(endless)
    fields = [("it", endless), *((f"f{number}", "é" * 10**5) for number in range(500))]
    said = json_line.form(Redactor(), AT, "INFO", "l", "\x00" * 10**6, fields)
    assert len(said) <= json_line.LONGEST
    assert json_line.parse(said.encode()) is not None


def test_what_is_written_is_read() -> None:
    found = json_line.parse(json_line.form(Redactor(), AT, "ERROR", "l", "m\udc80", [("correlation_id", "c")]).encode())
    assert found is not None
    assert (found.at, found.level, found.logger, found.message, found.correlation) == (AT, "ERROR", "l", "m\udc80", "c")
    assert found.rank == json_line.LEVELS["ERROR"]


GOOD = {"ts": "2025-08-25T00:00:00+00:00", "level": "INFO", "logger": "l", "message": "m"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"2025-08-25 00:00:00 - freqtrade - INFO - text",
        b"[]",
        b"{",
        b"[" * 100_000,
        *(json.dumps({**GOOD, name: value}).encode() for name, value in
          [("ts", "never"), ("ts", 5), ("ts", "9999-12-31T23:59:59-10:00"), ("level", "info"), ("level", None),
           ("logger", 1), ("message", {})]),
        json.dumps({**GOOD, "message": "m" * json_line.LONGEST}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_line_is_read_as_none(raw: bytes) -> None:
    assert json_line.parse(raw) is None


def test_a_line_that_is_no_utf_8_is_read() -> None:
    found = json_line.parse(json.dumps(GOOD).encode().replace(b'"m"', b'"\xff\xfe"'))
    assert found is not None
    assert found.message == "\ufffd\ufffd"


def test_names_and_numbers_that_are_none_are_left_out() -> None:
    found = json_line.parse(b'{"a b": 1, "c": NaN, "correlation_id": 5, ' + json.dumps(GOOD).encode()[1:])
    assert found is not None
    assert dict(found.fields) == {"c": None, "correlation_id": 5}
    assert found.correlation == ""


def test_a_level_that_a_strategy_made_up_counts_as_usual() -> None:
    found = json_line.parse(json.dumps({**GOOD, "level": "NOTICE"}).encode())
    assert found is not None
    assert found.rank == json_line.USUAL
