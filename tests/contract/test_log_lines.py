"""The log of a bot by our ``log_config``: what is in its file, on its output, and behind its API."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freqops.core.logs import json_line
from freqops.core.logs.json_line import FIXED, Line
from tests.contract.bot import Bot
from tests.contract.polling import eventually

HEARTBEAT = "Bot heartbeat"
SMALL = 2000  # bytes after which the file is rotated in the test of that


def log_of(bot: Bot) -> Path:
    return bot.files.var / "logs" / "freqtrade.log"


def written(bot: Bot, since: int = 0) -> list[bytes]:
    """Return the whole lines of its file that stand behind an offset."""
    return log_of(bot).read_bytes()[since:].split(b"\n")[:-1]


def read(bot: Bot, since: int = 0) -> list[Line]:
    """Return these lines as freqops reads them; each of them must be one."""
    raw = written(bot, since)
    found = [json_line.parse(each) for each in raw]
    assert None not in found, raw[found.index(None)]
    return [each for each in found if each is not None]


def end_of(bot: Bot) -> int:
    return log_of(bot).stat().st_size


def behind_its_api(bot: Bot) -> list[str]:
    """Return what its API has of its log."""
    return [record[4] for record in bot.api.call("GET", "/logs?limit=1000")["logs"]]


@contextmanager
def rotated_early(bot: Bot) -> Iterator[None]:
    """Let the log be rotated early in the block; it is as it was afterwards."""
    path = bot.files.release / "config.json"
    before = path.read_text()
    config: dict[str, Any] = json.loads(before)
    config["log_config"]["handlers"]["file"]["maxBytes"] = SMALL
    path.write_text(json.dumps(config))
    try:
        bot.reload("running")
        yield
    finally:
        path.write_text(before)
        bot.reload("running")


def test_each_record_is_a_line_of_json_in_its_file_and_a_line_for_people_on_its_output(bot: Bot) -> None:
    """By our formatter its file has one line of JSON for each record; its output and its API have Freqtrade's own form.

    So freqops reads the file of a bot, and people its output.
    """
    begin = end_of(bot)
    eventually(lambda: [line for line in read(bot, begin) if line.message.startswith(HEARTBEAT)], "it has a heartbeat")
    for raw in written(bot, begin):
        fields = json.loads(raw)
        assert tuple(fields)[: len(FIXED)] == FIXED
        assert fields["ts"].endswith("+00:00")
        assert bot.password not in raw.decode()
    beats = [line for line in read(bot, begin) if line.message.startswith(HEARTBEAT)]
    assert {(line.level, line.logger) for line in beats} == {("INFO", "freqtrade.worker")}
    output = bot.container.logs(tail=200).decode(errors="replace").splitlines()
    said = [line for line in output if HEARTBEAT in line]
    assert said
    assert not [line for line in said if line.startswith("{")]
    assert beats[0].message in behind_its_api(bot)


def test_after_a_reload_each_record_is_written_once_and_as_before(bot: Bot) -> None:
    """A reload sets the log up again: its records are lines of JSON as before, each once, and no logger falls silent.

    So freqops reads a bot that was halted or resumed as it reads any other.
    """
    begin = end_of(bot)
    bot.reload("running")
    after = end_of(bot)

    def beats() -> list[Line]:
        return [line for line in read(bot, after) if line.message.startswith(HEARTBEAT)]

    eventually(lambda: len(beats()) >= 2, "its heart beats after the reload")
    twice = [each for each, count in Counter((line.at, line.logger, line.message) for line in read(bot, begin)).items()
             if count > 1]  # fmt: skip
    assert twice == []
    assert {"freqtrade.worker", "freqtrade.freqtradebot"} <= {line.logger for line in read(bot, begin)}
    assert beats()[-1].message in behind_its_api(bot)


def test_a_traceback_is_in_one_line_and_behind_the_api(bot: Bot) -> None:
    """What a strategy raises is one line of JSON with its traceback in it, and the API has it, too.

    So freqops counts errors by their class, and a deploy reads why a strategy fails.
    """
    begin = end_of(bot)
    bot.wish(hang={"no": "number"})

    def raised() -> list[Line]:
        return [line for line in read(bot, begin) if "TypeError" in str(line.fields.get("exception", ""))]

    found = eventually(raised, "the strategy raises")[0]
    bot.wish()
    traceback = str(found.fields["exception"])
    assert found.level == "ERROR"
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert "ContractStrategy.py" in traceback
    told = [text for text in behind_its_api(bot) if text.startswith(found.message)]
    assert told
    assert "TypeError" in told[-1]


def test_its_file_is_rotated_and_every_file_has_whole_lines(bot: Bot) -> None:
    """The file is rotated by Freqtrade at the size of our configuration, and every file has whole lines of JSON.

    So no bot fills the disk of its host with its log, and freqops reads on through a rotation.
    """
    before = read(bot)[-1].at
    rotated = log_of(bot).with_name("freqtrade.log.1")
    with rotated_early(bot):
        eventually(rotated.exists, "its file is rotated")
    files = sorted(rotated.parent.glob("freqtrade.log.*"))
    for path in files:
        lines = path.read_bytes()
        assert lines.endswith(b"\n"), path
        assert None not in [json_line.parse(line) for line in lines.splitlines()], path
    assert files
    assert read(bot)[-1].at >= before
    assert bot.api.call("GET", "/logs?limit=5")["logs"]
