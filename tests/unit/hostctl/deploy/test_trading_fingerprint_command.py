"""``freqops-host trading-fingerprint``: its rows, its lines, its exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import remarks
from freqops.core.promotion import trading_fingerprint
from freqops.core.promotion.trading_fingerprint import PARTS
from freqops.hostctl import cli
from tests.unit.core.promotion.released import made, marked
from tests.unit.fakes import make_bot

RUNS, NEXT, OLD = "1" * 16, "2" * 16, "3" * 16


class Bot:
    """A bot with three kept releases: the one that runs, one that trades otherwise, and one of an older freqops."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, make_bot(root, release=RUNS)
        for name in (RUNS, NEXT, OLD):
            made(self.place(name))
        marked(self.place(NEXT), timeframe="1m")
        mark = self.place(OLD) / "validated"
        mark.write_text(mark.read_text().partition(remarks.MARK)[0])
        (self.home / "release" / "no-release").mkdir()

    def place(self, name: str) -> Path:
        return self.home / "release" / name

    def run(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
        status = cli.main(["trading-fingerprint", "alpha", *words], self.root)
        said = capsys.readouterr()
        return status, said.out + said.err

    def asked(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
        status, said = self.run(capsys, "--json", *words)
        answer: dict[str, Any] = json.loads(said)
        return status, answer


@pytest.fixture
def bot(tmp_path: Path) -> Bot:
    return Bot(tmp_path)


def test_every_kept_release_has_a_row_and_one_without_is_not_proven(
    bot: Bot, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answer = bot.asked(capsys)
    assert (status, answer["bot"], "changes" in answer) == (2, "alpha", False)
    rows = {row["release"]: row for row in answer["releases"]}
    assert [(name, row["installed"]) for name, row in rows.items()] == [(RUNS, True), (NEXT, False), (OLD, False)]
    assert rows[RUNS]["trading_fingerprint"] == trading_fingerprint.of_release(bot.place(RUNS)).fingerprint
    assert rows[RUNS]["trading_fingerprint"] != rows[NEXT]["trading_fingerprint"]
    assert set(rows[RUNS]["parts"]) == set(PARTS)
    assert (rows[OLD]["trading_fingerprint"], rows[OLD]["parts"]) == (None, None)
    assert "does not have the configuration that Freqtrade built" in rows[OLD]["error"]


def test_one_release_is_held_against_the_one_that_runs(bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    status, answer = bot.asked(capsys, "--release", NEXT)
    assert (status, [row["release"] for row in answer["releases"]]) == (0, [NEXT])
    assert answer["changes"] == ['configuration: timeframe: "5m" becomes "1m"']
    assert "changes" not in bot.asked(capsys, "--release", RUNS)[1]
    status, answer = bot.asked(capsys, "--release", OLD)
    assert (status, "changes" in answer) == (2, False)


def test_a_person_reads_lines(bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = bot.run(capsys)
    assert status == 2
    assert f"alpha: {RUNS} (installed): {trading_fingerprint.of_release(bot.place(RUNS)).fingerprint}" in said
    assert f"alpha: NO TRADING FINGERPRINT: release {OLD}: its mark does not have" in said
    assert bot.run(capsys, "--release", NEXT)[1].splitlines()[-1].startswith("differs: configuration: timeframe")
    marked(bot.place(NEXT))
    assert bot.run(capsys, "--release", NEXT)[1].splitlines()[-1] == "it trades as the installed release does"
    (bot.place(RUNS) / "validated").unlink()
    assert "no trading fingerprint to compare with" in bot.run(capsys, "--release", NEXT)[1]
    assert bot.asked(capsys, "--release", NEXT)[1]["changes"] is None


@pytest.mark.parametrize("words", [("--release", "4" * 16), ("--release", "no-release"), ("--release", "../x")])
def test_a_release_that_is_not_there_is_refused(
    bot: Bot, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    status, said = bot.run(capsys, *words)
    assert status == 1
    assert "alpha has no release" in said


def test_a_bot_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bot = Bot(tmp_path)
    assert cli.main(["trading-fingerprint", "beta"], bot.root) == 1
