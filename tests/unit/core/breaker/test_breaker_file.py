"""A breaker file means what it certainly says; whatever else stands there is active, and says why."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.clock import iso
from freqops.core.breaker import breaker_file
from freqops.core.breaker.breaker_file import Breaker
from tests.unit.fakes import START

ME = os.getuid()
LATER, EARLIER = START + timedelta(hours=1), START - timedelta(seconds=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "circuit_breaker.json"


def read(path: Path, now: datetime = START, **how: Any) -> Breaker:
    return breaker_file.read(path, now, owner=ME, **how)


def said(path: Path, document: Any, now: datetime = START) -> Breaker:
    path.write_text(json.dumps(document))
    return read(path, now)


def test_inactive_is_what_says_so(path: Path) -> None:
    found = said(path, {"active": False, "reason": "over", "until_iso": None})
    assert found == Breaker(
        active=False, reason="over", until=None, readable=True, why=f"{path} says inactive: over", switched_on=False
    )


def test_active_without_an_end(path: Path) -> None:
    found = said(path, {"active": True, "reason": "outage"})
    assert (found.active, found.until, found.readable, found.switched_on) == (True, None, True, True)
    assert found.why == f"{path} says active: outage"


@pytest.mark.parametrize(
    ("until", "active"), [(LATER, True), (EARLIER, False), (START, False), (START + timedelta(seconds=1), True)]
)
def test_it_ends_by_itself(path: Path, until: datetime, active: bool) -> None:
    found = said(path, {"active": True, "reason": "outage", "until_iso": iso(until)})
    assert (found.active, found.until, found.switched_on, found.readable) == (active, until, True, True)
    assert ("has passed" in found.why) is not active
    assert iso(until) in found.why


def test_what_is_switched_off_stays_off_whatever_its_end(path: Path) -> None:
    assert not said(path, {"active": False, "until_iso": iso(LATER)}).active


@pytest.mark.parametrize(
    "text", ["2026-01-02T04:04:05Z", "2026-01-02T04:04:05", "2026-01-02 05:04:05+01:00", "2026-01-01T23:34:05-0430"]
)
def test_an_end_is_utc_unless_it_says_otherwise(path: Path, text: str) -> None:
    assert said(path, {"active": True, "until_iso": text}).until == LATER


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "blank": (b" \n", "it is empty"),
    "truncated": (b'{"active": fal', "it is not JSON"),
    "two documents": (b'{"active": false}{"active": true}', "it is not JSON"),
    "not text": (b'\xff\xfe{\x00"\x00', "it is not text in UTF-8"),
    "a byte order mark": (b'\xef\xbb\xbf{"active": false}', "it is not JSON"),
    "a list": (b"[]", "it is not an object"),
    "null": (b"null", "it is not an object"),
    "an object of nothing": (b"{}", "it does not say active"),
    "another name": (b'{"Active": false}', "it does not say active"),
    "text for active": (b'{"active": "false"}', 'active is "false", not true or false'),
    "a number for active": (b'{"active": 0}', "active is 0, not true or false"),
    "null for active": (b'{"active": null}', "active is null, not true or false"),
    "a list for reason": (b'{"active": false, "reason": []}', "reason is [], not text"),
    "null for reason": (b'{"active": false, "reason": null}', "reason is null, not text"),
    "a number for the end": (b'{"active": false, "until_iso": 1767323045}', "until_iso is 1767323045, not text"),
    "an empty end": (b'{"active": false, "until_iso": ""}', "until_iso: '' is not a moment"),
    "a day for the end": (b'{"active": false, "until_iso": "2026-01-02"}', "until_iso: '2026-01-02' is not a moment"),
    "no such day": (b'{"active": false, "until_iso": "2026-02-30T00:00:00Z"}', "until_iso: '2026-02-30T"),
    "too late an end": (b'{"active": true, "until_iso": "2100-01-01T00:00:00Z"}', "later than 2099"),
    "NaN": (b'{"active": false, "reason": "x", "score": NaN}', "it has the number NaN"),
    "infinity": (b'{"active": false, "reason": "x", "score": -Infinity}', "it has the number -Infinity"),
    "twice": (b'{"active": true, "active": false}', "it says 'active' twice"),
    "too deep": (b'{"active": false, "x": ' + b"[" * 60_000, "it is"),
    "too large": (b" " * 65_520 + b'{"active": false}', "more than 65536"),
}


@pytest.mark.parametrize(("data", "fault"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_understood_is_active_and_says_why(path: Path, data: bytes, fault: str) -> None:
    path.write_bytes(data)
    found = read(path)
    assert (found.active, found.readable, found.until, found.switched_on) == (True, False, None, False)
    assert fault in found.reason
    assert found.reason.startswith("circuit_breaker_parse_error: ")
    assert found.why.startswith(f"{path} counts as active: ")


def test_the_latest_end_is_that_of_2099(path: Path) -> None:
    assert said(path, {"active": True, "until_iso": "2099-12-31T23:59:59Z"}).readable
    assert not said(path, {"active": True, "until_iso": "2099-12-31T23:59:59-01:00"}).readable


def test_a_missing_file_is_active_for_a_host_and_not_for_one_bot(path: Path) -> None:
    found = read(path)
    assert (found.active, found.readable, found.missing) == (True, False, True)
    assert found.why == f"{path} counts as active: it is missing"
    alone = read(path, missing_is_active=False)
    assert (alone.active, alone.readable, alone.missing) == (False, True, True)
    assert not read(path.parent / "nowhere" / path.name, missing_is_active=False).active


def odd(path: Path, kind: str) -> None:
    """Put something else in the place of a file that says inactive."""
    inactive = path.with_name("other.json")
    inactive.write_text('{"active": false}')
    if kind == "a link":
        path.symlink_to(inactive)
    elif kind == "a dangling link":
        path.symlink_to("nowhere")
    elif kind == "a directory":
        path.mkdir()
    elif kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    else:
        path.write_text('{"active": false}')
        path.chmod({"writable by its group": 0o664, "writable by all": 0o606, "readable by nobody": 0o000}[kind])


@pytest.mark.parametrize("missing_is_active", [True, False])
@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("a link", "it is a link, not a plain file"),
        ("a dangling link", "it is a link, not a plain file"),
        ("a directory", "it is a directory, not a plain file"),
        ("a FIFO", "it is a FIFO, not a plain file"),
        ("a socket", "it is a socket, not a plain file"),
        ("writable by its group", "it can be written by others (mode 0664): chmod go-w "),
        ("writable by all", "it can be written by others (mode 0606): chmod go-w "),
        ("readable by nobody", "its mode 0000 lets nobody read it: chmod 0600 "),
    ],
)
def test_what_is_no_file_of_root_alone_is_active(path: Path, kind: str, fault: str, missing_is_active: bool) -> None:
    odd(path, kind)
    found = read(path, missing_is_active=missing_is_active)
    assert (found.active, found.readable) == (True, False)
    assert fault in found.why


def test_a_device_is_active_and_not_opened() -> None:
    found = breaker_file.read(Path("/dev/zero"), START, owner=0)
    assert (found.active, found.readable) == (True, False)
    assert "not a plain file" in found.why


def test_a_file_of_somebody_else_is_active(path: Path) -> None:
    path.write_text('{"active": false}')
    found = breaker_file.read(path, START, owner=ME + 1)
    assert (found.active, found.readable) == (True, False)
    assert f"its directory belongs to user {ME}, not to user {ME + 1}: chown {ME + 1}: {path.parent}" in found.why


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_in_a_directory_of_others_it_is_active(path: Path, mode: int) -> None:
    """Whoever may write there may put an older file back."""
    path.write_text('{"active": false}')
    path.parent.chmod(mode)
    assert f"its directory can be written by others (mode {mode:04o})" in read(path).why


def test_what_took_its_place_meanwhile_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text('{"active": false}')
    opened = os.open

    def swapped(name: Any, flags: int, *arguments: Any, **how: Any) -> int:
        if str(name) == path.name:
            path.unlink()
            os.mkfifo(path)
        return opened(name, flags, *arguments, **how)

    monkeypatch.setattr(os, "open", swapped)
    found = read(path)
    assert found.active
    assert "it is a FIFO" in found.why


def test_a_disk_that_fails_is_active(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text('{"active": false}')

    def fail(*_: Any, **__: Any) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "open", fail)
    found = read(path, missing_is_active=False)
    assert (found.active, found.readable) == (True, False)
    assert "it cannot be read: Input/output error" in found.why


def test_a_reason_fits_wherever_it_is_shown(path: Path) -> None:
    found = said(path, {"active": True, "reason": "\x1b[2J\n" + "x" * 5000})
    assert found.reason.startswith("\\x1b[2J\\n")
    assert found.reason.isprintable()
    assert len(found.reason) < breaker_file.REASON_LENGTH + 40


@given(
    st.booleans(),
    st.text(st.characters(codec="utf-8"), max_size=50),
    st.none() | st.datetimes(datetime(1, 1, 2), datetime(2099, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  bounds
)
def test_what_it_says_is_written_in_the_form_of_the_runbook(active: bool, reason: str, until: datetime | None) -> None:
    document = Breaker(active, reason, until, readable=True, why="").to_json()
    assert list(document) == ["active", "reason", "until_iso"]
    found = breaker_file.parse(json.dumps(document).encode(), Path("/file"), START)
    assert found.readable
    assert (found.switched_on, found.until) == (active, until)
    assert found.active == (active and (until is None or until > START))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {}, optional={"active": JSON, "reason": JSON, "until_iso": JSON | st.datetimes().map(str)}
)


@given(st.binary(max_size=200) | FIELDS.map(lambda document: json.dumps(document).encode()))
def test_no_bytes_are_an_error_or_inactive_unless_they_say_so(data: bytes) -> None:
    found = breaker_file.parse(data, Path("/file"), START)
    assert found.why.isprintable()
    assert len(found.reason) < 700
    if not found.active:
        document = json.loads(data)
        assert document["active"] is False or (document["active"] is True and found.until is not None)
        assert found.readable
