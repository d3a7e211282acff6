"""What a container says of strategies is hostile: each is read with facts of their kind, or is not read."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.runs import strategy_reading
from tests.support.strategies_read import FACTS, PARAMETER, broken, row, said

EVIL = "x\x1b[2J\n\u202e"


def test_strategies_are_read_or_have_their_reason() -> None:
    version, [mine, other] = strategy_reading.strategies(said(row(), broken()))
    assert version == "2026.9"
    assert (mine.name, mine.file, mine.is_read, mine.facts) == ("Mine", "Mine.py", True, FACTS)
    assert (other.is_read, other.missing, dict(other.facts)) == (False, ("nobody",), {})
    assert "nobody" in other.why


@pytest.mark.parametrize(
    "odd",
    [
        {"stoploss": "-0.1"}, {"stoploss": float("nan")}, {"timeframe": "five"}, {"entry_gate": "yes"},
        {"entry_gate": 1},
        {"minimal_roi": {"x": 1}}, {"minimal_roi": [1]}, {"parameters": [{}]}, {"order_types": {"entry": {}}},
        {"parameters": [{**PARAMETER, "load": None}]}, {"protections": ["x"]}, {"informative": ["x"]},
        {"callbacks": [1]}, {"startup_candle_count": -1}, {"can_short": None},
    ],
)  # fmt: skip
def test_facts_that_are_none_are_of_a_strategy_that_is_not_read(odd: dict[str, Any]) -> None:
    _, [mine, other] = strategy_reading.strategies(said(row(facts={**FACTS, **odd}), row("Other")))
    assert (mine.is_read, other.is_read) == (False, True)
    assert mine.why.startswith("what it says of itself is none: ")
    assert not mine.facts


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_that_is_missing_is_not_made_up(name: str) -> None:
    _, [mine] = strategy_reading.strategies(said(row(facts={key: FACTS[key] for key in FACTS if key != name})))
    assert not mine.is_read


def test_one_of_which_nothing_is_said_is_not_read() -> None:
    _, [mine] = strategy_reading.strategies(said(row(facts=None)))
    assert mine.why == "nothing is said of it"


@pytest.mark.parametrize(
    "document",
    [
        None, [], {}, {"freqtrade": "x"}, {"freqtrade": 1, "strategies": []}, said({}), said(row("../x")),
        said(row("a b")), said(row(file="../x.py")), said(row(file="x.json")), said(row(why=None)),
        said(row(missing="x")),
        said(row(), row()), said(*(row(f"A{number}") for number in range(strategy_reading.MOST + 1))),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        strategy_reading.strategies(document)


def test_one_that_is_wanted_and_not_there_is_not_read() -> None:
    _, [mine, absent] = strategy_reading.strategies(said(row()), ["Mine", "Absent"])
    assert (absent.name, absent.file, absent.why) == ("Absent", "", "no file has a class of that name")
    assert mine.is_read
    with pytest.raises(Malformed):
        strategy_reading.strategies(said(row(), row("Forged")), ["Mine"])


def test_of_two_files_with_one_class_the_one_that_is_read_counts() -> None:
    _, found = strategy_reading.strategies(said(broken("Mine", file="Copy.py"), row(), broken()))
    assert len(found) == 3
    assert [each.file for each in strategy_reading.each_once(found)] == ["Mine.py", "Broken.py"]


def test_text_of_others_is_visible_and_no_address_makes_two_errors_of_one() -> None:
    _, [mine] = strategy_reading.strategies(said(broken(why=f"<object at 0x7f00aabbccdd> {EVIL}", missing=[EVIL])))
    assert mine.why.startswith("<object at 0x…> x\\x1b[2J")
    assert mine.why.isprintable()
    assert mine.missing[0].isprintable()
    facts = {**FACTS, "callbacks": [EVIL], "order_types": {EVIL: EVIL}}
    _, [mine] = strategy_reading.strategies(said(row(facts=facts)))
    assert all(text.isprintable() for text in (*mine.facts["callbacks"], *mine.facts["order_types"]))
