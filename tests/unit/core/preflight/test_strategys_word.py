"""What `validate_release.py` finds of a strategy in the image: its own word, what it names, and why it is broken."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from freqops.core.bot import configuration
from tests.unit.core.preflight import validator

SETTINGS = ("timeframe", "stoploss", "max_open_trades", "order_types", "minimal_roi", "unfilledtimeout")


class Interface:
    """What every strategy has from Freqtrade."""

    order_types: ClassVar[dict[str, Any]] = {"entry": "limit"}
    minimal_roi: ClassVar[dict[str, Any]] = {}
    _ft_params_from_file: ClassVar[dict[str, Any]] = {}
    timeframe: Any
    stoploss: Any
    max_open_trades: Any


class Own(Interface):
    """A strategy that says some of it."""

    timeframe = "1h"
    max_open_trades = -1
    order_types: ClassVar[dict[str, Any]] = {"entry": "market"}


class Computed(Interface):
    """A strategy that no configuration overrules."""

    @property
    def timeframe(self) -> str:
        """Its own."""
        return "4h"


class Resolver:
    """Freqtrade's way to lay the configuration over a strategy; as `freqtrade.resolvers` has it."""

    strategy: Any = None

    @staticmethod
    def load_strategy(config: dict[str, Any]) -> Any:
        """Do it for all settings."""
        for name in SETTINGS:
            Resolver._override_attribute_helper(Resolver.strategy, config, name, None)
        return Resolver.strategy

    @staticmethod
    def _override_attribute_helper(strategy: Any, config: dict[str, Any], attribute: str, _default: Any) -> None:
        if attribute in config and not isinstance(getattr(type(strategy), attribute, None), property):
            setattr(strategy, attribute, config[attribute])
        elif hasattr(strategy, attribute):
            config[attribute] = getattr(strategy, attribute)


