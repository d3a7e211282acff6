"""Code that a test sends to a host runs in a process of its own, with the bot as it is at that moment."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lab.base.conversation import Conversation, ProcessLine
from tests.support.evaluator import BOTS, TOOL
from tests.support.field import EVALUATOR, ROOT

BOT = {"name": "alpha", "mode": "paper", "api_port": 1, "image": "i", "release": "r", "initial_state": "running"}


class Place:
    """A host's tool and its bot, and the evaluator that is started there."""

    def __init__(self, place: Path) -> None:
        self.tool, self.bot = place / "freqops-host", place / "bots" / "alpha"
        self.tool.touch()
        (self.bot / "conf").mkdir(parents=True)
        (self.bot / "bot.json").write_text(json.dumps(BOT))
        self.password("first")
        text = EVALUATOR.read_text().replace(str(TOOL), str(self.tool)).replace(str(BOTS), str(self.bot.parent))
        self._command = ["env", f"PYTHONPATH={ROOT / 'src'}", sys.executable, "-c", text]
        self.lines: list[ProcessLine] = []
        self._conversation = Conversation(self._dial)

    def _dial(self) -> ProcessLine:
        self.lines.append(ProcessLine(self._command))
        return self.lines[-1]

    def password(self, word: str) -> None:
        """Give the bot's API another password."""
        secrets = {"api_server": {"username": "freqops", "password": word}}
        (self.bot / "conf/secrets.json").write_text(json.dumps(secrets))

    def ask(self, code: str) -> dict[str, Any]:
        """Return what the evaluator says of a piece of code."""
        return self._conversation.ask({"bot": "alpha", "code": code})


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    for line in made.lines:
        line.kill()


def test_the_answer_comes_back_and_what_is_printed_does_not(place: Place) -> None:
    said = place.ask('print(json.dumps({"id": 0, "answer": "no"}))\nanswer = {"at": Path("/x"), "long": "x" * 200000}')
    assert said["answer"] == {"at": "/x", "long": "x" * 200000}


def test_the_bot_is_read_again_each_time(place: Place) -> None:
    code = "answer = bot.credentials()[1]"
    assert place.ask(code)["answer"] == "first"
    place.password("second")
    assert place.ask(code)["answer"] == "second"


def test_no_piece_of_code_sees_what_another_left(place: Place) -> None:
    place.ask("import os\nos.environ['LEFT'] = 'yes'\nholds.left = left = True")
    code = "import os\nanswer = ['LEFT' in os.environ, hasattr(holds, 'left'), 'left' in globals(), os.getppid()]"
    first, second = place.ask(code)["answer"], place.ask(code)["answer"]
    assert first == second == [False, False, False, first[3]]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("answer = bot.nothing", "no attribute 'nothing'"),
        ("import os\nos._exit(3)", "its process ended with status 768"),
    ],
)
def test_code_that_fails_says_how_and_the_next_is_answered(place: Place, code: str, said: str) -> None:
    assert said in place.ask(code)["error"]
    assert place.ask("answer = 1")["answer"] == 1
    assert len(place.lines) == 1


def test_one_that_waits_delays_no_other(place: Place, tmp_path: Path) -> None:
    wait = f"import time\nwhile not Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.01)\nanswer = 'waited'"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(place.ask, wait)
        assert place.ask(f"Path({str(tmp_path / 'go')!r}).touch()\nanswer = 'went'")["answer"] == "went"
        assert waiting.result()["answer"] == "waited"


def test_another_tool_has_another_evaluator(place: Place) -> None:
    code = "import os\nanswer = os.getppid()"
    first = place.ask(code)["answer"]
    assert place.ask(code)["answer"] == first
    new = place.tool.with_name("new")
    new.touch()
    new.replace(place.tool)
    assert place.ask(code)["answer"] != first
    assert len(place.lines) == 2
