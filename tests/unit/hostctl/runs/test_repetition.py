"""A run repeated out of its own directory: what it was made of must be there as it was."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.iso_time import parse
from freqops.core.runs import registry, registry_migration
from freqops.core.runs.run_order import Again
from freqops.core.runs.run_records import Begun
from freqops.hostctl.runs import input_files, repetition, run_directory, run_rows
from freqops.hostctl.runs.run_directory import ASKED, RunDirectory
from tests.unit.fakes import FakeClock

RUN = "backtest-20260131T180000Z-0a1b2c"
IMAGE = "registry.example/freqtrade@sha256:" + "1" * 64
FILES = {
    "strategies/Mine.py": b"class Mine: ...\n", "strategies/Mine.json": b'{"params": {}}', "python/helper.py": b"",
    "user_files/levels.csv": b"1,2\n",
}  # fmt: skip
CONFIG = {"exchange": {"name": "binance", "pair_whitelist": ["BTC/USDT"]}, "stake_amount": 50, "dry_run": True}
INPUTS = {"kind": "backtest", "bot": "alpha", "timerange": "20260101-20260110", "pairs": ["BTC/USDT"], "memory": "2g"}
METRICS = {"max_drawdown_account": 0.01}
AGAIN = Again(RUN, "ann@host", "again", 5, force=True)


class Host:
    """A host with one run."""

    def __init__(self, root: Path) -> None:
        self.root, self.place = root, RunDirectory(root, RUN)
        self.place.make()
        for name, content in FILES.items():
            path = self.place.input / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        durable.write_json(self.place.input / input_files.CONFIG, CONFIG, 0o644)
        self.asked: dict[str, Any] = {
            "version": 1, "id": RUN, "kind": "backtest", "inputs": INPUTS, "strategy": "Mine", "image": IMAGE,
            "packages": str(root / "packages/0123456789abcdef"), **input_files.checksums(FILES, CONFIG),
        }  # fmt: skip
        self.place.write(ASKED, self.asked)
        registry_migration.prepare(registry.place(root), FakeClock(), owner=os.getuid())

    def row(self, status: str = "finished") -> None:
        """Write the row of the run."""
        began, ended = parse("2026-01-31T18:00:00Z"), parse("2026-01-31T18:01:00Z")
        sums = {name: value or None for name, value in input_files.checksums(FILES, CONFIG).items()}
        with registry.opened(registry.place(self.root), write=True) as opened:
            opened.begin_run(Begun(RUN, "backtest", began, "Mine", sums))
            opened.end_run(RUN, status, ended, METRICS)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(run_directory, "CONTAINER_UID", os.getuid())
    return Host(tmp_path)


def test_it_is_asked_as_it_was_and_of_no_bot(host: Host) -> None:
    host.row()
    order = repetition.order_of(host.root, AGAIN)
    assert (order.inputs.strategy, order.inputs.bot, order.inputs.timerange) == ("Mine", "", "20260101-20260110")
    assert (order.files, order.config, order.image, order.packages) == (FILES, CONFIG, IMAGE, "0123456789abcdef")
    assert (order.again, order.actor, order.reason, order.wait, order.force) == (RUN, "ann@host", "again", 5, True)


@pytest.mark.parametrize("name", FILES)
def test_what_was_changed_since_is_refused(host: Host, name: str) -> None:
    host.row()
    (host.place.input / name).write_bytes(b"another\n")
    with pytest.raises(Refused, match=f"is not the one that {RUN} had"):
        repetition.order_of(host.root, AGAIN)


def test_another_configuration_or_none_is_refused(host: Host) -> None:
    host.row()
    config = host.place.input / input_files.CONFIG
    durable.write_json(config, {**CONFIG, "stake_amount": 51}, 0o644)
    with pytest.raises(Refused, match="the configuration below"):
        repetition.order_of(host.root, AGAIN)
    config.write_text("{")
    with pytest.raises(Refused, match="is not there any more, or cannot be read"):
        repetition.order_of(host.root, AGAIN)


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_what_did_not_finish_is_refused(host: Host, status: str) -> None:
    host.row(status)
    with pytest.raises(Refused, match=f"{RUN} is {status}"):
        repetition.order_of(host.root, AGAIN)


def test_what_is_not_there_is_refused(host: Host) -> None:
    with pytest.raises(Refused, match="the registry of this host has no run"):
        repetition.order_of(host.root, AGAIN)
    other = "backtest-20260131T180000Z-ffffff"
    with pytest.raises(Refused, match=f"this host has no run {other}"):
        repetition.order_of(host.root, Again(other, "ann", "again"))
    with pytest.raises(Refused, match="is a download"):
        repetition.order_of(host.root, Again("download-20260131T180000Z-0a1b2c", "ann", "again"))


def test_a_registry_that_cannot_be_read_is_no_row(host: Host) -> None:
    registry.place(host.root).write_bytes(b"no database")
    with pytest.raises(FreqopsError, match="registry"):
        repetition.order_of(host.root, AGAIN)


def test_the_row_of_a_run_that_repeats_another_names_that_one(host: Host) -> None:
    more = dict.fromkeys(("actor", "reason", "host", "bot", "bot_release", "commands", "place"), "")
    row = run_rows.begun({**host.asked, **more, "again": RUN})
    assert json.loads(row["config_json"]) == {"inputs": INPUTS, "again": RUN}
    assert json.loads(run_rows.begun({**host.asked, **more})["config_json"]) == {"inputs": INPUTS}