@pytest.fixture
def image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The validator beside such a Freqtrade."""
    monkeypatch.setattr(Resolver, "_override_attribute_helper", staticmethod(Resolver._override_attribute_helper))
    loaded = validator.load(monkeypatch, IStrategy=Interface, StrategyResolver=Resolver, FreqtradeException=LookupError)
    loaded.place.RELEASE = tmp_path
    (tmp_path / "bot.json").write_text("{}")
    (tmp_path / "strategies").mkdir()
    return loaded


def effective(image: Any, strategy: Any, **said: Any) -> dict[str, Any]:
    """Return the effective values of a strategy under a configuration."""
    Resolver.strategy = strategy
    built = object.__new__(image.Built)
    built.strategy, built._words = image.built.loaded(dict(said))
    built._said = lambda: said
    found = built.effective()
    assert found["kind"] == "effective"
    return dict(found["values"])


def test_what_is_left_to_a_strategy_here_is_what_freqops_leaves_to_it(image: Any) -> None:
    assert image.built.OF_STRATEGY == configuration.OF_STRATEGY


def test_the_strategys_word_stands_where_the_configuration_is_silent(image: Any) -> None:
    assert effective(image, Own()) == {
        "timeframe": {"is": "1h", "from": "strategy"},
        "max_open_trades": {"is": -1, "from": "strategy"},
        "order_types": {"is": {"entry": "market"}, "from": "strategy"},
        "minimal_roi": {"is": {}, "from": "Freqtrade"},
    }


def test_a_word_that_is_overruled_is_told_with_the_one_that_stands(image: Any) -> None:
    found = effective(image, Own(), timeframe="5m", stoploss=-0.1, max_open_trades=3, minimal_roi={"0": 1})
    assert found["timeframe"] == {"is": "5m", "from": "configuration", "strategy": "1h"}
    assert found["max_open_trades"] == {"is": 3, "from": "configuration", "strategy": -1}
    assert found["stoploss"] == {"is": -0.1, "from": "configuration"}, "it says nothing itself"
    assert found["minimal_roi"] == {"is": {"0": 1}, "from": "configuration"}, "that of Freqtrade is not its own"
    assert effective(image, Own(), timeframe="1h")["timeframe"] == {"is": "1h", "from": "configuration"}


def test_a_property_wins_over_the_configuration_and_that_is_told(image: Any) -> None:
    found = effective(image, Computed(), timeframe="5m")
    assert found["timeframe"] == {"is": "4h", "from": "strategy", "configuration": "5m"}


def test_no_limit_is_what_a_configuration_writes(image: Any) -> None:
    strategy = Own()
    strategy.max_open_trades = float("inf")  # type: ignore[assignment]
    assert effective(image, strategy)["max_open_trades"] == {"is": -1, "from": "strategy"}


def test_a_parameter_file_is_named_and_what_freqtrade_fills_in_beside_it_is_nobodys(image: Any) -> None:
    strategy = Own()
    strategy._ft_params_from_file = {"roi": {"0": 0.2}, "stoploss": {"stoploss": -0.3}}  # type: ignore[misc]
    strategy.minimal_roi, strategy.stoploss = {"0": 0.2}, -0.3  # type: ignore[misc]
    assert effective(image, strategy, stoploss=-0.1) == {
        "timeframe": {"is": "1h", "from": "strategy"},
        "max_open_trades": {"is": -1, "from": "strategy"},
        "order_types": {"is": {"entry": "market"}, "from": "strategy"},
        "minimal_roi": {"is": {"0": 0.2}, "from": "parameter file"},
        "stoploss": {"is": -0.1, "from": "configuration", "strategy": -0.3},
    }
    bare = Interface()
    bare._ft_params_from_file = {"buy": {"length": 3}}  # type: ignore[misc]
    bare.stoploss, bare.max_open_trades = -0.1, -1
    found = effective(image, bare)
    assert [found[name]["from"] for name in ("stoploss", "max_open_trades")] == ["Freqtrade", "Freqtrade"]


def test_what_an_init_sets_is_its_own_word(image: Any) -> None:
    strategy = Interface()
    strategy.stoploss = -0.2
    assert effective(image, strategy)["stoploss"] == {"is": -0.2, "from": "strategy"}


def test_a_default_that_freqtrade_fills_in_overrules_nobody(image: Any) -> None:
    strategy = Interface()
    strategy.unfilledtimeout = {"entry": 5, "unit": "minutes"}  # type: ignore[attr-defined]
    found = effective(image, strategy, unfilledtimeout={"entry": 5, "unit": "minutes", "exit": 9})
    assert found["unfilledtimeout"]["from"] == "configuration"
    assert "strategy" not in found["unfilledtimeout"]


# --- keys that it names

INNER: dict[str, Any] = {"order_types": {"properties": {"elsewhere": {}}}, "exchange": {"properties": {"name": {}}}}
SCHEMA: dict[str, Any] = {"properties": {"known": {}, **INNER}}
LISTS = 'ALL = ["first", "in_a_list", "elsewhere"]\nfor name in ALL:\n    if name in config: setattr(self, name)\n'


def lint(image: Any, source: str, config: dict[str, Any], known: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return where something is found, and of which kind; Freqtrade itself reads nothing."""
    (image.place.RELEASE / "strategies" / "mine.py").write_text(source)
    judge = image.Lint(SCHEMA, image.place.RELEASE / "strategies", known)
    judge._freqtrade = ""
    return [(".".join(found["path"]), found["kind"]) for found in judge.look(config)]


def test_a_key_that_the_strategy_names_in_any_way_is_said_and_not_refused(image: Any) -> None:
    config = {"known": 1, "in_a_list": 1, "in_a": 1, "exchange": {"in_a_list": 1, "name": "x"}}
    assert lint(image, LISTS, config) == [
        ("in_a_list", "named"),
        ("in_a", "unknown"),
        ("exchange.in_a_list", "named"),
    ]


def test_a_key_that_the_strategy_reads_is_not_even_said(image: Any) -> None:
    assert lint(image, "self.config['mine']", {"mine": 1}) == []


def test_a_key_in_the_wrong_place_is_refused_although_the_strategy_names_it(image: Any) -> None:
    assert lint(image, LISTS, {"elsewhere": 1}) == [("elsewhere", "unknown")]


def test_the_inventory_can_answer_for_a_key(image: Any) -> None:
    config = {"mine": 1, "exchange": {"mine": 1}}
    assert lint(image, "", config, ("exchange.mine",)) == [("mine", "unknown")]
    assert lint(image, "", config, ("mine", "exchange.mine")) == []


