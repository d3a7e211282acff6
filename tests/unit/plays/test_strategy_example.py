"""The example of docs/strategies.md: its strategy is loaded beside a made-up Freqtrade, and its release is built."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from action_plugins import freqops_stage
from freqops.core.deploy import release, strategy_source
from freqops.core.preflight import judge
from freqops.plays import brought_files
from tests.unit.core.preflight.fleets import IMAGE, fleet, inventory

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "strategy"
PAGE = ROOT / "docs" / "strategies.md"
LEVELS = {"BTC/USDT": 60000.0, "ETH/USDT": 2500.5}


class Interface:
    """What the strategy inherits from Freqtrade."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config


@pytest.fixture
def strategy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The example as Freqtrade loads it: its directory is where modules are found first."""
    freqtrade = ModuleType("freqtrade.strategy")
    vars(freqtrade)["IStrategy"] = Interface
    monkeypatch.setitem(sys.modules, "freqtrade", ModuleType("freqtrade"))
    monkeypatch.setitem(sys.modules, "freqtrade.strategy", freqtrade)
    for name in ("helpers", "helpers.levels"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("example_of_a_strategy", EXAMPLE / "LevelsStrategy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shutil.copytree(EXAMPLE / "user_files", tmp_path / "user_files")
    return module.LevelsStrategy({"user_data_dir": tmp_path})


def test_it_reads_its_levels_and_adds_to_a_file_of_its_own(strategy: Any, tmp_path: Path) -> None:
    assert strategy.levels == LEVELS
    strategy.bot_start()
    strategy.bot_start()
    lines = (tmp_path / "levels_of_starts.csv").read_text().splitlines()
    assert [line.partition(",")[2] for line in lines] == ["BTC/USDT=60000.0,ETH/USDT=2500.5"] * 2


@pytest.mark.parametrize("line", ["BTC/USDT", "BTC/USDT,", "BTC/USDT,x", "BTC/USDT,0", "BTC/USDT,-1", "BTC,1", ",1"])
def test_levels_that_are_none_are_refused(strategy: Any, tmp_path: Path, line: str) -> None:
    (tmp_path / "user_files" / "levels.csv").write_text(f"pair,level\n{line}\n")
    with pytest.raises(ValueError, match="is no level; write a line like BTC/USDT,60000"):
        type(strategy)({"user_data_dir": tmp_path})


def built(directory: Path) -> release.Release:
    entry = {"name": "levels", "mode": "paper", "api_port": 8083, "strategy": "LevelsStrategy"}
    return freqops_stage._build(
        {
            "bot": entry, "image": IMAGE, "packages": "p", "compose": f"x {release.PLACEHOLDER}",
            "strategy_dir": str(directory), "user_files": str(directory / "user_files"),
        }
    )  # fmt: skip


def test_its_release_has_its_module_and_its_file(tmp_path: Path) -> None:
    made = built(EXAMPLE)
    names = {name for name in [*made.files, *made.user_files] if not name.startswith("python/")}
    modules = {"strategies/LevelsStrategy.py", "strategies/helpers/__init__.py", "strategies/helpers/levels.py"}
    assert names == {"bot.json", "compose.yml", "config.json", "user_files/levels.csv", *modules}
    seen = {made.fingerprint}
    for name in ("helpers/levels.py", "user_files/levels.csv"):
        copy = shutil.copytree(EXAMPLE, tmp_path / name.partition("/")[0])
        with (copy / name).open("a") as stream:
            stream.write("# more\n")
        seen.add(built(copy).fingerprint)
    assert len(seen) == 3


def test_what_its_sources_say_is_seen() -> None:
    files = brought_files.strategy_texts(EXAMPLE)
    assert strategy_source.file_of(files, "LevelsStrategy") == "LevelsStrategy.py"
    assert strategy_source.gated(files, "LevelsStrategy") is True
    assert "timeframe" in strategy_source.settled(files, "LevelsStrategy")


def entries() -> list[dict[str, Any]]:
    """Return the bots of all examples of the page."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return [entry for block in blocks for entry in yaml.safe_load(block).get("freqtrade_bots", [])]


@pytest.mark.parametrize("key", ["strategy_dir", "user_files", "freqtrade_image"])
def test_the_examples_of_the_page_would_be_accepted_by_the_preflight(key: str) -> None:
    found = [entry for entry in entries() if key in entry]
    assert found
    for entry in found:
        digest = IMAGE.partition("@")[2]
        given = {name: value.replace("sha256:…", digest) for name, value in texts(entry).items()}
        hosts = inventory()
        hosts["paper-1"]["freqtrade_bots"] = [{**entry, **given}]
        assert [refusal.line for refusal in judge.judge(fleet(hosts))] == []


def texts(entry: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in entry.items() if isinstance(value, str)}
