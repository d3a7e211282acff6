"""What the sources of a strategy say without being run."""

from __future__ import annotations

import json

import pytest

from freqops.core.deploy import strategy_source

PARAMETERS = json.dumps({"strategy_name": "Mine", "params": {"max_open_trades": {"max_open_trades": 5}}})


@pytest.mark.parametrize(
    ("body", "settled"),
    [
        ("timeframe = '1h'", {"timeframe"}),
        ("timeframe: str = '1h'", {"timeframe"}),
        ("timeframe: str", set()),
        ("if True:\n        timeframe = '1h'", {"timeframe"}),
        ("a, timeframe = 1, '1h'", {"a", "timeframe"}),
        ("def __init__(self, config): self.timeframe = '1h'", {"__init__", "timeframe"}),
        ("def __init__(self, config): timeframe = config['timeframe']", {"__init__"}),
        ("def __init__(self, config): other.timeframe = '1h'", {"__init__"}),
        ("@property\n    def timeframe(self): return '1h'", {"timeframe"}),
        ("def populate(self): return self.timeframe", {"populate"}),
    ],
)
def test_what_a_class_gives_itself_is_settled(body: str, settled: set[str]) -> None:
    assert strategy_source.settled({"mine.py": f"class Mine(IStrategy):\n    {body}\n"}, "Mine") == settled


def test_what_it_inherits_is_settled_and_what_others_say_is_not() -> None:
    files = {
        "mine.py": "from base import Base\nclass Mine(base.Base, Gone):\n    stoploss = 1\n",
        "base.py": "class Base(Mine):\n    timeframe = '1h'\n",
        "other.py": "class Other:\n    max_open_trades = 1\n",
        "notes.json": "max_open_trades = 1",
    }
    assert strategy_source.settled(files, "Mine") == {"stoploss", "timeframe"}
    assert strategy_source.settled(files, "Nobody") == frozenset()


def test_what_its_parameters_say_is_settled() -> None:
    files = {"mine.py": "class Mine: pass", "mine.json": PARAMETERS, "Mine.json": '{"params": {"roi": {}}}'}
    assert strategy_source.settled(files, "Mine") == {"max_open_trades"}


def test_a_source_that_this_python_cannot_read_settles_nothing() -> None:
    assert (
        strategy_source.settled({"mine.py": "class Mine(:\n    timeframe = 1", "nul.py": "\0"}, "Mine") == frozenset()
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PARAMETERS, []),
        (PARAMETERS[:-4], ["mine.json is no JSON"]),
        ("", ["mine.json is no JSON"]),
        ("[]", ["mine.json has no strategy_name and params"]),
        ('{"params": {}}', ["mine.json has no strategy_name and params"]),
        ('{"strategy_name": "Mine"}', ["mine.json has no strategy_name and params"]),
        ('{"strategy_name": "Mine", "params": []}', ["mine.json has no strategy_name and params"]),
    ],
)
def test_parameters_without_which_freqtrade_would_trade_are_refused(text: str, why: list[str]) -> None:
    found = list(strategy_source.unusable({"mine.py": "class Mine: pass", "mine.json": text}, "Mine", []))
    assert [each.partition(",")[0] for each in found] == why
    assert all("trade without it: write it again, or take it away" in each for each in found)


def test_files_of_others_are_not_judged() -> None:
    files = {"mine.py": "class Mine: pass", "helper.py": "x = 1", "helper.json": "[]", "data.json": "not even JSON"}
    assert list(strategy_source.unusable(files, "Mine", ["docs"])) == []


def test_parameters_that_nothing_reads_are_refused_torn_or_not() -> None:
    for text in (PARAMETERS, PARAMETERS[:-4]):
        found = list(strategy_source.unusable({"mine.py": "class Mine: pass", "Mine.json": text}, "Mine", []))
        assert found == ["Mine.json has parameters that nothing reads: there is no Mine.py beside it"]


@pytest.mark.parametrize(
    "source", ["import inner.x", "from inner.x import y", "from .inner import x", "from . import inner"]
)
def test_a_directory_that_is_imported_is_refused(source: str) -> None:
    [found] = strategy_source.unusable({"mine.py": f"{source}\nclass Mine: pass"}, "Mine", ["inner", "tests"])
    assert found == "the directory inner is imported, and directories reach no host: put its files beside the strategy"


@pytest.mark.parametrize(
    ("source", "gated"),
    [
        ("class Mine(EntryGate, IStrategy): pass", True),
        ("class Mine(IStrategy, freqops.strategy.EntryGate): pass", True),
        ("class Base(EntryGate, IStrategy): pass\nclass Mine(Base): pass", True),
        ("class Mine(IStrategy): pass", False),
        ("class Base(IStrategy): pass\nclass Mine(Base, object): pass", False),
        ("class Other(EntryGate, IStrategy): pass\nclass Mine(IStrategy): pass", False),
        ("class Mine(Gate, IStrategy): pass", None),
        ("class Mine(somewhere()): pass", None),
        ("class Mine(Base[int]): pass", None),
        ("@gated\nclass Mine(IStrategy): pass", None),
        ("class Mine(IStrategy, metaclass=Gated): pass", None),
        ("class Mine(IStrategy): pass\nclass Mine(Gate): pass", None),
        ("class Other(IStrategy): pass", None),
        ("class Mine(:", None),
        ("class Mine(Other): pass\nclass Other(Mine): pass", False),
    ],
)
def test_the_entry_gate_is_seen_or_not_known_not_to_be_there(source: str, gated: bool | None) -> None:
    assert strategy_source.gated({"mine.py": source}, "Mine") is gated


def test_the_entry_gate_is_seen_in_another_file() -> None:
    files = {"base.py": "class Base(EntryGate, IStrategy): pass", "mine.py": "class Mine(Base): pass"}
    assert strategy_source.gated(files, "Mine") is True
    assert strategy_source.gated({"mine.py": files["mine.py"]}, "Mine") is None
