"""Stand-ins for what a rule would otherwise wait for or talk to: time, a bot, an engine, a host's tree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.bot import layout
from freqops.core.bot.client import ApiError, Failed, Reading
from freqops.core.bot.processes import Process
from freqops.core.breaker import places
from freqops.core.deploy import own_container
from freqops.core.deploy.container import Container
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.bot.siblings import Sibling

IMAGE = "registry.example/freqtrade@sha256:00"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeClock(Clock):
    """Time that passes only when somebody sleeps; what it says of the day may jump besides."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ahead = 0.0

    def monotonic(self) -> float:
        return self.now

    def utcnow(self) -> datetime:
        return self.at(self.now)

    def at(self, seconds: float) -> datetime:
        """Return the day and hour when ``seconds`` have passed, as the clock shows it now."""
        return START + timedelta(seconds=seconds + self.ahead)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def order(side: str = "buy", is_open: bool = True) -> dict[str, Any]:
    """An order as GET /status of 2026.9 shows it: no ``ft_is_entry``, no ``price``."""
    return {
        "pair": "BTC/USDT", "order_id": "1", "status": "open" if is_open else "closed", "remaining": 1.0, "amount": 1.0,
        "safe_price": 99.5, "cost": 0.0, "filled": 0.0, "ft_order_side": side, "order_type": "limit",
        "is_open": is_open, "order_timestamp": 1, "order_filled_timestamp": None, "ft_fee_base": None,
        "ft_order_tag": None,
    }  # fmt: skip


def trade(trade_id: int, *orders: dict[str, Any], pair: str = "BTC/USDT") -> dict[str, Any]:
    """An open trade as GET /status shows it, as far as anything reads it."""
    return {
        "trade_id": trade_id, "pair": pair, "is_short": False, "amount": 2.0, "stake_amount": 20.0,
        "profit_abs": 0.5, "stop_loss_abs": 98.5, "has_open_orders": any(o["is_open"] for o in orders),
        "orders": list(orders),
    }  # fmt: skip


@dataclass
class StillApi:
    """A bot whose loop comes round whenever it is read; the simplest one that a halt can prove."""

    clock: FakeClock
    name: str = "alpha"
    state: str = "running"
    dry_run: bool = True
    trades: list[dict[str, Any]] = field(default_factory=list)
    locks: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    error: ApiError | None = None
    before_call: Any = None
    observer: Any = None
    exiting: Any = None
    others: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[str] = field(default_factory=lambda: ["BTC/USDT", "ETH/USDT"])
    candle_s: float = 90.0

    def _said(self, what: str) -> None:
        self.calls.append(what)
        if self.before_call is not None:
            self.before_call(what)
        if self.error is not None:
            raise self.error

    def read(self) -> Reading:
        self._said("read")
        return Reading(self.state, None if self.state == "stopped" else self.clock.utcnow(), self.name, self.dry_run)

    def past_boot(self) -> bool:
        return bool(self.pairs)

    def whitelist(self) -> list[str]:
        self._said("whitelist")
        return self.pairs

    def newest_candle(self, pair: str, timeframe: str) -> datetime | None:
        self._said(f"candle {pair} {timeframe}")
        return self.clock.at(self.clock.now - self.candle_s)

    def worker_state(self) -> str:
        return self.state

    def open_trades(self) -> list[dict[str, Any]]:
        self._said("open_trades")
        return self.trades

    def pause(self) -> None:
        self._said("pause")
        self.state = "paused"

    def start(self) -> None:
        self._said("start")
        self.state = "running"

    def our_locks(self) -> list[dict[str, Any]]:
        self._said("our_locks")
        return list(self.locks)

    def locks_of_others(self) -> list[dict[str, Any]]:
        self._said("locks_of_others")
        return self.others

    def has_lock(self, reason: str) -> bool:
        return any(lock["reason"] == reason for lock in self.our_locks())

    def lock(self, reason: str) -> None:
        self._said(f"lock {reason}")
        self.locks.append({"id": len(self.calls), "reason": reason})

    def unlock(self, lock_id: int) -> None:
        self._said(f"unlock {lock_id}")
        self.locks = [lock for lock in self.locks if lock["id"] != lock_id]

    def cancel_open_orders(self, trade_id: int) -> None:
        self._said(f"cancel {trade_id}")
        self.trades = [each for each in self.trades if each["trade_id"] != trade_id]

    def force_exit(self, trade_id: int) -> None:
        (self.exiting or self.close)(trade_id)

    def close(self, trade_id: int) -> None:
        self._said(f"exit {trade_id}")
        self.trades = [each for each in self.trades if each["trade_id"] != trade_id]


