"""The market as everybody sees it: the clock, and each pair's path with the operator's scripts laid over it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.exchange.errors import bad_symbol
from lab.exchange.markets import MARKETS, Market
from lab.exchange.prices import SeededPath
from lab.exchange.scripts import Script, ScriptedPath, parse

if TYPE_CHECKING:
    from lab.exchange.candles import Path
    from lab.exchange.store import Store

Clock = Callable[[], int]
DEFAULT_SEED = 1


class SeedError(RuntimeError):
    """The state belongs to another market."""


def wall_clock() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Feed:
    """Prices by pair and time."""

    def __init__(self, store: Store, seed: int | None, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.seed = _settle_seed(store, seed)
        self._seeded = {symbol: SeededPath(self.seed, market) for symbol, market in MARKETS.items()}
        self._paths = {symbol: self._lay_over(symbol) for symbol in MARKETS}

    def now_ms(self) -> int:
        """Return the exchange's time in milliseconds."""
        return self._clock()

    def now_s(self) -> int:
        """Return the exchange's time in whole seconds: the second that the live price belongs to."""
        return self._clock() // 1000

    def market(self, symbol: str) -> Market:
        """Return a pair, or refuse."""
        if symbol not in MARKETS:
            raise bad_symbol()
        return MARKETS[symbol]

    def path(self, symbol: str) -> Path:
        """Return a pair's path."""
        return self._paths[symbol]

    def price(self, symbol: str) -> int:
        """Return a pair's live price in ticks."""
        return self._paths[symbol].price(self.now_s())

    def set_script(self, symbol: str, body: dict[str, Any]) -> Script:
        """Lay a script over a pair, from the next second on."""
        return self.set_scripts({symbol: body})[symbol]

    def set_scripts(self, bodies: dict[str, dict[str, Any]]) -> dict[str, Script]:
        """Lay a script over each of several pairs, all from the same second on, or none if one is refused."""
        since = self.now_s() + 1
        scripts = {
            symbol: parse(self.market(symbol), body, since, self.price(symbol)) for symbol, body in bodies.items()
        }
        with self._store.transaction():
            for symbol, script in scripts.items():
                self._end_script(symbol, since)
                self._store.run(
                    "INSERT INTO scripts (symbol, since, mode, points) VALUES (?, ?, ?, ?)",
                    symbol,
                    since,
                    script.mode,
                    json.dumps(script.points),
                )
        for symbol in scripts:
            self._paths[symbol] = self._lay_over(symbol)
        return scripts

    def hold(self, symbol: str, price: object) -> Script:
        """Let a pair jump to a price and stay there, from the next second on."""
        return self.set_script(symbol, {"points": [[0, price]], "mode": "step"})

    def clear_script(self, symbol: str) -> None:
        """Return a pair to its seeded path, from the next second on."""
        self.market(symbol)
        with self._store.transaction():
            self._end_script(symbol, self.now_s() + 1)
        self._paths[symbol] = self._lay_over(symbol)

    def forget_scripts(self) -> None:
        """Give all pairs their seeded paths, now and in the past: as if no price had ever been set."""
        with self._store.transaction():
            self._store.run("DELETE FROM scripts")
        self._paths = {symbol: self._lay_over(symbol) for symbol in MARKETS}

    def scripts(self, symbol: str) -> list[Script]:
        """Return the scripts that ever ruled a pair, oldest first."""
        rows = self._store.rows("SELECT * FROM scripts WHERE symbol = ? ORDER BY id", symbol)
        return [Script(row["since"], row["until"], row["mode"], _points(row["points"])) for row in rows]

    def _end_script(self, symbol: str, second: int) -> None:
        self._store.run("DELETE FROM scripts WHERE symbol = ? AND until IS NULL AND since >= ?", symbol, second)
        self._store.run("UPDATE scripts SET until = ? WHERE symbol = ? AND until IS NULL", second, symbol)

    def _lay_over(self, symbol: str) -> ScriptedPath:
        return ScriptedPath(self._seeded[symbol], self.scripts(symbol))


def _settle_seed(store: Store, seed: int | None) -> int:
    known = store.get("seed")
    if known is None:
        store.put("seed", str(DEFAULT_SEED if seed is None else seed))
    elif seed is not None and int(known) != seed:
        raise SeedError(
            f"this state was made with --seed {known}; with another seed its fills would not match its candles"
        )
    return int(store.get("seed") or DEFAULT_SEED)


def _points(text: str) -> tuple[tuple[int, int], ...]:
    return tuple((second, price) for second, price in json.loads(text))
