"""The exchange without its network: everything that a request handler needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.exchange.engine import Engine
from lab.exchange.faults import Faults
from lab.exchange.feed import Clock, Feed, wall_clock
from lab.exchange.ledger import Ledger
from lab.exchange.orders import Orders
from lab.exchange.sink import Sink
from lab.exchange.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange over one state file."""

    store: Store
    feed: Feed
    ledger: Ledger
    orders: Orders
    engine: Engine
    faults: Faults
    sink: Sink = field(default_factory=Sink)


def open_exchange(state: Path, seed: int | None = None, clock: Clock = wall_clock) -> Exchange:
    """Open the exchange that lies in a state file; create it if there is none."""
    store = Store(state)
    feed, ledger, orders = Feed(store, seed, clock), Ledger(store), Orders(store)
    return Exchange(store, feed, ledger, orders, Engine(store, feed, ledger, orders), Faults(store))
