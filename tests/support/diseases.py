"""Bots that are ill, each in a way of its own, and what brings it about."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.field import until
from tests.support.live import ORDER, LiveBot

GIVE_UP = 300  # seconds after which what is waited for never comes, also on a busy machine
UNAVAILABLE = {"status": 503, "code": 0, "msg": "maintenance"}


def _nothing(_bot: LiveBot) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Disease:
    """One disease.

    Attributes:
        befall: Brings it about in a bot that runs.
        at_once: What is done right before each halt, for what does not last.
        own: What the bot's configuration has of its own.
        conf_apart: Whether its directory of holds is a small disk of its own.
        starts: Whether the bot can be started at all.
    """

    befall: Callable[[LiveBot], None] = _nothing
    at_once: Callable[[LiveBot], None] = _nothing
    own: Mapping[str, Any] = field(default_factory=dict)
    conf_apart: bool = False
    starts: bool = True


def trade(bot: LiveBot) -> None:
    """One open trade, its stop on the exchange."""
    bot.enter("ETH/USDT")


def freeze(bot: LiveBot) -> None:
    """A trade, and a process that gets no time any more."""
    trade(bot)
    bot.signal(signal.SIGSTOP)


def hang(bot: LiveBot) -> None:
    """A trade, and a loop that is stuck while the API goes on answering."""
    trade(bot)
    bot.wish(hang=3600)
    before = bot.ask("answer = api.read().last_process")
    until("its loop is stuck", lambda: _still(bot, before), GIVE_UP)


def _still(bot: LiveBot, before: str) -> bool:
    """Return whether the loop has come round once since ``before``, or never, and stands still now."""
    code = "import time\nfirst = api.read().last_process\ntime.sleep(4)\nanswer = first == api.read().last_process"
    return bool(bot.ask(code))


def deafen(bot: LiveBot) -> None:
    """A trade, and nothing that listens on the port of its API."""
    trade(bot)
    bot.sh(f"pkill -KILL -f 'docker-[p]roxy.*-host-port {bot.port} '")


def change_password(bot: LiveBot) -> None:
    """A trade, and another password on the disk than the one it was started with."""
    trade(bot)
    path = f"{bot.home}/conf/secrets.json"
    document = json.loads(bot.sh(f"cat {path}"))
    document["api_server"]["password"] = "not-the-one-it-was-started-with"
    bot.write({path: (json.dumps(document), 0o400, 1000)})


def cut_off(bot: LiveBot) -> None:
    """A trade, and an exchange that is in maintenance for its account."""
    trade(bot)
    bot.fault(error=UNAVAILABLE)


def silence(bot: LiveBot) -> None:
    """A trade, and an exchange that takes what is asked about its account and never answers."""
    trade(bot)
    bot.fault(answer="timeout")


def stick(bot: LiveBot) -> None:
    """A trade, and an exchange that never answers when it is to be sold."""
    trade(bot)
    bot.fault(endpoint=ORDER, side="SELL", answer="timeout")


def sell(bot: LiveBot) -> None:
    """An exit is under way in this moment, and holds the lock that all exits of the bot wait for."""
    [held] = bot.trades()
    asked = "try:\n    api.call('POST', '/forceexit', {body!r}, 1)\nexcept Exception as error:\n    answer = str(error)"
    answer = bot.ask(asked.format(body={"tradeid": str(held["trade_id"])}))
    assert "timed out" in answer, answer


def fill_disk(bot: LiveBot) -> None:
    """A trade, and no room for a hold."""
    trade(bot)
    bot.sh(f"dd if=/dev/zero of={bot.home}/conf/full bs=4k 2>/dev/null; test -s {bot.home}/conf/full")


def write_protect(bot: LiveBot) -> None:
    """A trade, and a disk that takes no hold."""
    trade(bot)
    bot.sh(f"mount -o remount,ro {bot.home}/conf")


def restart(bot: LiveBot) -> None:
    """It boots in this moment."""
    bot.sh(f"docker restart --time 1 freqops-{bot.name}")


def reload(bot: LiveBot) -> None:
    """It reads its configuration again in this moment."""
    bot.ask("api.call('POST', '/reload_config')")


def crash(bot: LiveBot) -> None:
    """Its strategy raises before the first round; the engine starts it again and again, until its gate waits."""
    place = f"{bot.home}/release/test/strategies/ContractStrategy.py"
    bot.write({place: ("raise RuntimeError('crash')\n", 0o444, 0)})
    bot.sh(f"docker compose --file {bot.home}/compose.yml up --detach --pull never --quiet-pull")
    count = f"docker inspect --format '{{{{.RestartCount}}}}' freqops-{bot.name}"
    until("it was started again", lambda: int(bot.sh(count)) > 0, GIVE_UP)


def rest(bot: LiveBot) -> None:
    """An entry that does not fill."""
    bot.enter("LTC/USDT", price={"LTC/USDT": 60.0})


def die_with_an_entry(bot: LiveBot) -> None:
    """An entry that does not fill, and no process that could cancel it."""
    rest(bot)
    bot.sh(f"docker kill freqops-{bot.name}")


def fill_in_part(bot: LiveBot) -> None:
    """An entry that has filled in part."""
    bot.enter("LTC/USDT", price={"LTC/USDT": 60.0})
    bot.fill_in_part("LTCUSDT")


def average_down(bot: LiveBot) -> None:
    """A trade that grows in every round."""
    trade(bot)
    bot.wish(add=["ETH/USDT"])
    until("it has bought some more", lambda: len(bot.trades()[0]["orders"]) > 3, GIVE_UP)


DISEASES: dict[str, Disease] = {
    "healthy": Disease(trade),
    "frozen": Disease(freeze),
    "hung": Disease(hang, own={"internals": {"process_throttle_secs": 1}}),  # so that its silence is told at once
    "deaf": Disease(deafen),
    "estranged": Disease(change_password),
    "cut-off": Disease(cut_off),
    "unheard": Disease(silence, own={"exchange": {"ccxt_config": {"timeout": 3_600_000}}}),  # it waits for good
    "selling": Disease(stick, at_once=sell, own={"exchange": {"ccxt_config": {"timeout": 3000}}}),
    "full": Disease(fill_disk, conf_apart=True),
    "read-only": Disease(write_protect, conf_apart=True),
    "slow": Disease(trade, own={"internals": {"process_throttle_secs": 6, "heartbeat_interval": 60}}),
    "booting": Disease(at_once=restart),
    "reloading": Disease(at_once=reload),
    "crashing": Disease(crash, starts=False),
    "resting": Disease(rest),
    "gone": Disease(die_with_an_entry),
    "partial": Disease(fill_in_part),
    "averaging": Disease(average_down),
}

# Eighteen loops of a second would take all of the processor, and the boots would wait for it.
LOOP = {"process_throttle_secs": 5, "heartbeat_interval": 5}


class SickBot(LiveBot):
    """A bot with its disease."""

    def __init__(self, name: str, number: int) -> None:
        self.disease = DISEASES[name]
        super().__init__(name, 20 + number, own={"internals": LOOP, **self.disease.own})

    def deploy(self, model: Mapping[str, Any]) -> None:
        """Write its files, where its disease wants it on a small disk of its own."""
        if self.disease.conf_apart:
            self.sh(f"mkdir -p {self.home}/conf && mount -t tmpfs -o size=2m,mode=0755 tmpfs {self.home}/conf")
        super().deploy(model)

    def fall_ill(self, model: Mapping[str, Any]) -> None:
        """Come up, where its disease lets it, and fall ill."""
        self.deploy(model)
        if self.disease.starts:
            self.start()
        self.disease.befall(self)

    def remove(self) -> None:
        """Take it off its host, its small disk too."""
        self.sh(f"docker rm --force freqops-{self.name} 2>/dev/null; true")
        self.sh(f"! mountpoint --quiet {self.home}/conf || umount {self.home}/conf")
        super().remove()


def befall(bots: Mapping[str, SickBot]) -> None:
    """Do at once what does not last: several at the same moment."""
    workers = [threading.Thread(target=bot.disease.at_once, args=(bot,)) for bot in bots.values()]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
