"""One program answers many questions; what a dead line swallowed is asked again, and nothing is done twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.base.conversation import Conversation, ProcessLine
from lab.base.failure import LabError

PROGRAM = """
import json, os, sys
def say(**document):
    print(json.dumps(document), flush=True)
say(ready=True)
for line in sys.stdin:
    request = json.loads(line)
    {before}
    say(id=request["id"], begun=True)
    with open({done!r}, "a") as file:
        file.write(request["what"] + "\\n")
    {after}
    say(id=request["id"], answer=request["what"], pid=os.getpid())
"""


class Program:
    """A program that notes what it did."""

    def __init__(self, place: Path) -> None:
        self._done = place / "done"
        self.lines: list[ProcessLine] = []
        self.before, self.after = "pass", "pass"

    def dial(self) -> ProcessLine:
        """Start it once more, as it is now."""
        text = PROGRAM.format(before=self.before, after=self.after, done=str(self._done))
        self.lines.append(ProcessLine([sys.executable, "-c", text]))
        return self.lines[-1]

    def done(self) -> list[str]:
        """Return what it did, in all its lives."""
        return self._done.read_text().split() if self._done.exists() else []


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    yield made
    for line in made.lines:
        line.kill()


def test_one_program_answers_many_threads(program: Program) -> None:
    conversation = Conversation(program.dial)
    words = [f"question-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda word: conversation.ask({"what": word}), words))
    assert [answer["answer"] for answer in answers] == words
    assert len({answer["pid"] for answer in answers}) == 1 == len(program.lines)


def test_what_a_program_did_not_begin_is_asked_of_the_next(program: Program) -> None:
    program.before = "sys.exit()"
    conversation = Conversation(program.dial)
    dial = program.dial

    def better_next_time() -> ProcessLine:
        line = dial()
        program.before = "pass"
        return line

    conversation = Conversation(better_next_time)
    assert conversation.ask({"what": "swallowed"})["answer"] == "swallowed"
    assert (program.done(), len(program.lines)) == (["swallowed"], 2)


def test_what_it_began_is_not_done_twice(program: Program) -> None:
    program.after = 'print("its last words"); sys.exit()'
    conversation = Conversation(program.dial)
    with pytest.raises(LabError, match="its last words"):
        conversation.ask({"what": "order"})
    assert program.done() == ["order"]
    program.after = "pass"
    assert conversation.ask({"what": "next"})["answer"] == "next"


def test_a_line_that_nobody_answers_says_why() -> None:
    words = "import sys; sys.exit('no such host')"
    with pytest.raises(LabError, match="no such host"):
        Conversation(lambda: ProcessLine([sys.executable, "-c", words])).ask({"what": "anything"})


def test_a_program_that_never_begins_is_not_asked_for_ever(program: Program) -> None:
    program.before = 'print("not today"); sys.exit()'
    with pytest.raises(LabError, match="not today"):
        Conversation(program.dial).ask({"what": "anything"})
    assert program.done() == []


def test_nobody_waits_longer_than_they_want(program: Program) -> None:
    program.after = "sys.stdin.read()"
    with pytest.raises(LabError, match="no answer within 0 s"):
        Conversation(program.dial).ask({"what": "anything"}, seconds=0)