# --- why it cannot be had


def broken(image: Any, **files: str) -> list[dict[str, Any]]:
    """Return what is found in files; the configuration names the strategy Mine."""
    for name, source in files.items():
        (image.place.RELEASE / "strategies" / f"{name}.py").write_text(source)
    (image.place.RELEASE / "config.json").write_text('{"strategy": "Mine"}')
    return [{key: found[key] for key in found if key != "path"} for found in image.broken()]


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave where modules are found as it is."""
    monkeypatch.syspath_prepend("/nothing")


def test_a_module_that_is_missing_is_named_with_the_line(image: Any) -> None:
    why = "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"
    found = {"kind": "missing", "module": "a_module_that_is_not_there", "why": why}
    source = "import json\n\nfrom a_module_that_is_not_there.inner import x\n"
    assert broken(image, Mine=source) == [{**found, "file": "Mine.py", "line": 3}]


def test_the_line_is_that_of_the_file_that_is_to_blame(image: Any) -> None:
    found = broken(image, Mine="import beside_of_mine\n", beside_of_mine="x = 1\nx.y()\n")
    why = "AttributeError: 'int' object has no attribute 'y'"
    assert found == [{"kind": "broken", "file": "beside_of_mine.py", "line": 2, "why": why}] * 2
    [found_line] = [
        each for each in broken(image, Mine="class Mine(:\n", beside_of_mine="") if each["file"] == "Mine.py"
    ]
    assert (found_line["kind"], found_line["line"]) == ("broken", 1)


def test_a_module_in_a_directory_below_is_loaded_and_its_line_is_to_blame(image: Any) -> None:
    helpers = image.place.RELEASE / "strategies" / "helpers_of_mine"
    helpers.mkdir()
    (helpers / "levels.py").write_text("LEVEL = 1\n")
    (helpers / "worse.py").write_text("x = 1\nx.y()\n")
    source = "from helpers_of_mine.levels import LEVEL\nclass Mine(object): level = LEVEL\n"
    assert broken(image, Mine=source) == []
    [found] = broken(image, Mine=f"{source}import helpers_of_mine.worse\n")
    why = "AttributeError: 'int' object has no attribute 'y'"
    assert found == {"kind": "broken", "file": "helpers_of_mine/worse.py", "line": 2, "why": why}
    [found] = broken(image, Mine=f"{source}import helpers_of_mine.gone\n")
    assert (found["kind"], found["module"], found["line"]) == ("missing", "helpers_of_mine.gone", 3)


def test_a_file_that_a_strategy_lacks_when_it_is_made_is_named(image: Any, tmp_path: Path) -> None:
    image.place.DATA = tmp_path
    source = "class Mine(object):\n    def __init__(self, config):\n"
    read = f"{source}        (config['user_data_dir'] / 'user_files' / 'levels.csv').read_text()\n"
    [found] = broken(image, Mine=read)
    assert (found["kind"], found["file"], found["line"]) == ("broken", "Mine.py", 3)
    assert found["why"].startswith("FileNotFoundError: ")
    (tmp_path / "user_files").mkdir()
    (tmp_path / "user_files" / "levels.csv").touch()
    assert broken(image, Mine=read) == []
    assert broken(image, Mine=f"{source}        raise ValueError\n") == [], "Freqtrade says so itself"


def test_a_file_that_is_none_of_python_is_named(image: Any) -> None:
    [found] = broken(image, Mine="class Mine: pass\0")
    assert (found["kind"], found["file"]) == ("broken", "Mine.py")


def test_a_class_that_is_not_there_is_told_with_those_that_are(image: Any) -> None:
    assert broken(image, A="class A(object):\n    pass\nclass B: pass\n") == [
        {"kind": "absent", "strategy": "Mine", "names": ["A", "B"]}
    ]
    assert broken(image, A="class Mine(object): pass\n") == []


def test_what_is_raised_elsewhere_is_not_laid_to_the_strategy(image: Any) -> None:
    assert image.raised(ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2")) == []


BUILT = [{"kind": "trading", "configuration": {}}]


def verdict(image: Any, monkeypatch: pytest.MonkeyPatch, found: list[Any], differences: list[Any]) -> tuple[int, Any]:
    """Return how the validator ends, for a release that Freqtrade builds."""
    strategy = SimpleNamespace(get_strategy_name=lambda: "Mine")
    values = {"kind": "effective", "values": {}}
    built = SimpleNamespace(
        strategy=strategy, differences=lambda: differences, effective=lambda: values, trading=lambda: BUILT
    )
    asked: list[Any] = []

    def ignored(known: Any) -> list[Any]:
        asked.append(known)
        return found

    monkeypatch.setattr(image, "ignored", ignored)
    monkeypatch.setattr(image, "validate", lambda _database: built)
    monkeypatch.setattr(image, "cautions", lambda _strategy: [])
    monkeypatch.setattr(image.sys, "argv", ["validate_release.py", "sqlite", "my_key"])
    status = image.main()
    assert asked == [["my_key"]]
    return status, values


def test_what_is_only_named_and_what_is_effective_leave_with_an_accepted_release(
    image: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"path": ["mine"], "kind": "named"}
    status, values = verdict(image, monkeypatch, [named], [])
    said = capsys.readouterr()
    assert (status, said.out) == (0, "Mine\n")
    remarks = [json.loads(line.removeprefix("freqops-remark: ")) for line in said.err.splitlines()]
    assert remarks == [named, values, *BUILT]
    assert verdict(image, monkeypatch, [named, {"path": ["x"], "kind": "unknown"}], [])[0] == 1
    assert verdict(image, monkeypatch, [], [{"path": ["x"], "kind": "open"}])[0] == 1


def test_a_strategy_that_never_ends_ends_its_validation(image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    validator.LIMITS.clear()
    verdict(image, monkeypatch, [], [])
    assert validator.LIMITS == [(600, {"exit": True})]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_driver_that_the_image_cannot_load_is_named_with_its_python(
    image: Any, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    """Packages for another Python lie there, and their compiled part does not load."""
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = image.without_driver(database)
    if database == "sqlite":
        assert found == []
    else:
        [driver] = found
        assert driver.pop("why").startswith("ModuleNotFoundError: ")
        assert driver == {"path": [], "kind": "driver", "module": "psycopg2", "python": python}
    strategy = SimpleNamespace(get_strategy_name=lambda: "Mine")
    values = {"kind": "effective", "values": {}}
    built = SimpleNamespace(strategy=strategy, differences=list, effective=lambda: values, trading=list)
    monkeypatch.setattr(image, "ignored", lambda _known: [])
    monkeypatch.setattr(image, "validate", lambda _database: built)
    monkeypatch.setattr(image, "cautions", lambda _strategy: [])
    monkeypatch.setattr(image.sys, "argv", ["validate_release.py", database])
    assert image.main() == (0 if database == "sqlite" else 1)


class EntryGate:
    """What the entry gate is called, and where it stands."""


EntryGate.__module__ = "freqops.strategy.entry_gate"


class Gated(EntryGate):
    def get_strategy_name(self) -> str:
        return "Mine"


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        ({"version": 1, "max_concurrent_trades": None, "max_market_exposure": None}, []),
        ({"version": 1, "max_concurrent_trades": 5, "max_market_exposure": None}, ["max_concurrent_trades"]),
        ({"version": 1, "max_concurrent_trades": None, "max_market_exposure": 0.1}, ["max_market_exposure"]),
    ],
)
def test_limits_that_nothing_would_keep_refuse_a_release(
    image: Any, monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any], names: list[str]
) -> None:
    (image.place.RELEASE / "bot.json").write_text(json.dumps({"limits": limits}))
    strategy = SimpleNamespace(get_strategy_name=lambda: "Mine")
    found = [{"path": [], "kind": "no_gate", "strategy": "Mine", "names": names}] if names else []
    assert image.without_gate(strategy) == found
    assert image.without_gate(Gated()) == []
    assert verdict(image, monkeypatch, [], [])[0] == (1 if names else 0)


def test_a_release_whose_limits_cannot_be_read_is_refused(image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (image.place.RELEASE / "bot.json").unlink()
    assert verdict(image, monkeypatch, [], [])[0] == 1