def made_container(bot: str = "alpha", number: str = "id", **said: Any) -> Container:
    """The container of a bot, as freqops makes it."""
    name = layout.container_of(bot)
    values: dict[str, Any] = {"status": "running", "image": IMAGE, "started_at": "then", "restarts": 0, **said}
    return Container(**{"id": number, "project": name, "service": "bot", **values})


class FakeEngine(Engine):
    """An engine without containers; what it does to the processes, ``stopping`` decides."""

    def __init__(self) -> None:
        self.ups: list[Path] = []
        self.recreate: list[bool] = []
        self.stops: list[str] = []
        self.starting: Any = None
        self.stopping: Any = None
        self.hangs = False
        self.networks: list[str] = []
        self.ran: list[list[str]] = []
        self.output: tuple[int, str] = (0, '{"done": true}\n')
        self.present: Container | None = None
        self.others: list[Sibling] = []
        self.images: list[str] = []
        self.told: list[tuple[str, ...]] = []
        self.documents: list[dict[str, Any]] | EngineError = []
        self.image_documents: dict[str, dict[str, Any]] = {}

    def container(self, name: str) -> Container | None:  # noqa: ARG002  the signature is the engine's
        return self.present

    def containers_called(self, names: Sequence[str]) -> dict[str, Container]:
        return {name: found for name in names for found in [self.container(name)] if found is not None}

    def siblings(self, name: str, conf: Path) -> list[Sibling]:  # noqa: ARG002  as above
        return list(self.others)

    def running_containers(self) -> list[dict[str, Any]]:
        if isinstance(self.documents, EngineError):
            raise self.documents
        return self.documents

    def image_facts(self, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {number: self.image_documents[number] for number in numbers if number in self.image_documents}

    def compose_up(self, compose: Path, *, recreate: bool = False) -> None:
        self.ups.append(compose)
        self.recreate.append(recreate)
        number = len(self.ups)
        self.present = made_container(compose.parent.name, f"id{number}", image="image", started_at=f"time{number}")
        if self.starting is not None:
            self.starting()

    def begin_stop(self, name: str, grace: int) -> subprocess.Popen[str]:  # noqa: ARG002  as above
        self.stops.append(name)
        if self.stopping is not None:
            self.stopping()
        seconds = 60 if self.hangs else 0
        return self._popen([sys.executable, "-S", "-c", f"import time; time.sleep({seconds})"])

    def ensure_network(self, name: str) -> None:
        self.networks.append(name)

    def run_container(self, argv: list[str], name: str, timeout: float) -> tuple[int, str]:  # noqa: ARG002  as above
        self.ran.append(argv)
        return self.output

    def bring_image(self, image: str) -> None:
        self.images.append(f"bring {image}")

    def remove_image(self, image: str) -> None:
        self.images.append(f"remove {image}")

    def logs(self, name: str, lines: int) -> list[str]:  # noqa: ARG002  as above
        return ["last words"]


def process(pid: int = 4242, bot: str | None = "alpha", *, init: bool = True) -> Process:
    """A Freqtrade process of ``bot``."""
    return Process(pid, ("/usr/local/bin/python3.13", "/usr/local/bin/freqtrade", "trade"), bot, init)


def make_bot(root: Path, name: str = "alpha", **changed: Any) -> Path:
    """Write a bot as deploy leaves it, and return its home."""
    home = root / "bots" / name
    lay_breaker(root)
    (home / "conf").mkdir(parents=True)
    (home / "var").mkdir()
    declared = {
        "name": name, "mode": "paper", "api_port": 18080, "image": IMAGE,
        "release": "f00", "initial_state": "running", **changed,
    }  # fmt: skip
    (home / "bot.json").write_text(json.dumps(declared))
    (home / "conf" / "holds.json").write_text('{"version": 1, "seq": 0, "holds": []}\n')
    (home / own_container.RECORD).write_text('{"version": 1, "made": {}}')
    (home / "conf" / "state.json").write_text('{"initial_state": "running"}')
    (home / "conf" / "secrets.json").write_text('{"api_server": {"username": "u", "password": "p"}}')
    (home / "release" / str(declared["release"])).mkdir(parents=True)
    (home / "release" / str(declared["release"]) / "config.json").write_text('{"stake_currency": "USDT"}')
    (home / "compose.yml").write_text("services: {}\n")
    for installed in ("bot.json", "compose.yml"):
        (home / "release" / str(declared["release"]) / installed).write_text((home / installed).read_text())
    return home


def lay_breaker(root: Path, *, active: bool = False, reason: str = "") -> Path:
    """Write the breaker file of a host, inactive as deploy lays it, and return it."""
    path = places.host_breaker(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"active": active, "reason": reason, "until_iso": None}))
    path.chmod(0o600)
    return path


def silent() -> ApiError:
    """The error of a bot that gives no answer."""
    return Failed("no answer")
