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
    found = list(strategy_source.unusable({"mine.py": "class Mine: pass", "mine.json": text}, "Mine", {}))
    assert [each.partition(",")[0] for each in found] == why
    assert all("trade without it: write it again, or take it away" in each for each in found)


def test_files_of_others_are_not_judged() -> None:
    files = {"mine.py": "class Mine: pass", "helper.py": "x = 1", "helper.json": "[]", "data.json": "not even JSON"}
    assert list(strategy_source.unusable(files, "Mine", {"docs": "a link"})) == []


def test_parameters_that_nothing_reads_are_refused_torn_or_not() -> None:
    for text in (PARAMETERS, PARAMETERS[:-4]):
        found = list(strategy_source.unusable({"mine.py": "class Mine: pass", "Mine.json": text}, "Mine", {}))
        assert found == ["Mine.json has parameters that nothing reads: there is no Mine.py beside it"]


@pytest.mark.parametrize(
    "source", ["import inner.x", "from inner.x import y", "from .inner import x", "from . import inner"]
)
def test_a_directory_that_is_imported_and_reaches_no_host_is_refused(source: str) -> None:
    files = {"mine.py": f"{source}\nclass Mine: pass"}
    [found] = strategy_source.unusable(files, "Mine", {"inner": "a link", "venv": "a virtual environment"})
    assert found == (
        "the directory inner is imported, and is a link, of which nothing reaches a host: "
        "put a directory with its files in its place"
    )


def test_a_relative_import_in_a_directory_below_means_that_directory() -> None:
    files = {"mine.py": "class Mine: pass", "helpers/levels.py": "from . import inner\nfrom .inner import x"}
    assert list(strategy_source.unusable(files, "Mine", {"inner": "a link"})) == []
    files["helpers/levels.py"] = "import inner"
    assert len(list(strategy_source.unusable(files, "Mine", {"inner": "a link"}))) == 1


def test_json_in_directories_below_is_data() -> None:
    files = {"mine.py": "class Mine: pass", "data/other.json": PARAMETERS, "data/mine.json": "not even JSON"}
    assert list(strategy_source.unusable(files, "Mine", {})) == []


def test_what_it_inherits_from_a_directory_below_counts() -> None:
    files = {
        "mine.py": "from helpers.base import Base\nclass Mine(Base): pass",
        "helpers/base.py": "class Base(EntryGate, IStrategy):\n    timeframe = '1h'\n",
        "mine.json": PARAMETERS,
        "helpers/base.json": json.dumps({"params": {"stoploss": {}}}),
    }
    assert strategy_source.settled(files, "Mine") == {"timeframe", "max_open_trades"}
    assert strategy_source.gated(files, "Mine") is True


def test_a_class_in_a_directory_below_is_no_strategy_for_freqtrade() -> None:
    below = {"old/mine.py": "class Mine(EntryGate, IStrategy):\n    timeframe = '1h'\n", "old/mine.json": PARAMETERS}
    assert strategy_source.file_of(below, "Mine") == ""
    assert strategy_source.settled(below, "Mine") == frozenset()
    assert strategy_source.gated({"old/mine.py": "class Mine(IStrategy): pass"}, "Mine") is None
    both = {"mine.py": "class Mine(IStrategy):\n    stoploss = 1\n", **below}
    for files in (both, dict(reversed(both.items()))):
        assert strategy_source.file_of(files, "Mine") == "mine.py"
        assert strategy_source.settled(files, "Mine") == {"stoploss"}


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
