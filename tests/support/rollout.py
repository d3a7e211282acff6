"""Four bots on paper on one host, with open trades: two that trade as they like, two that enter what a test orders."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.services.control import control
from tests.support.field import ROOT, Background, Field, Played, play, until, uptrend
from tests.support.fleet import Fleet, bot, inventory
from tests.support.patience import GIVE_UP

HOST = "paper-1"
OWN = ("delta", "epsilon")
DATABASES = ("delta_paper", "delta_paper_restoring", "delta_paper_replaced")  # that of delta, and what a restore leaves
BOTS = ("alpha", "beta", *OWN)
PAIR = "BTC/USDT"
CONTRACT = ROOT / "tests/contract/strategies/ContractStrategy.py"

# What a strategy has more, to be sick.
RAISES = '    def bot_loop_start(self, **_: Any) -> None:\n        raise ValueError("it raises in its first loop")\n'
RAISES_LATE = (
    "    def bot_loop_start(self, **_: Any) -> None:\n"
    '        self.rounds = getattr(self, "rounds", 0) + 1\n'
    "        if self.rounds > 2:\n"
    '            raise ValueError("it raises when it has entered")\n'
)
SLEEPS = "    def bot_start(self, **_: Any) -> None:\n        import time\n\n        time.sleep(3600)\n"
WAITS = '    def bot_start(self, **_: Any) -> None:\n        while self._wishes("wait"):\n            time.sleep(0.2)\n'
PSQL = "docker exec freqops-postgres psql --username postgres --quiet --command"


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
        """Container and moment of its start: the same as long as it was not restarted."""
        return self.sh(f"docker inspect --format '{{{{.Id}}}} {{{{.State.StartedAt}}}}' freqops-{self.bot}").strip()

    def trade_ids(self) -> set[int]:
        """The numbers of its open trades."""
        return {int(trade["trade_id"]) for trade in self.trades()}

    def wish(self, **wishes: Any) -> None:
        """Tell its strategy what to do from its next round on."""
        text, path = shlex.quote(json.dumps(wishes)), f"{self.home}/conf/wishes.json"
        self.sh(
            f"mkdir -p {self.home}/conf && printf %s {text} > {path}.new && chmod 0644 {path}.new"
            f" && mv {path}.new {path}"
        )


class Rollout:
    """The fleet, and deploys to it that differ from it in one thing or another.

    Attributes:
        slowest_start: Seconds in which all that is its own was deployed; no bot takes as long to start.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.bots = {name: Bot(name) for name in BOTS}
        self.changes: list[Callable[[Fleet], None]] = []
        self.slowest_start = 0.0

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
            fleet[HOST]["freqtrade_start_deadline"] = GIVE_UP
            own: dict[str, Any] = {"max_open_trades": 3, "pairlists": [{"method": "StaticPairList"}]}
            own |= {f"{side}_pricing": {"price_side": "other"} for side in ("entry", "exit")}
            own |= {"custom_price_max_distance_ratio": 0.99, "internals": {"process_throttle_secs": 2}}
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
            until(f"{name} runs", lambda each=each: each.state() == "running", GIVE_UP)  # type: ignore[misc]
            assert each.release_now == self.releases[name], name
            if name in ("delta", "epsilon"):  # the others sell when they like
                assert each.trade_ids() == self.trades[name], name


def added(text: str, method: str) -> str:
    """Return a strategy with a method more."""
    return text.rstrip("\n") + "\n\n" + method


def row(played: Played, name: str) -> str:
    """Return what the play said of a bot."""
    lines = [line.strip() for line in played.out.splitlines() if line.strip().startswith(f"{name}: ")]
    return "\n".join(lines)


def only(fleet: Fleet, name: str, image: str) -> None:
    """Leave one bot of the host in the fleet, with another image."""
    fleet[HOST]["freqtrade_bots"] = [bot(fleet, HOST, name)]
    fleet[HOST]["freqtrade_image"] = image


@contextmanager
def switching(rollout: Rollout, name: str) -> Iterator[Background]:
    """Deploy a bot that waits with its start as long as that is wished, and give the time in which it is switched.

    It waits no longer when the block is over, or before, when something else is wished.
    """

    def waits(fleet: Fleet) -> None:
        text = f"{WAITS}        # {name}\n"  # never the release of the test before
        bot(fleet, HOST, "delta")["strategy_dir"] = rollout.strategy(
            name, CONTRACT, lambda strategy: added(strategy, text)
        )

    log, inventory = rollout.place / f"{name}.log", rollout.inventory(waits)
    delta = rollout.bots["delta"]
    delta.wish(wait=True)
    running = Background(log, "deploy", "--limit", HOST, inventory=inventory)
    try:
        until("the switch is under way", lambda: "yes" in delta.sh(under_way(delta)), GIVE_UP)
        yield running
    finally:
        delta.wish()
        if running.process.poll() is None:
            running.kill()
    until("the switch is over", lambda: "yes" not in delta.sh(under_way(delta)), GIVE_UP)


def under_way(each: Bot) -> str:
    """Return a command that tells whether the bot is being switched."""
    return f"test -e {each.home}/switch.json && echo yes; true"


def fleet_of_four(place: Path) -> Iterator[Rollout]:
    """Give the fleet, deployed, every bot with an open trade; take its own bots away at the end, without a deploy.

    The bots of the lab are then what they were, but for what a test kept for all deploys; so is the host itself.
    """
    control("DELETE", "/faults")
    rollout = Rollout(place)
    uptrend(*(rollout.bots[name].ready() for name in ("alpha", "beta")))  # whatever another scenario left behind
    for name in OWN:
        rollout.bots[name].wish(enter=[PAIR])
    began = time.monotonic()
    deployed = rollout.deploy()
    rollout.slowest_start = time.monotonic() - began
    assert deployed.rc == 0, deployed.out
    try:
        for name in BOTS:
            until(f"{name} has a trade", rollout.bots[name].trades, GIVE_UP)
        for name in OWN:
            rollout.bots[name].wish()
        yield rollout
    finally:
        for name in OWN:
            field = rollout.bots[name]
            field.sh(f"docker rm --force freqops-{name}; docker network rm freqops-{name}; true")
            field.remove_tree(field.home)
            field.sh(f"rm --force /srv/freqops/removed/{name}.holds.json")
        for database in DATABASES:
            field.sh(f'{PSQL} "drop database if exists {database} with (force)"')
        field.sh(f'{PSQL} "drop role if exists delta_paper"')
