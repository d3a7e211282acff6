# mypy: disable-error-code="import-not-found,import-untyped"
# Freqtrade and pandas are in a bot's image, not in the project's environment.
"""The example of docs/strategies.md: `python3 -m unittest`, in a bot's image or wherever Freqtrade is installed.

`src` of this repository must be on PYTHONPATH.
"""

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

from freqtrade.enums import RunMode
from freqtrade.exceptions import OperationalException
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy
from pandas import DataFrame

from freqops.strategy import EntryGate

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "strategy"
FILE = "user_files/levels.csv"


class Levels(unittest.TestCase):
    """LevelsStrategy, which has a module in a sub-folder, a file that it reads, and one that it writes."""

    def setUp(self) -> None:
        """Lay its file where a bot has it."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.data = Path(temporary.name)
        (self.data / "user_files").mkdir()
        shutil.copy(EXAMPLE / FILE, self.data / FILE)

    def load(self) -> IStrategy:
        """Load the strategy as a bot does."""
        settings = {"strategy": "LevelsStrategy", "strategy_path": str(EXAMPLE), "user_data_dir": self.data}
        return StrategyResolver.load_strategy({"runmode": RunMode.DRY_RUN, "stake_currency": "USDT", **settings})

    def test_it_has_its_module_and_its_levels(self) -> None:
        """Freqtrade finds modules in directories beside the file of a strategy."""
        strategy = self.load()
        self.assertIsInstance(strategy, EntryGate)
        self.assertEqual(strategy.levels, {"BTC/USDT": 60000.0, "ETH/USDT": 2500.5})

    def test_its_signals_are_those_of_its_levels(self) -> None:
        """In below, out above, and nothing of a pair without a level."""
        frame = DataFrame({"close": [59999.0, 60000.0, 60001.0], "volume": [1.0, 1.0, 1.0]})
        frame = DataFrame({**frame, "enter_long": 0, "exit_long": 0})
        for pair, entered, left in (("BTC/USDT", [1, 0, 0], [0, 0, 1]), ("SOL/USDT", [0, 0, 0], [0, 0, 0])):
            strategy = self.load()
            judged = strategy.populate_entry_trend(frame.copy(), {"pair": pair})
            judged = strategy.populate_exit_trend(judged, {"pair": pair})
            self.assertEqual((list(judged["enter_long"]), list(judged["exit_long"])), (entered, left))

    def test_what_it_writes_is_kept_from_start_to_start(self) -> None:
        """It adds a line for each."""
        for _ in range(2):
            self.load().ft_bot_start()
        lines = (self.data / "levels_of_starts.csv").read_text().splitlines()
        self.assertEqual([line.partition(",")[2] for line in lines], ["BTC/USDT=60000.0,ETH/USDT=2500.5"] * 2)

    def test_without_its_file_or_with_another_one_it_cannot_be_had(self) -> None:
        """So no bot would be started with it."""
        (self.data / FILE).write_text("pair,level\nBTC/USDT,none\n")
        with self.assertRaisesRegex(ValueError, "BTC/USDT: none is no level"):
            self.load()
        (self.data / FILE).unlink()
        with self.assertRaises(OperationalException):
            self.load()


if __name__ == "__main__":
    unittest.main()
