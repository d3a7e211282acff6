"""A strategy that says too much, and looks for what is not its own."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from freqtrade.strategy import IStrategy

if TYPE_CHECKING:
    from pandas import DataFrame

PLACES = ("/freqops/conf/secrets.json", "/freqops/conf", "/srv/freqops", "/freqops/var")
NAME = "freqops-alpha"  # one: a name that nobody knows is asked for until a time limit
PORTS = (8080, 8081, 5432)  # of a bot in its container, published, and of Postgres
SECONDS = 0.2


def reached() -> list[str]:
    """Return everything that it should not see and sees all the same."""
    found = [place for place in PLACES if Path(place).exists()]
    routes = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    gateways = [
        ".".join(str(byte) for byte in reversed(bytes.fromhex(words[2]))) for words in routes if int(words[2], 16)
    ]
    hosts = [*json.loads(Path(__file__).with_name("addresses.json").read_text()), *gateways]
    with contextlib.suppress(OSError):
        hosts.append(socket.gethostbyname(NAME))
    for host in hosts:
        for port in PORTS:
            with contextlib.suppress(OSError):
                socket.create_connection((host, port), SECONDS).close()
                found.append(f"{host}:{port}")
    return [*found, *([] if gateways else ["no gateway was looked at"])]


class CuriousStrategy(IStrategy):  # type: ignore[misc]
    """Enter all the time."""

    timeframe = "5m"
    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.01}
    stoploss = -0.1
    startup_candle_count = 10

    def bot_start(self, **_kwargs: Any) -> None:
        """Look around, and say ten megabytes."""
        print("REACHED", reached(), "END", flush=True)  # noqa: T201  as strategies do
        for _ in range(10_000):
            print("x" * 1023)  # noqa: T201  as above
        print("SAID ALL", flush=True)  # noqa: T201  as above

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - theirs
        """Add nothing."""
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - theirs
        """Enter."""
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - theirs
        """Never leave by a signal."""
        dataframe["exit_long"] = 0
        return dataframe
