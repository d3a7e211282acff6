"""The files of a run on its host: a log that stays bounded, candles that are whole or not there, hostile output."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from freqops.core.base.iso_time import parse
from freqops.hostctl.runs import bounded_log, candle_files, downloaded, harvest, run_directory
from freqops.hostctl.runs.bounded_log import BoundedLog, last_lines
from freqops.hostctl.runs.run_directory import RunDirectory

RUN = "download-20260131T180000Z-0a1b2c"
NAME = "BTC_USDT-5m.feather"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    for module in (run_directory, downloaded):
        monkeypatch.setattr(module, "CONTAINER_UID", os.getuid())
    made = RunDirectory(tmp_path, RUN)
    made.make()
    return made


def data_of(root: Path) -> Path:
    found = root / candle_files.DATA / "binance"
    found.mkdir(parents=True)
    return found


def test_a_log_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    with BoundedLog(path) as log:
        log.write(b"the first line\n")
        for number in range(3000):
            log.write(b"%d " % number + b"x" * 4000 + b"\n")
        log.write(b"the last line\n")
    said = path.read_bytes()
    assert len(said) <= 2 * (bounded_log.HEAD + bounded_log.TAIL) + 8192
    assert said.startswith(b"the first line\n")
    assert last_lines(path, 1) == ["the last line"]
    assert said.count(b"bytes were left out here") == 1
    assert b"\n2999 " in said


def test_downloaded_candles_are_put_in_place_whole(place: RunDirectory, tmp_path: Path) -> None:
    data = data_of(tmp_path)
    (data / NAME).write_bytes(b"old")
    assert downloaded.stage(place, "binance", [NAME, "ETH_USDT-5m.feather"]) == [NAME]
    (downloaded.staging(place, "binance") / NAME).write_bytes(b"new")
    assert (data / NAME).read_bytes() == b"old"
    assert downloaded.put_in_place(place, "binance", downloaded.names_there(place, "binance")) == [NAME]
    assert (data / NAME).read_bytes() == b"new"
    assert downloaded.put_in_place(place, "binance", [NAME]) == []
    assert [path.name for path in data.iterdir()] == [NAME]


def test_a_full_disk_leaves_the_old_candles(
    place: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(tmp_path)
    (data / NAME).write_bytes(b"old")
    downloaded.stage(place, "binance", [NAME])
    (downloaded.staging(place, "binance") / NAME).write_bytes(b"new")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="no space"):
        downloaded.put_in_place(place, "binance", [NAME])
    assert (data / NAME).read_bytes() == b"old"
    assert [path.name for path in data.iterdir()] == [NAME]


def test_links_that_a_run_left_are_not_followed(place: RunDirectory, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.zip").write_bytes(b"not its own")
    (place.output / "backtest_results").symlink_to(elsewhere)
    assert harvest.results(place.output / "backtest_results", ".zip") == []
    results = place.output / "hyperopt_results"
    results.mkdir()
    (results / "a.fthypt").symlink_to(elsewhere / "a.zip")
    os.mkfifo(results / "b.fthypt")
    assert harvest.results(results, ".fthypt") == []
    downloaded.stage(place, "binance", [])
    target = downloaded.staging(place, "binance")
    (target / NAME).symlink_to(elsewhere / "a.zip")
    assert downloaded.names_there(place, "binance") == []


def test_a_run_keeps_the_candles_that_it_was_given(place: RunDirectory, tmp_path: Path) -> None:
    data = data_of(tmp_path)
    (data / NAME).write_bytes(b"old")
    candle_files.link(place, "binance")
    fresh = data / ".fresh"
    fresh.write_bytes(b"new")
    fresh.replace(data / NAME)
    assert (place.data / "binance" / NAME).read_bytes() == b"old"
    candle_files.unlink(place)
    assert list(place.data.iterdir()) == []
    assert (data / NAME).read_bytes() == b"new"


def test_only_candles_that_begin_later_want_what_comes_before(tmp_path: Path) -> None:
    data = data_of(tmp_path)
    (data / NAME).write_bytes(b"candles")
    first = parse("2024-01-05T00:00:00Z")
    assert not candle_files.begin_later(tmp_path, data, [], first)
    assert candle_files.begin_later(tmp_path, data, [NAME], first), "it is not known"
    said = {"candles": 3, "first": "2024-01-05T00:00:00Z", "last": "2024-02-01T00:00:00Z", "gaps": [], "more_gaps": 0}
    known = tmp_path / candle_files.KNOWN
    known.parent.mkdir(parents=True)
    known.write_text(json.dumps({hashlib.sha256(b"candles").hexdigest(): said}))
    assert not candle_files.begin_later(tmp_path, data, [NAME], first)
    assert candle_files.begin_later(tmp_path, data, [NAME], parse("2024-01-04T00:00:00Z"))


def test_two_runs_never_have_one_directory(place: RunDirectory, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        RunDirectory(tmp_path, RUN).make()
