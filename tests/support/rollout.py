"""Four bots on paper on one host, with open trades: two that trade as they like, two that enter what a test wishes."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.field import ROOT, Field, Played, play, until
from tests.support.fleet import Fleet, inventory

HOST = "paper-1"
OWN = ("delta", "epsilon")
BOTS = ("alpha", "beta", *OWN)
PAIR = "BTC/USDT"
CONTRACT = ROOT / "tests/contract/strategies/ContractStrategy.py"


class Bot(Field):
    """One bot of the fleet, and what must not change when it is left alone."""

    def __init__(self, name: str) -> None:
        super().__init__(HOST, name)
        self.home = f"/srv/freqops/bots/{name}"

    @property
    def release_now(self) -> str:
        """The release that it is declared with."""
        return str(json.loads(self.sh(f"cat {self.home}/bot.json"))["release"])

    @property
    def container(self) -> str:
        """Container and moment of its start: the same as long as nobody restarted it."""
        return self.sh(f"docker inspect --format '{{{{.Id}}}} {{{{.State.StartedAt}}}}' freqops-{self.bot}").strip()

    def trade_ids(self) -> set[int]:
        """The numbers of its open trades."""
        return {int(trade["trade_id"]) for trade in self.trades()}

    def wish(self, **wishes: Any) -> None:
        """Tell its strategy what to do from its next round on."""
        text = shlex.quote(json.dumps(wishes))
        self.sh(f"mkdir -p {self.home}/conf && printf %s {text} > {self.home}/conf/wishes.json")
        self.sh(f"chmod 0644 {self.home}/conf/wishes.json")


class Rollout:
    """The fleet, and deploys to it that differ from it in one thing or another."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.bots = {name: Bot(name) for name in BOTS}
        self.changes: list[Callable[[Fleet], None]] = []

    def strategy(self, name: str, source: Path, change: Callable[[str], str] = str) -> str:
        """Write a strategy directory of its own and return it."""
        directory = self.place / "strategies" / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        (directory / source.name).write_text(change(source.read_text()))
        return str(directory)

    def _fleet(self, change: Callable[[Fleet], None]) -> Callable[[Fleet], None]:
        def changed(fleet: Fleet) -> None:
            bots = fleet[HOST]["freqtrade_bots"]
            own: dict[str, Any] = {"max_open_trades": 3, "pairlists": [{"method": "StaticPairList"}]}
            own |= {f"{side}_pricing": {"price_side": "other"} for side in ("entry", "exit")}
            own["custom_price_max_distance_ratio"] = 0.99
            for number, name in enumerate(OWN):
                bots.append(
                    {
                        "name": name,
                        "mode": "paper",
                        "api_port": 8090 + number,
                        "strategy": "ContractStrategy",
                        "strategy_dir": str(CONTRACT.parent),
                        "database": ("postgresql", "sqlite")[number],
                        "config": {**own, "exchange": {"pair_whitelist": [PAIR, "ETH/USDT"]}},
                    }
                )
            for each in self.changes:
                each(fleet)
            change(fleet)

        return changed

    def deploy(self, change: Callable[[Fleet], None] = lambda _fleet: None, *words: str) -> Played:
        """Deploy the fleet with something changed."""
        return play("deploy", "--limit", HOST, *words, inventory=self.inventory(change))

    def inventory(self, change: Callable[[Fleet], None] = lambda _fleet: None) -> str:
        """Return the inventory with something changed."""
        return inventory(self.place, self._fleet(change))

    def keep(self, change: Callable[[Fleet], None]) -> None:
        """Let a change be part of every deploy from now on."""
        self.changes.append(change)


class Before:
    """How the bots were before a deploy."""

    def __init__(self, rollout: Rollout) -> None:
        self.rollout = rollout
        self.releases = {name: each.release_now for name, each in rollout.bots.items()}
        self.containers = {name: each.container for name, each in rollout.bots.items()}
        self.trades = {name: each.trade_ids() for name, each in rollout.bots.items()}

    def untouched(self, *names: str) -> None:
        """Check that bots run on, in the same process, with the release and the trades that they had."""
        for name in names:
            each = self.rollout.bots[name]
            assert each.container == self.containers[name], name
            self.same(name)

    def same(self, *names: str) -> None:
        """Check that bots run, and have the release and the trades that they had."""
        for name in names:
            each = self.rollout.bots[name]
            until(f"{name} runs", lambda each=each: each.state() == "running", 30)  # type: ignore[misc]
            assert each.release_now == self.releases[name], name
            if name in ("delta", "epsilon"):  # the others sell when they like
                assert each.trade_ids() == self.trades[name], name


def added(text: str, method: str) -> str:
    """Return a strategy with a method more."""
    return text.rstrip("\n") + "\n\n" + method
