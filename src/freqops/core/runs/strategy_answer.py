"""The answer of a host that read strategies: made there, judged on the control node, and shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import kinds, text_table
from ..base.kinds import Malformed
from ..base.visible import visible
from . import strategy_reading
from .strategy_reading import Strategy
from .strategy_rows import NEW, UNCHANGED, UPDATED

HEADINGS = ("host", "strategy", "timeframe", "stop", "entry gate", "adjusts position", "parameters", "row", "reads")
ROWS = ("", NEW, UPDATED, UNCHANGED)  # of a strategy: what became of its row; empty where none was written
NOTHING, SHOWN, REASON = "-", 60, 160
ANSWER: dict[str, kinds.Kind] = {
    **dict.fromkeys(("freqtrade", "image", "strategy_sha256"), kinds.text),
    "strategies": kinds.list_of(kinds.object_),
    "others": kinds.list_of(kinds.text),
    **dict.fromkeys(("changed", "looked"), kinds.truth),
}


@dataclass(frozen=True)
class Done:
    """What a host did with one strategy.

    Attributes:
        strategy: The strategy.
        row: What became of its row in the registry, or would.
        wrong: Why its row is not as it should be; empty where it is.
    """

    strategy: Strategy
    row: str = ""
    wrong: str = ""

    def problem(self) -> str:
        """Return why it is not done; empty where it is."""
        return "; ".join(text for text in (self.strategy.why, self.wrong and f"NOT WRITTEN: {self.wrong}") if text)

    def to_json(self) -> dict[str, Any]:
        """Return it as `of` reads it."""
        return {**self.strategy.to_json(), "row": self.row, "wrong": self.wrong}


@dataclass(frozen=True)
class Answer:
    """The answer of a host.

    Attributes:
        done: What it did with each strategy.
        others: The classes of rows that are not among these.
        freqtrade: The version of Freqtrade that read them.
        image: The image, by digest.
        strategy_sha256: One checksum of all files, as a run has it.
        looked: Whether nothing was written.
    """

    done: Sequence[Done]
    others: Sequence[str]
    freqtrade: str
    image: str
    strategy_sha256: str
    looked: bool

    @property
    def changed(self) -> bool:
        """Whether a row was made or changed, or would be."""
        return any(each.row in (NEW, UPDATED) for each in self.done)

    @property
    def problems(self) -> list[str]:
        """Why strategies are not done, each with its name."""
        return [f"{each.strategy.name}: {each.problem()}" for each in self.done if each.problem()]

    def to_json(self) -> dict[str, Any]:
        """Return it as `of` reads it."""
        return {
            "strategies": [each.to_json() for each in self.done], "others": list(self.others),
            "freqtrade": self.freqtrade, "image": self.image, "strategy_sha256": self.strategy_sha256,
            "changed": self.changed, "looked": self.looked,
        }  # fmt: skip


def of(document: Mapping[str, Any], wanted: Sequence[str] = (), *, look: bool = False) -> Answer:
    """Return the answer of a host.

    Args:
        document: What it said.
        wanted: The classes that it was asked for; none for all.
        look: Whether it was asked to write nothing.

    Raises:
        Malformed: It is none, contradicts itself, or is one to another question.
    """
    found = kinds.checked(document, ANSWER, tuple(ANSWER))
    done = [_done(each) for each in found["strategies"]]
    if not done:
        raise Malformed("it has no strategy")
    answer = Answer(done, found["others"], found["freqtrade"], found["image"], found["strategy_sha256"],
                    found["looked"])  # fmt: skip
    if answer.changed != found["changed"]:
        raise Malformed("it says that something changed, and its rows say something else")
    if answer.looked != look:
        raise Malformed("it says that it only looked" if answer.looked else "it says that it did not only look")
    absent = sorted(set(wanted) - {each.strategy.name for each in done})
    if absent:
        raise Malformed(f"it says nothing of {', '.join(absent)}")
    return answer


def _done(document: Mapping[str, Any]) -> Done:
    row, wrong = (str(kinds.value(document, name, kinds.text)) for name in ("row", "wrong"))
    if row not in ROWS:
        raise Malformed(f"a row is '{visible(row, SHOWN)}'")
    given = {**document, "file": document.get("file") or "absent.py"}
    strategy = strategy_reading.strategy(given)
    if not document.get("file"):
        strategy = Strategy(strategy.name, "", strategy.why)
    if strategy.is_read and not row and not wrong:
        raise Malformed(f"{strategy.name} is read, and nothing became of its row")
    return Done(strategy, row, wrong)


def table(answers: Mapping[str, Answer]) -> list[str]:
    """Return the strategies of hosts as the lines of a table."""
    rows = [[host, *cells(each)] for host, answer in answers.items() for each in answer.done]
    return text_table.table(HEADINGS, rows).splitlines() if rows else []


def cells(done: Done) -> list[str]:
    """Return a strategy as the cells under `HEADINGS`, but for its host."""
    strategy, facts = done.strategy, done.strategy.facts
    if not strategy.is_read:
        return [strategy.name, *[NOTHING] * 5, done.row or NOTHING, f"NO: {visible(strategy.why, REASON)}"]
    return [
        strategy.name, facts["timeframe"], stop(facts), yes(facts["entry_gate"]),
        yes(facts["position_adjustment_enable"]), str(len(facts["parameters"])), done.row or NOTHING,
        "yes, " + visible(f"but {', '.join(strategy.missing)} is missing", REASON) if strategy.missing else "yes",
    ]  # fmt: skip


def yes(value: object) -> str:
    """Return whether something is so, in a word."""
    return "yes" if value else "no"


def stop(facts: Mapping[str, Any]) -> str:
    """Return how a strategy stops losses, in short."""
    more = [word for name, word in (("trailing_stop", "trailing"), ("use_custom_stoploss", "its own")) if facts[name]]
    return ", ".join((f"{facts['stoploss']:.2%}", *more))


def lines(answer: Answer) -> Iterator[str]:
    """Yield what is to be said of an answer below its table."""
    if answer.others:
        yield f"in the registry, and not among these: {visible(', '.join(answer.others), 500)}"
    yield from (f"NOT DONE {text}" for text in answer.problems)
