"""Answers questions, one JSON object on a line each, until its standard input ends: ``python3 -m freqops.witness``.

Reads nothing but questions and decides nothing: what to ask and what an answer means is the host's to know. It never
asks twice by itself, so that every question and every answer stands in the host's journal.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .exchange import Exchange
from .records import Records

RELEASE = Path("/freqops/release")
CONF = Path("/freqops/asked")
LIFETIME = 900  # seconds: a witness whose host forgot it ends by itself


def load_config() -> dict[str, Any]:
    """Return the bot's configuration with its secrets, merged as far as the witness reads it."""
    config: dict[str, Any] = json.loads((RELEASE / "config.json").read_text())
    secrets = json.loads((CONF / "secrets.json").read_text())
    exchange = {**config["exchange"], **secrets.get("exchange", {})}
    return {**config, **secrets, "exchange": exchange}


def answers(config: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """Return the questions and acts, by name."""
    exchange, records = Exchange(config), Records(config["db_url"])
    return {
        "records": records.read,
        "balances": exchange.balances,
        "open_orders": exchange.open_orders,
        "fills": exchange.fills,
        "markets": exchange.markets,
        "order": exchange.order,
        "rights": exchange.rights,
        "account": exchange.account,
        "time": exchange.time,
        "cancel": exchange.cancel,
        "sell": exchange.sell,
        "about": exchange.about,
        "totals": exchange.totals,
        "open_orders_of": exchange.open_orders_of,
        "wrong_key": exchange.wrong_key,
        "buy": exchange.buy,
    }


def main() -> None:
    """Answer until there are no more questions."""
    signal.alarm(LIFETIME)
    known = answers(load_config())
    say({"ready": sorted(known)})
    for line in sys.stdin:
        question = json.loads(line)
        try:
            say({"answer": known[question["ask"]](**question.get("with", {}))})
        except Exception as error:  # noqa: BLE001  whatever it was, the host must hear it
            say({"error": f"{type(error).__name__}: {error}"[:500], "kind": kind_of(error)})


def kind_of(error: Exception) -> str:
    """Return the kind of an error.

    ``unauthorized`` where the exchange does not accept the key, ``rejected`` where it declined for another reason, else
    ``unanswered``.
    """
    names = {ancestor.__name__ for ancestor in type(error).__mro__}
    if "AuthenticationError" in names:
        return "unauthorized"
    return "rejected" if "ExchangeError" in names and "NetworkError" not in names else "unanswered"


def say(answer: dict[str, Any]) -> None:
    """Send one answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
